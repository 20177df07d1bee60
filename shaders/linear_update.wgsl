// w = step(w, xᵀ·dy), bias = step(bias, Σ_i dy_i) for several layers: the gradients of weights and biases, and the optimiser's step on them.   chain rule; Kingma and Ba 2015 (optimiser.wgsl)
// One workgroup per tile of one layer's gradient, which is never stored (layer_gradients.wgsl).

fn take_weight(at: u32, gradient: f32) {
    update(at, gradient, params.learning_rate);
}

fn take_bias(at: u32, gradient: f32) {
    update(at, gradient, params.learning_rate * params.bias_rate);
}

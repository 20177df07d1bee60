// dw = xᵀ·dy, dbias = Σ_i dy_i for several layers: the gradients of weights and biases.   chain rule
// One workgroup per tile of one layer's gradient (layer_gradients.wgsl).

fn take_weight(at: u32, of_weight: f32) {
    g[at] = of_weight;
}

fn take_bias(at: u32, of_bias: f32) {
    g[at] = of_bias;
}

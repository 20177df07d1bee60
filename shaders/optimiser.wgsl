// One step on element i of w: Adam (Kingma and Ba 2015, algorithm 1), or SGD with momentum in the form of Caffe's SGDSolver, the rate inside m.
// The kernel supplies the bindings w, m and v (which SGD does not touch), and in params: adam (the elements below it take Adam: all, or 0 for SGD), learning_rate,
// beta1 (of SGD: the momentum), beta2, epsilon, and correction1 and correction2, 1/(1 - beta^t), from the host, where they are exact.
fn update(i: u32, gradient: f32, rate: f32) {
    // Not `adam == 0`: Mesa compiles a kernel again in each dispatch when a condition holds parameters alone.
    if i >= params.adam {
        let velocity = params.beta1 * m[i] + rate * gradient;
        m[i] = velocity;
        w[i] -= velocity;
        return;
    }
    let first = params.beta1 * m[i] + (1.0 - params.beta1) * gradient;
    let second = params.beta2 * v[i] + (1.0 - params.beta2) * gradient * gradient;
    m[i] = first;
    v[i] = second;
    let root = sqrt(second * params.correction2);
    w[i] -= rate * (first * params.correction1) / (root + params.epsilon);
}

// m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; w = w - rate * m correction1 / (sqrt(v correction2) + eps).   Kingma and Ba 2015, algorithm 1
// One invocation per element; the bias corrections 1/(1 - b^t) come from the host, where they are exact.
struct Params {
    n: u32, // elements
    learning_rate: f32, // step size
    beta1: f32, // decay of the first moment
    beta2: f32, // decay of the second moment
    epsilon: f32, // keeps the quotient finite
    correction1: f32, // 1/(1 - beta1^t)
    correction2: f32, // 1/(1 - beta2^t)
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> g: array<f32>; // (n)
@group(0) @binding(2) var<storage, read_write> m: array<f32>; // (n)
@group(0) @binding(3) var<storage, read_write> v: array<f32>; // (n)
@group(0) @binding(4) var<storage, read_write> w: array<f32>; // (n)

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = id.y * groups.x * 256u + id.x;
    if i >= params.n {
        return;
    }
    let first = params.beta1 * m[i] + (1.0 - params.beta1) * g[i];
    let second = params.beta2 * v[i] + (1.0 - params.beta2) * g[i] * g[i];
    m[i] = first;
    v[i] = second;
    let root = sqrt(second * params.correction2);
    w[i] -= params.learning_rate * (first * params.correction1) / (root + params.epsilon);
}

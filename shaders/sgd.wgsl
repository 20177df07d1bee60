// v = momentum * v + learning_rate * g; w = w - v.   Polyak 1964 in the form of Caffe's SGDSolver: the rate is inside v
// One invocation per element.
struct Params {
    n: u32, // elements
    learning_rate: f32, // on the gradient
    momentum: f32, // share of v that stays
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> g: array<f32>; // (n)
@group(0) @binding(2) var<storage, read_write> v: array<f32>; // (n)
@group(0) @binding(3) var<storage, read_write> w: array<f32>; // (n)

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = id.y * groups.x * 256u + id.x;
    if i >= params.n {
        return;
    }
    let velocity = params.momentum * v[i] + params.learning_rate * g[i];
    v[i] = velocity;
    w[i] -= velocity;
}

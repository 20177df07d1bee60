// dmu_jc = -sum_i c_ij (z_ic - mu_jc), c from kl_coefficient.   Xie et al. 2016, eq. 5
// One invocation per (cluster j, column c), rows in order: the same bits each run.
struct Params {
    n: u32, // rows of z
    d: u32, // embedding size
    k: u32, // clusters
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> coefficient: array<f32>; // (n, k)
@group(0) @binding(2) var<storage, read> z: array<f32>; // (n, d)
@group(0) @binding(3) var<storage, read> mu: array<f32>; // (k, d)
@group(0) @binding(4) var<storage, read_write> dmu: array<f32>; // (k, d)

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = id.y * groups.x * 64u + id.x;
    if t >= params.k * params.d {
        return;
    }
    let j = t / params.d;
    let c = t % params.d;
    let mu_jc = mu[t];
    var sum = 0.0;
    for (var i = 0u; i < params.n; i++) {
        sum += coefficient[i * params.k + j] * (z[i * params.d + c] - mu_jc);
    }
    dmu[t] = -sum;
}

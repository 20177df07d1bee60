// dz_ic = sum_j c_ij (z_ic - mu_jc), c from kl_coefficient.   Xie et al. 2016, eq. 4
// One invocation per (row i, column c), clusters in order; added to dz when another loss has written it.
struct Params {
    n: u32, // rows of z
    d: u32, // embedding size
    k: u32, // clusters
    accumulate: u32, // 1: dz += , 0: dz =
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> coefficient: array<f32>; // (n, k)
@group(0) @binding(2) var<storage, read> z: array<f32>; // (n, d)
@group(0) @binding(3) var<storage, read> mu: array<f32>; // (k, d)
@group(0) @binding(4) var<storage, read_write> dz: array<f32>; // (n, d)

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = id.y * groups.x * 64u + id.x;
    if t >= params.n * params.d {
        return;
    }
    let i = t / params.d;
    let c = t % params.d;
    var sum = 0.0;
    for (var j = 0u; j < params.k; j++) {
        sum += coefficient[i * params.k + j] * (z[t] - mu[j * params.d + c]);
    }
    if params.accumulate == 1u {
        sum += dz[t];
    }
    dz[t] = sum;
}

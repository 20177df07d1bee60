// q_ij = (1 + |z_i - mu_j|^2 / alpha)^(-(alpha + 1)/2), each row divided by its sum.   Xie et al. 2016, eq. 1
// One invocation per row i; any k and d. d^2 is summed from differences: no cancellation.
struct Params {
    n: u32, // rows of z
    d: u32, // embedding size
    k: u32, // clusters
    alpha: f32, // degrees of freedom
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> z: array<f32>; // (n, d)
@group(0) @binding(2) var<storage, read> mu: array<f32>; // (k, d)
@group(0) @binding(3) var<storage, read_write> q: array<f32>; // (n, k)

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = id.y * groups.x * 64u + id.x;
    if i >= params.n {
        return;
    }
    let power = -0.5 * (params.alpha + 1.0);
    var total = 0.0;
    for (var j = 0u; j < params.k; j++) {
        var distance = 0.0;
        for (var c = 0u; c < params.d; c++) {
            let difference = z[i * params.d + c] - mu[j * params.d + c];
            distance += difference * difference;
        }
        let weight = pow(1.0 + distance / params.alpha, power);
        q[i * params.k + j] = weight;
        total += weight;
    }
    for (var j = 0u; j < params.k; j++) {
        q[i * params.k + j] /= total;
    }
}

// c_ij = (alpha + 1)/alpha * u_ij (p_ij - q_ij), u_ij = 1/(1 + |z_i - mu_j|^2/alpha); loss_i = sum_j p_ij log(p_ij/q_ij).   Xie et al. 2016, eqs. 2, 4, 5
// One workgroup per row i, an invocation takes every 64th cluster; a tree sums the loss: the same bits each run. p log p = 0 at p = 0.
struct Params {
    n: u32, // rows of z
    d: u32, // embedding size
    k: u32, // clusters
    alpha: f32, // degrees of freedom
    gradient_scale: f32, // factor on c
    loss_scale: f32, // factor on the loss
    first_loss: u32, // element of loss that row 0 is written to
    min_q: f32, // q is not taken smaller than this in the loss
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> z: array<f32>; // (n, d)
@group(0) @binding(2) var<storage, read> mu: array<f32>; // (k, d)
@group(0) @binding(3) var<storage, read> q: array<f32>; // (n, k)
@group(0) @binding(4) var<storage, read> p: array<f32>; // (n, k)
@group(0) @binding(5) var<storage, read_write> coefficient: array<f32>; // (n, k)
@group(0) @binding(6) var<storage, read_write> loss: array<f32>; // (first_loss + n or more, 1)

var<workgroup> sums: array<f32, 64>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let i = workgroup.y * groups.x + workgroup.x;
    if i >= params.n {
        return; // the whole workgroup does: the barriers below stay uniform
    }
    let factor = params.gradient_scale * (params.alpha + 1.0) / params.alpha;
    var row_loss = 0.0;
    for (var j = lane; j < params.k; j += 64u) {
        var distance = 0.0;
        for (var c = 0u; c < params.d; c++) {
            let difference = z[i * params.d + c] - mu[j * params.d + c];
            distance += difference * difference;
        }
        let u = 1.0 / (1.0 + distance / params.alpha);
        let q_ij = q[i * params.k + j];
        let p_ij = p[i * params.k + j];
        coefficient[i * params.k + j] = factor * u * (p_ij - q_ij);
        if p_ij > 0.0 {
            row_loss += p_ij * log(p_ij / max(q_ij, params.min_q));
        }
    }
    sums[lane] = row_loss;
    workgroupBarrier();
    for (var width = 32u; width > 0u; width >>= 1u) {
        if lane < width {
            sums[lane] += sums[lane + width];
        }
        workgroupBarrier();
    }
    if lane == 0u {
        loss[params.first_loss + i] = params.loss_scale * sums[0];
    }
}

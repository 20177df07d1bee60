// mu_jc = step(mu_jc, -Σ_i c_ij (z_ic - mu_jc)), c from kl_gradient: the centroids' gradient and the optimiser's step on it.   Xie et al. 2016, eq. 5; optimiser.wgsl
// One workgroup per (cluster j, column c), its 64 lanes stride the rows; a tree sums: the same bits each run.

var<workgroup> sums: array<f32, 64>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let t = workgroup.y * groups.x + workgroup.x;
    if t >= params.k * params.d {
        return; // the whole workgroup does: the barriers below stay uniform
    }
    let j = t / params.d;
    let c = t % params.d;
    let mu_jc = w[t];
    var sum = 0.0;
    for (var i = lane; i < params.n; i += 64u) {
        sum += coefficient[i * params.k + j] * (z[i * params.d + c] - mu_jc);
    }
    sums[lane] = sum;
    workgroupBarrier();
    for (var width = 32u; width > 0u; width >>= 1u) {
        if lane < width {
            sums[lane] += sums[lane + width];
        }
        workgroupBarrier();
    }
    if lane == 0u {
        update(t, -sums[0], params.learning_rate);
    }
}

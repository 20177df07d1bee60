// q_ij = (1 + |z_i - mu_j|^2 / alpha)^(-(alpha + 1)/2), each row divided by its sum.   Xie et al. 2016, eq. 1
// One workgroup per row i, its 64 lanes stride the clusters; any k and d. d^2 is summed from differences: no cancellation.

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
    let power = -0.5 * (params.alpha + 1.0);
    var sum = 0.0;
    for (var j = lane; j < params.k; j += 64u) {
        var distance = 0.0;
        for (var c = 0u; c < params.d; c++) {
            let difference = z[i * params.d + c] - mu[j * params.d + c];
            distance += difference * difference;
        }
        let weight = pow(1.0 + distance / params.alpha, power);
        q[i * params.k + j] = weight;
        sum += weight;
    }
    sums[lane] = sum;
    workgroupBarrier();
    for (var width = 32u; width > 0u; width >>= 1u) {
        if lane < width {
            sums[lane] += sums[lane + width];
        }
        workgroupBarrier();
    }
    for (var j = lane; j < params.k; j += 64u) {
        q[i * params.k + j] /= sums[0];
    }
}

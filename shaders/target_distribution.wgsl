// p_ij = (q_ij^2 / f_j^beta) / sum_j' (q_ij'^2 / f_j'^beta).   Xie et al. 2016, eq. 3, where beta = 1
// One invocation per row i; any k. A row of q sums to 1, so at least one of its squares does not underflow.

// f_j^beta, f_j itself to the bit if beta is 1.
fn frequency(j: u32) -> f32 {
    let f_j = max(f[j], params.min_frequency);
    return select(pow(f_j, params.balance), f_j, params.balance == 1.0);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = id.y * groups.x * 64u + id.x;
    if i >= params.n {
        return;
    }
    var total = 0.0;
    for (var j = 0u; j < params.k; j++) {
        let q_ij = q[i * params.k + j];
        let weight = q_ij * q_ij / frequency(j);
        p[i * params.k + j] = weight;
        total += weight;
    }
    for (var j = 0u; j < params.k; j++) {
        if total > 0.0 {
            p[i * params.k + j] /= total;
        } else {
            p[i * params.k + j] = q[i * params.k + j]; // no weight in the row: no pull
        }
    }
}

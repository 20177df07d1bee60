// q as in soft_assign; c_ij = (alpha + 1)/alpha · u_ij (p_ij - q_ij), u_ij = 1/(1 + |z_i - mu_j|²/alpha); dz_i = Σ_j c_ij (z_i - mu_j); loss_i = Σ_j p_ij log(p_ij/q_ij).   Xie et al. 2016, eqs. 1, 2, 4, 5
// One workgroup per row i of the batch, its 64 lanes stride the clusters, then the columns; trees sum: the same bits each run.
// p log p = 0 at p = 0. The rows of p are found through the batch's order.

var<workgroup> sums: array<f32, 64>;

fn sum_lanes(lane: u32, value: f32) -> f32 {
    sums[lane] = value;
    workgroupBarrier();
    for (var width = 32u; width > 0u; width >>= 1u) {
        if lane < width {
            sums[lane] += sums[lane + width];
        }
        workgroupBarrier();
    }
    let total = sums[0];
    workgroupBarrier(); // sums may be written again
    return total;
}

fn inverse_distance(i: u32, j: u32) -> f32 {
    var distance = 0.0;
    for (var c = 0u; c < params.d; c++) {
        let difference = z[i * params.d + c] - mu[j * params.d + c];
        distance += difference * difference;
    }
    return 1.0 / (1.0 + distance / params.alpha);
}

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
    let power = 0.5 * (params.alpha + 1.0);
    var weights = 0.0;
    for (var j = lane; j < params.k; j += 64u) {
        let u = inverse_distance(i, j);
        coefficient[i * params.k + j] = u; // until q is known
        weights += pow(u, power);
    }
    let total = sum_lanes(lane, weights);

    var row = params.first + i;
    if params.indexed == 1u {
        row = index[row];
    }
    let factor = params.gradient_scale * (params.alpha + 1.0) / params.alpha;
    var divergence = 0.0;
    for (var j = lane; j < params.k; j += 64u) {
        let at = i * params.k + j;
        let u = coefficient[at];
        let q_ij = pow(u, power) / total;
        let p_ij = p[row * params.k + j];
        coefficient[at] = factor * u * (p_ij - q_ij);
        if p_ij > 0.0 {
            divergence += p_ij * log(p_ij / max(q_ij, params.min_q));
        }
    }
    let row_loss = sum_lanes(lane, divergence);
    if lane == 0u {
        loss[params.first_loss + i] = params.loss_scale * row_loss;
    }

    storageBarrier(); // the row's coefficients come from all lanes
    for (var c = lane; c < params.d; c += 64u) {
        let t = i * params.d + c;
        var sum = 0.0;
        for (var j = 0u; j < params.k; j++) {
            sum += coefficient[i * params.k + j] * (z[t] - mu[j * params.d + c]);
        }
        if params.accumulate == 1u {
            sum += dz[t];
        }
        dz[t] = sum;
    }
}

// w_ij = exp(-max(0, D_ij - rho_i)/sigma_i), D_ij = sqrt(distance_ij), rho_i = D_i1, sigma_i such that Σ_j w_ij = log2(k + 1).   McInnes, Healy, Melville 2018, §3.1 and alg. 3
// One invocation per row i. sigma is in units of the mean of D_ij - rho_i, so no data set's scale leaves the range.

const BISECTIONS = 40u;
const MISSING = -1.0; // in place of D - rho

// Infinite or no number; from the bits, because a compiler may assume that no number is either.
fn is_missing(squared: f32) -> bool {
    return (bitcast<u32>(squared) & 0x7f800000u) == 0x7f800000u;
}

// sqrt(squared) - sqrt(first) without cancellation.
fn beyond(squared: f32, first: f32) -> f32 {
    if squared <= first {
        return 0.0;
    }
    return (squared - first) / (sqrt(squared) + sqrt(first));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = id.y * groups.x * 64u + id.x;
    if i >= params.n {
        return;
    }
    let start = i * params.k;
    let end = start + params.k;
    let first = max(distance[start], 0.0); // if this one is missing, all are
    var total = 0.0;
    var count = 0.0;
    for (var at = start; at < end; at++) {
        let squared = distance[at];
        var value = MISSING;
        if !is_missing(squared) {
            value = beyond(squared, first);
            total += value;
            count += 1.0;
        }
        weight[at] = value;
    }
    let mean = select(1.0, total / max(count, 1.0), total > 0.0);
    for (var at = start; at < end; at++) {
        weight[at] /= mean; // MISSING stays below 0
    }

    var sigma = 1.0;
    var low = 0.0;
    var high = 0.0; // 0: none yet
    for (var step = 0u; step < BISECTIONS; step++) {
        var sum = 0.0;
        for (var at = start; at < end; at++) {
            let value = weight[at];
            if value >= 0.0 {
                sum += exp(-value / sigma);
            }
        }
        if sum > params.wanted {
            high = sigma;
        } else {
            low = sigma;
        }
        sigma = select(2.0 * sigma, 0.5 * (low + high), high > 0.0);
    }
    for (var at = start; at < end; at++) {
        let value = weight[at];
        if value > 0.0 {
            weight[at] = exp(-value / sigma);
        } else {
            weight[at] = select(1.0, 0.0, value < 0.0);
        }
    }
}

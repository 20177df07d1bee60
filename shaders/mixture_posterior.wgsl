// p_ij = w_j N(z_i; mu_j, S_j) / sum_j' w_j' N(z_i; mu_j', S_j'): who made sample i.   Bishop 2006, eq. 9.23
// log of the numerator = offset_j - |W_j (z_i - mu_j)|^2 / 2, W_j the inverse of S_j's Cholesky factor, lower triangular.
// One workgroup per row i, its 64 lanes stride the components. The largest log is taken off before the exponential.

var<workgroup> parts: array<f32, 64>;

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
    var largest = -3.0e38;
    for (var j = lane; j < params.k; j += 64u) {
        var squares = 0.0;
        for (var row = 0u; row < params.d; row++) {
            var y = 0.0;
            for (var c = 0u; c <= row; c++) {
                let difference = z[i * params.d + c] - mu[j * params.d + c];
                y += whitening[(j * params.d + row) * params.d + c] * difference;
            }
            squares += y * y;
        }
        let log_weight = offset[j] - 0.5 * squares;
        p[i * params.k + j] = log_weight;
        largest = max(largest, log_weight);
    }
    parts[lane] = largest;
    workgroupBarrier();
    for (var width = 32u; width > 0u; width >>= 1u) {
        if lane < width {
            parts[lane] = max(parts[lane], parts[lane + width]);
        }
        workgroupBarrier();
    }
    largest = parts[0];
    workgroupBarrier(); // before the parts are written again
    var sum = 0.0;
    for (var j = lane; j < params.k; j += 64u) {
        let weight = exp(p[i * params.k + j] - largest);
        p[i * params.k + j] = weight;
        sum += weight;
    }
    parts[lane] = sum;
    workgroupBarrier();
    for (var width = 32u; width > 0u; width >>= 1u) {
        if lane < width {
            parts[lane] += parts[lane + width];
        }
        workgroupBarrier();
    }
    for (var j = lane; j < params.k; j += 64u) {
        p[i * params.k + j] /= parts[0];
    }
}

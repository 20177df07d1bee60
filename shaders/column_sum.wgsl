// part_gj = scale * sum_i x_ij over the rows i of part g; one part left: f_j = sum_i q_ij.   Xie et al. 2016, eq. 3
// One invocation per (part g, column j), rows in order: the same bits each run. Repeated until one row is left.

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = id.y * groups.x * 64u + id.x;
    let g = t / params.cols;
    let j = t % params.cols;
    if g > (params.rows - 1u) / params.rows_per_part {
        return;
    }
    let first = g * params.rows_per_part;
    let count = min(params.rows_per_part, params.rows - first);
    var sum = 0.0;
    for (var i = 0u; i < count; i++) {
        sum += x[(first + i) * params.cols + j];
    }
    part[(params.first_part + g) * params.cols + j] = params.scale * sum;
}

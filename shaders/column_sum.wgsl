// part_gj = scale * sum_i x_ij over the rows i of part g; one part left: f_j = sum_i q_ij.   Xie et al. 2016, eq. 3
// One invocation per (part g, column j), rows in order: the same bits each run. Repeated until one row is left.
struct Params {
    rows: u32, // rows of x
    cols: u32, // columns of x and part
    rows_per_part: u32, // rows summed by one invocation
    first_part: u32, // row of part that part 0 is written to
    scale: f32, // factor on each sum
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // (rows, cols)
@group(0) @binding(2) var<storage, read_write> part: array<f32>; // (first_part + parts or more, cols)

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

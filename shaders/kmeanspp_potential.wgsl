// partial_rtp = sum of min(distance_ri, |x_i - candidate_rt|^2) over the rows i of part p.   greedy k-means++: Arthur and Vassilvitskii 2007, section 5
// One workgroup per part, restart and trial; each invocation sums every 64th row, then neighbours are added up: the same bits each run.
struct Params {
    first: u32, // global index of the block's first row
    rows: u32, // rows of x
    n: u32, // rows of all blocks
    d: u32, // columns of x
    restarts: u32, // restarts R
    trials: u32, // candidates of each restart, T
    rows_per_part: u32, // rows of one part; the block's last may have fewer
    part_offset: u32, // the block's first part
    parts: u32, // parts of all blocks, P
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // (rows, d)
@group(0) @binding(2) var<storage, read> candidate: array<f32>; // (R, T, d)
@group(0) @binding(3) var<storage, read> distance: array<f32>; // (R, n)
@group(0) @binding(4) var<storage, read_write> partial: array<f32>; // (R, T, P)

const LANES = 64u;

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let block_parts = (params.rows + params.rows_per_part - 1u) / params.rows_per_part;
    let part = group.y * groups.x + group.x;
    let cell = group.z; // (r, t)
    let r = cell / params.trials;
    let end = min((part + 1u) * params.rows_per_part, params.rows);
    var sum = 0.0;
    for (var i = part * params.rows_per_part + lane; i < end; i += LANES) {
        var squared = 0.0;
        for (var c = 0u; c < params.d; c++) {
            let difference = x[i * params.d + c] - candidate[cell * params.d + c];
            squared += difference * difference;
        }
        sum += min(squared, distance[r * params.n + params.first + i]);
    }
    let total = group_sum(lane, sum);
    if lane == 0u && part < block_parts {
        partial[cell * params.parts + params.part_offset + part] = total;
    }
}

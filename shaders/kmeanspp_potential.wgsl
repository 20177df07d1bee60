// partial_rtp = sum of min(distance_ri, |x_i - candidate_rt|^2) over the rows i of part p.   greedy k-means++: Arthur and Vassilvitskii 2007, section 5
// One workgroup per part, restart and trial; each invocation sums every 64th row, then neighbours are added up: the same bits each run.

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

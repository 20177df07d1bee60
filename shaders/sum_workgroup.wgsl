// The sum of a value over the workgroup's LANES invocations, a power of two: a tree, the same bits each run.
var<workgroup> lane_sums: array<f32, LANES>;

fn group_sum(lane: u32, value: f32) -> f32 {
    lane_sums[lane] = value;
    workgroupBarrier();
    for (var width = LANES / 2u; width > 0u; width /= 2u) {
        if lane < width {
            lane_sums[lane] += lane_sums[lane + width];
        }
        workgroupBarrier();
    }
    return lane_sums[0];
}

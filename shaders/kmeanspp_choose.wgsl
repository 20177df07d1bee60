// index_rj = trial_rt for the t with the least sum_p partial_rtp; of equal ones the first.   greedy k-means++: Arthur and Vassilvitskii 2007, section 5
// One workgroup per restart; each invocation sums every 64th part, then neighbours are added up: the same bits each run.

const LANES = 64u;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let r = group.x;
    var best = 0u;
    var least = 0.0;
    for (var t = 0u; t < params.trials; t++) {
        let parts = (r * params.trials + t) * params.parts;
        var sum = 0.0;
        for (var p = lane; p < params.parts; p += LANES) {
            sum += partial[parts + p];
        }
        let potential = group_sum(lane, sum);
        if lane == 0u && (t == 0u || potential < least) {
            best = t;
            least = potential;
        }
        workgroupBarrier(); // before the sums are written again
    }
    if lane == 0u {
        index[r * params.k + params.chosen] = trial[r * params.trials + best];
    }
}

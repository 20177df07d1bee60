// index_rj = trial_rt for the t with the least sum_p partial_rtp; of equal ones the first.   greedy k-means++: Arthur and Vassilvitskii 2007, section 5
// One workgroup per restart; each invocation sums every 64th part, then neighbours are added up: the same bits each run.
struct Params {
    k: u32, // clusters
    restarts: u32, // restarts R
    trials: u32, // candidates of each restart, T
    parts: u32, // parts of all blocks, P
    chosen: u32, // the centroid j
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> trial: array<u32>; // (R, T)
@group(0) @binding(2) var<storage, read> partial: array<f32>; // (R, T, P)
@group(0) @binding(3) var<storage, read_write> index: array<u32>; // (R, k)

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

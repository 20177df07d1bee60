// trial_rt = i with probability distance_ri / sum_i distance_ri.   Arthur and Vassilvitskii 2007, step 1b
// One workgroup per restart and trial. Each invocation sums one run of rows; invocation 0 finds the run that holds the drawn share.

const NONE = 0xffffffffu;

var<workgroup> run_sums: array<f32, 256>;
var<workgroup> owner: u32; // the run that holds the drawn share; NONE when the draw is uniform
var<workgroup> share: f32; // what is left of the drawn share at the owner's first row

// Sets owner and share. Without a positive sum (all rows lie on centroids) the draw is uniform.
fn find_run(u: f32) {
    var total = 0.0;
    for (var t = 0u; t < 256u; t++) {
        total += run_sums[t];
    }
    owner = NONE;
    if params.chosen == 0u || !(total > 0.0) {
        return;
    }
    let target_sum = u * total;
    var before = 0.0;
    for (var t = 0u; t < 256u; t++) {
        let sum = run_sums[t];
        if sum > 0.0 { // the last such run also takes what rounding leaves over
            owner = t;
            share = target_sum - before;
            if target_sum < before + sum {
                break;
            }
        }
        before += sum;
    }
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let r = group.x;
    let t = group.y;
    let rows = r * params.n;
    let length = (params.n + 255u) / 256u;
    let start = min(lane * length, params.n);
    let end = min(start + length, params.n);
    var sum = 0.0;
    if params.chosen > 0u {
        for (var i = start; i < end; i++) {
            sum += distance[rows + i];
        }
    }
    run_sums[lane] = sum;
    workgroupBarrier();
    let u = draw[(r * params.k + params.chosen) * params.trials + t];
    if lane == 0u {
        find_run(u);
    }
    workgroupBarrier();
    let cell = r * params.trials + t;
    if owner == NONE {
        if lane == 0u {
            trial[cell] = min(u32(u * f32(params.n)), params.n - 1u);
        }
    } else if lane == owner {
        var passed = 0.0;
        var found = start;
        for (var i = start; i < end; i++) {
            let weight = distance[rows + i];
            passed += weight;
            if weight > 0.0 { // a row on a centroid is never drawn
                found = i;
                if share < passed {
                    break;
                }
            }
        }
        trial[cell] = found;
    }
}

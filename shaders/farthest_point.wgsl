// index_rj = argmax_i distance_ri for each empty cluster j in turn, ties to the lowest i; NONE (2^32 - 1) for the others.
// One workgroup per restart. A row that was taken gets distance 0, so the next empty cluster finds another; none is taken at 0.

const NONE = 0xffffffffu;

var<workgroup> empty: atomic<u32>;
var<workgroup> any_empty: u32;
var<workgroup> distances: array<f32, 256>;
var<workgroup> rows: array<u32, 256>;

// The farthest row of restart r, at rows[0] with its distance at distances[0].
fn find_farthest(lane: u32, r: u32) {
    var farthest = -1.0;
    var row = NONE;
    for (var i = lane; i < params.n; i += 256u) {
        let value = distance[r * params.n + i];
        if value > farthest {
            farthest = value;
            row = i;
        }
    }
    distances[lane] = farthest;
    rows[lane] = row;
    for (var half = 128u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if lane < half {
            let other = distances[lane + half];
            if other > distances[lane] || (other == distances[lane] && rows[lane + half] < rows[lane]) {
                distances[lane] = other;
                rows[lane] = rows[lane + half];
            }
        }
    }
    workgroupBarrier();
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let r = group.x;
    if lane == 0u {
        atomicStore(&empty, 0u);
    }
    workgroupBarrier();
    for (var j = lane; j < params.k; j += 256u) {
        index[r * params.k + j] = NONE;
        if count[r * params.k + j] == 0u {
            atomicAdd(&empty, 1u);
        }
    }
    workgroupBarrier();
    if lane == 0u {
        let running = changes[params.iteration * params.restarts + r] > params.tolerance;
        any_empty = select(0u, atomicLoad(&empty), running);
    }
    if workgroupUniformLoad(&any_empty) == 0u {
        return;
    }
    for (var j = 0u; j < params.k; j++) {
        if count[r * params.k + j] == 0u {
            find_farthest(lane, r);
            let row = rows[0];
            // Invocation row % 256 alone reads this distance again, and lane j % 256 wrote this index.
            if distances[0] > 0.0 {
                if lane == row % 256u {
                    distance[r * params.n + row] = 0.0;
                }
                if lane == j % 256u {
                    index[r * params.k + j] = row;
                }
            }
            workgroupBarrier();
        }
    }
}

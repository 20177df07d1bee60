// mu_rj += sum_p partial_rpj / count_rj; an empty cluster keeps its centroid and shows count 0.   Lloyd 1982, step 2
// A workgroup takes 16 cells (restart, cluster, column); 16 invocations share a cell's parts and a fixed tree adds them.

const CELLS = 16u;

var<workgroup> sums: array<f32, 256>; // (16 shares, CELLS)
var<workgroup> counts: array<u32, 256>; // (16 shares, CELLS)

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let cell = (group.y * groups.x + group.x) * CELLS + lane % CELLS;
    let c = cell % params.d;
    let j = cell / params.d % params.k;
    let r = cell / (params.d * params.k);
    var running = false;
    if r < params.restarts {
        running = changes[params.iteration * params.restarts + r] > params.tolerance;
    }
    var sum = 0.0;
    var rows = 0u;
    if running {
        let width = params.d + 1u;
        for (var part = lane / CELLS; part < params.parts; part += 256u / CELLS) {
            let row = ((r * params.parts + part) * params.k + j) * width;
            sum += partial[row + c];
            rows += u32(partial[row + params.d]);
        }
    }
    sums[lane] = sum;
    counts[lane] = rows;
    for (var half = 128u; half >= CELLS; half /= 2u) {
        workgroupBarrier();
        if lane < half {
            sums[lane] += sums[lane + half];
            counts[lane] += counts[lane + half];
        }
    }
    if lane < CELLS && running {
        if counts[lane] > 0u {
            mu[cell] += sums[lane] / f32(counts[lane]);
        }
        if c == 0u {
            count[r * params.k + j] = counts[lane];
        }
    }
}

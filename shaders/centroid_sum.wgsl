// partial_rpjc = sum of x_ic - mu_rjc over the rows i of part p with label_ri = j; column d counts them.   Lloyd 1982, step 2
// One invocation per (restart, part, 32 clusters, column): it walks the part's rows in order: the same bits each run.

const CLUSTERS = 32u;

// (CLUSTERS, 64): column `lane` belongs to that invocation alone, so no barrier is needed.
var<workgroup> cells: array<f32, 2048>;

@compute @workgroup_size(64)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let width = params.d + 1u;
    let tiles = (params.k + CLUSTERS - 1u) / CLUSTERS;
    let block_parts = (params.rows + params.rows_per_part - 1u) / params.rows_per_part;
    let item = id.y * groups.x * 64u + id.x;
    let c = item % width;
    let j = item / width % tiles * CLUSTERS;
    let part = item / (width * tiles) % block_parts;
    let r = item / (width * tiles * block_parts);
    if r >= params.restarts {
        return;
    }
    if params.iteration > 0u && changes[(params.iteration - 1u) * params.restarts + r] <= params.tolerance {
        return;
    }
    let clusters = min(CLUSTERS, params.k - j);
    for (var s = 0u; s < clusters; s++) {
        cells[s * 64u + lane] = 0.0;
    }
    let end = min((part + 1u) * params.rows_per_part, params.rows);
    let labels = r * params.n + params.first;
    let centroids = (r * params.k + j) * params.d + c;
    for (var i = part * params.rows_per_part; i < end; i++) {
        let s = label[labels + i] - j; // wraps below j
        if s < clusters {
            var value = 1.0;
            if c < params.d {
                value = x[i * params.d + c] - mu[centroids + s * params.d];
            }
            cells[s * 64u + lane] += value;
        }
    }
    let out = ((r * params.parts + params.part_offset + part) * params.k + j) * width + c;
    for (var s = 0u; s < clusters; s++) {
        partial[out + s * width] = cells[s * 64u + lane];
    }
}

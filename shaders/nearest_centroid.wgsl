// label_ri = argmin_j |x_i - mu_rj|^2, ties to the lowest j; changes_tr counts new labels.   Lloyd 1982, step 1
// One invocation per row i, restarts in z; 16 columns of 64 rows and of 12 centroids at a time in workgroup memory.

const COLUMNS = 16u;
const PITCH = 17u; // one more than COLUMNS: lanes then read different banks

var<workgroup> x_tile: array<f32, 1088>; // (64, PITCH)
var<workgroup> mu_tile: array<vec4<f32>, 48>; // (COLUMNS, 3): 12 centroids
var<workgroup> converged: u32;
var<workgroup> changed: atomic<u32>;

var<private> best: u32;
var<private> best_distance: f32;

fn consider(value: f32, j: u32) {
    if j < params.k && value < best_distance {
        best_distance = value;
        best = j;
    }
}

fn consider_four(values: vec4<f32>, j: u32) {
    consider(values.x, j);
    consider(values.y, j + 1u);
    consider(values.z, j + 2u);
    consider(values.w, j + 3u);
}

fn centroid_value(r: u32, j: u32, c: u32) -> f32 {
    if j < params.k && c < params.d {
        return mu[(r * params.k + j) * params.d + c];
    }
    return 0.0;
}

// Columns left..left+16 of the rows start..start+64 and of the centroids j..j+12; zero outside.
fn load_tiles(lane: u32, start: u32, r: u32, j: u32, left: u32) {
    let c = lane % COLUMNS;
    for (var row = lane / COLUMNS; row < 64u; row += 64u / COLUMNS) {
        var value = 0.0;
        if start + row < params.rows && left + c < params.d {
            value = x[(start + row) * params.d + left + c];
        }
        x_tile[row * PITCH + c] = value;
    }
    let four = lane / COLUMNS;
    if four < 3u {
        let j4 = j + 4u * four;
        mu_tile[c * 3u + four] = vec4<f32>(
            centroid_value(r, j4, left + c),
            centroid_value(r, j4 + 1u, left + c),
            centroid_value(r, j4 + 2u, left + c),
            centroid_value(r, j4 + 3u, left + c),
        );
    }
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let start = (group.y * groups.x + group.x) * 64u;
    let r = group.z;
    if lane == 0u {
        atomicStore(&changed, 0u);
        converged = 0u;
        if params.iteration > 0u {
            let before = atomicLoad(&changes[(params.iteration - 1u) * params.restarts + r]);
            converged = u32(before <= params.tolerance);
        }
    }
    if workgroupUniformLoad(&converged) != 0u {
        return;
    }
    best = 0u;
    best_distance = 3.4028234e38;
    for (var j = 0u; j < params.k; j += 12u) {
        var sum0 = vec4<f32>();
        var sum1 = vec4<f32>();
        var sum2 = vec4<f32>();
        for (var left = 0u; left < params.d; left += COLUMNS) {
            workgroupBarrier();
            load_tiles(lane, start, r, j, left);
            workgroupBarrier();
            let columns = min(COLUMNS, params.d - left);
            for (var c = 0u; c < columns; c++) {
                let value = x_tile[lane * PITCH + c];
                let difference0 = value - mu_tile[c * 3u];
                let difference1 = value - mu_tile[c * 3u + 1u];
                let difference2 = value - mu_tile[c * 3u + 2u];
                sum0 += difference0 * difference0;
                sum1 += difference1 * difference1;
                sum2 += difference2 * difference2;
            }
        }
        consider_four(sum0, j);
        consider_four(sum1, j + 4u);
        consider_four(sum2, j + 8u);
    }
    if start + lane < params.rows {
        let cell = r * params.n + params.first + start + lane;
        if params.iteration == 0u || label[cell] != best {
            atomicAdd(&changed, 1u);
        }
        label[cell] = best;
        distance[cell] = best_distance;
    }
    workgroupBarrier();
    if lane == 0u {
        atomicAdd(&changes[params.iteration * params.restarts + r], atomicLoad(&changed));
    }
}

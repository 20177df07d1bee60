// nearest_i = the k rows x_j, j != i, of smallest |y_i - x_j|^2, by rising distance, ties to the lowest j.   Brute force: Garcia et al. 2008
// One invocation per query i, which keeps a sorted list of k; 16 columns of 64 queries and of 16 rows at a time in workgroup memory.
// A dispatch sees `count` rows; the lists go on from one dispatch to the next.

const COLUMNS = 16u;
const PITCH = 17u; // one more than COLUMNS: lanes then read different banks
const ROWS = 16u;
const FARTHEST = 3.4028234e38;
const NOBODY = 0xffffffffu;

var<workgroup> y_tile: array<f32, 1088>; // (64, PITCH)
var<workgroup> x_tile: array<vec4<f32>, 64>; // (COLUMNS, 4): 16 rows

var<private> query: u32;
var<private> worst: f32;
var<private> worst_row: u32;

// Whether a row at `value` comes before another; an empty place comes after all.
fn before(value: f32, j: u32, other: f32, other_row: u32) -> bool {
    return value < other || (value == other && j < other_row);
}

fn consider(value: f32, row: u32) {
    let j = params.first_row + row;
    let outside = query >= params.queries || row >= params.start + params.count;
    if outside || j == params.first_query + query || !before(value, j, worst, worst_row) {
        return;
    }
    let list = query * params.k;
    var at = list + params.k - 1u;
    while at > list && before(value, j, distance[at - 1u], nearest[at - 1u]) {
        distance[at] = distance[at - 1u];
        nearest[at] = nearest[at - 1u];
        at--;
    }
    distance[at] = value;
    nearest[at] = j;
    worst = distance[list + params.k - 1u];
    worst_row = nearest[list + params.k - 1u];
}

fn consider_four(values: vec4<f32>, row: u32) {
    consider(values.x, row);
    consider(values.y, row + 1u);
    consider(values.z, row + 2u);
    consider(values.w, row + 3u);
}

fn row_value(row: u32, c: u32) -> f32 {
    if row < params.start + params.count && c < params.d {
        return x[row * params.d + c];
    }
    return 0.0;
}

// Columns left..left+16 of 64 queries and of the rows row..row+16; zero outside.
fn load_tiles(lane: u32, first: u32, row: u32, left: u32) {
    let c = lane % COLUMNS;
    for (var i = lane / COLUMNS; i < 64u; i += 64u / COLUMNS) {
        var value = 0.0;
        if first + i < params.queries && left + c < params.d {
            value = y[(first + i) * params.d + left + c];
        }
        y_tile[i * PITCH + c] = value;
    }
    let quad = lane / COLUMNS;
    let own = row + 4u * quad;
    x_tile[c * 4u + quad] = vec4<f32>(
        row_value(own, left + c),
        row_value(own + 1u, left + c),
        row_value(own + 2u, left + c),
        row_value(own + 3u, left + c),
    );
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let first = (group.y * groups.x + group.x) * 64u;
    query = first + lane;
    worst = FARTHEST;
    worst_row = NOBODY;
    if query < params.queries {
        let list = query * params.k;
        if params.fresh == 1u {
            for (var s = 0u; s < params.k; s++) {
                distance[list + s] = FARTHEST;
                nearest[list + s] = NOBODY;
            }
        } else {
            worst = distance[list + params.k - 1u];
            worst_row = nearest[list + params.k - 1u];
        }
    }
    for (var row = params.start; row < params.start + params.count; row += ROWS) {
        var sum0 = vec4<f32>();
        var sum1 = vec4<f32>();
        var sum2 = vec4<f32>();
        var sum3 = vec4<f32>();
        for (var left = 0u; left < params.d; left += COLUMNS) {
            workgroupBarrier();
            load_tiles(lane, first, row, left);
            workgroupBarrier();
            let columns = min(COLUMNS, params.d - left);
            for (var c = 0u; c < columns; c++) {
                let value = y_tile[lane * PITCH + c];
                let difference0 = value - x_tile[c * 4u];
                let difference1 = value - x_tile[c * 4u + 1u];
                let difference2 = value - x_tile[c * 4u + 2u];
                let difference3 = value - x_tile[c * 4u + 3u];
                sum0 += difference0 * difference0;
                sum1 += difference1 * difference1;
                sum2 += difference2 * difference2;
                sum3 += difference3 * difference3;
            }
        }
        consider_four(sum0, row);
        consider_four(sum1, row + 4u);
        consider_four(sum2, row + 8u);
        consider_four(sum3, row + 12u);
    }
}

// The skinny form of a product, for few columns: 4x16 elements by 256 invocations, which share the depth.
// Invocation (slice, column) sums every 16th product of 4 rows; a tree adds the slices, the same bits each run.
// What the kernel supplies is said in gemm_tile.wgsl.
const TILE_ROWS = 4u; // rows of the product per workgroup
const TILE_COLS = 16u; // columns of the product per workgroup
const LANES = 256u;
const SLICES = 16u;

var<workgroup> sums: array<vec4<f32>, LANES>; // (SLICES, TILE_COLS), one element of each row

fn product(group: vec3<u32>, lane: u32) {
    let slice = lane / TILE_COLS;
    let col = group.x * TILE_COLS + lane % TILE_COLS;
    let row = group.y * TILE_ROWS;
    let c = min(col, cols() - 1u);
    let r = min(vec4<u32>(row) + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(rows() - 1u));
    var sum = vec4<f32>();
    for (var k = slice; k < depth(); k += SLICES) {
        sum += vec4<f32>(fetch_a(r.x, k), fetch_a(r.y, k), fetch_a(r.z, k), fetch_a(r.w, k)) * fetch_b(k, c);
    }
    sums[lane] = sum;
    workgroupBarrier();
    for (var width = SLICES / 2u; width > 0u; width /= 2u) {
        if slice < width {
            sums[lane] += sums[lane + width * TILE_COLS];
        }
        workgroupBarrier();
    }
    if slice < TILE_ROWS && row + slice < rows() && col < cols() {
        emit(row + slice, col, sums[lane % TILE_COLS][slice]);
    }
}

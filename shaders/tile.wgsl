// acc = A (m, depth) · B (depth, n) for one 64x64 tile of the product: the one prelude, shared by the linear_* kernels.
// 64 invocations, each owns 8x8 elements in registers; A and B pass through workgroup memory 16 deep.
// The kernel supplies load_a(row, k), load_b(k, col) (zero outside) and store(row, col, value) (guarded).
const TILE = 64u; // rows and columns of the product per workgroup
const DEPTH = 16u; // depth per pass through workgroup memory

var<workgroup> tile_a: array<vec4<f32>, 256>; // (DEPTH, TILE / 4): A transposed
var<workgroup> tile_b: array<vec4<f32>, 256>; // (DEPTH, TILE / 4)
// Indexed by constants only, so that compilers keep it in registers: row r holds acc[2r], acc[2r + 1].
var<private> acc: array<vec4<f32>, 16>;

fn tile_multiply(row: u32, col: u32, depth: u32, lane: u32) {
    let my_a = lane / 8u * 2u;
    let my_b = lane % 8u * 2u;
    for (var k0 = 0u; k0 < depth; k0 += DEPTH) {
        for (var slot = lane; slot < 256u; slot += 64u) {
            let k = k0 + slot / 16u;
            let at = slot % 16u * 4u;
            let r = row + at;
            let c = col + at;
            tile_a[slot] = vec4(load_a(r, k), load_a(r + 1u, k), load_a(r + 2u, k), load_a(r + 3u, k));
            tile_b[slot] = vec4(load_b(k, c), load_b(k, c + 1u), load_b(k, c + 2u), load_b(k, c + 3u));
        }
        workgroupBarrier();
        for (var k = 0u; k < 256u; k += 16u) {
            let a0 = tile_a[k + my_a];
            let a1 = tile_a[k + my_a + 1u];
            let b0 = tile_b[k + my_b];
            let b1 = tile_b[k + my_b + 1u];
            acc[0] += a0.x * b0;
            acc[1] += a0.x * b1;
            acc[2] += a0.y * b0;
            acc[3] += a0.y * b1;
            acc[4] += a0.z * b0;
            acc[5] += a0.z * b1;
            acc[6] += a0.w * b0;
            acc[7] += a0.w * b1;
            acc[8] += a1.x * b0;
            acc[9] += a1.x * b1;
            acc[10] += a1.y * b0;
            acc[11] += a1.y * b1;
            acc[12] += a1.z * b0;
            acc[13] += a1.z * b1;
            acc[14] += a1.w * b0;
            acc[15] += a1.w * b1;
        }
        workgroupBarrier();
    }
}

fn store_row(row: u32, col: u32, left: vec4<f32>, right: vec4<f32>) {
    store(row, col, left.x);
    store(row, col + 1u, left.y);
    store(row, col + 2u, left.z);
    store(row, col + 3u, left.w);
    store(row, col + 4u, right.x);
    store(row, col + 5u, right.y);
    store(row, col + 6u, right.z);
    store(row, col + 7u, right.w);
}

fn tile_store(row: u32, col: u32, lane: u32) {
    let r = row + lane / 8u * 8u;
    let c = col + lane % 8u * 8u;
    store_row(r, c, acc[0], acc[1]);
    store_row(r + 1u, c, acc[2], acc[3]);
    store_row(r + 2u, c, acc[4], acc[5]);
    store_row(r + 3u, c, acc[6], acc[7]);
    store_row(r + 4u, c, acc[8], acc[9]);
    store_row(r + 5u, c, acc[10], acc[11]);
    store_row(r + 6u, c, acc[12], acc[13]);
    store_row(r + 7u, c, acc[14], acc[15]);
}

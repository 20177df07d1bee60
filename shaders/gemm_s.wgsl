// Form S of a product, for few tiles: 32x32 elements by 256 invocations, which share the depth.
// Four slices of 64 invocations take every fourth part of the depth, 4x4 elements each; their sums are added in
// order at the end. What the kernel supplies is said in gemm_tile.wgsl.
const TILE_ROWS = 32u; // rows of the product per workgroup
const TILE_COLS = 32u; // columns of the product per workgroup
const LANES = 256u;
const SLICES = 4u;
const DEPTH = 8u; // depth per slice and pass
const PITCH = 9u; // quads of a row of the tile, one of them padding
const TILE_B = 288u; // where B's tile begins: behind SLICES * DEPTH * PITCH quads of A's

// Both tiles, then the sums of slices 1 to 3 (3, 64, 4).
var<workgroup> pool: array<vec4<f32>, 768>;
var<private> acc: array<vec4<f32>, 4>; // rows of 4

// The (k, quad) of a slot: invocations side by side take neighbours in memory.
fn place(slot: u32, along_depth: bool) -> vec2<u32> {
    return select(vec2<u32>(slot / 8u, slot % 8u), vec2<u32>(slot % 32u, slot / 32u), along_depth);
}

fn multiply_pass(slice: u32, my_a: u32, my_b: u32) {
    for (var i = 0u; i < DEPTH; i++) {
        let k = slice * DEPTH + i;
        let a = pool[k * PITCH + my_a];
        let b = pool[TILE_B + k * PITCH + my_b];
        acc[0] += a.x * b;
        acc[1] += a.y * b;
        acc[2] += a.z * b;
        acc[3] += a.w * b;
    }
}

fn emit_row(row: u32, col: u32, sum: vec4<f32>) {
    for (var i = 0u; i < 4u; i++) {
        if row < rows() && col + i < cols() {
            emit(row, col + i, sum[i]);
        }
    }
}

fn product(group: vec3<u32>, lane: u32) {
    let row = group.y * TILE_ROWS;
    let col = group.x * TILE_COLS;
    let at_a = place(lane, A_ALONG_DEPTH);
    let at_b = place(lane, B_ALONG_DEPTH);
    let slice = lane / 64u;
    let own = lane % 64u;
    var next_a = quad_a(row + 4u * at_a.y, at_a.x);
    var next_b = quad_b(at_b.x, col + 4u * at_b.y);
    for (var k0 = 0u; k0 < depth(); k0 += SLICES * DEPTH) {
        pool[at_a.x * PITCH + at_a.y] = next_a;
        pool[TILE_B + at_b.x * PITCH + at_b.y] = next_b;
        workgroupBarrier();
        let k = k0 + SLICES * DEPTH;
        next_a = quad_a(row + 4u * at_a.y, k + at_a.x);
        next_b = quad_b(k + at_b.x, col + 4u * at_b.y);
        multiply_pass(slice, own / 8u, own % 8u);
        workgroupBarrier();
    }
    if slice > 0u {
        for (var i = 0u; i < 4u; i++) {
            pool[((slice - 1u) * 4u + i) * 64u + own] = acc[i];
        }
    }
    workgroupBarrier();
    if slice == 0u {
        for (var i = 0u; i < 4u; i++) {
            let sum = acc[i] + pool[i * 64u + own] + pool[(4u + i) * 64u + own] + pool[(8u + i) * 64u + own];
            emit_row(row + own / 8u * 4u + i, col + own % 8u * 4u, sum);
        }
    }
}

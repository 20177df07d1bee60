// A (rows, depth) · B (depth, cols): one tile per workgroup, 8x8 elements per invocation, in registers.
// A and B pass through workgroup memory; the next pass is loaded while this one is multiplied.
// The kernel supplies rows(), cols(), depth(), fetch_a(row, k), fetch_b(k, col), A_ALONG_DEPTH and
// B_ALONG_DEPTH (whether neighbours in memory differ in k), and emit(row, col, sum); all are called in range.
// gemm_f32.wgsl or gemm_f16.wgsl supplies Quad, staged_a, staged_b and unscaled.
const ACROSS = TILE_COLS / 8u; // invocations side by side
const LANES = TILE_ROWS / 8u * ACROSS;
const QUADS_A = TILE_ROWS / 4u;
const QUADS_B = TILE_COLS / 4u;
const PITCH_A = QUADS_A + 1u; // one quad of padding: neighbours in k lie in different banks
const PITCH_B = QUADS_B + 1u;
const PARTS_A = DEPTH * QUADS_A / LANES; // quads of A that one invocation loads per pass: 1, 2 or 4
const PARTS_B = DEPTH * QUADS_B / LANES; // and of B

var<workgroup> tile_a: array<Quad, DEPTH * PITCH_A>; // A transposed
var<workgroup> tile_b: array<Quad, DEPTH * PITCH_B>;
// Indexed by constants only, so that compilers keep it in registers: row r holds acc[2r], acc[2r + 1].
var<private> acc: array<vec4<f32>, 16>;
var<private> next_a: array<Quad, 4>; // the next pass
var<private> next_b: array<Quad, 4>;

// The (k, quad) of a slot: invocations side by side take neighbours in memory.
fn place(slot: u32, along_depth: bool, quads: u32) -> vec2<u32> {
    return select(vec2<u32>(slot / quads, slot % quads), vec2<u32>(slot % DEPTH, slot / DEPTH), along_depth);
}

fn multiply_pass(my_a: u32, my_b: u32) {
    for (var k = 0u; k < DEPTH; k++) {
        let a0 = vec4<f32>(tile_a[k * PITCH_A + my_a]);
        let a1 = vec4<f32>(tile_a[k * PITCH_A + my_a + 1u]);
        let b0 = vec4<f32>(tile_b[k * PITCH_B + my_b]);
        let b1 = vec4<f32>(tile_b[k * PITCH_B + my_b + 1u]);
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
}

fn emit_in_range(row: u32, col: u32, sum: f32) {
    if row < rows() && col < cols() {
        emit(row, col, unscaled(sum));
    }
}

// In a loop, so that the epilogue is compiled twice a row and not eight times.
fn emit_row(row: u32, col: u32, left: vec4<f32>, right: vec4<f32>) {
    for (var i = 0u; i < 4u; i++) {
        emit_in_range(row, col + i, left[i]);
        emit_in_range(row, col + 4u + i, right[i]);
    }
}

fn load_a(part: u32, row: u32, k0: u32, lane: u32) -> Quad {
    let at = place(lane + part * LANES, A_ALONG_DEPTH, QUADS_A);
    return staged_a(quad_a(row + 4u * at.y, k0 + at.x));
}

fn load_b(part: u32, col: u32, k0: u32, lane: u32) -> Quad {
    let at = place(lane + part * LANES, B_ALONG_DEPTH, QUADS_B);
    return staged_b(quad_b(k0 + at.x, col + 4u * at.y));
}

// Written out, so that next_a and next_b are indexed by constants. L has one part of each, M four, W four and two.
fn load_pass(row: u32, col: u32, k0: u32, lane: u32) {
    next_a[0] = load_a(0u, row, k0, lane);
    next_b[0] = load_b(0u, col, k0, lane);
    if PARTS_A > 1u {
        next_a[1] = load_a(1u, row, k0, lane);
    }
    if PARTS_A > 2u {
        next_a[2] = load_a(2u, row, k0, lane);
        next_a[3] = load_a(3u, row, k0, lane);
    }
    if PARTS_B > 1u {
        next_b[1] = load_b(1u, col, k0, lane);
    }
    if PARTS_B > 2u {
        next_b[2] = load_b(2u, col, k0, lane);
        next_b[3] = load_b(3u, col, k0, lane);
    }
}

fn store_a(part: u32, lane: u32, quad: Quad) {
    let at = place(lane + part * LANES, A_ALONG_DEPTH, QUADS_A);
    tile_a[at.x * PITCH_A + at.y] = quad;
}

fn store_b(part: u32, lane: u32, quad: Quad) {
    let at = place(lane + part * LANES, B_ALONG_DEPTH, QUADS_B);
    tile_b[at.x * PITCH_B + at.y] = quad;
}

fn store_pass(lane: u32) {
    store_a(0u, lane, next_a[0]);
    store_b(0u, lane, next_b[0]);
    if PARTS_A > 1u {
        store_a(1u, lane, next_a[1]);
    }
    if PARTS_A > 2u {
        store_a(2u, lane, next_a[2]);
        store_a(3u, lane, next_a[3]);
    }
    if PARTS_B > 1u {
        store_b(1u, lane, next_b[1]);
    }
    if PARTS_B > 2u {
        store_b(2u, lane, next_b[2]);
        store_b(3u, lane, next_b[3]);
    }
}

fn product(group: vec3<u32>, lane: u32) {
    let row = group.y * TILE_ROWS;
    let col = group.x * TILE_COLS;
    load_pass(row, col, 0u, lane);
    for (var k0 = 0u; k0 < depth(); k0 += DEPTH) {
        store_pass(lane);
        workgroupBarrier();
        load_pass(row, col, k0 + DEPTH, lane); // on its way while this pass is multiplied
        multiply_pass(lane / ACROSS * 2u, lane % ACROSS * 2u);
        workgroupBarrier();
    }
    let r = row + lane / ACROSS * 8u;
    let c = col + lane % ACROSS * 8u;
    emit_row(r, c, acc[0], acc[1]);
    emit_row(r + 1u, c, acc[2], acc[3]);
    emit_row(r + 2u, c, acc[4], acc[5]);
    emit_row(r + 3u, c, acc[6], acc[7]);
    emit_row(r + 4u, c, acc[8], acc[9]);
    emit_row(r + 5u, c, acc[10], acc[11]);
    emit_row(r + 6u, c, acc[12], acc[13]);
    emit_row(r + 7u, c, acc[14], acc[15]);
}

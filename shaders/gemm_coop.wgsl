// A (rows, depth) · B (depth, cols) on matrix units: 4x4 fragments per workgroup of 128 invocations, rounded to f16, sums in f32.
// A subgroup owns a quarter of the tile, 2x2 fragments. With fewer than four subgroups the quarters are taken by
// turns, with more of them some do the same work twice, and emit nothing: right for subgroups of any size, made for 32.
// The elements of a fragment cannot be touched, so the sums reach emit through workgroup memory.
// Arrays are of scalars: a load's pitch counts elements of the array, and Metal wants a pointer to scalars.
enable wgpu_cooperative_matrix;
const TILE_ROWS = 4u * FRAGMENT; // rows of the product per workgroup
const TILE_COLS = 4u * FRAGMENT; // columns of the product per workgroup
const LANES = 128u;
const DEPTH = 32u; // depth per pass through workgroup memory
const QUADS = FRAGMENT; // of a row of a tile
const PITCH = 4u * QUADS + 8u; // elements; the 16 bytes of padding spread rows over banks and keep them aligned
const SPOTS = FRAGMENT * FRAGMENT; // elements of a fragment

var<workgroup> tile_a: array<f16, DEPTH * PITCH>; // A transposed
var<workgroup> tile_b: array<f16, DEPTH * PITCH>;
var<workgroup> sums: array<f32, 4u * SPOTS>; // a fragment of each quarter

// The (k, quad) of a slot: invocations side by side take neighbours in memory.
fn place(slot: u32, along_depth: bool) -> vec2<u32> {
    return select(vec2<u32>(slot / QUADS, slot % QUADS), vec2<u32>(slot % DEPTH, slot / DEPTH), along_depth);
}

fn store_a(at: u32, quad: Quad) {
    tile_a[at] = quad.x;
    tile_a[at + 1u] = quad.y;
    tile_a[at + 2u] = quad.z;
    tile_a[at + 3u] = quad.w;
}

fn store_b(at: u32, quad: Quad) {
    tile_b[at] = quad.x;
    tile_b[at + 1u] = quad.y;
    tile_b[at + 2u] = quad.z;
    tile_b[at + 3u] = quad.w;
}

fn stage_pass(row: u32, col: u32, k0: u32, lane: u32) {
    for (var slot = lane; slot < DEPTH * QUADS; slot += LANES) {
        let a = place(slot, A_ALONG_DEPTH);
        let b = place(slot, B_ALONG_DEPTH);
        store_a(a.x * PITCH + 4u * a.y, staged_a(quad_a(row + 4u * a.y, k0 + a.x)));
        store_b(b.x * PITCH + 4u * b.y, staged_b(quad_b(k0 + b.x, col + 4u * b.y)));
    }
}

// Emits the fragment at (row, col) that lies at a spot of sums; the invocations of its subgroup share it.
fn emit_fragment(row: u32, col: u32, spot: u32, first: u32, size: u32) {
    workgroupBarrier();
    for (var i = first; i < SPOTS; i += size) { // first is SPOTS where another subgroup emits
        let r = row + i / FRAGMENT;
        let c = col + i % FRAGMENT;
        if r < rows() && c < cols() {
            emit(r, c, unscaled(sums[spot + i]));
        }
    }
    workgroupBarrier();
}

// One quarter of the tile at (row, col) for each subgroup; no branch around the cooperative calls.
fn quarter(row: u32, col: u32, own: u32, emits: bool, lane: u32, size: u32) {
    let top = own / 2u * 2u * FRAGMENT;
    let left = own % 2u * 2u * FRAGMENT;
    let spot = own * SPOTS;
    for (var i = lane; i < 4u * SPOTS; i += LANES) {
        sums[i] = 0.0;
    }
    workgroupBarrier();
    var acc00 = coopLoadT<Sums>(&sums[spot], FRAGMENT);
    var acc01 = coopLoadT<Sums>(&sums[spot], FRAGMENT);
    var acc10 = coopLoadT<Sums>(&sums[spot], FRAGMENT);
    var acc11 = coopLoadT<Sums>(&sums[spot], FRAGMENT);
    for (var k0 = 0u; k0 < depth(); k0 += DEPTH) {
        stage_pass(row, col, k0, lane);
        workgroupBarrier();
        for (var k = 0u; k < DEPTH; k += FRAGMENT) {
            let a0 = coopLoad<Left>(&tile_a[k * PITCH + top], PITCH);
            let a1 = coopLoad<Left>(&tile_a[k * PITCH + top + FRAGMENT], PITCH);
            let b0 = coopLoadT<Right>(&tile_b[k * PITCH + left], PITCH);
            let b1 = coopLoadT<Right>(&tile_b[k * PITCH + left + FRAGMENT], PITCH);
            acc00 = coopMultiplyAdd(a0, b0, acc00);
            acc01 = coopMultiplyAdd(a0, b1, acc01);
            acc10 = coopMultiplyAdd(a1, b0, acc10);
            acc11 = coopMultiplyAdd(a1, b1, acc11);
        }
        workgroupBarrier();
    }
    let r = row + top;
    let c = col + left;
    let first = select(SPOTS, lane % size, emits);
    coopStoreT(acc00, &sums[spot], FRAGMENT);
    emit_fragment(r, c, spot, first, size);
    coopStoreT(acc01, &sums[spot], FRAGMENT);
    emit_fragment(r, c + FRAGMENT, spot, first, size);
    coopStoreT(acc10, &sums[spot], FRAGMENT);
    emit_fragment(r + FRAGMENT, c, spot, first, size);
    coopStoreT(acc11, &sums[spot], FRAGMENT);
    emit_fragment(r + FRAGMENT, c + FRAGMENT, spot, first, size);
}

fn product(group: vec3<u32>, lane: u32) {
    let size = subgroupAdd(1u);
    let own = subgroupBroadcastFirst(lane) / size;
    for (var first = 0u; first < 4u; first += LANES / size) {
        quarter(group.y * TILE_ROWS, group.x * TILE_COLS, (first + own) % 4u, own < 4u, lane, size);
    }
}

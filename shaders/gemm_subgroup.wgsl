// The subgroup forms of a product: 32 columns by 8 invocations, no barrier and no workgroup memory.
// One subgroup is one workgroup: each invocation loads two or four elements of A, which all receive by broadcast,
// and four of B. For adapters where barriers are slow; needs subgroups of at least 8. See gemm_tile.wgsl for the rest.
const TILE_COLS = 32u; // columns of the product per workgroup
const LANES = 8u;

fn emit_row(row: u32, col: u32, sum: vec4<f32>) {
    for (var i = 0u; i < 4u; i++) {
        if col + i < cols() {
            emit(row, col + i, sum[i]);
        }
    }
}

fn product(group: vec3<u32>, lane: u32) {
    let row = group.y * TILE_ROWS;
    let col = group.x * TILE_COLS + 4u * lane;
    let row0 = min(row + 0u + lane, rows() - 1u);
    let row1 = min(row + 8u + lane, rows() - 1u);
    let row2 = min(row + 16u + lane, rows() - 1u);
    let row3 = min(row + 24u + lane, rows() - 1u);
    let c = min(vec4<u32>(col) + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(cols() - 1u));
    var acc0 = vec4<f32>();
    var acc1 = vec4<f32>();
    var acc2 = vec4<f32>();
    var acc3 = vec4<f32>();
    var acc4 = vec4<f32>();
    var acc5 = vec4<f32>();
    var acc6 = vec4<f32>();
    var acc7 = vec4<f32>();
    var acc8 = vec4<f32>();
    var acc9 = vec4<f32>();
    var acc10 = vec4<f32>();
    var acc11 = vec4<f32>();
    var acc12 = vec4<f32>();
    var acc13 = vec4<f32>();
    var acc14 = vec4<f32>();
    var acc15 = vec4<f32>();
    var acc16 = vec4<f32>();
    var acc17 = vec4<f32>();
    var acc18 = vec4<f32>();
    var acc19 = vec4<f32>();
    var acc20 = vec4<f32>();
    var acc21 = vec4<f32>();
    var acc22 = vec4<f32>();
    var acc23 = vec4<f32>();
    var acc24 = vec4<f32>();
    var acc25 = vec4<f32>();
    var acc26 = vec4<f32>();
    var acc27 = vec4<f32>();
    var acc28 = vec4<f32>();
    var acc29 = vec4<f32>();
    var acc30 = vec4<f32>();
    var acc31 = vec4<f32>();
    for (var k = 0u; k < depth(); k++) {
        let a0 = fetch_a(row0, k);
        let a1 = fetch_a(row1, k);
        let b = vec4<f32>(fetch_b(k, c.x), fetch_b(k, c.y), fetch_b(k, c.z), fetch_b(k, c.w));
        acc0 += subgroupBroadcast(a0, 0u) * b;
        acc1 += subgroupBroadcast(a0, 1u) * b;
        acc2 += subgroupBroadcast(a0, 2u) * b;
        acc3 += subgroupBroadcast(a0, 3u) * b;
        acc4 += subgroupBroadcast(a0, 4u) * b;
        acc5 += subgroupBroadcast(a0, 5u) * b;
        acc6 += subgroupBroadcast(a0, 6u) * b;
        acc7 += subgroupBroadcast(a0, 7u) * b;
        acc8 += subgroupBroadcast(a1, 0u) * b;
        acc9 += subgroupBroadcast(a1, 1u) * b;
        acc10 += subgroupBroadcast(a1, 2u) * b;
        acc11 += subgroupBroadcast(a1, 3u) * b;
        acc12 += subgroupBroadcast(a1, 4u) * b;
        acc13 += subgroupBroadcast(a1, 5u) * b;
        acc14 += subgroupBroadcast(a1, 6u) * b;
        acc15 += subgroupBroadcast(a1, 7u) * b;
        if TILE_ROWS > 16u {
            let a2 = fetch_a(row2, k);
            let a3 = fetch_a(row3, k);
            acc16 += subgroupBroadcast(a2, 0u) * b;
            acc17 += subgroupBroadcast(a2, 1u) * b;
            acc18 += subgroupBroadcast(a2, 2u) * b;
            acc19 += subgroupBroadcast(a2, 3u) * b;
            acc20 += subgroupBroadcast(a2, 4u) * b;
            acc21 += subgroupBroadcast(a2, 5u) * b;
            acc22 += subgroupBroadcast(a2, 6u) * b;
            acc23 += subgroupBroadcast(a2, 7u) * b;
            acc24 += subgroupBroadcast(a3, 0u) * b;
            acc25 += subgroupBroadcast(a3, 1u) * b;
            acc26 += subgroupBroadcast(a3, 2u) * b;
            acc27 += subgroupBroadcast(a3, 3u) * b;
            acc28 += subgroupBroadcast(a3, 4u) * b;
            acc29 += subgroupBroadcast(a3, 5u) * b;
            acc30 += subgroupBroadcast(a3, 6u) * b;
            acc31 += subgroupBroadcast(a3, 7u) * b;
        }
    }
    // One place that emits, in a loop whose end is not a constant: drivers would unroll it, and take 20 s to compile
    // a long epilogue thirty-two times.
    var sums = array<vec4<f32>, 32>(
        acc0, acc1, acc2, acc3, acc4, acc5, acc6, acc7, acc8, acc9, acc10, acc11, acc12, acc13, acc14,
        acc15, acc16, acc17, acc18, acc19, acc20, acc21, acc22, acc23, acc24, acc25, acc26, acc27,
        acc28, acc29, acc30, acc31,
    );
    let count = min(TILE_ROWS, rows() - row);
    for (var i = 0u; i < count; i++) {
        emit_row(row + i, col, sums[i]);
    }
}

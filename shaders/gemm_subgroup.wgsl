// The subgroup form of a product: 16x32 elements by 8 invocations, no barrier and no workgroup memory.
// One subgroup is one workgroup: each invocation loads two elements of A, which all receive by broadcast, and four
// of B. For adapters where barriers are slow; needs subgroups of at least 8. See gemm_tile.wgsl for the rest.
const TILE_ROWS = 16u; // rows of the product per workgroup
const TILE_COLS = 32u; // columns of the product per workgroup
const LANES = 8u;

fn emit_row(row: u32, col: u32, sum: vec4<f32>) {
    for (var i = 0u; i < 4u; i++) {
        if row < rows() && col + i < cols() {
            emit(row, col + i, sum[i]);
        }
    }
}

fn product(group: vec3<u32>, lane: u32) {
    let row = group.y * TILE_ROWS;
    let col = group.x * TILE_COLS + 4u * lane;
    let low = min(row + lane, rows() - 1u);
    let high = min(row + 8u + lane, rows() - 1u);
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
    for (var k = 0u; k < depth(); k++) {
        let a = fetch_a(low, k);
        let a_high = fetch_a(high, k);
        let b = vec4<f32>(fetch_b(k, c.x), fetch_b(k, c.y), fetch_b(k, c.z), fetch_b(k, c.w));
        acc0 += subgroupBroadcast(a, 0u) * b;
        acc1 += subgroupBroadcast(a, 1u) * b;
        acc2 += subgroupBroadcast(a, 2u) * b;
        acc3 += subgroupBroadcast(a, 3u) * b;
        acc4 += subgroupBroadcast(a, 4u) * b;
        acc5 += subgroupBroadcast(a, 5u) * b;
        acc6 += subgroupBroadcast(a, 6u) * b;
        acc7 += subgroupBroadcast(a, 7u) * b;
        acc8 += subgroupBroadcast(a_high, 0u) * b;
        acc9 += subgroupBroadcast(a_high, 1u) * b;
        acc10 += subgroupBroadcast(a_high, 2u) * b;
        acc11 += subgroupBroadcast(a_high, 3u) * b;
        acc12 += subgroupBroadcast(a_high, 4u) * b;
        acc13 += subgroupBroadcast(a_high, 5u) * b;
        acc14 += subgroupBroadcast(a_high, 6u) * b;
        acc15 += subgroupBroadcast(a_high, 7u) * b;
    }
    emit_row(row, col, acc0);
    emit_row(row + 1u, col, acc1);
    emit_row(row + 2u, col, acc2);
    emit_row(row + 3u, col, acc3);
    emit_row(row + 4u, col, acc4);
    emit_row(row + 5u, col, acc5);
    emit_row(row + 6u, col, acc6);
    emit_row(row + 7u, col, acc7);
    emit_row(row + 8u, col, acc8);
    emit_row(row + 9u, col, acc9);
    emit_row(row + 10u, col, acc10);
    emit_row(row + 11u, col, acc11);
    emit_row(row + 12u, col, acc12);
    emit_row(row + 13u, col, acc13);
    emit_row(row + 14u, col, acc14);
    emit_row(row + 15u, col, acc15);
}

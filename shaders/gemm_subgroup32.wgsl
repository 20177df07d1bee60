// 32x32 elements per workgroup (gemm_subgroup.wgsl).
const TILE_ROWS = 32u; // rows of the product per workgroup

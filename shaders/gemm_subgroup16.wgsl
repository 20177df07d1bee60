// 16x32 elements per workgroup (gemm_subgroup.wgsl): twice as many workgroups, half the registers.
const TILE_ROWS = 16u; // rows of the product per workgroup

// Form W of a product (gemm_tile.wgsl): 128x64 elements by 128 invocations.
const TILE_ROWS = 128u; // rows of the product per workgroup
const TILE_COLS = 64u; // columns of the product per workgroup
const DEPTH = 16u; // depth per pass through workgroup memory

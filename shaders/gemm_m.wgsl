// Form M of a product (gemm_tile.wgsl): 64x64 elements by 64 invocations.
const TILE_ROWS = 64u; // rows of the product per workgroup
const TILE_COLS = 64u; // columns of the product per workgroup
const DEPTH = 16u; // depth per pass through workgroup memory

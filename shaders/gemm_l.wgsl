// Form L of a product (gemm_tile.wgsl): 128x128 elements by 256 invocations.
const TILE_ROWS = 128u; // rows of the product per workgroup
const TILE_COLS = 128u; // columns of the product per workgroup
const DEPTH = 8u; // depth per pass through workgroup memory, which it keeps below 16 KiB

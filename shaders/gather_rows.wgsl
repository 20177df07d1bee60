// out_ic = (x_rc - shift_c) * scale_c with r = index[first + i], or first + i without an index.   batches and normalisation
// One invocation per (row i, column c); rows outside this block of x are left as they are, one dispatch per block fills them.
struct Params {
    rows: u32, // rows of out
    cols: u32, // columns of x and out
    first: u32, // position in the order that row 0 of out takes
    indexed: u32, // 1: rows are named by index, 0: they follow each other
    block_first: u32, // row of the data set that row 0 of x is
    block_rows: u32, // rows of x
    source: u32, // 0: x holds f32, 1: x holds u8, four to a word
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> index: array<u32>; // (first + rows or more, 1)
@group(0) @binding(2) var<storage, read> x: array<u32>; // (block_rows, cols); u8 rows do not start on words
@group(0) @binding(3) var<storage, read> shift: array<f32>; // (1, cols)
@group(0) @binding(4) var<storage, read> scale: array<f32>; // (1, cols)
@group(0) @binding(5) var<storage, read_write> out: array<f32>; // (rows, cols)

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = id.y * groups.x * 256u + id.x;
    if t >= params.rows * params.cols {
        return;
    }
    let c = t % params.cols;
    let local = ordered_row(params.first + t / params.cols) - params.block_first; // below the block it wraps to a large number
    if local >= params.block_rows {
        return;
    }
    out[t] = (block_value(local * params.cols + c) - shift[c]) * scale[c];
}

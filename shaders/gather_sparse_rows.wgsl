// out_ic = (x_rc - shift_c) * scale_c with r = index[first + i], or first + i without an index; x in compressed sparse rows.   batches and normalisation
// One invocation per (row i, column c) looks for its column in row r by bisection; what is not there is 0.
// Rows outside this block of x are left as they are, one dispatch per block fills them.
struct Params {
    rows: u32, // rows of out
    cols: u32, // columns of x and out
    first: u32, // position in the order that row 0 of out takes
    indexed: u32, // 1: rows are named by index, 0: they follow each other
    block_first: u32, // row of the data set that row 0 of x is
    block_rows: u32, // rows of x
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> index: array<u32>; // (first + rows or more, 1)
@group(0) @binding(2) var<storage, read> starts: array<u32>; // (block_rows + 1, 1), where rows begin in columns and values
@group(0) @binding(3) var<storage, read> columns: array<u32>; // (values kept, 1), rising within a row
@group(0) @binding(4) var<storage, read> values: array<f32>; // (values kept, 1)
@group(0) @binding(5) var<storage, read> shift: array<f32>; // (1, cols)
@group(0) @binding(6) var<storage, read> scale: array<f32>; // (1, cols)
@group(0) @binding(7) var<storage, read_write> out: array<f32>; // (rows, cols)

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
    let end = starts[local + 1u];
    var low = starts[local];
    var high = end;
    while low < high {
        let middle = (low + high) / 2u;
        if columns[middle] < c {
            low = middle + 1u;
        } else {
            high = middle;
        }
    }
    var value = 0.0;
    if low < end {
        if columns[low] == c {
            value = values[low];
        }
    }
    out[t] = (value - shift[c]) * scale[c];
}

// out_ic = (x_rc - shift_c) * scale_c with r = index[first + i], or first + i without an index; x in compressed sparse rows.   batches and normalisation
// One invocation per (row i, column c) looks for its column in row r by bisection; what is not there is 0.
// Rows outside this block of x are left as they are, one dispatch per block fills them.

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

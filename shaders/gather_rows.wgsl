// out_ic = (x_rc - shift_c) * scale_c with r = index[first + i], or first + i without an index.   batches and normalisation
// One invocation per (row i, column c); rows outside this block of x are left as they are, one dispatch per block fills them.

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

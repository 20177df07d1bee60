// The factors of a layer forward: A = x (b, in), B = w (in, out). The kernel supplies the bindings x and w, and params.
const A_ALONG_DEPTH = true;
const B_ALONG_DEPTH = false;
const A_SCALE = 1.0; // for f16, see gemm_f16.wgsl
const B_SCALE = 1.0;

fn rows() -> u32 {
    return params.rows;
}

fn cols() -> u32 {
    return params.d_out;
}

fn depth() -> u32 {
    return params.d_in;
}

fn fetch_a(row: u32, k: u32) -> f32 {
    return x[row * params.d_in + k];
}

fn fetch_b(k: u32, col: u32) -> f32 {
    return w[k * params.d_out + col];
}

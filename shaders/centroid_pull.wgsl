// Σ_i c_ij (z_ic - mu_jc) of element t = (j, c) of mu (k, d): what the samples pull a centroid by.   Xie et al. 2016, eq. 5
// Called by all 64 lanes of a workgroup, which stride the rows; a tree sums: the same bits each run. The kernel supplies
// params.n, .d and .k and the binding w, mu.

var<workgroup> sums: array<f32, 64>;

fn pull(t: u32, lane: u32) -> f32 {
    let j = t / params.d;
    let c = t % params.d;
    let mu_jc = w[t];
    var sum = 0.0;
    for (var i = lane; i < params.n; i += 64u) {
        sum += coefficient[i * params.k + j] * (z[i * params.d + c] - mu_jc);
    }
    sums[lane] = sum;
    workgroupBarrier();
    for (var width = 32u; width > 0u; width >>= 1u) {
        if lane < width {
            sums[lane] += sums[lane + width];
        }
        workgroupBarrier();
    }
    return sums[0];
}

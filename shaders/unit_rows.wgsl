// x_i <- x_i / |x_i|, |x_i| = sqrt(Σ_c x_ic²): rows of length 1; a row of zeros stays.   Spherical k-means: Dhillon and Modha 2001, §2
// One workgroup per row i, its 64 lanes stride the columns; any m (row_length.wgsl).

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let i = workgroup.y * groups.x + workgroup.x;
    if i >= params.n {
        return; // the whole workgroup does: the barriers below stay uniform
    }
    let length = row_length(i, lane);
    for (var c = lane; c < params.m; c += 64u) {
        let at = i * params.m + c;
        x[at] = length.scale * x[at] / length.scaled;
    }
}

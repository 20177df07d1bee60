// y_i = x_i / sqrt(Σ_c x_ic² / m): rows whose mean square is 1; a row of zeros stays.   Xie et al. 2016, §4.2; Zhang and Sennrich 2019, eq. 4, without gain
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
    let root = length.scaled / sqrt(f32(params.m));
    for (var c = lane; c < params.m; c += 64u) {
        y[(params.first + i) * params.m + c] = length.scale * x[i * params.m + c] / root;
    }
}

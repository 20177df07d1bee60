// dx_i = (dy_i - y_i (y_i·dy_i)/m) / r, y_i = x_i/r, r = sqrt(Σ_c x_ic² / m), through a ReLU that made x if there is one.   quotient rule on rms_rows.wgsl
// One workgroup per row i, its 64 lanes stride the columns; any m (row_length.wgsl). A row of zeros has no gradient.

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
    var sum = 0.0;
    for (var c = lane; c < params.m; c += 64u) {
        let at = i * params.m + c;
        sum += length.scale * x[at] / root * dy[at];
    }
    let mean = sum_lanes(lane, sum) / f32(params.m);
    for (var c = lane; c < params.m; c += 64u) {
        let at = i * params.m + c;
        let y = length.scale * x[at] / root;
        let gradient = length.scale * (dy[at] - y * mean) / root;
        dx[at] = select(gradient, 0.0, params.relu == 1u && x[at] <= 0.0);
    }
}

// dz_i = gradient_scale (z_i - goal_r), loss_i = loss_scale |z_i - goal_r|², r = the sample that row i of the batch is: an encoder follows a layout.   Sum of squares: Bishop 2006, eq. 5.11
// One invocation per row i of the batch; any d. A row of goal that is marked absent pulls nowhere.

const FIRST_ABSENT = 1e38; // a row of goal that begins with this or more is absent

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = id.y * groups.x * 64u + id.x;
    if i >= params.n {
        return;
    }
    let row = ordered_row(params.first + i) * params.d;
    let absent = goal[row] >= FIRST_ABSENT;
    var squares = 0.0;
    for (var c = 0u; c < params.d; c++) {
        let at = i * params.d + c;
        let difference = select(z[at] - goal[row + c], 0.0, absent);
        squares += difference * difference;
        let before = select(0.0, dz[at], params.accumulate == 1u);
        dz[at] = before + params.gradient_scale * difference;
    }
    loss[params.first_loss + i] = params.loss_scale * squares;
}

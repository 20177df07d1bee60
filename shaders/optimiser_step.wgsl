// w_i = step(w_i, s·g_i): one step of the optimiser on gradients that are stored, each times the factor s of clipping.   optimiser.wgsl; Pascanu, Mikolov and Bengio 2013, algorithm 1
// One invocation per element.

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let at = id.y * groups.x * 64u + id.x;
    if at >= params.count {
        return;
    }
    let i = params.first + at;
    update(i, factor[0] * g[i], params.learning_rate);
}

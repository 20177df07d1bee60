// label_i = argmax_j q_ij (the lowest j of equals), confidence_i = max_j q_ij; changes[slot] += labels that changed.   Xie et al. 2016, §3.1.3
// One invocation per row i; any k. The count is an integer atomic: its order does not matter.

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = id.y * groups.x * 64u + id.x;
    if i >= params.n {
        return;
    }
    var best = 0u;
    var largest = q[i * params.k];
    for (var j = 1u; j < params.k; j++) {
        let q_ij = q[i * params.k + j];
        if q_ij > largest {
            best = j;
            largest = q_ij;
        }
    }
    if label[i] != best {
        atomicAdd(&changes[params.slot], 1u);
    }
    label[i] = best;
    confidence[i] = largest;
}

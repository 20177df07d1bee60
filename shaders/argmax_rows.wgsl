// label_i = argmax_j q_ij (the lowest j of equals), confidence_i = max_j q_ij; changes[slot] += labels that changed.   Xie et al. 2016, §3.1.3
// One invocation per row i; any k. The count is an integer atomic: its order does not matter.
struct Params {
    n: u32, // rows of q
    k: u32, // clusters
    slot: u32, // element of changes to add to
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> q: array<f32>; // (n, k)
@group(0) @binding(2) var<storage, read_write> label: array<u32>; // (n, 1)
@group(0) @binding(3) var<storage, read_write> confidence: array<f32>; // (n, 1)
@group(0) @binding(4) var<storage, read_write> changes: array<atomic<u32>>; // (slot + 1 or more, 1)

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

// partial_w = Σ g_i² over the elements of workgroup w: parts of a squared norm.   Pascanu, Mikolov and Bengio 2013, algorithm 1
// All lanes of all workgroups stride the elements; a tree sums each workgroup's: the same bits each run.

var<workgroup> sums: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    var sum = 0.0;
    for (var i = workgroup.x * 64u + lane; i < params.n; i += params.groups * 64u) {
        sum += g[i] * g[i];
    }
    sums[lane] = sum;
    workgroupBarrier();
    for (var width = 32u; width > 0u; width >>= 1u) {
        if lane < width {
            sums[lane] += sums[lane + width];
        }
        workgroupBarrier();
    }
    if lane == 0u {
        partial[params.first + workgroup.x] = sums[0];
    }
}

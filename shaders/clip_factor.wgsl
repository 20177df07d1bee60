// s = min(1, c / sqrt(Σ_w partial_w)): what gradients of a norm above c are multiplied by.   Pascanu, Mikolov and Bengio 2013, algorithm 1
// One workgroup, its 64 lanes stride the parts; a tree sums: the same bits each run.

var<workgroup> sums: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
    var sum = 0.0;
    for (var i = lane; i < params.n; i += 64u) {
        sum += partial[i];
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
        // Not c / sqrt(sum) alone: a norm of 0 would make it infinite.
        factor[0] = params.most / max(params.most, sqrt(sums[0]));
    }
}

// y_sg = scale * sum of x_si over the i of group g.
// One workgroup per group, segments in z: strided sums, then a fixed tree, so the bits are the same each run.

var<workgroup> sums: array<f32, 256>;

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let g = group.y * groups.x + group.x;
    let s = group.z;
    var sum = 0.0;
    if g < params.groups {
        let end = min((g + 1u) * params.per_group, params.length);
        for (var i = g * params.per_group + lane; i < end; i += 256u) {
            sum += x[s * params.length + i];
        }
    }
    sums[lane] = sum;
    for (var half = 128u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if lane < half {
            sums[lane] += sums[lane + half];
        }
    }
    if lane == 0u && g < params.groups {
        y[s * params.stride + params.column + g] = params.scale * sums[0];
    }
}

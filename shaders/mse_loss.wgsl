// dy = gradient_scale (y - x), 0 where a ReLU made y 0; partial_g = loss_scale * sum of (y - x)^2 over the 1024 elements of group g.   mean squared error
// One workgroup per 1024 elements, 4 per invocation; a 256-wide tree: the same bits each run.
struct Params {
    n: u32, // elements of y
    relu: u32, // 1: y came through a ReLU, 0: it did not
    gradient_scale: f32, // factor on y - x
    loss_scale: f32, // factor on (y - x)^2
    first_partial: u32, // element of partial that group 0 is written to
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> y: array<f32>; // (b, D), n elements
@group(0) @binding(2) var<storage, read> x: array<f32>; // (b, D)
@group(0) @binding(3) var<storage, read_write> dy: array<f32>; // (b, D)
@group(0) @binding(4) var<storage, read_write> partial: array<f32>; // (first_partial + n/1024 or more, 1)

var<workgroup> sums: array<f32, 256>;

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let group = workgroup.y * groups.x + workgroup.x;
    var sum = 0.0;
    for (var part = 0u; part < 4u; part++) {
        let i = group * 1024u + part * 256u + lane;
        if i < params.n {
            let difference = y[i] - x[i];
            let cut = params.relu == 1u && y[i] <= 0.0;
            dy[i] = select(params.gradient_scale * difference, 0.0, cut);
            sum += difference * difference;
        }
    }
    sums[lane] = sum;
    workgroupBarrier();
    for (var width = 128u; width > 0u; width >>= 1u) {
        if lane < width {
            sums[lane] += sums[lane + width];
        }
        workgroupBarrier();
    }
    if lane == 0u && group * 1024u < params.n {
        partial[params.first_partial + group] = params.loss_scale * sums[0];
    }
}

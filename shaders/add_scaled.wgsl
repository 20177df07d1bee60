// y = y + scale * x.   axpy (Lawson et al. 1979)
// One invocation per element.
struct Params {
    n: u32, // elements
    scale: f32, // factor on x
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // (n)
@group(0) @binding(2) var<storage, read_write> y: array<f32>; // (n)

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = id.y * groups.x * 256u + id.x;
    if i >= params.n {
        return;
    }
    y[i] += params.scale * x[i];
}

// y = scale * x where bits(seed, step, layer, element) >= threshold, else 0; scale = 1/(1 - rate).   Srivastava et al. 2014, §10 (inverted)
// One invocation per element; bits are pcg4d (Jarzynski and Olano 2020, listing 4), the same as random::bits.
struct Params {
    n: u32, // elements
    seed: u32, // of the run
    step: u32, // of training
    layer: u32, // stream of the layer
    threshold: u32, // rate * 2^32
    scale: f32, // 1/(1 - rate)
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // (b, D), n elements
@group(0) @binding(2) var<storage, read_write> y: array<f32>; // (b, D)

fn pcg_round(start: vec4<u32>) -> vec4<u32> {
    var v = start;
    v.x += v.y * v.w;
    v.y += v.z * v.x;
    v.z += v.x * v.y;
    v.w += v.y * v.z;
    return v;
}

fn bits(element: u32) -> u32 {
    let counter = vec4<u32>(element, params.layer, params.step, params.seed);
    let v = pcg_round(counter * 1664525u + 1013904223u);
    return pcg_round(v ^ (v >> vec4<u32>(16u))).x;
}

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = id.y * groups.x * 256u + id.x;
    if i >= params.n {
        return;
    }
    y[i] = select(0.0, params.scale * x[i], bits(i) >= params.threshold);
}

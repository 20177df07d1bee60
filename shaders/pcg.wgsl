// Four words of random bits for a counter (element, layer, step, seed): pcg4d, the same as random::bits4.
// Jarzynski and Olano, "Hash Functions for GPU Rendering", JCGT 9(3), 2020, listing 4. A prelude, not a kernel.
fn pcg_round(start: vec4<u32>) -> vec4<u32> {
    var v = start;
    v.x += v.y * v.w;
    v.y += v.z * v.x;
    v.z += v.x * v.y;
    v.w += v.y * v.z;
    return v;
}

fn bits4(seed: u32, step: u32, layer: u32, element: u32) -> vec4<u32> {
    let v = pcg_round(vec4<u32>(element, layer, step, seed) * 1664525u + 1013904223u);
    return pcg_round(v ^ (v >> vec4<u32>(16u)));
}

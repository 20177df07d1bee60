// y = scale * x where bits(seed, step, layer, element) >= threshold, else 0; scale = 1/(1 - rate).   Srivastava et al. 2014, §10 (inverted)
// One invocation per element; bits4 is the prelude pcg.wgsl.

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = id.y * groups.x * 256u + id.x;
    if i >= params.n {
        return;
    }
    let bits = bits4(params.seed, params.step, params.layer, i).x;
    y[i] = select(0.0, params.scale * x[i], bits >= params.threshold);
}

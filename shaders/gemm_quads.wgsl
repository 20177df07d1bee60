// Four neighbours of A or B at once, zero beyond the depth; for the forms that pass tiles through workgroup memory.
fn quad_a(row: u32, k: u32) -> vec4<f32> {
    if k >= depth() {
        return vec4<f32>();
    }
    let r = min(vec4<u32>(row) + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(rows() - 1u));
    return vec4<f32>(fetch_a(r.x, k), fetch_a(r.y, k), fetch_a(r.z, k), fetch_a(r.w, k));
}

fn quad_b(k: u32, col: u32) -> vec4<f32> {
    if k >= depth() {
        return vec4<f32>();
    }
    let c = min(vec4<u32>(col) + vec4<u32>(0u, 1u, 2u, 3u), vec4<u32>(cols() - 1u));
    return vec4<f32>(fetch_b(k, c.x), fetch_b(k, c.y), fetch_b(k, c.z), fetch_b(k, c.w));
}

// out_i(r, c) = row i of the batch (gather_rows) at the point that its random affine map sends (r, c) to, bilinear, edges repeated.   Guo et al. 2018 (DEC-DA), §3
// One invocation per (row i, plane, pixel); the map turns by up to `rotation`, scales by up to `zoom` and moves by up to `translation`.
// All planes of an image, such as its red, green and blue, are sent through the same map.
// Rows outside this block of x are left as they are, one dispatch per block fills them.

// A pixel of the image that starts at `image`, in the plane that starts at `plane` of it, normalised.
fn pixel_at(image: u32, plane: u32, line: u32, column: u32) -> f32 {
    let c = plane + line * params.width + column;
    return (block_value(image + c) - shift[c]) * scale[c];
}

// The pixel nearest to `at` from above and left, mixed with its three neighbours.
fn sample(image: u32, plane: u32, at: vec2<f32>) -> f32 {
    let last = vec2<u32>(params.width - 1u, params.height - 1u);
    let inside = clamp(at, vec2<f32>(0.0), vec2<f32>(last));
    let low = vec2<u32>(inside);
    let high = min(low + 1u, last);
    let part = inside - vec2<f32>(low);
    let top = mix(pixel_at(image, plane, low.y, low.x), pixel_at(image, plane, low.y, high.x), part.x);
    let bottom = mix(pixel_at(image, plane, high.y, low.x), pixel_at(image, plane, high.y, high.x), part.x);
    return mix(top, bottom, part.y);
}

// WGSL allows cos and sin an error of 2^-11; these series are right to 2^-21 up to pi/4, on every device.
fn cos_sin(angle: f32) -> vec2<f32> {
    let a = angle * angle;
    return vec2<f32>(
        1.0 - a * (0.5 - a * (1.0 / 24.0 - a * (1.0 / 720.0 - a / 40320.0))),
        angle * (1.0 - a * (1.0 / 6.0 - a * (1.0 / 120.0 - a / 5040.0))),
    );
}

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let t = id.y * groups.x * 256u + id.x;
    let pixels = params.height * params.width;
    let columns = params.channels * pixels;
    if t >= params.rows * columns {
        return;
    }
    let row = t / columns;
    let pixel = t % pixels;
    let plane = t % columns - pixel;
    let local = ordered_row(params.first + row) - params.block_first; // below the block it wraps to a large number
    if local >= params.block_rows {
        return;
    }
    let bits = bits4(params.seed, params.step, params.stream, row);
    let draw = vec4<f32>(bits >> vec4<u32>(8u)) / 8388608.0 - 1.0; // uniform in [-1, 1)

    let turn = cos_sin(params.rotation * draw.x) * (1.0 + params.zoom * draw.y);
    let size = vec2<f32>(f32(params.width), f32(params.height));
    let centre = 0.5 * (size - 1.0);
    let p = vec2<f32>(f32(pixel % params.width), f32(pixel / params.width)) - centre;
    let turned = vec2<f32>(turn.x * p.x - turn.y * p.y, turn.y * p.x + turn.x * p.y);
    out[t] = sample(local * columns, plane, turned + centre + params.translation * draw.zw * size);
}

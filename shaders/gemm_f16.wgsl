// How operands and sums of a product are staged at f16: operands times a power of two, rounded; sums in f32, divided by it.
// The kernel supplies A_SCALE and B_SCALE: 1, or for gradients, which lie near f16's smallest values, more.
enable f16;
alias Quad = vec4<f16>;
const UNSCALE = 1.0 / (A_SCALE * B_SCALE); // exact, as both are powers of two

fn staged_a(quad: vec4<f32>) -> Quad {
    return Quad(quad * A_SCALE);
}

fn staged_b(quad: vec4<f32>) -> Quad {
    return Quad(quad * B_SCALE);
}

fn unscaled(sum: f32) -> f32 {
    return sum * UNSCALE;
}

// How operands and sums of a product are staged at f32: as they are.
alias Quad = vec4<f32>;

fn staged_a(quad: vec4<f32>) -> Quad {
    return quad;
}

fn staged_b(quad: vec4<f32>) -> Quad {
    return quad;
}

fn unscaled(sum: f32) -> f32 {
    return sum;
}

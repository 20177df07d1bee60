// One step of a layout of a graph: dz_i = Σ_j (w_ij/s_i) 2Δ/(1+|Δ|²) - (γ/8) Σ_8 2Δ/((.001+|Δ|²)(1+|Δ|²)), Δ = z_i - z_j, then Adam.
// UMAP's cross entropy (McInnes, Healy and Melville 2018, eq. 3) with DEC's kernel 1/(1+|Δ|²); all points move at once, from z to next.
// One invocation per point i, layouts in z. A point sums its own row of the graph in order: the same bits each run.

const WIDEST = 16u;
const NEAR = 0.001;

var<private> own: array<f32, 16>;
var<private> delta: array<f32, 16>;
var<private> gradient: array<f32, 16>;

// |Δ|² to the point whose row begins at `base`; Δ is kept.
fn squared_distance(base: u32) -> f32 {
    var sum = 0.0;
    for (var c = 0u; c < WIDEST; c++) {
        if c < params.d {
            delta[c] = own[c] - z[base + c];
            sum += delta[c] * delta[c];
        }
    }
    return sum;
}

fn add(factor: f32) {
    for (var c = 0u; c < WIDEST; c++) {
        if c < params.d {
            gradient[c] += factor * delta[c];
        }
    }
}

// One term of the loss, if it is wanted.
fn term(factor: f32, ratio: f32) -> f32 {
    if params.with_loss == 1u {
        return factor * log(ratio);
    }
    return 0.0;
}

// Pushes away from point j, unless it is the point itself; returns the loss.
fn repel(number: u32, i: u32, j: u32, gamma: f32) -> f32 {
    if j == i {
        return 0.0;
    }
    let square = squared_distance((number * params.n + j) * params.d);
    add(-gamma * 2.0 / ((NEAR + square) * (1.0 + square)));
    return term(gamma, (1.0 + square) / (NEAR + square));
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let i = (group.y * groups.x + group.x) * 64u + lane;
    let number = group.z;
    if i >= params.n {
        return;
    }
    let place = (number * params.n + i) * params.d;
    for (var c = 0u; c < WIDEST; c++) {
        gradient[c] = 0.0;
        if c < params.d {
            own[c] = z[place + c];
        }
    }
    var total = 0.0;
    for (var e = start[i]; e < start[i + 1u]; e++) {
        let square = squared_distance((number * params.n + neighbour[e]) * params.d);
        add(weight[e] * 2.0 / (1.0 + square));
        total += term(weight[e], 1.0 + square);
    }
    let gamma = select(params.gamma_odd, params.gamma_even, number % 2u == 0u) / 8.0;
    for (var part = 0u; part < 2u; part++) {
        let drawn = bits4(params.seed, params.step, params.stream + 2u * number + part, i) % vec4<u32>(params.n);
        total += repel(number, i, drawn.x, gamma);
        total += repel(number, i, drawn.y, gamma);
        total += repel(number, i, drawn.z, gamma);
        total += repel(number, i, drawn.w, gamma);
    }
    if params.with_loss == 1u {
        loss[number * params.n + i] = total;
    }
    for (var c = 0u; c < WIDEST; c++) {
        if c < params.d {
            let first = params.beta1 * m[place + c] + (1.0 - params.beta1) * gradient[c];
            let second = params.beta2 * v[place + c] + (1.0 - params.beta2) * gradient[c] * gradient[c];
            m[place + c] = first;
            v[place + c] = second;
            let root = sqrt(second * params.correction2) + params.epsilon;
            next[place + c] = own[c] - params.learning_rate * first * params.correction1 / root;
        }
    }
}

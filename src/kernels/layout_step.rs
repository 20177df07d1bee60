//! One step of laying a graph out: attraction along its edges, repulsion of random pairs, Adam. The loss is UMAP's cross
//! entropy (McInnes, Healy and Melville 2018, eq. 3) with DEC's kernel 1/(1 + |Δ|²) in place of UMAP's fitted one.

mod host;

use super::inputs;
use crate::device::{Device, Matrix, param};
use crate::kernel::{
    Case,
    Element::{F32, U32},
    Kernel, Tolerance, View, grid, params_of, read, views, write,
};
use crate::random::{self, stream};

crate::params! {
    /// Points.
    n: u32,
    /// Columns of a layout, at most [`WIDEST`].
    d: u32,
    /// Number of the step, for the random numbers.
    step: u32,
    /// Seed.
    seed: u32,
    /// Random numbers of layout l: streams stream + 2 l and the next.
    stream: u32,
    /// γ of layouts 0, 2, …
    gamma_even: f32,
    /// γ of layouts 1, 3, …
    gamma_odd: f32,
    /// Learning rate.
    learning_rate: f32,
    /// Adam's β₁.
    beta1: f32,
    /// Adam's β₂.
    beta2: f32,
    /// Adam's ε.
    epsilon: f32,
    /// 1/(1 − β₁ᵗ)
    correction1: f32,
    /// 1/(1 − β₂ᵗ)
    correction2: f32,
    /// 1: the loss is written.
    with_loss: u32,
}

/// The kernel.
pub static KERNEL: Kernel = Kernel {
    name: "layout_step",
    wgsl: &[
        include_str!("../../shaders/pcg.wgsl"),
        include_str!("../../shaders/layout_step.wgsl"),
    ],
    params: Params::FIELDS,
    bindings: &[
        read("start", U32, "(n + 1): where a point's neighbours begin"),
        read("neighbour", U32, "(edges)"),
        read("weight", F32, "(edges): w_ij/s_i"),
        read("z", F32, "(layouts, n, d)"),
        write("next", F32, "(layouts, n, d)"),
        write("m", F32, "(layouts, n, d)"),
        write("v", F32, "(layouts, n, d)"),
        write("loss", F32, "(layouts, n)"),
    ],
    workgroup_size: [64, 1, 1],
    tile: None,
    reference,
    fast: Some(host::fast),
    cases,
    mutation: (
        "add(weight[e] * 2.0 / (1.0 + square));",
        "add(weight[e] * 2.0 / (2.0 + square));",
    ),
};

/// The most columns of a layout.
pub const WIDEST: usize = 16;
/// Points that each point is pushed away from in a step.
pub const NEGATIVES: usize = 8;
/// Keeps the repulsion of two points in one place finite.
pub const NEAR: f32 = 0.001;

/// A graph as the device takes it.
pub struct Edges<D: Device> {
    /// Where a point's neighbours begin (n + 1, 1), u32.
    pub start: Matrix<D>,
    /// Neighbours (edges, 1), u32.
    pub neighbour: Matrix<D>,
    /// Weights (edges, 1), those of a point of sum 1.
    pub weight: Matrix<D>,
}

/// Layouts side by side, each of n points in d columns.
pub struct Layouts<D: Device> {
    /// Places (layouts·n, d).
    pub z: Matrix<D>,
    /// Places after the step (layouts·n, d).
    pub next: Matrix<D>,
    /// First moments (layouts·n, d).
    pub m: Matrix<D>,
    /// Second moments (layouts·n, d).
    pub v: Matrix<D>,
    /// The loss of each point (layouts, n).
    pub loss: Matrix<D>,
}

/// What one step is like.
#[derive(Clone, Copy, Debug)]
pub struct LayoutStep {
    /// Its number, from 0.
    pub step: u32,
    /// Of the random numbers.
    pub seed: u32,
    /// The first layout's number among all layouts of a graph.
    pub first_layout: u32,
    /// γ, the weight of repulsion, of even and odd layouts.
    pub gamma: [f32; 2],
    /// Learning rate.
    pub learning_rate: f32,
    /// Whether to write the loss.
    pub with_loss: bool,
}

const BETA1: f32 = 0.9;
const BETA2: f32 = 0.99;
const EPSILON: f32 = 1e-8;

/// Moves all points of all layouts from `z` to `next`.
///
/// # Panics
/// If the shapes do not agree, or the layouts are wider than [`WIDEST`].
pub fn layout_step<D: Device>(
    device: &D,
    edges: &Edges<D>,
    layouts: &Layouts<D>,
    step: LayoutStep,
) {
    let n = edges.start.rows - 1;
    let (count, d) = (layouts.z.rows / n, layouts.z.cols);
    assert!(d <= WIDEST, "{d} columns, at most {WIDEST}");
    edges.weight.expect_shape("weight", edges.neighbour.rows, 1);
    for (name, matrix) in [
        ("z", &layouts.z),
        ("next", &layouts.next),
        ("m", &layouts.m),
        ("v", &layouts.v),
    ] {
        matrix.expect_shape(name, count * n, d);
    }
    layouts.loss.expect_shape("loss", count, n);
    let t = step.step as i32 + 1;
    let correction = |beta: f32| (1.0 / (1.0 - f64::from(beta).powi(t))) as f32;
    let [gamma_even, gamma_odd] = match step.first_layout % 2 {
        0 => step.gamma,
        _ => [step.gamma[1], step.gamma[0]],
    };
    let params = Params {
        n: param(n),
        d: param(d),
        step: step.step,
        seed: step.seed,
        stream: stream::LAYOUT + 2 * step.first_layout,
        gamma_even,
        gamma_odd,
        learning_rate: step.learning_rate,
        beta1: BETA1,
        beta2: BETA2,
        epsilon: EPSILON,
        correction1: correction(BETA1),
        correction2: correction(BETA2),
        with_loss: step.with_loss.into(),
    };
    let [x, y, _] = grid(n, 64);
    device.dispatch(
        &KERNEL,
        bytemuck::bytes_of(&params),
        [x, y, param(count)],
        &[
            &edges.start.buffer,
            &edges.neighbour.buffer,
            &edges.weight.buffer,
            &layouts.z.buffer,
            &layouts.next.buffer,
            &layouts.m.buffer,
            &layouts.v.buffer,
            &layouts.loss.buffer,
        ],
    );
}

/// The points that point i of a layout is pushed away from; itself among them counts for nothing.
fn negatives(p: &Params, layout: u32, i: u32) -> [u32; NEGATIVES] {
    let mut drawn = [0; NEGATIVES];
    for (part, four) in drawn.chunks_exact_mut(4).enumerate() {
        let stream = p.stream + 2 * layout + part as u32;
        four.copy_from_slice(&random::bits4(p.seed, p.step, stream, i).map(|bits| bits % p.n));
    }
    drawn
}

fn gamma(p: &Params, layout: usize) -> f32 {
    [p.gamma_even, p.gamma_odd][layout % 2] / NEGATIVES as f32
}

/// The gradient (d) and the loss of point i, in f64.
fn gradient(
    p: &Params,
    [start, neighbour]: [&[u32]; 2],
    weight: &[f32],
    z: &[f32],
    (layout, i): (usize, usize),
) -> (Vec<f64>, f64) {
    let d = p.d as usize;
    let place = |j: usize| &z[(layout * p.n as usize + j) * d..][..d];
    let own = place(i);
    let (mut gradient, mut loss) = (vec![0.0; d], 0.0);
    let mut add = |j: usize, factor: &dyn Fn(f64) -> f64| {
        let delta = own.iter().zip(place(j));
        let delta: Vec<f64> = delta.map(|(a, b)| f64::from(*a) - f64::from(*b)).collect();
        let square: f64 = delta.iter().map(|x| x * x).sum();
        let factor = factor(square);
        gradient
            .iter_mut()
            .zip(delta)
            .for_each(|(g, x)| *g += factor * x);
        square
    };
    for e in start[i] as usize..start[i + 1] as usize {
        let w = f64::from(weight[e]);
        let square = add(neighbour[e] as usize, &|square| w * 2.0 / (1.0 + square));
        loss += w * square.ln_1p();
    }
    let (near, gamma) = (f64::from(NEAR), f64::from(gamma(p, layout)));
    for j in negatives(p, layout as u32, i as u32) {
        if j as usize != i {
            let square = add(j as usize, &|square| {
                -gamma * 2.0 / ((near + square) * (1.0 + square))
            });
            loss += gamma * ((1.0 + square) / (near + square)).ln();
        }
    }
    (gradient, loss)
}

fn reference(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [start, neighbour, weight, z, next, m, v, loss] = views(buffers);
    let (n, d) = (p.n as usize, p.d as usize);
    let graph = [start.u32(), neighbour.u32()];
    for layout in 0..z.f32().len() / (n * d) {
        for i in 0..n {
            let (gradient, of_point) = gradient(&p, graph, weight.f32(), z.f32(), (layout, i));
            if p.with_loss == 1 {
                loss.f32_mut()[layout * n + i] = of_point as f32;
            }
            for (c, g) in gradient.into_iter().enumerate() {
                let at = (layout * n + i) * d + c;
                let [b1, b2] = [p.beta1, p.beta2].map(f64::from);
                let first = b1 * f64::from(m.f32()[at]) + (1.0 - b1) * g;
                let second = b2 * f64::from(v.f32()[at]) + (1.0 - b2) * g * g;
                m.f32_mut()[at] = first as f32;
                v.f32_mut()[at] = second as f32;
                let root = (second * f64::from(p.correction2)).sqrt() + f64::from(p.epsilon);
                let step = f64::from(p.learning_rate) * first * f64::from(p.correction1) / root;
                next.f32_mut()[at] = (f64::from(z.f32()[at]) - step) as f32;
            }
        }
    }
}

fn cases() -> Vec<Case> {
    // (n, d, layouts, edges a point, with loss): one of each, a prime, around the workgroup, the widest, a point without edges.
    [
        (2, 1, 1, 1, 1),
        (37, 2, 2, 5, 1),
        (64, 10, 4, 15, 1),
        (65, 10, 1, 3, 0),
        (129, 16, 3, 30, 1),
        (5, 3, 1, 0, 1),
    ]
    .map(|(n, d, layouts, edges, loss)| case(n, d, layouts, edges, loss))
    .to_vec()
}

fn case(n: usize, d: usize, layouts: usize, edges: usize, with_loss: u32) -> Case {
    let params = Params {
        n: param(n),
        d: param(d),
        step: 3,
        seed: 5,
        stream: stream::LAYOUT,
        gamma_even: 5.0,
        gamma_odd: 2.5,
        learning_rate: 0.3,
        beta1: BETA1,
        beta2: BETA2,
        epsilon: EPSILON,
        correction1: 2.9,
        correction2: 25.0,
        with_loss,
    };
    let cells = layouts * n * d;
    let start: Vec<u32> = (0..=n as u32).map(|i| i * edges as u32).collect();
    let neighbour = (0..n * edges).map(|e| random::bits(1, 0, 0, e as u32) % n as u32);
    let neighbour: Vec<u32> = neighbour.chain([0]).collect(); // a buffer is never empty
    let weight: Vec<f32> = (inputs::uniform(2, neighbour.len()).iter())
        .map(|u| (1.5 + u) / 30.0)
        .collect();
    let mut z: Vec<f32> = inputs::uniform(3, cells).iter().map(|u| 3.0 * u).collect();
    if n > 2 {
        let (first, rest) = z.split_at_mut(d);
        rest[..d].copy_from_slice(first); // two points in one place
    }
    let v: Vec<f32> = (inputs::uniform(5, cells).iter())
        .map(|u| 0.6 + 0.5 * u)
        .collect();
    let [x, y, _] = inputs::folded(n, 64);
    // A sum of edges + 8 terms of size at most γ/8·2·√17/(.001·…) where two points nearly meet; moments of size 1 keep the
    // quotient tame: 64 roundings of values up to 4 in all.
    let near = Tolerance::sum(64, 4.0);
    let case = Case::new(
        format!("{layouts} layouts of {n}x{d}, {edges} edges a point, loss {with_loss}"),
        &params,
        [x, y, layouts as u32],
    )
    .input(&start)
    .input(&neighbour)
    .input(&weight)
    .input(&z)
    .output(cells, near)
    .update(&inputs::uniform(4, cells), near)
    .update(&v, near);
    match with_loss {
        1 => case.output(layouts * n, Tolerance::sum(64, 8.0)),
        _ => case.update(&inputs::uniform(6, layouts * n), Tolerance::Exact),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(n: u32, d: u32) -> Params {
        let case = case(n as usize, d as usize, 1, 1, 1);
        params_of(&case.params)
    }

    /// The gradient of a point is that of its loss, its own place alone moved.
    #[test]
    fn the_gradient_is_the_losses() {
        let (n, d) = (7, 3);
        let p = params(n, d);
        let start: Vec<u32> = (0..=n).map(|i| 2 * i).collect();
        let neighbour: Vec<u32> = (0..n).flat_map(|i| [(i + 1) % n, (i + 3) % n]).collect();
        let weight: Vec<f32> = (0..2 * n).map(|e| 0.3 + 0.05 * e as f32).collect();
        // Multiples of 2^-10: a small move is exact in f32.
        let coarse = |u: &f32| (u * 1024.0).round() / 512.0;
        let z: Vec<f32> = inputs::uniform(1, (n * d) as usize)
            .iter()
            .map(coarse)
            .collect();
        let loss = |z: &[f32]| gradient(&p, [&start, &neighbour], &weight, z, (0, 2)).1;
        let (found, _) = gradient(&p, [&start, &neighbour], &weight, &z, (0, 2));
        for c in 0..d as usize {
            let step = 1.0 / 1024.0;
            let moved = |by: f32| {
                let mut z = z.clone();
                z[2 * d as usize + c] += by;
                loss(&z)
            };
            // The repulsion's gradient is that of γ/8·log((1 + s)/(NEAR + s)) but for the factor 1 - NEAR.
            let wanted = (moved(step) - moved(-step)) / (2.0 * f64::from(step));
            assert!(
                (found[c] - wanted).abs() < 2e-3 * wanted.abs().max(1.0),
                "{c}: {} {wanted}",
                found[c]
            );
        }
    }

    #[test]
    fn closed_form_two_points() {
        // One edge of weight 1 between points at distance 1, no repulsion: 2Δ/(1 + 1) = Δ.
        let p = Params {
            gamma_even: 0.0,
            ..params(2, 1)
        };
        let graph: [&[u32]; 2] = [&[0, 1, 2], &[1, 0]];
        let (found, loss) = gradient(&p, graph, &[1.0, 1.0], &[0.0, 1.0], (0, 0));
        assert_eq!(found, [-1.0]);
        assert!((loss - 2f64.ln()).abs() < 1e-12);
    }
}

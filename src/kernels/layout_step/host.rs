//! The host version: f32, points over threads. A point's sums are its own, so bits do not depend on the number of threads.

use rayon::prelude::*;

use super::{NEAR, Params, WIDEST, gamma, negatives};
use crate::kernel::{View, params_of, views};

/// Points of one piece of work.
const BLOCK: usize = 256;

pub(super) fn fast(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    // With the number of columns known the compiler keeps a point in vector registers.
    match p.d {
        2 => step::<2>(&p, buffers),
        10 => step::<10>(&p, buffers),
        _ => step::<WIDEST>(&p, buffers),
    }
}

/// The graph and the layouts before the step.
struct From<'a> {
    start: &'a [u32],
    neighbour: &'a [u32],
    weight: &'a [f32],
    z: &'a [f32],
}

/// `N` is at least the number of columns.
fn step<const N: usize>(p: &Params, buffers: &mut [View<'_>]) {
    let [start, neighbour, weight, z, next, m, v, loss] = views(buffers);
    let (n, d) = (p.n as usize, p.d as usize);
    let from = From {
        start: start.u32(),
        neighbour: neighbour.u32(),
        weight: weight.f32(),
        z: z.f32(),
    };
    let cells = from.z.len();
    for layout in 0..cells / (n * d) {
        let of_layout = layout * n * d..(layout + 1) * n * d;
        (next.f32_mut()[of_layout.clone()].par_chunks_mut(BLOCK * d))
            .zip(m.f32_mut()[of_layout.clone()].par_chunks_mut(BLOCK * d))
            .zip(v.f32_mut()[of_layout].par_chunks_mut(BLOCK * d))
            .zip(loss.f32_mut()[layout * n..][..n].par_chunks_mut(BLOCK))
            .enumerate()
            .for_each(|(block, (((next, m), v), loss))| {
                for (i, loss) in loss.iter_mut().enumerate() {
                    let cells = i * d..(i + 1) * d;
                    let to = [
                        &mut next[cells.clone()],
                        &mut m[cells.clone()],
                        &mut v[cells],
                    ];
                    point::<N>(p, &from, (layout, block * BLOCK + i), to, loss);
                }
            });
    }
}

fn load<const N: usize>(row: &[f32]) -> [f32; N] {
    match row.try_into() {
        Ok(row) => row,
        Err(_) => {
            let mut padded = [0.0; N];
            padded[..row.len()].copy_from_slice(row);
            padded
        }
    }
}

fn point<const N: usize>(
    p: &Params,
    from: &From<'_>,
    (layout, i): (usize, usize),
    [next, m, v]: [&mut [f32]; 3],
    loss: &mut f32,
) {
    let d = p.d as usize;
    let places = &from.z[layout * p.n as usize * d..];
    let own: [f32; N] = load(&places[i * d..][..d]);
    let (mut gradient, mut total) = ([0.0f32; N], 0.0);
    let towards = |j: u32| {
        let other: [f32; N] = load(&places[j as usize * d..][..d]);
        let delta: [f32; N] = std::array::from_fn(|c| own[c] - other[c]);
        (delta, delta.iter().map(|x| x * x).sum::<f32>())
    };
    let mut add = |delta: [f32; N], factor: f32| {
        gradient
            .iter_mut()
            .zip(delta)
            .for_each(|(g, x)| *g += factor * x);
    };
    let edges = from.start[i] as usize..from.start[i + 1] as usize;
    for (j, weight) in from.neighbour[edges.clone()]
        .iter()
        .zip(&from.weight[edges])
    {
        let (delta, square) = towards(*j);
        add(delta, weight * 2.0 / (1.0 + square));
        if p.with_loss == 1 {
            total += weight * square.ln_1p();
        }
    }
    let gamma = gamma(p, layout);
    for j in negatives(p, layout as u32, i as u32) {
        if j as usize != i {
            let (delta, square) = towards(j);
            add(delta, -gamma * 2.0 / ((NEAR + square) * (1.0 + square)));
            if p.with_loss == 1 {
                total += gamma * ((1.0 + square) / (NEAR + square)).ln();
            }
        }
    }
    if p.with_loss == 1 {
        *loss = total;
    }
    for c in 0..d {
        m[c] = p.beta1 * m[c] + (1.0 - p.beta1) * gradient[c];
        v[c] = p.beta2 * v[c] + (1.0 - p.beta2) * gradient[c] * gradient[c];
        let root = (v[c] * p.correction2).sqrt() + p.epsilon;
        next[c] = own[c] - p.learning_rate * m[c] * p.correction1 / root;
    }
}

//! Draws candidates for the next centroid of k-means++: rows, with probability proportional to their squared distance.

use super::inputs;
use crate::device::{Device, Matrix, param};
use crate::kernel::{
    Case,
    Element::{F32, U32},
    Kernel, Tolerance, View, params_of, read, views, write,
};

crate::params! {
    /// Rows.
    n: u32,
    /// Clusters.
    k: u32,
    /// Restarts R.
    restarts: u32,
    /// Rows to draw, T.
    trials: u32,
    /// The centroid j to draw for; the first is uniform over the rows.
    chosen: u32,
}

/// The kernel.
pub static KERNEL: Kernel = Kernel {
    name: "kmeanspp_pick",
    wgsl: &[include_str!("../../shaders/kmeanspp_pick.wgsl")],
    params: Params::FIELDS,
    bindings: &[
        read("distance", F32, "(R, n)"),
        read("draw", F32, "(R, k, T), uniform in [0, 1)"),
        write("trial", U32, "(R, T)"),
    ],
    workgroup_size: [256, 1, 1],
    tile: None,
    reference,
    fast: None,
    cases,
    mutation: ("share < passed", "share <= passed"),
};

/// Sets trial (R, T) to rows of distance (R, n), for centroid `chosen`, by the uniform draws (R, k·T).
pub fn kmeanspp_pick<D: Device>(
    device: &D,
    distance: &Matrix<D>,
    draw: &Matrix<D>,
    chosen: usize,
    trial: &Matrix<D>,
) {
    let (restarts, trials) = (distance.rows, trial.cols);
    let k = draw.cols / trials;
    draw.expect_shape("draw", restarts, k * trials);
    trial.expect_shape("trial", restarts, trials);
    assert!(chosen < k, "centroid {chosen} of {k}");
    let params = Params {
        n: param(distance.cols),
        k: param(k),
        restarts: param(restarts),
        trials: param(trials),
        chosen: param(chosen),
    };
    device.dispatch(
        &KERNEL,
        bytemuck::bytes_of(&params),
        [param(restarts), param(trials), 1],
        &[&distance.buffer, &draw.buffer, &trial.buffer],
    );
}

fn reference(params: &[u8], buffers: &mut [View<'_>]) {
    let p: Params = params_of(params);
    let [distance, draw, trial] = views(buffers);
    let (n, trials) = (p.n as usize, p.trials as usize);
    for r in 0..p.restarts as usize {
        for t in 0..trials {
            let u = draw.f32()[(r * p.k as usize + p.chosen as usize) * trials + t];
            let drawn = match p.chosen {
                0 => None,
                _ => weighted(&distance.f32()[r * n..][..n], u),
            };
            // The product rounds to n for draws next to 1.
            let uniform = ((u * p.n as f32) as u32).min(p.n - 1);
            trial.u32_mut()[r * trials + t] = drawn.map_or(uniform, |i| i as u32);
        }
    }
}

/// The first row whose cumulative weight exceeds the share `u` of the total; none without a positive total.
fn weighted(weights: &[f32], u: f32) -> Option<usize> {
    let total: f64 = weights.iter().map(|w| f64::from(*w)).sum();
    if total.is_nan() || total <= 0.0 {
        return None;
    }
    let share = f64::from(u) * total;
    let mut passed = 0.0;
    for (i, weight) in weights.iter().enumerate() {
        passed += f64::from(*weight);
        if *weight > 0.0 && share < passed {
            return Some(i);
        }
    }
    weights.iter().rposition(|w| *w > 0.0)
}

fn cases() -> Vec<Case> {
    // (n, k, restarts, trials, chosen): one of each, fewer rows than invocations, around the workgroup size,
    // several rows per run.
    [
        (1, 1, 1, 1, 0),
        (37, 3, 5, 1, 0),
        (2, 2, 8, 2, 1),
        (37, 3, 64, 1, 2),
        (255, 4, 32, 3, 1),
        (257, 2, 32, 2, 1),
        (5003, 10, 20, 4, 9),
    ]
    .map(|(n, k, restarts, trials, chosen)| {
        case(Params {
            n,
            k,
            restarts,
            trials,
            chosen,
        })
    })
    .to_vec()
}

/// Integer weights and draws in 64ths: every sum is exact, so the row must be the same on each device.
/// Many rows weigh nothing, and many draws fall on the border of a row.
fn case(p: Params) -> Case {
    let (n, k, restarts) = (p.n as usize, p.k as usize, p.restarts as usize);
    let trials = p.trials as usize;
    let mut distance: Vec<f32> = (inputs::integers(1, restarts * n).iter())
        .map(|v| v.max(0.0))
        .collect();
    if restarts > 1 {
        distance[..n].fill(0.0); // every row on a centroid
        distance[n..2 * n].fill(0.0);
        distance[n + n / 2] = 64.0; // all the weight on one row
    }
    let draw: Vec<f32> = (inputs::uniform(2, restarts * k * trials).iter())
        .map(|u| (32.0 * (u + 1.0)).floor() / 64.0)
        .collect();
    let label = format!(
        "{n} rows, k {k}, {trials} for centroid {}, {restarts} restarts",
        p.chosen
    );
    Case::new(label, &p, [p.restarts, p.trials, 1])
        .input(&distance)
        .input(&draw)
        .update(&vec![u32::MAX; restarts * trials], Tolerance::Exact)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_falls_on_its_row() {
        let weights = [0.0, 1.0, 0.0, 3.0, 0.0];
        for (u, row) in [(0.0, 1), (0.2499, 1), (0.25, 3), (0.99, 3), (1.0, 3)] {
            assert_eq!(weighted(&weights, u), Some(row), "{u}");
        }
        assert_eq!(weighted(&[0.0, 0.0], 0.5), None);
    }
}

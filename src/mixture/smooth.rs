//! Points moved to the means of their neighbours.

use rayon::prelude::*;

use super::{Points, add};
use crate::metrics::Neighbours;

/// How often each point moves.
const ROUNDS: usize = 4;

/// The points (m, d) of z after each has moved four times to the mean of itself and its `neighbours`, which stay who they
/// are: the nearest, and those among whose nearest it is. (Repeated averaging over a neighbour graph: a random walk
/// on it, as in diffusion maps, Coifman and Lafon 2006.)
///
/// # Panics
/// If the neighbours are not those of m points.
pub fn smoothed(z: &[f32], d: usize, neighbours: &Neighbours) -> Vec<f64> {
    let neighbours = both_ways(neighbours.nearest());
    assert_eq!(neighbours.len() * d, z.len(), "neighbours of each point");
    let mut points: Vec<f64> = z.iter().map(|value| f64::from(*value)).collect();
    for _ in 0..ROUNDS {
        let old = Points { values: &points, d };
        points = neighbours
            .par_iter()
            .enumerate()
            .flat_map_iter(|(i, near)| mean(old, i, near))
            .collect();
    }
    points
}

/// The mean of point i and its neighbours (d).
fn mean(points: Points<'_>, i: usize, near: &[u32]) -> Vec<f64> {
    let row = |i: usize| &points.values[i * points.d..][..points.d];
    let share = 1.0 / (near.len() + 1) as f64;
    let mut mean = vec![0.0; points.d];
    add(&mut mean, row(i), share);
    near.iter()
        .for_each(|j| add(&mut mean, row(*j as usize), share));
    mean
}

/// Who is near whom, in one direction or the other; each list in order.
fn both_ways(nearest: &[Vec<u32>]) -> Vec<Vec<u32>> {
    let mut both = nearest.to_vec();
    for (i, near) in nearest.iter().enumerate() {
        near.iter().for_each(|j| both[*j as usize].push(i as u32));
    }
    for near in &mut both {
        near.sort_unstable();
        near.dedup();
    }
    both
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_neighbours_both_ways() {
        let both = both_ways(&[vec![1], vec![2], vec![1], vec![0, 1]]);
        assert_eq!(both, [vec![1, 3], vec![0, 2, 3], vec![1], vec![0, 1]]);
    }

    #[test]
    fn groups_draw_together_and_stay_apart() {
        // Two groups of 20 on a line: each group's points are each other's neighbours.
        let at = |i: usize| (i % 20) as f32 + if i < 20 { 0.0 } else { 1000.0 };
        let z: Vec<f32> = (0..40).map(at).collect();
        let moved = smoothed(&z, 1, &Neighbours::of(&z, 1));
        let width = |points: &[f64]| {
            let (low, high) = points.iter().fold((f64::MAX, f64::MIN), |(low, high), x| {
                (low.min(*x), high.max(*x))
            });
            high - low
        };
        assert!(
            width(&moved[..20]) < 8.0 && width(&moved[20..]) < 8.0,
            "{moved:?}"
        );
        assert!(moved[20..].iter().all(|x| *x > 1000.0));
    }

    #[test]
    fn few_points_are_their_mean() {
        let z = [0.0, 3.0, 6.0];
        let moved = smoothed(&z, 1, &Neighbours::of(&z, 1));
        assert!(moved.iter().all(|x| (x - 3.0).abs() < 1e-12), "{moved:?}");
    }
}

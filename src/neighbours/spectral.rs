//! The slowest walks on a graph: a layout that tells its parts apart, whatever their shape is.

use nalgebra::{DMatrix, SymmetricEigen};
use rayon::prelude::*;

use super::Graph;
use crate::random::{self, stream};

/// Steps of Lanczos' method, at most: by then the first eigenvectors of a graph of clusters are known.
pub(crate) const STEPS: usize = 100;
/// Below this length what is left of a vector is rounding.
const NOTHING: f64 = 1e-6;
/// Deviation of the first column, about that of a layout: DEC's kernel has the width 1.
const SPREAD: f64 = 10.0;
/// Added to 1 − λ: walks that never leave a part of the graph have λ = 1.
const FLOOR: f64 = 1e-5;

/// The d eigenvectors of D⁻¹A with the largest eigenvalues λ after the first, which is constant (Shi and Malik 2000), as the
/// columns of (n, d): the first with deviation 10, the others shorter as √(1 − λ) says, so that distances are those of
/// commute times (Qiu and Hancock 2007, eq. 15). Columns that a small graph does not have are zero, as are points without edges.
pub(crate) fn slow_walks(graph: &Graph, d: usize, seed: u32) -> Vec<f32> {
    let n = graph.n_points();
    let mut places = vec![0.0; n * d];
    let root: Vec<f64> = graph.strength.iter().map(|s| s.sqrt()).collect();
    let krylov = Krylov::of(graph, &root, seed);
    if krylov.basis.is_empty() {
        return places;
    }
    let eigen = SymmetricEigen::new(krylov.tridiagonal());
    let mut order: Vec<usize> = (0..krylov.basis.len()).collect();
    order.sort_by(|a, b| eigen.eigenvalues[*b].total_cmp(&eigen.eigenvalues[*a]));
    let speed = |which: usize| (1.0 - eigen.eigenvalues[which]).max(0.0) + FLOOR;
    let slowest = speed(order[0]);
    for (column, which) in order.into_iter().take(d).enumerate() {
        let y = krylov.walk(eigen.eigenvectors.column(which).iter(), &root);
        let deviation = (dot(&y, &y) / n as f64).sqrt().max(f64::MIN_POSITIVE);
        let scale = SPREAD * (slowest / speed(which)).sqrt() / deviation;
        for (row, y) in places.chunks_exact_mut(d).zip(&y) {
            row[column] = (scale * y) as f32;
        }
    }
    places
}

/// What Lanczos' method finds of N = D^(-1/2) A D^(-1/2): vectors in which it is tridiagonal, each made orthogonal to all before
/// (Golub and Van Loan, Matrix Computations, §10.3.4) and to D^(1/2)·1, whose λ is 1.
struct Krylov {
    basis: Vec<Vec<f32>>,
    diagonal: Vec<f64>,
    /// Beside the diagonal; the first is the length of the start.
    beside: Vec<f64>,
}

impl Krylov {
    fn of(graph: &Graph, root: &[f64], seed: u32) -> Self {
        let random =
            |i: usize| f64::from(random::normal(seed, 0, stream::SPECTRAL_START, i as u32));
        let mut next: Vec<f64> = (root.iter().enumerate())
            .map(|(i, s)| if *s > 0.0 { random(i) } else { 0.0 })
            .collect();
        let length = dot(root, root).sqrt().max(f64::MIN_POSITIVE);
        let constant: Vec<f32> = root.iter().map(|s| (s / length) as f32).collect();
        let mut found = Self {
            basis: Vec::new(),
            diagonal: Vec::new(),
            beside: Vec::new(),
        };
        while found.basis.len() < STEPS.min(root.len()) {
            let left = orthogonalise(&mut next, std::iter::once(&constant).chain(&found.basis));
            if left < NOTHING {
                break;
            }
            let vector: Vec<f32> = next.iter().map(|x| (x / left) as f32).collect();
            next = step(graph, root, &vector);
            found.beside.push(left);
            found.diagonal.push(along(&next, &vector));
            found.basis.push(vector);
        }
        found
    }

    fn tridiagonal(&self) -> DMatrix<f64> {
        let count = self.diagonal.len();
        DMatrix::from_fn(count, count, |i, j| match i.abs_diff(j) {
            0 => self.diagonal[i],
            1 => self.beside[i.max(j)],
            _ => 0.0,
        })
    }

    /// An eigenvector of D⁻¹A (n) by its shares of the basis.
    fn walk<'a>(&self, shares: impl Iterator<Item = &'a f64>, root: &[f64]) -> Vec<f64> {
        let mut y = vec![0.0; root.len()];
        for (share, vector) in shares.zip(&self.basis) {
            y.iter_mut()
                .zip(vector)
                .for_each(|(y, v)| *y += share * f64::from(*v));
        }
        y.iter_mut()
            .zip(root)
            .for_each(|(y, s)| *y = if *s > 0.0 { *y / s } else { 0.0 });
        y
    }
}

/// N·x.
fn step(graph: &Graph, root: &[f64], x: &[f32]) -> Vec<f64> {
    let of_point = |i: usize| {
        let sum: f64 = graph
            .edges(i)
            .map(|(j, w)| w * f64::from(x[j]) / root[j])
            .sum();
        if root[i] > 0.0 { sum / root[i] } else { 0.0 }
    };
    (0..root.len()).into_par_iter().map(of_point).collect()
}

/// Takes from x what lies along the vectors, twice, because once leaves rounding errors; the length of what is left.
fn orthogonalise<'a>(x: &mut [f64], vectors: impl Iterator<Item = &'a Vec<f32>> + Clone) -> f64 {
    for vector in vectors.clone().chain(vectors) {
        let share = along(x, vector);
        x.iter_mut()
            .zip(vector)
            .for_each(|(x, v)| *x -= share * f64::from(*v));
    }
    dot(x, x).sqrt()
}

fn along(x: &[f64], vector: &[f32]) -> f64 {
    x.iter().zip(vector).map(|(x, v)| x * f64::from(*v)).sum()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::super::graph::tests::triangles;
    use super::*;

    /// Points on a ring, each tied to the next.
    fn ring(n: u32) -> Graph {
        let next: Vec<u32> = (0..n).map(|i| (i + 1) % n).collect();
        Graph::of_memberships(&next, &vec![1.0; n as usize], 1)
    }

    #[test]
    fn two_triangles_lie_on_two_sides() {
        let places = slow_walks(&triangles(), 2, 0);
        let side = |i: usize| places[2 * i] > 0.0;
        assert_eq!([0, 1, 2].map(side), [side(0); 3], "{places:?}");
        assert_eq!([3, 4, 5].map(side), [!side(0); 3], "{places:?}");
    }

    #[test]
    fn a_ring_is_a_circle() {
        // λ = cos(2π/n) twice, with sine and cosine: all points are as far from the origin.
        let places = slow_walks(&ring(40), 2, 1);
        let radii: Vec<f32> = (places.chunks_exact(2)).map(|p| p[0].hypot(p[1])).collect();
        let mean = radii.iter().sum::<f32>() / 40.0;
        assert!(
            radii.iter().all(|r| (r / mean - 1.0).abs() < 0.05),
            "{radii:?}"
        );
    }

    #[test]
    fn parts_that_nothing_ties_and_points_without_edges() {
        let ring = ring(6);
        let double = |values: &[u32], by: u32| -> Vec<u32> {
            values
                .iter()
                .copied()
                .chain(values.iter().map(|v| v + by))
                .collect()
        };
        // Two rings of 6, and a point that nothing ties to any.
        let mut start = double(&ring.start[..6], 12);
        start.extend([24, 24]);
        let graph = Graph::new(start, double(&ring.neighbour, 6), ring.weight.repeat(2));
        let places = slow_walks(&graph, 3, 0);
        let first: Vec<f32> = places.iter().step_by(3).copied().collect();
        let same = |part: &[f32]| part.iter().all(|x| (x - part[0]).abs() < 1e-2);
        assert!(same(&first[..6]) && same(&first[6..12]), "{first:?}");
        assert!((first[0] - first[6]).abs() > 5.0, "{first:?}");
        assert_eq!(places[36..], [0.0; 3]);
    }

    #[test]
    fn a_graph_without_edges_has_no_walks() {
        let alone = Graph::of_memberships(&[9; 6], &[0.0; 6], 1);
        assert_eq!(slow_walks(&alone, 2, 0), [0.0; 12]);
    }
}

//! How much nearer points are to their own cluster than to the next: an internal score, without labels.

use rayon::prelude::*;

/// The mean silhouette width of the rows of z (m, d) in their clusters (m), −1 to 1 (Rousseeuw 1987, eqs. 1 and 2), by
/// Euclidean distances.
///
/// With a the mean distance of a point to the others of its cluster and b that to the points of the nearest other
/// cluster, its width is (b − a) / max(a, b); a point alone in its cluster has 0, and so has one cluster for all
/// points. All pairs are compared: m should be a few thousand.
///
/// ```
/// use dec_gpu::metrics::silhouette;
///
/// assert_eq!(silhouette(&[0.0, 0.0, 3.0, 3.0], 1, &[0, 0, 1, 1]), 1.0);
/// ```
///
/// # Panics
/// If z does not hold m rows of d.
pub fn silhouette(z: &[f32], d: usize, assignment: &[u32]) -> f64 {
    let points = assignment.len();
    assert!(
        d > 0 && z.len() == points * d,
        "{} values in rows of {d}, clusters of {points} points",
        z.len()
    );
    if points == 0 {
        return 0.0;
    }
    let sizes = sizes(assignment);
    let widths: Vec<f64> = (0..points)
        .into_par_iter()
        .map(|i| width(z, d, assignment, &sizes, i))
        .collect();
    widths.iter().sum::<f64>() / points as f64
}

/// Points of each cluster.
fn sizes(assignment: &[u32]) -> Vec<usize> {
    let clusters = assignment.iter().max().map_or(0, |most| *most as usize + 1);
    let mut sizes = vec![0; clusters];
    assignment
        .iter()
        .for_each(|cluster| sizes[*cluster as usize] += 1);
    sizes
}

/// The silhouette width of point i.
fn width(z: &[f32], d: usize, assignment: &[u32], sizes: &[usize], i: usize) -> f64 {
    let own = assignment[i] as usize;
    if sizes[own] < 2 {
        return 0.0;
    }
    let mut sums = vec![0.0; sizes.len()];
    for (other, cluster) in z.chunks_exact(d).zip(assignment) {
        sums[*cluster as usize] += distance(&z[i * d..][..d], other);
    }
    // The point's distance to itself is 0, so it counts in the number only.
    let a = sums[own] / (sizes[own] - 1) as f64;
    let b = (sums.iter().zip(sizes).enumerate())
        .filter(|(cluster, (_, size))| *cluster != own && **size > 0)
        .map(|(_, (sum, size))| sum / *size as f64)
        .fold(f64::INFINITY, f64::min);
    let most = a.max(b);
    if most > 0.0 && most.is_finite() {
        (b - a) / most
    } else {
        0.0
    }
}

fn distance(a: &[f32], b: &[f32]) -> f64 {
    let squares = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2));
    squares.sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_four_points_by_hand() {
        // Points 0 and 1 against 4 and 6: a = 1, b = 5 and 4; then a = 2, b = 3.5 and 5.5.
        let found = silhouette(&[0.0, 1.0, 4.0, 6.0], 1, &[0, 0, 1, 1]);
        let widths = [4.0 / 5.0, 3.0 / 4.0, 1.5 / 3.5, 3.5 / 5.5];
        assert!((found - widths.iter().sum::<f64>() / 4.0).abs() < 1e-15);
    }

    #[test]
    fn the_nearest_other_cluster_counts_and_names_may_have_gaps() {
        // In the plane: (0, 0), (0, 2) with (3, 0) and, far away, (30, 40).
        let z = [0.0, 0.0, 0.0, 2.0, 3.0, 0.0, 30.0, 40.0];
        let found = silhouette(&z, 2, &[7, 7, 2, 4]);
        let b = 13f64.sqrt(); // of the second point, to (3, 0)
        let want = ((3.0 - 2.0) / 3.0 + (b - 2.0) / b) / 4.0;
        assert!((found - want).abs() < 1e-15, "{found}, not {want}");
    }

    #[test]
    fn a_point_in_the_wrong_cluster_counts_against_it() {
        let z = [0.0, 0.0, 9.0, 9.0];
        assert!(silhouette(&z, 1, &[0, 1, 1, 1]) < silhouette(&z, 1, &[0, 0, 1, 1]));
        assert!(silhouette(&z, 1, &[0, 1, 0, 1]) < 0.0);
    }

    #[test]
    fn one_cluster_and_equal_points_score_nothing() {
        assert_eq!(silhouette(&[0.0, 1.0, 2.0], 1, &[5, 5, 5]), 0.0);
        assert_eq!(silhouette(&[3.0; 4], 1, &[0, 0, 1, 1]), 0.0);
        assert_eq!(silhouette(&[], 2, &[]), 0.0);
    }
}

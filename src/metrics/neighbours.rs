//! How well a clustering agrees with who is near whom: an internal score, without labels.

use rayon::prelude::*;

/// Neighbours of each point.
const NEAREST: usize = 10;

/// The nearest neighbours among some points, by squared Euclidean distance.
#[derive(Clone, Debug)]
pub struct Neighbours {
    /// For each point its nearest others, as many for each.
    nearest: Vec<Vec<u32>>,
}

impl Neighbours {
    /// Finds the ten nearest others of each row of z (m, d), or all others if there are fewer. All pairs are compared:
    /// m should be a few thousand.
    ///
    /// # Panics
    /// If z does not hold whole rows.
    pub fn of(z: &[f32], d: usize) -> Self {
        assert!(
            d > 0 && z.len().is_multiple_of(d),
            "{} values in rows of {d}",
            z.len()
        );
        let points = z.len() / d;
        let nearest = (0..points)
            .into_par_iter()
            .map(|i| nearest_of(z, d, i, NEAREST.min(points.saturating_sub(1))));
        Self {
            nearest: nearest.collect(),
        }
    }

    /// The same that [`Neighbours::nearest`] gave.
    pub(crate) fn of_nearest(nearest: Vec<Vec<u32>>) -> Self {
        Self { nearest }
    }

    /// For each point its nearest others, in no order, as many for each.
    pub fn nearest(&self) -> &[Vec<u32>] {
        &self.nearest
    }

    /// The share of neighbours that lie in their point's cluster, corrected for chance: 1 if every point lies
    /// with all its neighbours, 0 if no more often than at random. One cluster for all points scores 0.
    ///
    /// # Panics
    /// With another number of clusters than points.
    pub fn agreement(&self, assignment: &[u32]) -> f64 {
        assert_eq!(
            assignment.len(),
            self.nearest.len(),
            "a cluster for each point"
        );
        let together: usize = (self.nearest.iter().zip(assignment))
            .map(|(nearest, own)| {
                nearest
                    .iter()
                    .filter(|&&j| assignment[j as usize] == *own)
                    .count()
            })
            .sum();
        let pairs: usize = self.nearest.iter().map(Vec::len).sum();
        let expected = chance(assignment);
        if pairs == 0 || expected >= 1.0 {
            return 0.0;
        }
        (together as f64 / pairs as f64 - expected) / (1.0 - expected)
    }
}

/// The `count` points nearest to point i, itself not counted; of equals those with the lower numbers.
fn nearest_of(z: &[f32], d: usize, i: usize, count: usize) -> Vec<u32> {
    let own = &z[i * d..][..d];
    let squared =
        |other: &[f32]| -> f32 { own.iter().zip(other).map(|(a, b)| (a - b) * (a - b)).sum() };
    let mut others: Vec<(f32, u32)> = (z.chunks_exact(d).enumerate())
        .filter(|(j, _)| *j != i)
        .map(|(j, other)| (squared(other), j as u32))
        .collect();
    if count < others.len() {
        others.select_nth_unstable_by(count, |a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        others.truncate(count);
    }
    // Not by into_iter, which would keep the memory of all others behind the few.
    others.iter().map(|(_, j)| *j).collect()
}

/// How often two points drawn at random lie in one cluster.
fn chance(assignment: &[u32]) -> f64 {
    let clusters = assignment.iter().max().map_or(0, |most| *most as usize + 1);
    let mut sizes = vec![0usize; clusters];
    assignment
        .iter()
        .for_each(|cluster| sizes[*cluster as usize] += 1);
    let n = assignment.len() as f64;
    sizes.iter().map(|size| (*size as f64 / n).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two lines of 20 points, far apart.
    fn two_lines() -> (Vec<f32>, Vec<u32>) {
        let points = (0..40).map(|i| i as f32 + if i < 20 { 0.0 } else { 1000.0 });
        (points.collect(), (0..40).map(|i| i / 20).collect())
    }

    #[test]
    fn clusters_that_are_apart_agree_and_mixed_ones_do_not() {
        let (z, apart) = two_lines();
        let neighbours = Neighbours::of(&z, 1);
        assert_eq!(neighbours.agreement(&apart), 1.0);
        let mixed: Vec<u32> = (0..40).map(|i| i % 2).collect();
        let agreement = neighbours.agreement(&mixed);
        assert!(agreement < 0.1, "{agreement}");
        assert_eq!(neighbours.agreement(&[3; 40]), 0.0);
    }

    #[test]
    fn a_moved_border_agrees_less_and_names_play_no_part() {
        let (z, apart) = two_lines();
        let neighbours = Neighbours::of(&z, 1);
        let moved: Vec<u32> = (0..40).map(|i| u32::from(i < 12)).collect();
        assert!(neighbours.agreement(&moved) < 0.9);
        let renamed: Vec<u32> = apart.iter().map(|cluster| 7 - cluster).collect();
        assert_eq!(neighbours.agreement(&renamed), 1.0);
    }

    #[test]
    fn only_the_nearest_are_kept_in_memory() {
        let z: Vec<f32> = (0..1000).map(|i| i as f32).collect();
        let neighbours = Neighbours::of(&z, 1);
        let kept = neighbours.nearest.iter().map(Vec::capacity);
        assert!(kept.sum::<usize>() <= 2 * NEAREST * 1000);
    }

    #[test]
    fn neighbours_are_the_nearest_in_all_dimensions() {
        // A grid of 5 x 5: the ten nearest of its middle are all within distance 2, which are 12 others.
        let grid: Vec<f32> = (0..25)
            .flat_map(|i| [(i % 5) as f32, (i / 5) as f32])
            .collect();
        let neighbours = Neighbours::of(&grid, 2);
        let mut middle = neighbours.nearest[12].clone();
        middle.sort_unstable();
        assert_eq!(middle, [2, 6, 7, 8, 10, 11, 13, 16, 17, 18]);
    }

    #[test]
    fn few_points_have_few_neighbours() {
        assert_eq!(Neighbours::of(&[1.0], 1).agreement(&[0]), 0.0);
        assert_eq!(Neighbours::of(&[], 3).agreement(&[]), 0.0);
        let neighbours = Neighbours::of(&[0.0, 1.0, 5.0], 1);
        assert!(neighbours.nearest.iter().all(|nearest| nearest.len() == 2));
    }
}

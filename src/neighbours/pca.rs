//! The directions in which some points vary most, exactly: for few columns.

use nalgebra::{DMatrix, SymmetricEigen};

/// Mean and first principal directions of rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Pca {
    /// Of the rows (d).
    mean: Vec<f64>,
    /// Unit vectors (count, d), by falling variance; the entry of largest magnitude is positive.
    directions: Vec<Vec<f64>>,
    /// The variance along each (count).
    variance: Vec<f64>,
}

impl Pca {
    /// The first `count` of `rows` (n, d); directions beyond d are zero.
    pub fn of(rows: &[f32], d: usize, count: usize) -> Self {
        let n = (rows.len() / d).max(1) as f64;
        let mut mean = vec![0.0; d];
        for row in rows.chunks_exact(d) {
            mean.iter_mut()
                .zip(row)
                .for_each(|(m, x)| *m += f64::from(*x) / n);
        }
        let mut covariance = DMatrix::<f64>::zeros(d, d);
        for row in rows.chunks_exact(d) {
            for i in 0..d {
                let x = f64::from(row[i]) - mean[i];
                for j in 0..=i {
                    covariance[(i, j)] += x * (f64::from(row[j]) - mean[j]) / n;
                }
            }
        }
        covariance.fill_upper_triangle_with_lower_triangle();
        let eigen = SymmetricEigen::new(covariance);
        let mut order: Vec<usize> = (0..d).collect();
        order.sort_by(|a, b| eigen.eigenvalues[*b].total_cmp(&eigen.eigenvalues[*a]));
        let direction = |rank: usize| match order.get(rank) {
            Some(column) => upright(eigen.eigenvectors.column(*column).iter().copied().collect()),
            None => vec![0.0; d],
        };
        let variance = |rank: usize| {
            order
                .get(rank)
                .map_or(0.0, |j| eigen.eigenvalues[*j].max(0.0))
        };
        Self {
            directions: (0..count).map(direction).collect(),
            variance: (0..count).map(variance).collect(),
            mean,
        }
    }

    /// The variance along each direction, falling.
    pub fn variance(&self) -> &[f64] {
        &self.variance
    }

    /// Where a row (d) lies on the directions (count).
    pub fn place(&self, row: &[f32]) -> Vec<f64> {
        let on = |direction: &Vec<f64>| {
            let terms = direction.iter().zip(row).zip(&self.mean);
            terms.map(|((u, x), mean)| u * (f64::from(*x) - mean)).sum()
        };
        self.directions.iter().map(on).collect()
    }
}

/// An eigenvector's sign is arbitrary; this one is the same every time.
fn upright(mut direction: Vec<f64>) -> Vec<f64> {
    let largest = direction.iter().fold(
        0.0_f64,
        |most, x| if x.abs() > most.abs() { *x } else { most },
    );
    if largest < 0.0 {
        direction.iter_mut().for_each(|x| *x = -*x);
    }
    direction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_its_own_first_direction() {
        // Points (t, 2t, 0) + (1, 1, 1): everything along (1, 2, 0)/√5.
        let rows: Vec<f32> = (-2..=2)
            .flat_map(|t| [t as f32 + 1.0, 2.0 * t as f32 + 1.0, 1.0])
            .collect();
        let pca = Pca::of(&rows, 3, 2);
        for (t, row) in (-2..=2).zip(rows.chunks(3)) {
            let place = pca.place(row);
            let (first, second) = (place[0], place[1]);
            assert!((first - f64::from(t) * 5f64.sqrt()).abs() < 1e-9, "{first}");
            assert!(second.abs() < 1e-9, "{second}");
        }
    }

    #[test]
    fn one_dimension_has_no_second_direction() {
        let pca = Pca::of(&[1.0, 3.0], 1, 2);
        assert_eq!(pca.place(&[3.0]), [1.0, 0.0]);
    }
}

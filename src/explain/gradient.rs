//! How a soft assignment changes as its sample moves in the embedding.

/// ∂q_c/∂z (d) of one sample with embedding `z` (d), for cluster `c` of the centroids `mu` (k, d).
///
/// With w_j = (1 + ‖z − mu_j‖²/α)^(−(α+1)/2) and q_j = w_j / Σ w (Xie et al. 2016, eq. 1):
/// ∂log w_j/∂z = −(α+1)/α · u_j (z − mu_j), u_j = (1 + ‖z − mu_j‖²/α)⁻¹, and from
/// ∂log q_c = ∂log w_c − Σ_j q_j ∂log w_j
///
/// ∂q_c/∂z = (α+1)/α · q_c · (Σ_j q_j u_j (z − mu_j) − u_c (z − mu_c)).
pub fn assignment_gradient(z: &[f32], mu: &[f32], alpha: f32, c: usize) -> Vec<f64> {
    let alpha = f64::from(alpha);
    let offsets = |mu: &[f32]| -> Vec<f64> {
        let pairs = z.iter().zip(mu);
        pairs
            .map(|(z, mu)| f64::from(*z) - f64::from(*mu))
            .collect()
    };
    let offsets: Vec<Vec<f64>> = mu.chunks_exact(z.len()).map(offsets).collect();
    let squared = |offset: &Vec<f64>| offset.iter().map(|v| v * v).sum::<f64>();
    let u: Vec<f64> = (offsets.iter())
        .map(|offset| 1.0 / (1.0 + squared(offset) / alpha))
        .collect();
    let w: Vec<f64> = u.iter().map(|u| u.powf(0.5 * (alpha + 1.0))).collect();
    let total: f64 = w.iter().sum();
    let mut gradient = vec![0.0; z.len()];
    for (j, offset) in offsets.iter().enumerate() {
        let of_c = if j == c { 1.0 } else { 0.0 };
        let factor = (alpha + 1.0) / alpha * w[c] / total * u[j] * (w[j] / total - of_c);
        for (gradient, offset) in gradient.iter_mut().zip(offset) {
            *gradient += factor * offset;
        }
    }
    gradient
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_form_two_centroids() {
        // z on mu_0, mu_1 at distance 1, α = 1: u = (1, 1/2), q = (2/3, 1/3), z − mu = (0, −1).
        // ∂q_0/∂z = 2 · 2/3 · (1/3 · 1/2 · (−1)) = −2/9; ∂q_1/∂z = −∂q_0/∂z, for q sums to 1.
        for (c, expected) in [(0, -2.0 / 9.0), (1, 2.0 / 9.0)] {
            let found = assignment_gradient(&[0.0], &[0.0, 1.0], 1.0, c);
            assert!((found[0] - expected).abs() < 1e-15, "{found:?}");
        }
    }

    #[test]
    fn one_cluster_has_no_gradient() {
        assert_eq!(
            assignment_gradient(&[3.0, 4.0], &[0.0, 0.0], 1.0, 0),
            [0.0, 0.0]
        );
    }
}

//! The clustering loss of samples that need not have been trained on.

/// The mean of KL(p‖q) per sample in nats (Xie et al. 2016, eq. 2) for the soft assignments q (m, k), with p by eq. 3
/// from these q alone: p_ij ∝ q_ij² / f_j^β, where f_j = Σ_i q_ij and β is `balance`.
pub(super) fn mean_divergence(q: &[f32], k: usize, balance: f32) -> f64 {
    let rows = q.len() / k;
    let mut frequency = vec![0.0; k];
    for row in q.chunks_exact(k) {
        for (sum, q) in frequency.iter_mut().zip(row) {
            *sum += f64::from(*q);
        }
    }
    let divisors: Vec<f64> = (frequency.iter())
        .map(|f| f.powf(balance.into()).max(f64::MIN_POSITIVE))
        .collect();
    let sum: f64 = q.chunks_exact(k).map(|q| of_row(q, &divisors)).sum();
    sum / rows as f64
}

/// Σ_j p_j ln(p_j / q_j) of one sample.
fn of_row(q: &[f32], divisors: &[f64]) -> f64 {
    let weights = q
        .iter()
        .zip(divisors)
        .map(|(q, f)| f64::from(*q).powi(2) / f);
    let total: f64 = weights.clone().sum();
    let terms = weights.zip(q).map(|(weight, q)| match weight / total {
        p if p > 0.0 => p * (p / f64::from(*q)).ln(),
        _ => 0.0, // the limit of p ln p
    });
    terms.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_and_certain_assignments_cost_nothing() {
        assert_eq!(mean_divergence(&[0.5; 6], 2, 1.0), 0.0);
        assert_eq!(mean_divergence(&[1.0, 0.0, 0.0, 1.0], 2, 1.0), 0.0);
    }

    #[test]
    fn two_mirrored_samples_by_hand() {
        // f = (1, 1), so p = (0.9, 0.1) where q = (0.75, 0.25).
        let want = 0.9 * (0.9f64 / 0.75).ln() + 0.1 * (0.1f64 / 0.25).ln();
        let found = mean_divergence(&[0.75, 0.25, 0.25, 0.75], 2, 1.0);
        assert!((found - want).abs() < 1e-15);
    }

    #[test]
    fn frequencies_are_raised_to_the_balance() {
        // f = (1.5, 0.5): with β = 1 each p is q again, with β = 0 it is (0.9, 0.1).
        let q = [0.75, 0.25, 0.75, 0.25];
        assert!(mean_divergence(&q, 2, 1.0).abs() < 1e-15);
        let want = 0.9 * (0.9f64 / 0.75).ln() + 0.1 * (0.1f64 / 0.25).ln();
        assert!((mean_divergence(&q, 2, 0.0) - want).abs() < 1e-15);
    }
}

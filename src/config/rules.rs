//! The rules: what is chosen from the data's shape, and what a value must keep to.

use super::{Config, ConfigError, FirstClusters, Resolved, Space};
use crate::data::{Columns, Dataset, Normalisation, columns, images};

/// Samples that a mixture is fitted to, at most.
pub(crate) const MIXTURE_SAMPLES: usize = 16_384;
/// Samples that a component needs, on average.
const PER_COMPONENT: usize = 50;
/// The widest embedding for full covariances: one of 64 values has 2,080 of its own.
const WIDEST_MIXTURE: usize = 64;

/// Samples below which no graph is built if nothing is said of it.
const FEWEST_SAMPLES: usize = 15;
/// Samples below which there is no graph.
const FEWEST_IN_GRAPH: usize = 3;
/// Samples from which a layout is mostly chosen, if the inputs show any.
const ENOUGH_FOR_LAYOUT: usize = 4096;

/// What the rules look at: shape and storage of the data, never labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataShape {
    /// n.
    pub n_samples: usize,
    /// D.
    pub input_dim: usize,
    /// Whether the columns share a unit.
    pub columns: Columns,
    /// Whether the rows are images that can be warped.
    pub images: bool,
    /// Whether raw values have been prepared.
    pub prepared: bool,
}

impl DataShape {
    /// Looks at a data set.
    pub fn of(data: &Dataset) -> Self {
        Self {
            n_samples: data.n_samples,
            input_dim: data.input_dim,
            columns: columns(data),
            images: images(data).is_some(),
            prepared: data.prepared.is_some(),
        }
    }
}

impl Config {
    /// Fills in what was left out, from the data's shape, and checks every value.
    ///
    /// # Errors
    /// One [`ConfigError`] per rule.
    pub fn resolve(mut self, shape: DataShape) -> Result<Resolved, ConfigError> {
        let (n, k) = (shape.n_samples, self.clusters_of(shape)?);
        let own = &mut self;
        (own.data.normalisation).get_or_insert_with(|| normalisation(shape));
        let warped = *own.augment.pretrain.get_or_insert(shape.images);
        own.augment.cluster.get_or_insert(shape.images);
        // Who says what the first clusters are does not want them from a graph.
        let by_rule = || match own.cluster.first {
            Some(_) => Space::Off,
            None => space(n, k, warped),
        };
        let space = *own.neighbours.space.get_or_insert_with(by_rule);
        (own.network.hidden).get_or_insert_with(|| hidden(shape, space == Space::Inputs));
        let per_epoch = n.div_ceil(own.pretrain.batch_size.max(1));
        (own.neighbours.pretrain_steps)
            .get_or_insert_with(|| steps_towards_layout(per_epoch, shape.input_dim));
        let samples = *own.pretrain.samples.get_or_insert(n);
        let per_epoch = samples.div_ceil(own.pretrain.batch_size.max(1));
        (own.pretrain.steps).get_or_insert_with(|| pretrain_steps(per_epoch));
        (own.pretrain.evaluate_every).get_or_insert_with(|| evaluate_every(per_epoch));
        let per_epoch = n.div_ceil(own.cluster.batch_size.max(1));
        let interval =
            *(own.cluster.update_interval).get_or_insert_with(|| update_interval(per_epoch));
        (own.cluster.max_steps).get_or_insert_with(|| cluster_steps(interval));
        let resolved = self.decided()?;
        resolved.check(shape)?;
        Ok(resolved)
    }

    /// k, if there can be so many clusters.
    fn clusters_of(&self, shape: DataShape) -> Result<usize, ConfigError> {
        match self.n_clusters {
            None => Err(ConfigError::NoClusters),
            Some(0) => Err(ConfigError::ZeroClusters),
            Some(k) if k > shape.n_samples => Err(ConfigError::MoreClustersThanSamples {
                n_clusters: k,
                n_samples: shape.n_samples,
            }),
            Some(k) => Ok(k),
        }
    }

    /// The same values, as those of which none is left out. Both kinds have the same keys, so the way leads over a table, and
    /// a new key need not be named here.
    fn decided(&self) -> Result<Resolved, ConfigError> {
        let wrong = |message: String| ConfigError::Toml {
            file: "the configuration".into(),
            message,
        };
        let table = toml::Table::try_from(self).map_err(|error| wrong(error.to_string()))?;
        (table.try_into()).map_err(|error: toml::de::Error| wrong(error.to_string()))
    }
}

impl Resolved {
    fn check(&self, shape: DataShape) -> Result<(), ConfigError> {
        if self.data.prepares() && !shape.prepared {
            return Err(ConfigError::NotPrepared);
        }
        self.check_counts(shape)?;
        self.check_neighbours(shape)?;
        self.check_mixture(shape)?;
        self.check_augmentation(shape)?;
        self.check_ranges()
    }

    fn check_augmentation(&self, shape: DataShape) -> Result<(), ConfigError> {
        let config = &self.augment;
        for (key, on) in [
            ("augment.pretrain", config.pretrain),
            ("augment.cluster", config.cluster),
        ] {
            if on && !shape.images {
                return Err(ConfigError::NotImages { key });
            }
        }
        let angle = config.rotation;
        in_range(
            "augment.rotation",
            angle,
            (0.0..=45.0).contains(&angle),
            "degrees from 0 to 45",
        )
    }

    /// What the first clusters of n samples are, given or by the rule. It waits for k, which may still be chosen.
    pub(crate) fn first_clusters(&self, n: usize) -> FirstClusters {
        let (k, d) = (self.n_clusters, self.network.embedding_dim);
        (self.cluster.first).unwrap_or_else(|| first_clusters(n, k, d))
    }

    fn check_neighbours(&self, shape: DataShape) -> Result<(), ConfigError> {
        let (config, n) = (&self.neighbours, shape.n_samples);
        let refuse = |key, value: f64, expected| {
            Err(ConfigError::OutOfRange {
                key,
                value,
                expected,
            })
        };
        if config.space != Space::Off && n < FEWEST_IN_GRAPH {
            let expected = "at least 3; leave neighbours.space out, or say off";
            return refuse("the number of samples of a graph", n as f64, expected);
        }
        match config.k {
            Some(k) if k == 0 || k > 64 || k >= n => refuse(
                "neighbours.k",
                k as f64,
                "1 to 64, and less than the number of samples",
            ),
            _ if config.steps == 0 => Err(ConfigError::Zero {
                key: "neighbours.steps",
            }),
            _ if config.layouts == Some(0) => Err(ConfigError::Zero {
                key: "neighbours.layouts",
            }),
            _ if config.pretrain_steps == 0 => Err(ConfigError::Zero {
                key: "neighbours.pretrain-steps",
            }),
            _ if config.samples < 1000 => {
                refuse("neighbours.samples", config.samples as f64, "at least 1000")
            }
            _ => Ok(()),
        }
    }

    fn check_mixture(&self, shape: DataShape) -> Result<(), ConfigError> {
        let (n, d) = (shape.n_samples, self.network.embedding_dim);
        let k = self.n_clusters;
        let wanted = self.cluster.first == Some(FirstClusters::Mixture);
        if !wanted || first_clusters(n, k, d) == FirstClusters::Mixture {
            return Ok(());
        }
        Err(ConfigError::TooFewForMixture {
            needed: format!(
                "2 clusters or more, {PER_COMPONENT} samples (of at most {MIXTURE_SAMPLES}) for each, and an embedding of \
                 at most {WIDEST_MIXTURE} values"
            ),
            found: format!("{k} clusters, {n} samples and an embedding of {d} values"),
        })
    }

    fn check_counts(&self, shape: DataShape) -> Result<(), ConfigError> {
        let smallest_hidden = self.network.hidden.iter().copied().min();
        let counts = [
            ("network.hidden", smallest_hidden.unwrap_or(1)),
            ("network.embedding-dim", self.network.embedding_dim),
            ("pretrain.batch-size", self.pretrain.batch_size),
            ("pretrain.samples", self.pretrain.samples),
            ("pretrain.decay-every", self.pretrain.decay_every as usize),
            ("pretrain.patience", self.pretrain.patience as usize),
            (
                "pretrain.evaluate-every",
                self.pretrain.evaluate_every as usize,
            ),
            ("kmeans.restarts", self.kmeans.restarts),
            ("kmeans.max-iterations", self.kmeans.max_iterations),
            ("cluster.batch-size", self.cluster.batch_size),
            (
                "cluster.update-interval",
                self.cluster.update_interval as usize,
            ),
        ];
        if let Some((key, _)) = counts.into_iter().find(|(_, value)| *value == 0) {
            return Err(ConfigError::Zero { key });
        }
        match self.pretrain.samples {
            samples if samples > shape.n_samples => Err(ConfigError::OutOfRange {
                key: "pretrain.samples",
                value: samples as f64,
                expected: "at most the number of samples",
            }),
            _ => Ok(()),
        }
    }

    fn check_ranges(&self) -> Result<(), ConfigError> {
        let (pretrain, cluster) = (&self.pretrain, &self.cluster);
        let positive = [
            ("pretrain.learning-rate", pretrain.learning_rate),
            ("pretrain.bias-rate", pretrain.bias_rate),
            ("pretrain.loss-scale", pretrain.loss_scale),
            ("pretrain.clip-norm", pretrain.clip_norm.unwrap_or(1.0)),
            ("cluster.clip-norm", cluster.clip_norm.unwrap_or(1.0)),
            ("neighbours.resolution", self.neighbours.resolution),
            (
                "neighbours.first-learning-rate",
                self.neighbours.first_learning_rate,
            ),
            ("neighbours.learning-rate", self.neighbours.learning_rate),
            (
                "neighbours.pretrain-learning-rate",
                self.neighbours.pretrain_learning_rate,
            ),
            ("cluster.learning-rate", cluster.learning_rate),
            ("cluster.first-learning-rate", cluster.first_learning_rate),
            ("cluster.alpha", cluster.alpha),
        ];
        for (key, value) in positive {
            in_range(
                key,
                value,
                value > 0.0 && value.is_finite(),
                "a positive number",
            )?;
        }
        let shares = [
            ("augment.zoom", self.augment.zoom),
            ("augment.shift", self.augment.shift),
            ("pretrain.momentum", pretrain.momentum),
            ("pretrain.dropout", pretrain.dropout),
            ("pretrain.held-out", pretrain.held_out),
            ("pretrain.input-dropout", pretrain.input_dropout),
            ("cluster.momentum", cluster.momentum),
            ("cluster.tolerance", cluster.tolerance as f32),
            ("kmeans.tolerance", self.kmeans.tolerance as f32),
        ];
        for (key, value) in shares {
            in_range(
                key,
                value,
                (0.0..1.0).contains(&value),
                "at least 0 and below 1",
            )?;
        }
        for (key, value) in [
            ("cluster.gamma", cluster.gamma),
            ("cluster.balance", cluster.balance),
            ("cluster.min-spread", cluster.min_spread),
        ] {
            in_range(
                key,
                value,
                value >= 0.0 && value.is_finite(),
                "0 or a positive number",
            )?;
        }
        Ok(())
    }
}

fn in_range(
    key: &'static str,
    value: f32,
    holds: bool,
    expected: &'static str,
) -> Result<(), ConfigError> {
    if holds {
        return Ok(());
    }
    Err(ConfigError::OutOfRange {
        key,
        value: f64::from(value),
        expected,
    })
}

/// A graph of the inputs' neighbours, of warped images of the embedding's; none where there is nothing to tell apart.
fn space(n: usize, k: usize, warped: bool) -> Space {
    match n < FEWEST_SAMPLES || k < 2 || n < 2 * k {
        true => Space::Off,
        false if warped => Space::Embedding,
        false => Space::Inputs,
    }
}

/// 1,000 steps; the narrow network of few inputs needs 25 epochs, within 1,000 to 3,000 steps.
fn steps_towards_layout(per_epoch: usize, input_dim: usize) -> u32 {
    match input_dim >= 128 {
        true => 1000,
        false => (25 * per_epoch).clamp(1000, 3000) as u32,
    }
}

/// Columns of one unit keep their proportions; columns of different units are standardised.
fn normalisation(shape: DataShape) -> Normalisation {
    match shape.columns {
        Columns::Bounded => Normalisation::UnitRange,
        Columns::OneUnit => Normalisation::UnitMeanSquare,
        Columns::Mixed => Normalisation::Standardise,
    }
}

/// The paper's D-500-500-2000-d, scaled down for few inputs: a network far wider than its input learns to
/// copy, and on a CPU it takes most of the time. To learn a layout of the inputs' neighbours the smaller one is enough;
/// few samples seldom show one, and then the network must find the clusters itself.
fn hidden(shape: DataShape, of_inputs: bool) -> Vec<usize> {
    let learns_layout = of_inputs && shape.n_samples >= ENOUGH_FOR_LAYOUT;
    match shape.input_dim >= 128 && !learns_layout {
        true => vec![500, 500, 2000],
        false => vec![128, 128, 512],
    }
}

/// 30 epochs, but at least 4,000 steps: small sets need as many steps as large ones, not as many epochs.
fn pretrain_steps(per_epoch: usize) -> u32 {
    (30 * per_epoch).max(4000) as u32
}

/// An epoch, within 25…100 steps: often enough to meet the best weights of a small set, seldom enough to cost little.
fn evaluate_every(per_epoch: usize) -> u32 {
    per_epoch.clamp(25, 100) as u32
}

/// Half an epoch, within 30…140 steps: the target distribution should be neither noise nor stale.
fn update_interval(per_epoch: usize) -> u32 {
    per_epoch.div_ceil(2).clamp(30, 140) as u32
}

/// 20 updates of the target distribution, but at least 2,000 steps; small sets settle before.
fn cluster_steps(interval: u32) -> u32 {
    (20 * interval).max(2000)
}

/// A mixture where there are samples enough to know the covariances by, else k-means.
fn first_clusters(n: usize, k: usize, d: usize) -> FirstClusters {
    let enough = n.min(MIXTURE_SAMPLES) >= PER_COMPONENT * k;
    if k >= 2 && enough && d <= WIDEST_MIXTURE {
        FirstClusters::Mixture
    } else {
        FirstClusters::Kmeans
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(shape: DataShape, more: &[&str]) -> Resolved {
        let items: Vec<String> = more.iter().map(|item| (*item).to_owned()).collect();
        let config = Config::layered(None, None, &items).expect("valid");
        config.resolve(shape).expect("fits")
    }

    /// The paper's network is for images and for runs without a graph of the inputs.
    #[test]
    fn the_network_is_as_large_as_what_it_learns() {
        let shape = |n_samples: usize, input_dim: usize, images: bool| DataShape {
            n_samples,
            input_dim,
            columns: Columns::OneUnit,
            images,
            prepared: false,
        };
        let (small, large) = (vec![128, 128, 512], vec![500, 500, 2000]);
        for (n, input_dim, images, more, expected) in [
            (5000, 64, false, &[][..], &small),
            (5000, 784, false, &[], &small),
            (4000, 784, false, &[], &large),
            (5000, 784, true, &[], &large),
            (5000, 784, false, &["neighbours.space=off"], &large),
            (4000, 64, true, &[], &small),
        ] {
            let more = [&["n-clusters=5"], more].concat();
            let config = resolved(shape(n, input_dim, images), &more);
            assert_eq!(
                &config.network.hidden, expected,
                "{n} x {input_dim}, images {images}, {more:?}"
            );
        }
    }
}

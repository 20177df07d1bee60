//! Why samples are where they are: what a trained model's clusters look like, and what decides.
//!
//! | what | from | source |
//! |---|---|---|
//! | exemplars | the members with the least and the largest ‖z_i − mu_j‖ | |
//! | confidence, margin | the largest q_ij of a sample, and how far it is above the second | Xie et al. 2016, eq. 1 |
//! | uncertain samples | those with the least margin | |
//! | decoded centroid | g(mu_j), in the units of the data | Xie et al. 2016, §3.2 |
//! | member mean | the mean input of the cluster's members | |
//! | features | the columns where the members differ most from all samples, in standard deviations | |
//! | saliency | abs ∂q_{i,c_i}/∂x_i of exemplars | Simonyan et al. 2013, §3 |
//!
//! **The decoder is in step with the encoder only if the reconstruction was trained along**
//! (`cluster.gamma` > 0, IDEC, Guo et al. 2017). Plain DEC drops the decoder and moves the encoder and the
//! centroids on, so that g(mu_j) may look like nothing in the data. The member mean stands beside it for
//! that reason, and it, not the decoded centroid, orders the features.

mod certainty;
mod columns;
mod decoded;
mod exemplars;
mod features;
mod gradient;
mod network;
mod saliency;
mod smallest;
mod uncertain;

use crate::data::Dataset;
use crate::device::Device;
use crate::error::Result;
use crate::model::Model;
use crate::predict::check_input_size;

pub use certainty::{Certainty, certainty};
pub use columns::ColumnStatistics;
pub use exemplars::{Exemplar, Kind, exemplars};
pub use features::{Feature, MOST_FEATURES, features};
pub use gradient::assignment_gradient;
pub use uncertain::{Uncertain, uncertain};

/// Exemplars of each kind and cluster, if nothing else is asked for.
pub const EXEMPLARS: usize = 8;
/// Samples that could as well be in another cluster, if there are so many.
pub const UNCERTAIN: usize = 24;

/// What a run or a prediction found, of the same samples as the data.
#[derive(Clone, Copy, Debug)]
pub struct Outputs<'a> {
    /// Each sample's cluster (n).
    pub assignment: &'a [u32],
    /// q (n, k).
    pub soft_assignment: &'a [f32],
    /// z (n, d).
    pub embedding: &'a [f32],
}

/// What explains the clusters of a data set.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// Cluster by cluster: first the nearest, then the farthest, each by rank.
    pub exemplars: Vec<Exemplar>,
    /// Of each sample (n).
    pub certainty: Vec<Certainty>,
    /// The [`UNCERTAIN`] samples with the least margin, the least first.
    pub uncertain: Vec<Uncertain>,
    /// g(mu_j) in the units of the data (k, D).
    pub decoded: Vec<f32>,
    /// Of the data, all and by cluster.
    pub columns: ColumnStatistics,
    /// Cluster by cluster, each by rank.
    pub features: Vec<Feature>,
    /// abs ∂q_{i,c_i}/∂x_i of the nearest exemplars (rows, D), in the order of `exemplars`; x is the
    /// normalised input, so that columns of different units can be compared.
    pub saliency: Vec<f32>,
}

impl Explanation {
    /// The exemplars that have a row of `saliency`, in its order.
    pub fn salient(&self) -> impl Iterator<Item = &Exemplar> {
        nearest(&self.exemplars)
    }
}

/// Explains the clusters of `data` with `most` exemplars of each kind and cluster. Raw data are prepared first, if the
/// model prepares any; columns and their units are then those of the prepared data.
///
/// # Errors
/// Those of [`check_input_size`]; [`crate::data::PrepareError`]; the device's.
///
/// # Panics
/// If the outputs are not those of a model of this shape for as many samples.
pub async fn explain<D: Device>(
    device: &D,
    model: &Model,
    data: &Dataset,
    outputs: &Outputs<'_>,
    most: usize,
) -> Result<Explanation> {
    check_input_size(model, "the model", data, &data.name)?;
    let data = &*model.prepared(data)?;
    outputs.check(model, data.n_samples);
    let k = model.n_clusters;
    let certainty = certainty(outputs.soft_assignment, k);
    let exemplars = exemplars(model, outputs, &certainty, most);
    let columns = ColumnStatistics::of(data, outputs.assignment, k);
    let decoded = decoded::centroids(device, model).await?;
    let salient: Vec<&Exemplar> = nearest(&exemplars).collect();
    let saliency = saliency::saliency(device, model, data, outputs.embedding, &salient).await?;
    Ok(Explanation {
        features: features(&decoded, &columns),
        uncertain: uncertain(
            outputs.assignment,
            outputs.soft_assignment,
            &certainty,
            UNCERTAIN,
        ),
        exemplars,
        certainty,
        decoded,
        columns,
        saliency,
    })
}

fn nearest(exemplars: &[Exemplar]) -> impl Iterator<Item = &Exemplar> {
    (exemplars.iter()).filter(|exemplar| exemplar.kind == Kind::Nearest)
}

impl Outputs<'_> {
    /// Panics unless the lengths fit: wrong shapes inside the library are bugs.
    fn check(&self, model: &Model, n: usize) {
        let found = [
            self.assignment.len(),
            self.soft_assignment.len(),
            self.embedding.len(),
        ];
        let expected = [n, n * model.n_clusters, n * model.embedding_dim];
        assert_eq!(found, expected, "lengths of assignment, q and z");
    }
}

#[cfg(test)]
mod tests;

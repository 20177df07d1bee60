//! The clusters that a layout of the graph may show.

use super::{Graph, Means, merge, move_labels};
use crate::device::{Device, Matrix};
use crate::error::Result;
use crate::kernels::argmax_rows::argmax_rows;
use crate::kernels::mixture_posterior::{Components, mixture_posterior};
use crate::kmeans::{KMeansOptions, kmeans};
use crate::mixture::{self, Mixture, Points};
use crate::random::{self, stream};

/// Points that a mixture is fitted to, at most.
const MIXTURE_POINTS: usize = 16_384;
/// Points that a component of a mixture needs, on average.
const PER_COMPONENT: usize = 50;
/// Starts of k-means with k clusters, and with more that are merged.
const RESTARTS: [usize; 2] = [10, 3];
/// At least so many clusters are merged to k, and at most one for each so many points.
const FINE: [usize; 2] = [20, 6];

/// Some clusters of all points.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// How they were found.
    pub name: String,
    /// The layout they were found in; none if in none.
    pub layout: Option<usize>,
    /// The cluster of each point (n).
    pub labels: Vec<u32>,
    /// The cluster whose mean in the layout is nearest to each point (n): what is left of the clusters once DEC has made
    /// them its own.
    pub nearest: Vec<u32>,
}

/// Where the points of a graph lie.
#[derive(Clone, Copy, Debug)]
pub struct Laid<'a> {
    /// What it is called.
    pub name: &'a str,
    /// Its number among all.
    pub number: usize,
    /// The places (n, d).
    pub z: &'a [f32],
    /// d.
    pub d: usize,
}

/// k-means, a mixture of Gaussians with full covariances, and k-means with 3k and 6k clusters merged along the graph, in
/// one layout; each moved along the graph.
///
/// # Errors
/// The device's.
pub async fn candidates<D: Device>(
    device: &D,
    graph: &Graph,
    laid: Laid<'_>,
    k: usize,
    seed: u32,
) -> Result<Vec<Candidate>> {
    let (n, Laid { number, z, d, .. }) = (graph.n_points(), laid);
    let rows = [Matrix::upload(device, n, d, z)?];
    let options = |clusters: usize, restarts: usize, part: u32| KMeansOptions {
        n_clusters: clusters,
        restarts,
        max_iterations: 100,
        tolerance: 0.001,
        seed: random::bits(seed, number as u32, stream::CANDIDATES, part),
    };
    let balls = kmeans(device, &rows[..], &options(k, RESTARTS[0], 0))
        .await?
        .assignment;
    let mut found = vec![("k-means".to_owned(), balls)];
    if let Some(labels) = of_mixture(device, &rows[0], z, k, &found[0].1).await? {
        found.push(("mixture".to_owned(), labels));
    }
    for times in [3, 6] {
        let clusters = (times * k).max(FINE[0]).min(n / FINE[1]);
        if clusters > k {
            let options = options(clusters, RESTARTS[1], times as u32);
            let fine = kmeans(device, &rows[..], &options).await?.assignment;
            found.push((format!("{clusters} merged"), merge(graph, &fine, z, d, k)));
        }
    }
    let moved = |(name, mut labels): (String, Vec<u32>)| {
        move_labels(graph, &mut labels, k);
        Candidate {
            nearest: Means::of(z, d, &labels, k).nearest(z),
            name: format!("{}, {name}", laid.name),
            layout: Some(number),
            labels,
        }
    };
    Ok(found.into_iter().map(moved).collect())
}

/// The likeliest component of each point, of a mixture that begins with the clusters of k-means; none if the points are too
/// few or have no spread.
async fn of_mixture<D: Device>(
    device: &D,
    rows: &Matrix<D>,
    z: &[f32],
    k: usize,
    balls: &[u32],
) -> Result<Option<Vec<u32>>> {
    let (n, d) = (rows.rows, rows.cols);
    if n.min(MIXTURE_POINTS) < PER_COMPONENT * k || k < 2 {
        return Ok(None);
    }
    let stride = n.div_ceil(MIXTURE_POINTS);
    let values: Vec<f64> = (z.chunks_exact(d).step_by(stride))
        .flatten()
        .map(|x| f64::from(*x))
        .collect();
    let points = Points { values: &values, d };
    let start: Vec<u32> = balls.iter().step_by(stride).copied().collect();
    let Some(labels) = mixture::fit(points, k, &[start]) else {
        return Ok(None);
    };
    let mixture = Mixture::of_labels(points, &labels, k);
    let Some(whitened) = mixture.whitened() else {
        return Ok(None);
    };
    let means: Vec<f32> = mixture.means.iter().map(|value| *value as f32).collect();
    let components = Components {
        mu: Matrix::upload(device, k, d, &means)?,
        whitening: Matrix::upload(device, k * d, d, &whitened.whitening)?,
        offset: Matrix::upload(device, 1, k, &whitened.offset)?,
    };
    let p = Matrix::zeros(device, n, k)?;
    let [label, confidence] = [(); 2].map(|()| Matrix::zeros(device, n, 1));
    let (label, changes) = (label?, Matrix::zeros(device, 1, 1)?);
    mixture_posterior(device, rows, &components, &p);
    argmax_rows(device, &p, &label, &confidence?, &changes, 0);
    Ok(Some(device.download(&label.buffer).await?[..n].to_vec()))
}

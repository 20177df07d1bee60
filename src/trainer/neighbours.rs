//! The stage `neighbours`: the graph of nearest neighbours, its layouts, and the choice among the clusters they show.

use std::collections::HashSet;

use super::target::blocks_of;
use super::{Event, Observer, Trainer};
use crate::autoencoder::Layer;
use crate::checkpoint::{Phase, Wish};
use crate::config::Space;
use crate::data::Dataset;
use crate::device::{Device, Matrix};
use crate::error::Result;
use crate::kernels::gather_rows::{Block, Normalisation, Order, Source as Storage, gather_rows};
use crate::kernels::unit_rows::unit_rows;
use crate::kmeans::{KMeansOptions, kmeans};
use crate::neighbours::{
    self, Candidate, Graph, Laying, LayoutOptions, MOSTLY_ZEROS, Pool, Principal, RAW, Verdict,
    Weighed, candidates, neighbours_for,
};
use crate::random::{self, stream};

/// The widest space that distances are taken in.
pub(super) const WIDEST_SPACE: usize = 50;
/// The same for rows of mostly zeros: texts have many subjects.
pub(super) const WIDEST_OF_ZEROS: usize = 300;
/// Layouts, and from how many samples on half of them.
const LAYOUTS: (usize, usize) = (4, 12_000);
/// γ of even and of odd layouts.
const GAMMA: [f32; 2] = [5.0, 2.5];
/// Steps between two readings of the layouts' loss.
const WINDOW: u32 = 25;
/// Runs of k-means, and starts of each, by whose agreement the layouts' is judged.
const COMPARED: (usize, usize) = (4, 3);

/// The fewest samples that are laid out, whatever the device.
const FEWEST: usize = 3;

/// What the graph of neighbours has shown.
pub(super) struct Neighbourhood {
    pub(super) graph: Graph,
    /// The samples that are the graph's points, rising; all if none.
    pub(super) sample: Option<Vec<u32>>,
    /// The best clusters of the layouts (n).
    pub(super) labels: Vec<u32>,
    /// k-means on the space (n).
    pub(super) raw: Vec<u32>,
    /// The layout that the best clusters were found in (n, d), centred.
    pub(super) layout: Vec<f32>,
    pub(super) verdict: Verdict,
    /// Of the modularity.
    resolution: f64,
    /// Whether the points are the inputs, not an embedding.
    of_inputs: bool,
}

impl Neighbourhood {
    /// The sample that a point of the graph is.
    pub(super) fn row(&self, point: usize) -> usize {
        self.sample
            .as_ref()
            .map_or(point, |sample| sample[point] as usize)
    }

    /// Of values of all samples those of the graph's points.
    pub(super) fn of_sample(&self, of_all: &[u32]) -> Vec<u32> {
        let points = 0..self.graph.n_points();
        points.map(|point| of_all[self.row(point)]).collect()
    }

    /// The clusters to take in place of those of the embedding (n), if any: those of the layouts if they are far above k-means,
    /// else those of the mixture. Where there is none, because samples are few, or where most rows are repeated, an
    /// autoencoder has little to learn from, and k-means on the inputs is taken.
    pub(super) fn choose(&mut self, of_embedding: &[u32], is_mixture: bool) -> Option<Vec<u32>> {
        let labels = self.of_sample(of_embedding);
        let modularity = self.graph.modularity(&labels, self.resolution);
        let name = if is_mixture {
            "autoencoder + mixture"
        } else {
            "autoencoder + k-means"
        };
        self.verdict.candidates.push(Weighed {
            name: name.into(),
            modularity,
            agreement: None,
        });
        if self.verdict.of_layout {
            return Some(self.labels.clone());
        }
        if self.of_inputs && (!is_mixture || !self.verdict.is_unique()) {
            self.verdict.chosen = RAW.into();
            return Some(self.raw.clone());
        }
        self.verdict.chosen = name.into();
        None
    }
}

impl<D: Device> Trainer<'_, D> {
    /// Lays out the graph of nearest neighbours and chooses among the clusters it shows, as `neighbours.space` says, if
    /// that was not done: of the inputs at any time, of the embedding once the network is trained.
    /// [`Trainer::pretrain`] begins with it, [`Trainer::first_clusters`] makes up for it.
    ///
    /// # Errors
    /// The device's; [`crate::Error::Interrupted`].
    pub async fn find_neighbours(&mut self, observe: Observer<'_>) -> Result<()> {
        if self.neighbourhood.is_some() || !self.is_before(Phase::Cluster) {
            return Ok(());
        }
        let Some((points, m)) = self.space()? else {
            return Ok(());
        };
        let mut found = self.neighbourhood(&points, m, observe).await?;
        let cells = self.source.n_samples() * self.config.network.embedding_dim;
        let fits = 4 * cells <= self.device.max_binding_bytes();
        let wanted = found.verdict.of_layout && self.waits_for_neighbours();
        if wanted && !fits {
            log::warn!(
                "the layout of all samples is larger than one binding of the device; the network is pre-trained without it"
            );
        }
        found.verdict.trained_towards = wanted && fits;
        self.verdict = Some(found.verdict.clone());
        self.neighbourhood = Some(found);
        Ok(())
    }

    /// Whether the graph is built before the network is trained.
    pub fn waits_for_neighbours(&self) -> bool {
        !self.graph_waits && self.principal.is_some()
    }

    /// Forgets clusters of another k; the graph is built again once k is chosen.
    pub(super) fn forget_graph(&mut self) {
        self.neighbourhood = None;
        self.verdict = None;
        self.graph_waits = true;
    }

    /// Lets the graph wait until the number of clusters is chosen.
    pub fn let_graph_wait(&mut self) {
        self.graph_waits = true;
    }

    /// [`Trainer::find_neighbours`] before pre-training, so that the network can be trained towards a layout.
    pub(super) async fn neighbours_before_training(&mut self, observe: Observer<'_>) -> Result<()> {
        match self.waits_for_neighbours() {
            true => self.find_neighbours(observe).await,
            false => Ok(()),
        }
    }

    /// What was chosen by the graph; none without one.
    pub fn verdict(&self) -> Option<&Verdict> {
        self.verdict.as_ref()
    }

    /// Whether the network is trained towards a layout.
    pub(super) fn follows_layout(&self) -> bool {
        self.verdict
            .as_ref()
            .is_some_and(|verdict| verdict.trained_towards)
    }

    /// The points whose graph is built (rows, m), for each block of the data, and m; none without a graph.
    pub(super) fn space(&self) -> Result<Option<(Vec<Matrix<D>>, usize)>> {
        match (&self.principal, self.config.neighbours.space) {
            (Some(principal), _) => self.input_space(principal).map(Some),
            (None, Some(Space::Embedding)) => {
                self.encode_all();
                let blocks = self.embedding.blocks.to_vec();
                Ok(Some((blocks, self.config.network.embedding_dim)))
            }
            _ => Ok(None),
        }
    }

    /// The normalised rows on their principal directions (rows, m), for each block of the data; of length 1 where most raw
    /// values are zero.
    fn input_space(&self, principal: &Principal) -> Result<(Vec<Matrix<D>>, usize)> {
        let (device, columns) = (self.device, self.source.input_dim());
        let m = principal.count;
        let minus: Vec<f32> = principal.mean.iter().map(|x| -x).collect();
        let layer = Layer {
            weight: Matrix::upload(device, columns, m, &principal.directions)?,
            bias: Matrix::upload(device, 1, m, &minus)?,
            relu: false,
        };
        let wide = columns > WIDEST_SPACE;
        let by_direction = wide && principal.zeros > MOSTLY_ZEROS && !self.augment.is_on();
        let mut blocks = Vec::new();
        for (i, rows) in self.source.block_rows().into_iter().enumerate() {
            let points = Matrix::zeros(device, rows, m)?;
            self.source
                .forward_in_order(device, i, 0..rows, &layer, (&points, 0));
            if by_direction {
                unit_rows(device, &points);
            }
            blocks.push(points);
        }
        Ok((blocks, m))
    }

    async fn neighbourhood(
        &mut self,
        points: &[Matrix<D>],
        m: usize,
        observe: Observer<'_>,
    ) -> Result<Neighbourhood> {
        let (device, k) = (self.device, self.n_clusters());
        let sample = self.sample_to_lay_out(m);
        let chosen = match &sample {
            Some(sample) => vec![self.rows_of(points, sample)?],
            None => points.to_vec(),
        };
        let points = &chosen[..];
        let host = super::download_all(device, points).await?;
        let n = host.len() / m;
        let nearest = self
            .config
            .neighbours
            .k
            .unwrap_or_else(|| neighbours_for(n, k));
        let graph = neighbours::graph(device, points, nearest).await?;
        let layouts = self.layouts(&graph, (&host, m), observe).await?;
        let d = self.layout_dim();
        let mut pool: Vec<Candidate> = Vec::new();
        for (number, z) in layouts.iter().enumerate() {
            let of = (number, &z[..], d);
            pool.extend(candidates(device, &graph, of, k, self.config.seed).await?);
        }
        let raw = self.raw_clusters(points).await?;
        let (verdict, best) = Pool {
            graph: &graph,
            k,
            resolution: self.config.neighbours.resolution.into(),
            of_inputs: self.principal.is_some(),
            neighbours: nearest,
            unique: unique(&host, m),
            raw: &raw,
            layouts: &pool,
        }
        .verdict();
        let layout = pool[best].layout.unwrap_or(0);
        Ok(Neighbourhood {
            layout: self.centred(&layouts[layout], d),
            sample,
            resolution: self.config.neighbours.resolution.into(),
            of_inputs: self.principal.is_some(),
            labels: pool.swap_remove(best).labels,
            raw: raw.into_iter().next().unwrap_or_default(),
            graph,
            verdict,
        })
    }

    /// The most samples that are laid out: none of the graph's buffers may be larger than one binding.
    fn most_laid_out(&self, m: usize) -> usize {
        let k = self.config.neighbours.k.unwrap_or(15);
        let widest = m.max(2 * k).max(self.config.network.embedding_dim);
        let fit = self.device.max_binding_bytes() / (4 * widest);
        self.config.neighbours.samples.min(fit).max(FEWEST)
    }

    /// The samples that are laid out, drawn from the seed, if they are not all.
    fn sample_to_lay_out(&self, m: usize) -> Option<Vec<u32>> {
        let n = self.source.n_samples();
        let most = self.most_laid_out(m);
        if n <= most {
            return None;
        }
        let mut sample = random::permutation(self.config.seed, stream::LAID_OUT, 0, n);
        sample.truncate(most);
        sample.sort_unstable();
        Some(sample)
    }

    /// Some rows of a matrix in blocks.
    fn rows_of(&self, points: &[Matrix<D>], sample: &[u32]) -> Result<Matrix<D>> {
        let (device, m) = (self.device, points[0].cols);
        let index = Matrix {
            rows: sample.len(),
            cols: 1,
            buffer: device.upload(sample)?,
        };
        let as_they_are = Normalisation {
            shift: Matrix::zeros(device, 1, m)?,
            scale: Matrix::upload(device, 1, m, &vec![1.0; m])?,
        };
        let rows = Matrix::zeros(device, sample.len(), m)?;
        let mut first = 0;
        for points in points {
            let block = Block {
                x: points.buffer.clone(),
                source: Storage::F32,
                first,
                rows: points.rows,
            };
            let order = Order {
                index: Some(&index),
                first: 0,
            };
            gather_rows(device, order, &block, &as_they_are, &rows);
            first += points.rows;
        }
        Ok(rows)
    }

    /// Dimensions of the layouts: those of the embedding, as far as the kernel goes.
    fn layout_dim(&self) -> usize {
        let widest = crate::kernels::layout_step::WIDEST;
        self.config.network.embedding_dim.min(widest)
    }

    /// A layout (n, d) around the origin, with zeros in further columns of the embedding.
    fn centred(&self, z: &[f32], d: usize) -> Vec<f32> {
        let (n, width) = (z.len() / d, self.config.network.embedding_dim);
        let mut mean = vec![0.0f64; d];
        for row in z.chunks_exact(d) {
            mean.iter_mut()
                .zip(row)
                .for_each(|(m, x)| *m += f64::from(*x) / n as f64);
        }
        let mut centred = vec![0.0; n * width];
        for (to, row) in centred.chunks_exact_mut(width).zip(z.chunks_exact(d)) {
            for ((to, x), mean) in to.iter_mut().zip(row).zip(&mean) {
                *to = (f64::from(*x) - mean) as f32;
            }
        }
        centred
    }

    async fn layouts(
        &mut self,
        graph: &Graph,
        (points, m): (&[f32], usize),
        observe: Observer<'_>,
    ) -> Result<Vec<Vec<f32>>> {
        let config = &self.config.neighbours;
        let n = graph.n_points();
        let options = LayoutOptions {
            d: self.layout_dim(),
            steps: config.steps,
            count: self.layout_count(n),
            gamma: GAMMA,
            seed: self.config.seed,
        };
        observe(&Event::Begin {
            phase: "neighbours",
            steps: options.steps.into(),
        });
        let mut laying = Laying::new(self.device, graph, points, m, options)?;
        if let Some(state) = self
            .resumed
            .take_if(|state| state.phase == Phase::Neighbours)
        {
            laying.take_from(&state)?;
        }
        while !laying.is_done() {
            let done = laying.steps_done() + 1;
            let read = done.is_multiple_of(WINDOW) || done == options.steps;
            laying.step(read);
            if read {
                observe(&Event::Layout {
                    step: done.into(),
                    steps: options.steps.into(),
                    loss: laying.loss().await?,
                });
            } else {
                self.device.flush();
            }
            self.between_layout_steps(&laying, observe).await?;
        }
        laying.places().await
    }

    async fn between_layout_steps(
        &self,
        laying: &Laying<'_, D>,
        observe: Observer<'_>,
    ) -> Result<()> {
        let wish = self.wish();
        let trained = self.graph_waits || self.principal.is_none();
        if wish == Wish::GoOn || laying.is_done() || trained && wish == Wish::State {
            return Ok(());
        }
        // A trained network is worth more than a layout: the layout begins again.
        let (phase, step) = match trained {
            true => (Phase::Pretrained, 0),
            false => (Phase::Neighbours, laying.steps_done().into()),
        };
        let mut state = self.state(phase, step);
        self.autoencoder
            .put_into(self.device, &mut state, false)
            .await?;
        if !trained {
            laying.put_into(&mut state).await?;
        }
        self.tell(state, wish, observe)
    }

    /// k-means on the space, then some more to see how they agree.
    async fn raw_clusters(&self, points: &[Matrix<D>]) -> Result<Vec<Vec<u32>>> {
        let first = self.kmeans_options();
        let mut all = vec![kmeans(self.device, points, &first).await?.assignment];
        for run in 0..COMPARED.0 {
            let options = KMeansOptions {
                restarts: COMPARED.1,
                seed: random::bits(first.seed, run as u32, stream::CANDIDATES, u32::MAX),
                ..first
            };
            all.push(kmeans(self.device, points, &options).await?.assignment);
        }
        Ok(all)
    }

    /// Clusters (n) as the first target: half each sample's own, half its neighbours' (n, k), for each block of the data;
    /// wholly its own of a sample that is not in the graph.
    pub(super) fn target_of(
        &self,
        found: &Neighbourhood,
        assignment: &[u32],
    ) -> Result<Vec<Matrix<D>>> {
        let k = self.n_clusters();
        let mut p = vec![0.0; assignment.len() * k];
        for (row, label) in p.chunks_exact_mut(k).zip(assignment) {
            row[*label as usize] = 1.0;
        }
        let labels = found.of_sample(assignment);
        let shares = found.graph.shares(&labels, k);
        for (at, shares) in shares.chunks_exact(k).enumerate() {
            let row = &mut p[found.row(at) * k..][..k];
            row.iter_mut()
                .zip(shares)
                .for_each(|(p, share)| *p = 0.5 * (*p + share));
        }
        blocks_of(self.device, &self.source.block_rows(), &p, k)
    }

    /// Takes on a device what the stage takes at its height: [`crate::tally`] counts it.
    pub(crate) fn hold_neighbours(&self, data: &Dataset, space: Space) -> Result<()> {
        let (device, n) = (self.device, data.n_samples);
        let (m, d) = (self.space_width(data, space), self.layout_dim());
        let rows = n.min(self.most_laid_out(m));
        let blocks = self.source.block_rows().into_iter();
        let points = blocks.map(|rows| Matrix::zeros(device, rows, m));
        let _points = points.collect::<Result<Vec<_>>>()?;
        let _sample = (rows < n)
            .then(|| Matrix::zeros(device, rows, m))
            .transpose()?;
        let k = neighbours_for(rows, self.n_clusters());
        drop(Matrix::zeros(device, rows, 3 * k)?); // the lists, before there are layouts
        let _edges = Matrix::zeros(device, rows, 4 * k + 1)?;
        let _layouts = Matrix::zeros(device, rows * self.layout_count(rows), 4 * d + 1)?;
        Ok(())
    }

    /// Columns of the points whose graph is built.
    fn space_width(&self, data: &Dataset, space: Space) -> usize {
        match space {
            Space::Inputs if neighbours::is_mostly_zeros(data) => {
                data.input_dim.min(WIDEST_OF_ZEROS)
            }
            Space::Inputs => data.input_dim.min(WIDEST_SPACE),
            Space::Embedding | Space::Off => self.config.network.embedding_dim,
        }
    }

    /// Layouts of so many points.
    fn layout_count(&self, n: usize) -> usize {
        let by_rule = match n < LAYOUTS.1 {
            true => LAYOUTS.0,
            false => LAYOUTS.0 / 2,
        };
        self.config.neighbours.layouts.unwrap_or(by_rule)
    }
}

/// The share of rows that differ from all before them.
fn unique(points: &[f32], m: usize) -> f64 {
    let rows: HashSet<&[u8]> = points.chunks_exact(m).map(bytemuck::cast_slice).collect();
    rows.len() as f64 / (points.len() / m) as f64
}

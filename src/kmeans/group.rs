//! Restarts that run together: their state on the device, and the steps.

use std::cell::Cell;
use std::ops::Range;

use super::plan::Plan;
use super::{KMeansOptions, KMeansResult, Rows};
use crate::device::{Device, Matrix, Result, download_f32};
use crate::kernels::centroid_mean::centroid_mean;
use crate::kernels::centroid_sum::centroid_sum;
use crate::kernels::copy_rows::copy_rows;
use crate::kernels::farthest_point::farthest_point;
use crate::kernels::kmeanspp_choose::kmeanspp_choose;
use crate::kernels::kmeanspp_distance::kmeanspp_distance;
use crate::kernels::kmeanspp_pick::kmeanspp_pick;
use crate::kernels::kmeanspp_potential::kmeanspp_potential;
use crate::kernels::nearest_centroid::{Iteration, Restarts, nearest_centroid};
use crate::kernels::segment_sum::SegmentSum;
use crate::random::{self, stream};

/// Iterations between two looks at what has converged.
const LOOK_EVERY: usize = 8;
/// Recorded work is started when it reaches this many multiply-adds: some milliseconds of a small GPU, well
/// below what a driver's watchdog allows.
const FLUSH_OPERATIONS: u64 = 10_000_000_000;

/// The restarts of one group.
pub(super) struct Group<'a, D: Device, R: ?Sized> {
    device: &'a D,
    rows: &'a R,
    options: &'a KMeansOptions,
    plan: &'a Plan,
    trials: Trials<D>,
    /// Rows to copy into centroids (R, k), u32.
    index: Matrix<D>,
    /// Rows of each cluster (R, k), u32.
    count: Matrix<D>,
    /// (R·P·k, d + 1)
    partial: Matrix<D>,
    restarts: Restarts<D>,
    /// Multiply-adds recorded since work was last started.
    recorded: Cell<u64>,
}

/// Rows that are drawn for the next centroid of each restart, T of them; the best is taken.
struct Trials<D: Device> {
    /// Uniform draws (R, k·T).
    draw: Matrix<D>,
    /// The rows drawn (R, T), u32.
    row: Matrix<D>,
    /// Their values (R·T, d).
    candidate: Matrix<D>,
    /// What the squared distances would sum up to with each, part by part (R·T, P).
    partial: Matrix<D>,
}

impl<D: Device> Trials<D> {
    fn new(
        device: &D,
        options: &KMeansOptions,
        plan: &Plan,
        d: usize,
        numbers: Range<usize>,
    ) -> Result<Self> {
        let (restarts, k) = (numbers.len(), options.n_clusters);
        let count = plan.trials;
        let draw: Vec<f32> = numbers
            .flat_map(|r| (0..k * count).map(move |j| (r as u32, j as u32)))
            .map(|(r, j)| random::uniform(options.seed, r, stream::KMEANS, j))
            .collect();
        Ok(Self {
            draw: Matrix::upload(device, restarts, k * count, &draw)?,
            row: Matrix::zeros(device, restarts, count)?,
            candidate: Matrix::zeros(device, restarts * count, d)?,
            partial: Matrix::zeros(device, restarts * count, plan.parts[0].total)?,
        })
    }
}

impl<'a, D: Device, R: Rows<D> + ?Sized> Group<'a, D, R> {
    /// The state of these restarts, with nothing computed yet.
    pub(super) fn new(
        device: &'a D,
        rows: &'a R,
        options: &'a KMeansOptions,
        plan: &'a Plan,
        numbers: Range<usize>,
    ) -> Result<Self> {
        let (n, d, k, restarts) = (rows.n(), rows.d(), options.n_clusters, numbers.len());
        let parts = plan.parts[0].total;
        let mu = Matrix::zeros(device, restarts * k, d)?;
        Ok(Self {
            device,
            rows,
            options,
            plan,
            trials: Trials::new(device, options, plan, d, numbers)?,
            index: Matrix::zeros(device, restarts, k)?,
            count: Matrix::zeros(device, restarts, k)?,
            partial: Matrix::zeros(device, restarts * parts * k, d + 1)?,
            restarts: Restarts::new(device, mu, restarts, n, options.max_iterations)?,
            recorded: Cell::new(0),
        })
    }

    /// Greedy k-means++: rows are drawn for each centroid by their squared distance to those chosen before, and the one that
    /// lowers the sum of these distances most is taken. The first is any row.
    pub(super) fn choose_centroids(&self) {
        let (device, k) = (self.device, self.options.n_clusters);
        let Restarts { mu, distance, .. } = &self.restarts;
        let Trials { draw, row, .. } = &self.trials;
        for j in 0..k {
            kmeanspp_pick(device, distance, draw, j, row);
            if j > 0 {
                self.weigh_candidates();
            }
            // Nothing was weighed for the first: all sums are 0, and the first of equal ones is taken.
            kmeanspp_choose(device, row, &self.trials.partial, j, &self.index);
            self.copy_rows(&self.index, j..j + 1, mu);
            if j + 1 < k {
                for b in 0..self.rows.blocks() {
                    let (first, x) = self.rows.block(device, b);
                    kmeanspp_distance(device, &x, first, mu, j, distance);
                    self.record(&x, mu.rows / k);
                }
            }
        }
    }

    /// What the squared distances would sum up to with each row that was drawn.
    fn weigh_candidates(&self) {
        let device = self.device;
        let Trials {
            row,
            candidate,
            partial,
            ..
        } = &self.trials;
        self.copy_rows(row, 0..row.cols, candidate);
        for (b, parts) in (0..self.rows.blocks()).zip(&self.plan.parts) {
            let (first, x) = self.rows.block(device, b);
            let distance = &self.restarts.distance;
            kmeanspp_potential(device, &x, first, candidate, distance, *parts, partial);
            self.record(&x, candidate.rows);
        }
    }

    /// Lloyd's iterations until all restarts have converged; returns the iterations of each.
    pub(super) async fn iterate(&self) -> Result<Vec<usize>> {
        let limit = self.options.max_iterations;
        for number in 0..limit {
            self.step(self.iteration(number));
            if (number + 1) % LOOK_EVERY == 0 || number + 1 == limit {
                let changes = self.device.download(&self.restarts.changes.buffer).await?;
                let now = &changes[number * self.count.rows..][..self.count.rows];
                if number + 1 == limit || now.iter().all(|new| *new <= self.plan.tolerance) {
                    return Ok(self.iterations(&changes[..(number + 1) * self.count.rows]));
                }
            }
        }
        Ok(vec![0; self.count.rows])
    }

    fn iteration(&self, number: usize) -> Iteration {
        Iteration {
            number,
            tolerance: self.plan.tolerance,
        }
    }

    /// The iterations that each restart ran, from the new labels of each iteration.
    fn iterations(&self, changes: &[u32]) -> Vec<usize> {
        let restarts = self.count.rows;
        let ran = changes.len() / restarts;
        (0..restarts)
            .map(|r| {
                let of_restart = changes.iter().skip(r).step_by(restarts);
                of_restart
                    .take_while(|new| **new > self.plan.tolerance)
                    .count()
                    + 1
            })
            .map(|iterations| iterations.min(ran))
            .collect()
    }

    /// One iteration: labels, means, and a new place for empty clusters.
    fn step(&self, iteration: Iteration) {
        let device = self.device;
        let blocks = 0..self.rows.blocks();
        for (b, parts) in blocks.zip(&self.plan.parts) {
            let (first, x) = self.rows.block(device, b);
            nearest_centroid(device, &x, first, &self.restarts, iteration);
            centroid_sum(
                device,
                &x,
                first,
                &self.restarts,
                iteration,
                *parts,
                &self.partial,
            );
            self.record(&x, self.restarts.mu.rows);
        }
        centroid_mean(
            device,
            &self.partial,
            &self.restarts,
            iteration,
            &self.count,
        );
        farthest_point(device, &self.count, &self.restarts, iteration, &self.index);
        self.copy_rows(&self.index, 0..self.options.n_clusters, &self.restarts.mu);
    }

    /// Copies rows, by their index (R, c), to these columns of c in `to` (R·c, d), from whichever block holds them.
    fn copy_rows(&self, index: &Matrix<D>, columns: Range<usize>, to: &Matrix<D>) {
        for b in 0..self.rows.blocks() {
            let (first, x) = self.rows.block(self.device, b);
            copy_rows(self.device, &x, first, index, columns.clone(), to);
        }
    }

    /// Labels all rows a last time, with the final centroids; the restart with the lowest inertia.
    pub(super) async fn lowest_inertia(&self) -> Result<(usize, f64)> {
        let device = self.device;
        let (restarts, n) = (self.count.rows, self.rows.n());
        let last = Restarts {
            mu: self.restarts.mu.clone(),
            label: self.restarts.label.clone(),
            distance: self.restarts.distance.clone(),
            changes: Matrix::zeros(device, 1, restarts)?,
        };
        for b in 0..self.rows.blocks() {
            let (first, x) = self.rows.block(device, b);
            nearest_centroid(device, &x, first, &last, self.iteration(0));
            self.record(&x, last.mu.rows);
        }
        let sums = Matrix::zeros(device, restarts, 1)?;
        SegmentSum::new(device, restarts, n)?.run(device, &last.distance, 1.0, &sums, 0);
        let inertias = sums.download(device).await?;
        let lowest = (inertias.into_iter().map(f64::from).enumerate())
            .min_by(|(_, a), (_, b)| a.total_cmp(b));
        Ok(lowest.expect("at least one restart"))
    }

    /// The centroids and labels of one restart.
    pub(super) async fn result(
        &self,
        restart: usize,
        inertia: f64,
        iterations: usize,
    ) -> Result<KMeansResult> {
        let n = self.rows.n();
        let cells = self.options.n_clusters * self.rows.d();
        let mu = download_f32(self.device, &self.restarts.mu.buffer).await?;
        let label = self.device.download(&self.restarts.label.buffer).await?;
        Ok(KMeansResult {
            centroids: mu[restart * cells..][..cells].to_vec(),
            inertia,
            iterations,
            assignment: label[restart * n..][..n].to_vec(),
        })
    }

    /// Counts recorded work, `times` multiply-adds for each value of x, and starts it when there is enough.
    fn record(&self, x: &Matrix<D>, times: usize) {
        let recorded = self.recorded.get() + x.len() as u64 * times as u64;
        self.recorded.set(recorded % FLUSH_OPERATIONS);
        if recorded >= FLUSH_OPERATIONS {
            self.device.flush();
        }
    }
}

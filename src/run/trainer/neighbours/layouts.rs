//! Laying out the graph.

use super::super::{Event, Tell, Trainer};
use crate::checkpoint::{Phase, Wish};
use crate::device::Device;
use crate::error::Result;
use crate::neighbours::{Graph, Laying, LayoutOptions};

/// Layouts, and from how many samples on half of them.
const LAYOUTS: (usize, usize) = (4, 12_000);
/// γ of even and of odd layouts.
const GAMMA: [f32; 2] = [5.0, 2.5];
/// Steps between two readings of the layouts' loss.
const WINDOW: u32 = 25;

impl<D: Device> Trainer<'_, D> {
    pub(super) async fn layouts(
        &mut self,
        graph: &Graph,
        (points, m): (&[f32], usize),
        observe: Tell<'_>,
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

    async fn between_layout_steps(&self, laying: &Laying<'_, D>, observe: Tell<'_>) -> Result<()> {
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

    /// Dimensions of the layouts: those of the embedding, as far as the kernel goes.
    pub(super) fn layout_dim(&self) -> usize {
        let widest = crate::kernels::layout_step::WIDEST;
        self.config.network.embedding_dim.min(widest)
    }

    /// Layouts of so many points.
    pub(super) fn layout_count(&self, n: usize) -> usize {
        let by_rule = match n < LAYOUTS.1 {
            true => LAYOUTS.0,
            false => LAYOUTS.0 / 2,
        };
        self.config.neighbours.layouts.unwrap_or(by_rule)
    }

    /// A layout (n, d) around the origin, with zeros in further columns of the embedding.
    pub(super) fn centred(&self, z: &[f32], d: usize) -> Vec<f32> {
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
}

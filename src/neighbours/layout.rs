//! Laying a graph out freely in d dimensions, several times side by side, with DEC's own kernel 1/(1 + |Δ|²).

use super::{Graph, Pca};
use crate::checkpoint::State;
use crate::device::{Device, Matrix};
use crate::error::Result;
use crate::kernels::layout_step::{Edges, LayoutStep, Layouts, WIDEST, layout_step};
use crate::random::{self, stream};

/// Learning rate of the first step; it falls to 0 in a line.
const LEARNING_RATE: f64 = 0.3;
/// Deviation of what is added to the first places, so that layouts differ and no two points lie in one place.
const NOISE: f32 = 0.01;

/// How to lay out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayoutOptions {
    /// Dimensions, 1 to 16.
    pub d: usize,
    /// Steps.
    pub steps: u32,
    /// Layouts, which differ in their random numbers and in γ.
    pub count: usize,
    /// γ, the weight of repulsion: of layouts 0, 2, … and of 1, 3, …
    pub gamma: [f32; 2],
    /// Of the random numbers.
    pub seed: u32,
}

/// Layouts of a graph between two steps.
pub struct Laying<'a, D: Device> {
    device: &'a D,
    options: LayoutOptions,
    edges: Edges<D>,
    /// As many layouts together as fit in one binding.
    groups: Vec<Layouts<D>>,
    n: usize,
    step: u32,
}

impl<'a, D: Device> Laying<'a, D> {
    /// Begins where `points` (n, m) lie on their first principal directions, in units of the first's deviation.
    ///
    /// # Errors
    /// The device's, when memory runs out.
    ///
    /// # Panics
    /// If d is 0 or above 16, or there is another number of points.
    pub fn new(
        device: &'a D,
        graph: &Graph,
        points: &[f32],
        m: usize,
        options: LayoutOptions,
    ) -> Result<Self> {
        let (n, d) = (graph.n_points(), options.d);
        assert_eq!(points.len(), n * m, "{n} points of {m} values");
        assert!((1..=WIDEST).contains(&d), "{d} dimensions, 1 to {WIDEST}");
        let start = places(points, m, d);
        let most = device.room().binding_bytes / (4 * n * d);
        let mut laying = Self {
            device,
            options,
            edges: edges(device, graph)?,
            groups: Vec::new(),
            n,
            step: 0,
        };
        let layouts: Vec<usize> = (0..options.count).collect();
        for group in layouts.chunks(most.max(1)) {
            let z = group.iter().flat_map(|l| laying.noisy(&start, *l));
            let z: Vec<f32> = z.collect();
            let rows = group.len() * n;
            let zeros = || Matrix::zeros(device, rows, d);
            laying.groups.push(Layouts {
                z: Matrix::upload(device, rows, d, &z)?,
                next: zeros()?,
                m: zeros()?,
                v: zeros()?,
                loss: Matrix::zeros(device, group.len(), n)?,
            });
        }
        Ok(laying)
    }

    fn noisy(&self, start: &[f32], layout: usize) -> Vec<f32> {
        let stream = stream::LAYOUT_START + layout as u32;
        let noise = |at: usize| random::normal(self.options.seed, 0, stream, at as u32);
        let start = start.iter().enumerate();
        start.map(|(at, z)| z + NOISE * noise(at)).collect()
    }

    /// Steps done.
    pub fn steps_done(&self) -> u32 {
        self.step
    }

    /// Whether all steps are done.
    pub fn is_done(&self) -> bool {
        self.step >= self.options.steps
    }

    /// Moves all points of all layouts once.
    pub fn step(&mut self, with_loss: bool) {
        let share = f64::from(self.step) / f64::from(self.options.steps);
        let mut first_layout = 0;
        for group in &mut self.groups {
            let step = LayoutStep {
                step: self.step,
                seed: self.options.seed,
                first_layout,
                gamma: self.options.gamma,
                learning_rate: (LEARNING_RATE * (1.0 - share)) as f32,
                with_loss,
            };
            layout_step(self.device, &self.edges, group, step);
            std::mem::swap(&mut group.z, &mut group.next);
            first_layout += group.loss.rows as u32;
        }
        self.step += 1;
    }

    /// The mean loss of a point in the last step that wrote it, over all layouts.
    ///
    /// # Errors
    /// The device's.
    pub async fn loss(&self) -> Result<f64> {
        let mut sum = 0.0;
        for group in &self.groups {
            let losses = group.loss.download(self.device).await?;
            sum += losses.into_iter().map(f64::from).sum::<f64>();
        }
        Ok(sum / (self.n * self.options.count) as f64)
    }

    /// The places (n, d) of each layout.
    ///
    /// # Errors
    /// The device's.
    pub async fn places(&self) -> Result<Vec<Vec<f32>>> {
        let mut places = Vec::new();
        for group in &self.groups {
            let z = group.z.download(self.device).await?;
            places.extend(z.chunks_exact(self.n * self.options.d).map(<[f32]>::to_vec));
        }
        Ok(places)
    }

    /// Adds what the next step needs.
    pub(crate) async fn put_into(&self, state: &mut State) -> Result<()> {
        let (device, groups) = (self.device, &self.groups);
        let [z, m, v] = [
            groups.iter().map(|group| &group.z).collect::<Vec<_>>(),
            groups.iter().map(|group| &group.m).collect(),
            groups.iter().map(|group| &group.v).collect(),
        ];
        for (name, blocks) in [("layout.z", z), ("layout.m", m), ("layout.v", v)] {
            state.put_blocks(device, name, blocks.into_iter()).await?;
        }
        Ok(())
    }

    /// Goes on from a state that [`Laying::put_into`] filled.
    pub(crate) fn take_from(&mut self, state: &State) -> Result<()> {
        let groups = &mut self.groups;
        let [z, m, v] = [
            groups.iter().map(|group| group.z.len()).sum(),
            groups.iter().map(|group| group.m.len()).sum(),
            groups.iter().map(|group| group.v.len()).sum(),
        ];
        let (z, m, v) = (
            state.floats_of("layout.z", z)?,
            state.floats_of("layout.m", m)?,
            state.floats_of("layout.v", v)?,
        );
        let mut left = [&z[..], &m[..], &v[..]];
        for group in groups {
            let parts = [&mut group.z, &mut group.m, &mut group.v];
            for (matrix, left) in parts.into_iter().zip(&mut left) {
                let (own, rest) = left.split_at(matrix.len());
                *matrix = Matrix::upload(self.device, matrix.rows, matrix.cols, own)?;
                *left = rest;
            }
        }
        self.step = state.step as u32;
        Ok(())
    }
}

/// Where points (n, m) lie on their first d principal directions, in units of the first's deviation.
fn places(points: &[f32], m: usize, d: usize) -> Vec<f32> {
    let pca = Pca::of(points, m, d);
    let unit = match pca.variance()[0].sqrt() {
        deviation if deviation > 0.0 => deviation,
        _ => 1.0,
    };
    (points.chunks_exact(m))
        .flat_map(|row| pca.place(row))
        .map(|x| (x / unit) as f32)
        .collect()
}

/// The graph on a device, the weights of each point divided by their sum.
fn edges<D: Device>(device: &D, graph: &Graph) -> Result<Edges<D>> {
    let of_point = |i: usize| {
        let strength = graph.strength[i].max(f64::MIN_POSITIVE);
        graph.edges(i).map(move |(_, w)| (w / strength) as f32)
    };
    let mut weight: Vec<f32> = (0..graph.n_points()).flat_map(of_point).collect();
    let mut neighbour = graph.neighbour.clone();
    if neighbour.is_empty() {
        (neighbour, weight) = (vec![0], vec![0.0]); // a buffer is never empty
    }
    let words = |values: &[u32]| -> Result<Matrix<D>> {
        Ok(Matrix {
            rows: values.len(),
            cols: 1,
            buffer: device.upload(values)?,
        })
    };
    Ok(Edges {
        start: words(&graph.start)?,
        weight: Matrix::upload(device, neighbour.len(), 1, &weight)?,
        neighbour: words(&neighbour)?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::graph::tests::triangles;
    use super::*;
    use crate::cpu::Cpu;

    const OPTIONS: LayoutOptions = LayoutOptions {
        d: 2,
        steps: 100,
        count: 3,
        gamma: [5.0, 2.5],
        seed: 0,
    };
    const POINTS: [f32; 6] = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];

    fn laid(device: &Cpu) -> Vec<Vec<f32>> {
        let mut laying = Laying::new(device, &triangles(), &POINTS, 1, OPTIONS).unwrap();
        while !laying.is_done() {
            laying.step(true);
        }
        pollster::block_on(laying.places()).unwrap()
    }

    #[test]
    fn two_triangles_come_apart_and_layouts_differ() {
        let layouts = laid(&Cpu::new());
        assert_eq!(layouts.len(), 3);
        assert_ne!(layouts[0], layouts[2]);
        let apart = |z: &[f32], i: usize, j: usize| {
            (z[2 * i] - z[2 * j]).hypot(z[2 * i + 1] - z[2 * j + 1])
        };
        for z in &layouts {
            assert!(apart(z, 0, 1) < apart(z, 0, 4), "{z:?}");
        }
    }

    #[test]
    fn a_layout_that_is_interrupted_ends_in_the_same_bits() {
        let device = Cpu::new();
        let whole = laid(&device);
        let begin = || Laying::new(&device, &triangles(), &POINTS, 1, OPTIONS).unwrap();
        let mut first = begin();
        (0..37).for_each(|_| first.step(false));
        let mut state = State::new(crate::checkpoint::Phase::Neighbours, 37);
        pollster::block_on(first.put_into(&mut state)).unwrap();
        let mut second = begin();
        second.take_from(&state).unwrap();
        while !second.is_done() {
            second.step(false);
        }
        assert_eq!(pollster::block_on(second.places()).unwrap(), whole);
    }

    #[test]
    fn points_in_one_place_stay_finite() {
        let device = Cpu::new();
        let graph = Graph::of_memberships(&[1, 2, 0, 2, 0, 1], &[1.0; 6], 2);
        let mut laying = Laying::new(&device, &graph, &[3.0; 6], 2, OPTIONS).unwrap();
        while !laying.is_done() {
            laying.step(true);
        }
        let loss = pollster::block_on(laying.loss()).unwrap();
        assert!(loss.is_finite(), "{loss}");
    }
}

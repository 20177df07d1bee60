//! A model on a device, assigning one block of rows (b, D) after the other.

use super::{Prediction, check_input_size};
use crate::data::Dataset;
use crate::device::{Device, DeviceBuffer, Matrix};
use crate::error::{Error, Result};
use crate::kernels::argmax_rows::argmax_rows;
use crate::kernels::soft_assign::soft_assign;
use crate::model::Model;
use crate::net::Layer;
use crate::run::trainer::{Embedding, download_all};
use crate::source::Source;

/// A model on a device, and the memory to assign rows with, which is kept from block to block.
pub struct Predictor<'a, D: Device> {
    device: &'a D,
    model: &'a Model,
    encoder: Vec<Layer<D>>,
    /// mu (k, d).
    centroids: Matrix<D>,
    embedding: Embedding<D>,
    outputs: Vec<Outputs<D>>,
    /// What the kernel of labels counts; not read here.
    changes: Matrix<D>,
}

/// What is computed for one block of a [`Source`]; the memory may hold more rows.
struct Outputs<D: Device> {
    /// z (rows, d).
    z: Matrix<D>,
    /// q (rows, k).
    q: Matrix<D>,
    /// argmax of q (rows, 1; u32).
    label: Matrix<D>,
    /// max of q (rows, 1).
    largest: Matrix<D>,
}

impl<'a, D: Device> Predictor<'a, D> {
    /// Uploads the model. `batch_size` samples are encoded at a time; the results do not depend on it.
    ///
    /// # Errors
    /// The device's, when memory runs out.
    pub fn new(device: &'a D, model: &'a Model, batch_size: usize) -> Result<Self> {
        if let Some(forms) = &model.forms {
            device.products().use_choices(forms);
        }
        let (k, d) = (model.n_clusters, model.embedding_dim);
        Ok(Self {
            device,
            model,
            encoder: Layer::upload_half(device, &model.encoder)?,
            centroids: Matrix::upload(device, k, d, &model.centroids)?,
            embedding: Embedding::without_blocks(
                device,
                model.plan().encoder(),
                batch_size.max(1),
            )?,
            outputs: Vec::new(),
            changes: Matrix::zeros(device, 1, 1)?,
        })
    }

    /// Assigns some rows, raw or prepared; a row gives the same bits among any others.
    ///
    /// # Errors
    /// Those of [`check_input_size`]; [`crate::data::PrepareError`]; [`Error::Numeric`] if the embedding is not finite; the device's.
    pub async fn assign(&mut self, data: &Dataset) -> Result<Prediction> {
        let (device, model) = (self.device, self.model);
        check_input_size(model, "the model", data, &data.name)?;
        let data = &*model.prepared(data)?;
        let width = model.n_clusters.max(model.embedding_dim);
        let source = Source::upload(device, data, &model.affine(), width)?;
        let outputs = self.outputs_for(&source.block_rows())?;
        self.embedding.blocks = outputs.iter().map(|block| block.z.clone()).collect();
        self.embedding.encode(device, &source, &self.encoder);
        let embedding = download_all(device, &self.embedding.blocks).await?;
        if !embedding.iter().all(|value| value.is_finite()) {
            return Err(Error::Numeric {
                phase: "predict",
                step: 0,
                tensor: "embedding",
            });
        }
        let mut found = Prediction {
            assignment: Vec::with_capacity(data.n_samples),
            confidence: Vec::with_capacity(data.n_samples),
            soft_assignment: Vec::with_capacity(data.n_samples * model.n_clusters),
            embedding,
            n_clusters: model.n_clusters,
        };
        for block in &outputs {
            self.assign_block(block, &mut found).await?;
        }
        Ok(found)
    }

    /// q, labels and confidence of one block.
    async fn assign_block(&self, block: &Outputs<D>, found: &mut Prediction) -> Result<()> {
        let Outputs {
            z,
            q,
            label,
            largest,
        } = block;
        let device = self.device;
        soft_assign(device, z, &self.centroids, self.model.alpha, q);
        argmax_rows(device, q, label, largest, &self.changes, 0);
        let labels = device.download(&label.buffer).await?;
        found.assignment.extend(&labels[..label.len()]);
        found.confidence.extend(largest.download(device).await?);
        found.soft_assignment.extend(q.download(device).await?);
        Ok(())
    }

    /// Room for blocks of so many rows: what there is, if it is large enough.
    fn outputs_for(&mut self, block_rows: &[usize]) -> Result<Vec<Outputs<D>>> {
        let (device, k, d) = (self.device, self.centroids.rows, self.centroids.cols);
        for (i, rows) in block_rows.iter().enumerate() {
            match self.outputs.get(i) {
                Some(room) if room.label.buffer.words() >= *rows => {}
                Some(_) => self.outputs[i] = Outputs::zeros(device, *rows, k, d)?,
                None => self.outputs.push(Outputs::zeros(device, *rows, k, d)?),
            }
        }
        let views = self.outputs.iter().zip(block_rows);
        Ok(views.map(|(room, rows)| room.first_rows(*rows)).collect())
    }
}

impl<D: Device> Outputs<D> {
    fn zeros(device: &D, rows: usize, k: usize, d: usize) -> Result<Self> {
        Ok(Self {
            z: Matrix::zeros(device, rows, d)?,
            q: Matrix::zeros(device, rows, k)?,
            label: Matrix::zeros(device, rows, 1)?,
            largest: Matrix::zeros(device, rows, 1)?,
        })
    }

    fn first_rows(&self, rows: usize) -> Self {
        Self {
            z: self.z.first_rows(rows),
            q: self.q.first_rows(rows),
            label: self.label.first_rows(rows),
            largest: self.largest.first_rows(rows),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{BATCH_SIZE, block_rows, predict};
    use super::*;
    use crate::cpu::Cpu;
    use crate::data::{Step, Values, prepare};
    use crate::net::{LayerValues, half};

    fn values(n: usize, seed: usize) -> Vec<f32> {
        let value = |i: usize| ((i * 37 + seed * 101) % 41) as f32 / 20.0 - 1.0;
        (0..n).map(value).collect()
    }

    fn model() -> Model {
        let layer = |d_in, d_out| {
            LayerValues::dense(
                (d_in, d_out),
                values(d_in * d_out, d_in),
                values(d_out, d_out),
            )
        };
        Model {
            encoder: half(vec![layer(5, 7), layer(7, 2)]),
            decoder: half(vec![layer(2, 7), layer(7, 5)]),
            centroids: values(6, 3),
            n_clusters: 3,
            embedding_dim: 2,
            input_dim: 5,
            alpha: 1.0,
            shift: vec![0.5; 5],
            scale: vec![2.0; 5],
            preparation: None,
            config_toml: String::new(),
            forms: None,
        }
    }

    #[test]
    fn blocks_of_any_size_give_the_same_bits() {
        let (cpu, model, n) = (Cpu::new(), model(), 50);
        let set =
            |rows: &[f32]| Dataset::new("rows", rows.len() / 5, 5, Values::F32(rows.to_vec()));
        let all = values(n * 5, 9);
        let whole = pollster::block_on(predict(&cpu, &model, &set(&all), 1024)).unwrap();
        let mut predictor = Predictor::new(&cpu, &model, 4).unwrap();
        // Growing and shrinking, so that memory is kept, replaced, and used in part.
        let (mut rest, mut parts) = (&all[..], Vec::new());
        for rows in [3, 1, 20, 7, 19] {
            let (block, after) = rest.split_at(rows * 5);
            parts.push(pollster::block_on(predictor.assign(&set(block))).unwrap());
            rest = after;
        }
        assert!(rest.is_empty());
        let join = |of: fn(&Prediction) -> &Vec<f32>| -> Vec<u32> {
            let all = parts.iter().flat_map(of);
            all.map(|value| value.to_bits()).collect()
        };
        let bits = |values: &[f32]| -> Vec<u32> { values.iter().map(|v| v.to_bits()).collect() };
        assert_eq!(join(|p| &p.embedding), bits(&whole.embedding));
        assert_eq!(join(|p| &p.soft_assignment), bits(&whole.soft_assignment));
        assert_eq!(join(|p| &p.confidence), bits(&whole.confidence));
        let labels: Vec<u32> = parts.iter().flat_map(|p| p.assignment.clone()).collect();
        assert_eq!(labels, whole.assignment);
    }

    #[test]
    fn raw_rows_are_prepared_and_prepared_ones_taken_as_they_are() {
        let (cpu, n) = (Cpu::new(), 12);
        let counts: Vec<f32> = (0..n * 8).map(|i| ((i * 5) % 7) as f32).collect();
        let raw = Dataset::new("counts", n, 8, Values::F32(counts));
        let own = |steps: &[Step]| prepare(raw.clone(), steps, Some(5)).unwrap();
        let data = own(&[Step::LibrarySize]);
        let model = Model {
            preparation: data.prepared.clone(),
            ..model()
        };
        let assign = |data: &Dataset| pollster::block_on(predict(&cpu, &model, data, 4));
        assert_eq!(assign(&raw).unwrap(), assign(&data).unwrap());
        let narrow = Dataset {
            prepared: None,
            ..data
        };
        let error = assign(&narrow).unwrap_err().to_string();
        assert!(error.contains("expects 8 values per sample"), "{error}");
        let error = assign(&own(&[Step::Log1p])).unwrap_err().to_string();
        assert!(error.contains("prepared in another way"), "{error}");
    }

    #[test]
    fn a_block_holds_whole_batches_or_at_least_one_row() {
        let rows = |n_clusters| {
            let model = Model {
                n_clusters,
                ..model()
            };
            block_rows(&model).get()
        };
        assert_eq!(rows(3), ((16 << 20) / 20) / BATCH_SIZE * BATCH_SIZE);
        assert_eq!(rows(1 << 13), 512);
        assert_eq!(rows(usize::MAX / 8), 1);
    }
}

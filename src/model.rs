//! The trained model and its file, in the safetensors format that Python opens too.
//!
//! Tensors, F32 if nothing else is said, row-major, little-endian; names and shapes are stable under schemas 1 to 3:
//!
//! | name | shape | |
//! |---|---|---|
//! | `encoder.0.weight`, `encoder.1.weight`, … | (in, out) | y = x·W + b; the first `in` is D, the last `out` is d |
//! | `encoder.0.bias`, … | (out) | |
//! | `decoder.0.weight`, `decoder.0.bias`, … | (in, out), (out) | from d back to D |
//! | `centroids` | (k, d) | μ, in the embedding |
//! | `input.shift` | (D) | inputs become (x - shift)·scale before the encoder |
//! | `input.scale` | (D) | |
//! | `prepare.idf` | (raw D) | schema 2, with the step `tf-idf`: see [`crate::data::Preparation`] |
//! | `prepare.columns` | (D), U32 | schema 2, if columns are chosen: those that are kept, rising |
//!
//! Weights are (in, out), the transpose of PyTorch's `nn.Linear`. `__metadata__` holds text:
//! `format` = `dec-gpu-model`, `schema` = `1` (`2` if raw inputs are prepared first), `version` (of the program that wrote the file),
//! `alpha` (decimal) and `config` (the resolved configuration, TOML). A model made on a GPU also has
//! `forms`: the adapter, its driver and the forms that products took there ([`Choices`], JSON), so that the
//! same adapter gives the same bits again. Under schema 2 `prepare` is JSON: `steps` in order, `target_sum` (decimal, with
//! the step `library-size`) and `input_dim` (raw D); a program that knows schema 1 only refuses such a file. Under schema 3, prepared or not, `layers` is JSON too: the kind of
//! every layer of `encoder` and of `decoder`, as [`crate::net`] names them; without it all are `dense`. Tensors under other names are left alone, so that a checkpoint can carry the optimiser's state in the same file.
//!
//! The same model gives the same bytes. ReLU follows every `dense` layer but the last of each half.

mod error;
mod layers;
mod prepare;
mod read;
mod stored;

use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::data::{Affine, Preparation};
use crate::device::Choices;
use crate::net::{LayerValues, Plan};

pub use error::ModelError;
use layers::Layers;

/// `__metadata__.format` of every model file.
pub const FORMAT: &str = "dec-gpu-model";

/// `__metadata__.schema`: the version of the names, shapes and metadata of the module's page.
pub const SCHEMA: u32 = 1;

/// `__metadata__.schema` of a model that prepares raw inputs.
pub const PREPARED_SCHEMA: u32 = 2;

/// `__metadata__.schema` of a model with layers that are not fully connected.
pub const LAYERS_SCHEMA: u32 = 3;

/// Everything that is needed to assign new samples to clusters, and to reconstruct them.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// From D to d, in the order of computation; at least one layer.
    pub encoder: Vec<LayerValues>,
    /// From d back to D, in the order of computation; at least one layer.
    pub decoder: Vec<LayerValues>,
    /// Cluster centroids μ (k, d), row-major.
    pub centroids: Vec<f32>,
    /// k.
    pub n_clusters: usize,
    /// d.
    pub embedding_dim: usize,
    /// D, after the choice of columns if there is one.
    pub input_dim: usize,
    /// Degrees of freedom α > 0 of the Student's t kernel.
    pub alpha: f32,
    /// Subtracted from the inputs (D).
    pub shift: Vec<f32>,
    /// Multiplies the inputs after the shift (D).
    pub scale: Vec<f32>,
    /// What is done to raw inputs before, if anything is.
    pub preparation: Option<Arc<Preparation>>,
    /// The resolved configuration the model was trained with, as TOML.
    pub config_toml: String,
    /// The forms that products took where it was trained, if there was a choice.
    pub forms: Option<Choices>,
}

/// The values of one tensor on their way into a file.
struct Tensor<'a> {
    name: String,
    shape: Vec<usize>,
    values: Words<'a>,
}

/// Values of four bytes.
#[derive(Clone, Copy)]
enum Words<'a> {
    F32(&'a [f32]),
    U32(&'a [u32]),
}

impl<'a> Words<'a> {
    fn len(self) -> usize {
        match self {
            Self::F32(values) => values.len(),
            Self::U32(values) => values.len(),
        }
    }

    fn dtype(self) -> &'static str {
        match self {
            Self::F32(_) => "F32",
            Self::U32(_) => "U32",
        }
    }

    /// The bits of the values.
    fn bits(self) -> &'a [u32] {
        match self {
            Self::F32(values) => bytemuck::cast_slice(values),
            Self::U32(values) => values,
        }
    }
}

/// One entry of the safetensors header.
#[derive(Serialize)]
#[serde(untagged)]
enum HeaderEntry {
    Metadata(BTreeMap<&'static str, String>),
    Tensor {
        dtype: &'static str,
        shape: Vec<usize>,
        data_offsets: [usize; 2],
    },
}

impl Model {
    /// The model file's bytes.
    ///
    /// Non-finite values are written as they are; [`Model::from_safetensors`] refuses them.
    ///
    /// # Panics
    /// If the lengths of the fields do not fit each other, or `alpha` is not positive; a trainer
    /// that makes such a model has a bug.
    pub fn to_safetensors(&self) -> Vec<u8> {
        self.assert_consistent();
        let tensors = self.tensors();
        let header = self.header(&tensors);
        // The header is padded with spaces, so that the values start on 8 bytes.
        let header_len = header.len().next_multiple_of(8);
        let values: usize = tensors.iter().map(|tensor| tensor.values.len()).sum();

        let mut bytes = Vec::with_capacity(8 + header_len + 4 * values);
        bytes.extend((header_len as u64).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.resize(8 + header_len, b' ');
        for tensor in tensors {
            if cfg!(target_endian = "little") {
                bytes.extend_from_slice(bytemuck::cast_slice(tensor.values.bits()));
            } else {
                let words = tensor.values.bits().iter();
                bytes.extend(words.flat_map(|word| word.to_le_bytes()));
            }
        }
        bytes
    }

    /// Reads a model file. `name` is the file's name for messages.
    ///
    /// Nothing in `bytes` is trusted: see [`ModelError`] for the rules, each with its own variant.
    pub fn from_safetensors(bytes: &[u8], name: &str) -> Result<Self, ModelError> {
        read::read(bytes, name)
    }

    /// The normalisation of inputs.
    pub fn affine(&self) -> Affine {
        Affine {
            shift: self.shift.clone(),
            scale: self.scale.clone(),
        }
    }

    /// Sizes from input to embedding, D, hidden…, d: of the layers that the decoder undoes.
    pub fn encoder_sizes(&self) -> Vec<usize> {
        self.plan().sizes()
    }

    /// The list of its layers.
    pub fn plan(&self) -> Plan {
        Plan::of_halves(&self.encoder, &self.decoder)
    }

    /// The layers in the order of computation, with their names in files.
    fn layers(&self) -> impl Iterator<Item = (String, &LayerValues)> {
        let plan = self.plan();
        let layers = self.encoder.iter().chain(&self.decoder).enumerate();
        layers.map(move |(l, layer)| (plan.name(l), layer))
    }

    /// All tensors in the order of the file.
    fn tensors(&self) -> Vec<Tensor<'_>> {
        let mut tensors = Vec::new();
        let mut add = |name: String, shape: Vec<usize>, values| {
            tensors.push(Tensor {
                name,
                shape,
                values: Words::F32(values),
            });
        };
        for (layer, values) in self.layers() {
            let parameters = values.kind.parameters().into_iter();
            for (own, values) in parameters.zip(&values.parameters) {
                add(format!("{layer}.{}", own.name), own.shape, &values[..]);
            }
        }
        let shape = vec![self.n_clusters, self.embedding_dim];
        add("centroids".into(), shape, &self.centroids[..]);
        add("input.shift".into(), vec![self.input_dim], &self.shift[..]);
        add("input.scale".into(), vec![self.input_dim], &self.scale[..]);
        tensors.extend(
            self.preparation
                .iter()
                .flat_map(|own| prepare::tensors(own)),
        );
        tensors
    }

    /// The JSON header. Written here and not by the safetensors crate, whose hash map would put the
    /// metadata in another order in every run.
    fn header(&self, tensors: &[Tensor<'_>]) -> String {
        let mut metadata = BTreeMap::from([
            ("format", FORMAT.to_owned()),
            ("schema", SCHEMA.to_string()),
            ("version", env!("CARGO_PKG_VERSION").to_owned()),
            ("alpha", self.alpha.to_string()),
            ("config", self.config_toml.clone()),
        ]);
        if let Some(forms) = &self.forms {
            let text = serde_json::to_string(forms).expect("maps of text have a JSON form");
            metadata.insert("forms", text);
        }
        if let Some(own) = &self.preparation {
            metadata.insert("schema", PREPARED_SCHEMA.to_string());
            metadata.insert("prepare", stored::to_json(own));
        }
        if let Some(layers) = Layers::of(&self.encoder, &self.decoder) {
            metadata.insert("schema", LAYERS_SCHEMA.to_string());
            metadata.insert("layers", layers.to_json());
        }
        let mut header = BTreeMap::from([("__metadata__", HeaderEntry::Metadata(metadata))]);
        let mut offset = 0;
        for tensor in tensors {
            let end = offset + 4 * tensor.values.len();
            header.insert(
                &tensor.name,
                HeaderEntry::Tensor {
                    dtype: tensor.values.dtype(),
                    shape: tensor.shape.clone(),
                    data_offsets: [offset, end],
                },
            );
            offset = end;
        }
        serde_json::to_string(&header).expect("maps of text and integers have a JSON form")
    }

    /// The shape rules, for models made in memory.
    fn assert_consistent(&self) {
        let (input_dim, embedding_dim) = (self.input_dim, self.embedding_dim);
        assert_chain("encoder", &self.encoder, input_dim, embedding_dim);
        assert_chain("decoder", &self.decoder, embedding_dim, input_dim);
        assert!(
            self.n_clusters > 0 && self.centroids.len() == self.n_clusters * embedding_dim,
            "centroids have {} values, expected ({}, {embedding_dim})",
            self.centroids.len(),
            self.n_clusters
        );
        assert!(
            self.shift.len() == input_dim && self.scale.len() == input_dim,
            "shift has {} and scale {} values, expected ({input_dim})",
            self.shift.len(),
            self.scale.len()
        );
        if let Some(own) = &self.preparation {
            prepare::assert_consistent(own, input_dim);
        }
        assert!(
            self.alpha > 0.0 && self.alpha.is_finite(),
            "alpha is {}, expected a positive number",
            self.alpha
        );
    }
}

/// Asserts that `layers` lead from `first` values to `last`, each taking what the one before gives.
fn assert_chain(half: &str, layers: &[LayerValues], first: usize, last: usize) {
    let mut width = first;
    for (at, layer) in layers.iter().enumerate() {
        layer.assert_consistent(&format!("{half}.{at}"));
        let found = layer.d_in();
        assert!(
            found == width,
            "{half}.{at} takes {found} values, expected {width}"
        );
        width = layer.d_out();
    }
    assert!(
        !layers.is_empty() && width == last && first > 0,
        "{half} leads from {first} to {width} values in {} layers, expected {last}",
        layers.len()
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Step;
    use crate::device::DeviceInfo;
    use crate::net::{Kind, RmsRows, half};

    fn layer(d_in: usize, d_out: usize) -> LayerValues {
        let weight = (0..d_in * d_out).map(|at| at as f32 - 0.5).collect();
        LayerValues::dense((d_in, d_out), weight, vec![0.25; d_out])
    }

    /// Twelve encoder layers, so that names need two digits.
    fn model() -> Model {
        let mut encoder = vec![layer(5, 3)];
        encoder.extend(std::iter::repeat_n(layer(3, 3), 10));
        encoder.push(layer(3, 2));
        Model {
            encoder: half(encoder),
            decoder: half(vec![layer(2, 3), layer(3, 5)]),
            centroids: vec![1.0, -2.0, f32::MIN_POSITIVE, -0.0, f32::MAX, 1e-45],
            n_clusters: 3,
            embedding_dim: 2,
            input_dim: 5,
            alpha: 0.1,
            shift: vec![0.5; 5],
            scale: vec![2.0; 5],
            preparation: None,
            config_toml: "seed = 7\n[model]\nnote = \"ü \\\" \u{1}\"\n".into(),
            forms: None,
        }
    }

    #[test]
    fn reads_back_what_it_wrote() {
        let written = model();
        let bytes = written.to_safetensors();
        let read = Model::from_safetensors(&bytes, "model.safetensors").unwrap();
        assert_eq!(read, written);
        // `==` takes -0.0 for 0.0; the bytes do not.
        assert_eq!(read.to_safetensors(), bytes);
    }

    #[test]
    fn forms_are_kept_and_broken_ones_refused() {
        let device = DeviceInfo {
            backend: "vulkan".into(),
            name: "GPU".into(),
            driver: "1.0".into(),
            kind: "discrete".into(),
        };
        let forms = BTreeMap::from([("linear_forward 1x2x4".into(), "L".into())]);
        let written = Model {
            forms: Some(Choices { device, forms }),
            ..model()
        };
        let bytes = written.to_safetensors();
        assert_eq!(Model::from_safetensors(&bytes, "m").unwrap(), written);
        let at = bytes.windows(3).position(|w| w == b"GPU").unwrap();
        let mut broken = bytes;
        broken[at + 3..at + 5].copy_from_slice(b"  "); // the text has no end
        let error = Model::from_safetensors(&broken, "m").unwrap_err();
        assert!(matches!(error, ModelError::Forms { .. }), "{error}");
    }

    #[test]
    fn a_preparation_is_kept_and_raises_the_schema() {
        let own = Preparation {
            steps: vec![Step::TfIdf, Step::LibrarySize],
            // No decimal of few digits; as a JSON number it could come back as its neighbour.
            target_sum: Some(f64::from_bits(0x4093_4a45_6d5c_faad)),
            idf: Some((1..=9).map(|i| 1.0 + (i as f32).ln()).collect()),
            columns: Some(vec![0, 2, 3, 7, 8]),
            input_dim: 9,
        };
        let written = Model {
            preparation: Some(Arc::new(own)),
            ..model()
        };
        let bytes = written.to_safetensors();
        assert_eq!(Model::from_safetensors(&bytes, "m").unwrap(), written);
        assert_eq!(written.raw_input_dim(), 9);
        let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
        assert_eq!(header.metadata().as_ref().unwrap()["schema"], "2");
        let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        assert_eq!(file.tensor("prepare.idf").unwrap().shape(), [9]);
        let columns = file.tensor("prepare.columns").unwrap();
        assert_eq!(columns.dtype(), safetensors::Dtype::U32);
        assert_eq!(columns.data()[4..8], [2, 0, 0, 0]);
    }

    #[test]
    fn kinds_of_layers_are_kept_and_raise_the_schema() {
        let mut written = model();
        let rows = LayerValues {
            kind: Kind::RmsRows(RmsRows { width: 5 }),
            parameters: Vec::new(),
        };
        written.encoder.insert(0, rows);
        let bytes = written.to_safetensors();
        assert_eq!(Model::from_safetensors(&bytes, "m").unwrap(), written);
        assert_eq!(written.encoder_sizes()[..2], [5, 3]);
        let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
        assert_eq!(header.metadata().as_ref().unwrap()["schema"], "3");
        let changed = |from: &[u8], to: &[u8]| {
            let at = bytes.windows(from.len()).position(|w| w == from).unwrap();
            let mut changed = bytes.clone();
            changed[at..at + to.len()].copy_from_slice(to);
            Model::from_safetensors(&changed, "m").unwrap_err()
        };
        let error = changed(b"rms-rows", b"rms-cols");
        assert!(matches!(error, ModelError::Layers { .. }), "{error}");
        assert!(error.to_string().contains("rms-cols"), "{error}");
        // Not announced by the schema; announced and absent; no room for the kinds that are there.
        for (from, to) in [
            (&b"\"schema\":\"3\""[..], &b"\"schema\":\"1\""[..]),
            (b"\"layers\"", b"\"layerz\""),
            (b"[\\\"rms-rows\\\"", b"[\\\"dense\\\"   "),
        ] {
            changed(from, to);
        }
    }

    #[test]
    fn the_safetensors_crate_reads_the_documented_names_and_shapes() {
        let bytes = model().to_safetensors();
        let (header_len, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
        assert_eq!(header_len % 8, 0);
        let metadata = header.metadata().as_ref().unwrap();
        assert_eq!(metadata["format"], "dec-gpu-model");
        assert_eq!(metadata["schema"], "1");
        assert_eq!(metadata["alpha"], "0.1");
        let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        assert_eq!(file.len(), 2 * 14 + 3);
        assert_eq!(file.tensor("encoder.0.weight").unwrap().shape(), [5, 3]);
        assert_eq!(file.tensor("encoder.11.bias").unwrap().shape(), [2]);
        assert_eq!(file.tensor("centroids").unwrap().shape(), [3, 2]);
        assert_eq!(file.tensor("input.scale").unwrap().shape(), [5]);
    }

    #[test]
    #[should_panic(expected = "decoder.1 takes 4 values, expected 3")]
    fn a_broken_chain_is_a_bug() {
        let mut model = model();
        model.decoder[1] = layer(4, 5);
        model.to_safetensors();
    }
}

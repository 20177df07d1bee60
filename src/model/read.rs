//! Reading a model file, with every rule checked before a value is used.
//!
//! Allocations are bounded by the file's own length: the safetensors crate has checked that shapes
//! and offsets fit the bytes that are really there.

mod preparation;

use super::{FORMAT, LayerWeights, Model, ModelError, PREPARED_SCHEMA, SCHEMA};
use crate::data::{cut, printable, said, short};
use crate::device::Choices;
use safetensors::{Dtype, SafeTensors};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Characters of metadata in a message.
const MOST: usize = 40;

/// See [`Model::from_safetensors`].
pub(super) fn read(bytes: &[u8], name: &str) -> Result<Model, ModelError> {
    let name = &printable(name);
    let file = File::open(bytes, name)?;
    let alpha = file.alpha()?;
    let config_toml = file.metadata("config")?.to_owned();
    let forms = file.forms()?;
    let encoder = file.layers("encoder")?;
    let decoder = file.layers("decoder")?;
    let input_dim = encoder[0].d_in;
    let last = encoder.len() - 1;
    let embedding_dim = encoder[last].d_out;
    let inputs = "the rows of encoder.0.weight";
    let embedding = format!("the columns of encoder.{last}.weight");

    let found = decoder[0].d_in;
    file.same("decoder.0.weight", "rows", found, embedding_dim, &embedding)?;
    let tensor = format!("decoder.{}.weight", decoder.len() - 1);
    let found = decoder[decoder.len() - 1].d_out;
    file.same(&tensor, "columns", found, input_dim, inputs)?;
    let (n_clusters, width, centroids) = file.matrix("centroids")?;
    file.same("centroids", "columns", width, embedding_dim, &embedding)?;
    let shift = file.vector("input.shift", input_dim, inputs)?;
    let scale = file.vector("input.scale", input_dim, inputs)?;
    let preparation = file.preparation(input_dim)?.map(Arc::new);
    Ok(Model {
        encoder,
        decoder,
        centroids,
        n_clusters,
        embedding_dim,
        input_dim,
        alpha,
        shift,
        scale,
        preparation,
        config_toml,
        forms,
    })
}

/// A parsed file whose container, format and schema are right.
struct File<'a> {
    name: &'a str,
    tensors: SafeTensors<'a>,
    metadata: HashMap<String, String>,
}

impl<'a> File<'a> {
    fn open(bytes: &'a [u8], name: &'a str) -> Result<Self, ModelError> {
        let container = |source| ModelError::Container {
            file: name.to_owned(),
            source,
        };
        // Parsed twice, because `SafeTensors` keeps the metadata to itself. The header is small.
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(container)?;
        let tensors = SafeTensors::deserialize(bytes).map_err(container)?;
        let metadata = header.metadata().clone().unwrap_or_default();
        let text = |key: &str| metadata.get(key).cloned().unwrap_or_default();
        if text("format") != FORMAT {
            return Err(ModelError::Format {
                file: name.to_owned(),
                found: cut(&text("format"), MOST),
            });
        }
        let known = [SCHEMA, PREPARED_SCHEMA].map(|schema| schema.to_string());
        if !known.contains(&text("schema")) {
            return Err(ModelError::Schema {
                file: name.to_owned(),
                found: cut(&text("schema"), MOST),
                version: cut(&text("version"), MOST),
            });
        }
        Ok(Self {
            name,
            tensors,
            metadata,
        })
    }

    fn metadata(&self, key: &'static str) -> Result<&str, ModelError> {
        match self.metadata.get(key) {
            Some(text) => Ok(text),
            None => Err(self.missing(key)),
        }
    }

    fn missing(&self, key: &'static str) -> ModelError {
        ModelError::MissingMetadata {
            file: self.name.to_owned(),
            key,
        }
    }

    fn alpha(&self) -> Result<f32, ModelError> {
        let text = self.metadata("alpha")?;
        match text.parse::<f32>() {
            Ok(alpha) if alpha > 0.0 && alpha.is_finite() => Ok(alpha),
            _ => Err(ModelError::Alpha {
                file: self.name.to_owned(),
                found: cut(text, MOST),
            }),
        }
    }

    /// The forms of products, if any are named. Whether these are known here is for the device to say.
    fn forms(&self) -> Result<Option<Choices>, ModelError> {
        let Some(text) = self.metadata.get("forms") else {
            return Ok(None);
        };
        let forms = serde_json::from_str(text).map_err(|error| ModelError::Forms {
            file: self.name.to_owned(),
            reason: said(error),
        })?;
        Ok(Some(forms))
    }

    /// The layers of one half, in order; at least one, each taking what the one before gives.
    fn layers(&self, half: &str) -> Result<Vec<LayerWeights>, ModelError> {
        let mut layers: Vec<LayerWeights> = Vec::new();
        loop {
            let at = layers.len();
            let name = format!("{half}.{at}.weight");
            if at > 0 && self.tensors.tensor(&name).is_err() {
                break;
            }
            let (d_in, d_out, weight) = self.matrix(&name)?;
            if let Some(before) = layers.last() {
                let like = format!("the columns of {half}.{}.weight", at - 1);
                self.same(&name, "rows", d_in, before.d_out, &like)?;
            }
            let like = format!("the columns of {name}");
            let bias = self.vector(&format!("{half}.{at}.bias"), d_out, &like)?;
            layers.push(LayerWeights {
                weight,
                bias,
                d_in,
                d_out,
            });
        }
        self.no_strays(half, layers.len())?;
        Ok(layers)
    }

    /// Refuses tensors of `half` beyond its `n_layers` layers, such as those after a gap.
    fn no_strays(&self, half: &str, n_layers: usize) -> Result<(), ModelError> {
        let of_a_layer: HashSet<String> = (0..n_layers)
            .flat_map(|at| [format!("{half}.{at}.weight"), format!("{half}.{at}.bias")])
            .collect();
        let prefix = format!("{half}.");
        let stray = self
            .tensors
            .names()
            .into_iter()
            .filter(|&name| name.starts_with(&prefix) && !of_a_layer.contains(name))
            .min(); // the same one every time: the names come from a hash map
        match stray {
            None => Ok(()),
            Some(tensor) => Err(ModelError::StrayTensor {
                file: self.name.to_owned(),
                tensor: short(tensor),
            }),
        }
    }

    /// A tensor of two axes: rows, columns, values (rows, columns).
    fn matrix(&self, tensor: &str) -> Result<(usize, usize, Vec<f32>), ModelError> {
        let ([rows, columns], values) = self.values(tensor)?;
        Ok((rows, columns, values))
    }

    /// A tensor of one axis and `expected` values, as many as `like` has.
    fn vector(&self, tensor: &str, expected: usize, like: &str) -> Result<Vec<f32>, ModelError> {
        let ([found], values) = self.values(tensor)?;
        self.same(tensor, "values", found, expected, like)?;
        Ok(values)
    }

    /// A tensor's shape and values: present, F32, of rank R, not empty, all finite.
    fn values<const R: usize>(&self, tensor: &str) -> Result<([usize; R], Vec<f32>), ModelError> {
        let (shape, words) = self.words(tensor, Dtype::F32)?;
        let values: Vec<f32> = words.iter().map(|&word| f32::from_le_bytes(word)).collect();
        if let Some(index) = values.iter().position(|value| !value.is_finite()) {
            return Err(ModelError::NotFinite {
                file: self.name.to_owned(),
                tensor: tensor.to_owned(),
                index,
                found: values[index],
            });
        }
        Ok((shape, values))
    }

    /// A tensor's shape and values of four bytes: present, of the type `expected`, of rank R, not empty.
    fn words<const R: usize>(
        &self,
        tensor: &str,
        expected: Dtype,
    ) -> Result<([usize; R], &[[u8; 4]]), ModelError> {
        let (file, name) = (self.name.to_owned(), tensor.to_owned());
        let Ok(view) = self.tensors.tensor(tensor) else {
            return Err(ModelError::MissingTensor { file, tensor: name });
        };
        if view.dtype() != expected {
            return Err(ModelError::Dtype {
                file,
                tensor: name,
                found: view.dtype(),
                expected,
            });
        }
        let Ok(shape) = <[usize; R]>::try_from(view.shape()) else {
            return Err(ModelError::Rank {
                file,
                tensor: name,
                found: view.shape().to_vec(),
                expected: R,
            });
        };
        if shape.contains(&0) {
            return Err(ModelError::Empty {
                file,
                tensor: name,
                found: shape.to_vec(),
            });
        }
        // The bytes need not be aligned in a hostile file, so they are not cast.
        let (words, _) = view.data().as_chunks::<4>();
        Ok((shape, words))
    }

    fn same(
        &self,
        tensor: &str,
        axis: &'static str,
        found: usize,
        expected: usize,
        like: &str,
    ) -> Result<(), ModelError> {
        if found == expected {
            return Ok(());
        }
        Err(ModelError::Mismatch {
            file: self.name.to_owned(),
            tensor: tensor.to_owned(),
            axis,
            found,
            expected,
            like: like.to_owned(),
        })
    }
}

//! Reading a model file, with every rule checked before a value is used.
//!
//! Allocations are bounded by the file's own length: the safetensors crate has checked that shapes
//! and offsets fit the bytes that are really there.

mod preparation;

use super::layers::{DENSE, Layers};
use super::{FORMAT, LAYERS_SCHEMA, Model, ModelError, PREPARED_SCHEMA, SCHEMA};
use crate::data::{cut, printable, said, short};
use crate::device::Choices;
use crate::net::{LayerValues, Tensors, Width, half};
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
    let kinds = file.kinds()?;
    let inputs = kinds.as_ref().map(|_| file.inputs()).transpose()?;
    let of_half = |half: fn(&Layers) -> &Vec<String>| kinds.as_ref().map(|kinds| &half(kinds)[..]);
    let (encoder, embedding) =
        file.layers("encoder", of_half(|kinds| &kinds.encoder), inputs.clone())?;
    let first = inputs.is_some().then(|| embedding.clone());
    let (decoder, _) = file.layers("decoder", of_half(|kinds| &kinds.decoder), first)?;
    let (input_dim, embedding_dim) = (encoder[0].d_in(), embedding.values);
    let inputs = inputs.map(|inputs| inputs.like);
    let inputs = inputs.as_deref().unwrap_or("the rows of encoder.0.weight");
    let embedding = &embedding.like;

    let found = decoder[0].d_in();
    file.same("decoder.0.weight", "rows", found, embedding_dim, embedding)?;
    let tensor = format!("decoder.{}.weight", decoder.len() - 1);
    let found = decoder[decoder.len() - 1].d_out();
    file.same(&tensor, "columns", found, input_dim, inputs)?;
    let (n_clusters, width, centroids) = file.matrix("centroids", None)?;
    file.same("centroids", "columns", width, embedding_dim, embedding)?;
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
        let known = [SCHEMA, PREPARED_SCHEMA, LAYERS_SCHEMA].map(|schema| schema.to_string());
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

    /// The layers of one half, in order; at least one, each taking what the one before gives. What the last one's output is
    /// as wide as.
    fn layers(
        &self,
        name: &str,
        kinds: Option<&[String]>,
        mut width: Option<Width>,
    ) -> Result<(Vec<LayerValues>, Width), ModelError> {
        let mut layers: Vec<LayerValues> = Vec::new();
        loop {
            let layer = format!("{name}.{}", layers.len());
            let kind = match kinds {
                Some(kinds) => kinds.get(layers.len()).map(String::as_str),
                None => {
                    (layers.is_empty() || self.has(&format!("{layer}.weight"))).then_some(DENSE)
                }
            };
            let Some(kind) = kind else { break };
            let read = LayerValues::read(kind, self, &layer, width);
            let (values, next) = read.ok_or_else(|| self.unknown_kind(kind))??;
            layers.push(values);
            width = Some(next);
        }
        self.no_strays(name, &layers)?;
        Ok((half(layers), width.expect("at least one layer")))
    }

    /// The kinds of layers, if they are named. Both halves have some.
    fn kinds(&self) -> Result<Option<Layers>, ModelError> {
        let announced = self.metadata("schema")? == LAYERS_SCHEMA.to_string();
        let layers: Layers = match self.metadata.get("layers") {
            Some(text) if announced => {
                serde_json::from_str(text).map_err(|error| self.refused_layers(said(error)))?
            }
            Some(_) => {
                return Err(
                    self.refused_layers(format!("expected schema \"{LAYERS_SCHEMA}\" beside it"))
                );
            }
            None if announced => return Err(self.missing("layers")),
            None => return Ok(None),
        };
        match layers.encoder.is_empty() || layers.decoder.is_empty() {
            true => Err(self.refused_layers("a half has no layers".into())),
            false => Ok(Some(layers)),
        }
    }

    /// How many values a sample has, told by the normalisation.
    fn inputs(&self) -> Result<Width, ModelError> {
        let ([values], _) = self.values("input.shift")?;
        let like = "the values of input.shift".to_owned();
        Ok(Width { values, like })
    }

    fn unknown_kind(&self, kind: &str) -> ModelError {
        self.refused_layers(format!("a layer is of kind {:?}", cut(kind, MOST)))
    }

    fn refused_layers(&self, reason: String) -> ModelError {
        ModelError::Layers {
            file: self.name.to_owned(),
            reason,
        }
    }

    fn has(&self, tensor: &str) -> bool {
        self.tensors.tensor(tensor).is_ok()
    }

    /// Refuses tensors of a half that are none of its layers', such as those after a gap.
    fn no_strays(&self, half: &str, layers: &[LayerValues]) -> Result<(), ModelError> {
        let names = |(at, layer): (usize, &LayerValues)| {
            let own = layer.kind.parameters().into_iter();
            own.map(move |own| format!("{half}.{at}.{}", own.name))
        };
        let of_a_layer: HashSet<String> = layers.iter().enumerate().flat_map(names).collect();
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

impl Tensors for File<'_> {
    type Error = ModelError;

    fn matrix(
        &self,
        tensor: &str,
        expected: Option<Width>,
    ) -> Result<(usize, usize, Vec<f32>), ModelError> {
        let ([rows, columns], values) = self.values(tensor)?;
        if let Some(expected) = expected {
            self.same(tensor, "rows", rows, expected.values, &expected.like)?;
        }
        Ok((rows, columns, values))
    }

    fn vector(&self, tensor: &str, expected: usize, like: &str) -> Result<Vec<f32>, ModelError> {
        let ([found], values) = self.values(tensor)?;
        self.same(tensor, "values", found, expected, like)?;
        Ok(values)
    }
}

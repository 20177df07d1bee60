//! The reader of models.

use dec_gpu::cpu::Cpu;
use dec_gpu::data::{Dataset, Values};
use dec_gpu::model::Model;
use dec_gpu::predict::predict;

use super::text::{self, NAME, SHOWN};
use super::{config, forced};

/// Values of a model that is small enough to be used in passing.
const SMALL: usize = 2048;

/// The bytes as they are, and with a header that is as long as the file says.
pub(crate) fn model(bytes: &[u8]) {
    one(bytes);
    one(&measured(bytes));
}

fn one(bytes: &[u8]) {
    let model = match Model::from_safetensors(bytes, NAME) {
        Ok(model) => model,
        Err(error) => return text::check(error, SHOWN),
    };
    let again = Model::from_safetensors(&model.to_safetensors(), NAME);
    assert_eq!(again.expect("its own bytes"), model);
    config::config(model.config_toml.as_bytes());
    let sizes = model.encoder_sizes();
    assert_eq!(sizes.last(), Some(&model.embedding_dim));
    let n_values: usize = model.encoder.iter().map(|l| l.n_parameters()).sum();
    if n_values + model.raw_input_dim() <= SMALL {
        used(&model);
    }
}

/// Assigns three samples; whatever the weights are, that ends with clusters that are there or with an error.
fn used(model: &Model) {
    let d = model.raw_input_dim();
    let values = (0..3 * d).map(|i| (i % 5) as f32).collect();
    let data = Dataset::new("three", 3, d, Values::F32(values));
    match pollster::block_on(predict(&Cpu::new(), model, &data, 2)) {
        Ok(found) => {
            let there = |cluster: &u32| (*cluster as usize) < model.n_clusters;
            assert!(found.assignment.len() == 3 && found.assignment.iter().all(there));
            assert!(found.confidence.iter().all(|c| (0.0..=1.0001).contains(c)));
        }
        Err(error) => text::harmless(&error.to_string()),
    }
}

/// The bytes with the length of their header put right: up to the last brace that follows another or ends a line of
/// text.
fn measured(bytes: &[u8]) -> Vec<u8> {
    let end = bytes.windows(2).rposition(|pair| pair == b"}}");
    let header = end.map_or(0, |end| (end + 2).saturating_sub(8)) as u64;
    forced(&header.to_le_bytes(), bytes)
}

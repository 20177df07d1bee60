//! A model's forms are taken again where it was made.

use dec_gpu::device::Device;
use dec_gpu::gpu::{Gpu, GpuOptions};
use dec_gpu::model::Model;
use dec_gpu::predict::{Prediction, predict};
use dec_gpu::tile::{S, TILES};
use dec_gpu::verify::training::{blobs, configuration, train};

use super::open;

fn predicted(gpu: &Gpu, model: &Model) -> Prediction {
    pollster::block_on(predict(gpu, model, &blobs(150, 12, 1), 64))
        .expect("the model fits its data")
}

/// The forms of the forward products.
fn forward(gpu: &Gpu) -> Vec<String> {
    let forms = gpu.choices().expect("a GPU has a choice").forms;
    let forward = |(class, form): (String, String)| class.contains("forward").then_some(form);
    forms.into_iter().filter_map(forward).collect()
}

#[test]
fn predict_takes_the_forms_of_the_training() {
    let test = "stored forms";
    let forced = GpuOptions {
        form: Some(S),
        ..GpuOptions::default()
    };
    let Some(gpu) = open(test, forced) else {
        return;
    };
    let data = blobs(150, 12, 1);
    let config = configuration(&data, &[]).expect("a known configuration");
    let run = pollster::block_on(train(&gpu, &data, config)).expect("blobs are easy");
    let here = predicted(&gpu, &run.model);

    let bytes = run.model.to_safetensors();
    let model = Model::from_safetensors(&bytes, "model").expect("just written");
    let other = open(test, GpuOptions::default()).expect("opened before");
    let there = predicted(&other, &model);
    assert!(forward(&other).iter().all(|form| form == TILES[S].name));
    assert_eq!(there, here);

    let mut foreign = model;
    let forms = foreign.forms.as_mut().expect("trained on a GPU");
    forms.device.driver.push_str(" and later");
    let third = open(test, GpuOptions::default()).expect("opened before");
    predicted(&third, &foreign);
    assert!(forward(&third).iter().any(|form| form != TILES[S].name));
}

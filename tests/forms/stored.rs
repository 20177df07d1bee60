//! A model's forms are taken again where it was made.

use dec_gpu::device::Device;
use dec_gpu::gpu::{Gpu, GpuOptions};
use dec_gpu::kernel::tile::{M, S, TILES};
use dec_gpu::model::Model;
use dec_gpu::predict::{Prediction, predict};
use dec_gpu::run::verify::{blobs, configuration, train};

use super::open;

fn predicted(gpu: &Gpu, model: &Model) -> Prediction {
    pollster::block_on(predict(gpu, model, &blobs(150, 12, 1), 64))
        .expect("the model fits its data")
}

/// The forms of the forward products.
fn forward(gpu: &Gpu) -> Vec<String> {
    let forms = gpu.products().choices().expect("a GPU has a choice").forms;
    let forward = |(class, form): (String, String)| class.contains("forward").then_some(form);
    forms.into_iter().filter_map(forward).collect()
}

/// Trains in one form, predicts where it was trained and as if elsewhere: whether the forms differ there, or nothing
/// without an adapter.
fn forms_differ_elsewhere(form: usize) -> Option<bool> {
    let test = "stored forms";
    let name = TILES[form].name;
    let forced = GpuOptions {
        form: Some(form),
        ..GpuOptions::default()
    };
    let gpu = open(test, forced)?;
    let data = blobs(150, 12, 1);
    let config = configuration(&data, &[]).expect("a known configuration");
    let run = pollster::block_on(train(&gpu, &data, config)).expect("blobs are easy");
    let here = predicted(&gpu, &run.model);

    let bytes = run.model.to_safetensors();
    let model = Model::from_safetensors(&bytes, "model").expect("just written");
    let other = open(test, GpuOptions::default()).expect("opened before");
    let there = predicted(&other, &model);
    assert!(forward(&other).iter().all(|taken| taken == name));
    assert_eq!(there, here);

    let mut foreign = model;
    let forms = foreign.forms.as_mut().expect("trained on a GPU");
    forms.device.driver.push_str(" and later");
    let third = open(test, GpuOptions::default()).expect("opened before");
    predicted(&third, &foreign);
    Some(forward(&third).iter().any(|taken| taken != name))
}

#[test]
fn predict_takes_the_forms_of_the_training() {
    // One of the two is not what the table takes on this adapter, whatever that is.
    let mut differ = [S, M].into_iter().map_while(forms_differ_elsewhere);
    if let Some(first) = differ.next() {
        assert!(first || differ.next() == Some(true));
    }
}

//! A run from data to a saved model and back: events, scores, prediction of new samples. See `docs/library.md`.
//!
//! ```sh
//! cargo run --release --locked --example library
//! ```

use std::error::Error;
use std::fs;

use dec_gpu::config::{Config, DataShape};
use dec_gpu::cpu::Cpu;
use dec_gpu::data::digits;
use dec_gpu::devices::Where;
use dec_gpu::metrics::Scores;
use dec_gpu::model::Model;
use dec_gpu::predict::{BATCH_SIZE, predict};
use dec_gpu::report::write_labels_csv;
use dec_gpu::run::{Event, Fit};

fn main() -> Result<(), Box<dyn Error>> {
    // 1,500 digits to train with and 500 others, 64 values each; labels only score.
    let all = digits();
    let classes = all.labels.as_ref().map_or(&[][..], |labels| &labels.ids);
    let data = all.of_rows(&(0..1500).collect::<Vec<_>>());
    let new = all.of_rows(&(1500..2000).collect::<Vec<_>>());

    // The values that are said, and what the rules make of the others.
    let mut config = Config::layered(Some("fast"), None, &["pretrain.steps=600".into()])?;
    config.n_clusters = Some(10);
    config.seed = 1;
    let config = config.resolve(DataShape::of(&data))?;

    let mut show = |event: &Event<'_>| match event {
        Event::Begin { phase, steps } => println!("{phase}: at most {steps} steps"),
        Event::Refresh {
            step, label_change, ..
        } => {
            println!(
                "step {step}: {:.1} % of the labels changed",
                100.0 * label_change
            );
        }
        _ => {}
    };
    let fit = Fit::new(config)
        .on(Where::cpu())
        .scored_by(Some(&classes[..1500]))
        .observed_by(&mut show);
    let fitted = pollster::block_on(fit.fit(&data))?;
    if let Some(scores) = fitted.metrics.scores {
        let reason = fitted.clustering.stop_reason;
        println!(
            "trained: ACC {:.3}, NMI {:.3}, {reason:?}",
            scores.dec.acc, scores.dec.nmi
        );
    }

    // The model alone assigns new samples; a file keeps it.
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("model.safetensors");
    fs::write(&path, fitted.model.to_safetensors())?;
    let model = Model::from_safetensors(&fs::read(&path)?, &path.to_string_lossy())?;
    let assigned = pollster::block_on(predict(&Cpu::new(), &model, &new, BATCH_SIZE))?;
    let scores = Scores::of(&classes[1500..2000], &assigned.assignment);
    println!(
        "new samples: ACC {:.3}, mean confidence {:.3}",
        scores.acc,
        assigned.mean_confidence()
    );

    let mut csv = Vec::new();
    write_labels_csv(&mut csv, &assigned.assignment, &assigned.confidence, None)?;
    let text = String::from_utf8(csv)?;
    println!("{}", text.lines().take(3).collect::<Vec<_>>().join("\n"));
    Ok(())
}

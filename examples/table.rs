//! A table of one's own: ids, a column of text, labels to score with. See `docs/tables.md`.
//!
//! ```sh
//! cargo run --release --locked --example table
//! ```

use std::error::Error;
use std::fmt::Write;

use dec_gpu::config::{Config, DataShape};
use dec_gpu::cpu::Cpu;
use dec_gpu::data::{self, Column, ReadOptions};
use dec_gpu::explain::{Outputs, explain};
use dec_gpu::metrics::Scores;
use dec_gpu::random::normal;
use dec_gpu::run::Fit;

/// Three kinds of flower, 40 of each: four measures in cm, a note that is no number.
fn table() -> Result<String, std::fmt::Error> {
    let kinds = [
        ("aster", [2.0, 1.0, 9.0, 0.5]),
        ("briar", [6.0, 1.2, 3.0, 2.5]),
        ("clover", [2.5, 4.0, 3.5, 0.4]),
    ];
    let mut text = String::from("plant,found,petal,width,stem,leaf,species\n");
    for i in 0..120 {
        let (kind, means) = kinds[i as usize % 3];
        write!(text, "plant-{i},by the river")?;
        for (j, mean) in (0..).zip(means) {
            write!(text, ",{:.2}", mean + 0.3 * normal(0, i, 0, j))?;
        }
        writeln!(text, ",{kind}")?;
    }
    Ok(text)
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("plants.csv");
    std::fs::write(&path, table()?)?;

    let options = ReadOptions {
        id_column: Some(Column::Name("plant".into())),
        ignore_columns: vec![Column::Name("found".into())],
        label_column: Some(Column::Index(-1)),
        ..ReadOptions::default()
    };
    // 120 samples of 4 values; labels and ids are no values.
    let data = data::open(&path, &options)?;
    println!("{} samples x {} values", data.n_samples, data.input_dim);

    let mut config = Config::preset("fast")?;
    config.n_clusters = Some(3);
    let config = config.resolve(DataShape::of(&data))?;
    println!("normalisation: {}", config.data.normalisation);
    let device = Cpu::new();
    let fitted = pollster::block_on(Fit::new(config).fit_on(&device, &data))?;
    let found = &fitted.clustering;

    if let Some(labels) = &data.labels {
        let scores = Scores::of(&labels.ids, &found.assignment);
        println!("ACC {:.3}, NMI {:.3}", scores.acc, scores.nmi);
    }
    let outputs = Outputs {
        assignment: &found.assignment,
        soft_assignment: &found.soft_assignment,
        embedding: &found.embedding,
    };
    let why = pollster::block_on(explain(&device, &fitted.model, &data, &outputs, 1))?;
    let names = data.column_names.as_deref().unwrap_or_default();
    for feature in why.features.iter().filter(|feature| feature.rank == 1) {
        let (cluster, mean) = (feature.cluster, feature.member_mean);
        let overall = feature.overall_mean;
        let name = &names[feature.column];
        println!("cluster {cluster}: {name} is {mean:.2}, of all plants {overall:.2}");
    }
    Ok(())
}

//! The page of a run, from the library: no file of a run folder is needed. See `docs/library.md`.
//!
//! ```sh
//! cargo run --release --locked --example report_page
//! ```

use std::error::Error;

use dec_gpu::config::{Config, DataShape};
use dec_gpu::cpu::Cpu;
use dec_gpu::data::{Dataset, Values, fit};
use dec_gpu::device::{Device, DeviceInfo};
use dec_gpu::neighbours::Pca;
use dec_gpu::precision::Precision;
use dec_gpu::random::normal;
use dec_gpu::report::{
    ClusterFiles, HistoryRecord, METRICS_SCHEMA, Map, MapPoint, Page, RunMetrics, Seconds, Steps,
};
use dec_gpu::trainer::{Clustering, Event, Trainer};

const N: usize = 300;
const D: usize = 6;
const K: usize = 3;

fn main() -> Result<(), Box<dyn Error>> {
    // (N, D), K groups.
    let value = |i: usize, j: usize| {
        let centre = 3.0 * normal(0, (i % K) as u32, 0, j as u32);
        centre + normal(0, i as u32, 1, j as u32)
    };
    let values = (0..N)
        .flat_map(|i| (0..D).map(move |j| value(i, j)))
        .collect();
    let data = Dataset::new("groups", N, D, Values::F32(values));

    let mut config = Config::layered(None, None, &["pretrain.steps=300".into()])?;
    config.n_clusters = Some(K);
    let config = config.resolve(DataShape::of(&data))?;
    let (affine, device) = (fit(&data, config.normalisation()), Cpu::new());
    let mut trainer = Trainer::new(&device, &data, affine, config)?;
    let mut history = Vec::new();
    let (pretrain, found) = pollster::block_on(async {
        let pretrain = trainer.pretrain(&mut |_| {}).await?;
        let first = trainer.first_clusters().await?;
        let found = trainer
            .cluster(first, &mut |event| history.extend(record(event)))
            .await?;
        Ok::<_, dec_gpu::Error>((pretrain, found))
    })?;

    let metrics = metrics(&found, device.info(), pretrain, trainer.config());
    let page = page(metrics, history, trainer.config().to_toml(), &found);
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("report.html");
    page.write_html(std::fs::File::create(&path)?)?;
    println!("report.html: {} bytes", std::fs::metadata(&path)?.len());
    for (name, svg) in page.pictures() {
        println!("picture {name}: {} bytes of SVG", svg.len());
    }
    Ok(())
}

/// A line of the history, of what belongs into one.
fn record(event: &Event<'_>) -> Option<HistoryRecord> {
    match event {
        Event::Refresh {
            step, label_change, ..
        } => Some(HistoryRecord::Cluster {
            step: *step,
            label_change: *label_change,
            loss: None,
            learning_rate: None,
            seconds: 0.0,
            acc: None,
            nmi: None,
            ari: None,
        }),
        _ => None,
    }
}

/// What the head of the page says. The seconds are not measured here.
fn metrics(found: &Clustering, device: DeviceInfo, pretrain: u64, config: &Config) -> RunMetrics {
    let size = |k| {
        found
            .assignment
            .iter()
            .filter(|cluster| **cluster == k)
            .count() as u64
    };
    RunMetrics {
        schema: METRICS_SCHEMA,
        version: env!("CARGO_PKG_VERSION").into(),
        data: Some("groups".into()),
        seed: config.seed.into(),
        n_samples: N as u64,
        input_dim: D as u64,
        n_clusters: K as u64,
        embedding_dim: config.network.embedding_dim as u64,
        device,
        forms: None,
        precision: Precision::F32,
        scores: None,
        seconds: Seconds::default(),
        steps: Steps {
            pretrain,
            cluster: found.steps,
        },
        lowered_rate: None,
        device_fault: None,
        identity: None,
        choice: None,
        stop_reason: found.stop_reason,
        label_change: found.label_change,
        neighbours: Some(found.neighbours),
        mean_confidence: found.confidence.iter().map(|c| f64::from(*c)).sum::<f64>() / N as f64,
        cluster_sizes: (0..K as u32).map(size).collect(),
    }
}

/// The page with one map: the principal components of the embedding (N, d).
fn page(
    metrics: RunMetrics,
    history: Vec<HistoryRecord>,
    config: String,
    found: &Clustering,
) -> Page {
    let d = metrics.embedding_dim as usize;
    let pca = Pca::of(&found.embedding, d, 2);
    let point = |i: usize| MapPoint {
        id: i.to_string(),
        cluster: found.assignment[i] as usize,
        confidence: found.confidence[i],
    };
    Page {
        name: "groups".into(),
        metrics,
        history,
        config,
        tree: None,
        maps: vec![Map {
            points: (0..N).map(point).collect(),
            name: "pca",
            title: "The embedding along its two main directions".into(),
            places: found
                .embedding
                .chunks_exact(d)
                .map(|row| pca.place(row))
                .map(|place| [place[0], place[1]])
                .collect(),
        }],
        confidence: vec![None; K],
        confusion: None,
        clusters: ClusterFiles::default(),
        uncertain: Vec::new(),
        uncertain_png: None,
        runs: None,
        choice: Vec::new(),
    }
}

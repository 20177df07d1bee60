//! The page of a run, from the library: no file of a run folder is needed. See `docs/library.md`.
//!
//! ```sh
//! cargo run --release --locked --example report_page
//! ```

use std::error::Error;

use dec_gpu::config::{Config, DataShape};
use dec_gpu::data::{Dataset, Values};
use dec_gpu::devices::Where;
use dec_gpu::random::normal;
use dec_gpu::report::{ClusterFiles, Map, MapPoint, Page};
use dec_gpu::run::{Fit, Fitted};

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
    let fit = Fit::new(config).on(Where::cpu()).mapped();
    let page = page(pollster::block_on(fit.fit(&data))?);
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("report.html");
    page.write_html(std::fs::File::create(&path)?)?;
    println!("report.html: {} bytes", std::fs::metadata(&path)?.len());
    for (name, svg) in page.pictures() {
        println!("picture {name}: {} bytes of SVG", svg.len());
    }
    Ok(())
}

/// The page of a run, with one map.
fn page(fitted: Fitted) -> Page {
    let found = &fitted.clustering;
    let places = fitted.map.as_ref().map_or(&[][..], |map| &map.places); // (N, 2)
    let point = |i: usize| MapPoint {
        id: i.to_string(),
        cluster: found.assignment[i] as usize,
        confidence: found.confidence[i],
    };
    Page {
        name: "groups".into(),
        maps: vec![Map {
            points: (0..N).map(point).collect(),
            name: "map",
            title: "Who is near whom".into(),
            places: places
                .chunks_exact(2)
                .map(|at| [at[0].into(), at[1].into()])
                .collect(),
        }],
        config: fitted.config.to_toml(),
        tree: fitted.map.and_then(|map| map.tree),
        metrics: fitted.metrics,
        history: fitted.history,
        confidence: vec![None; K],
        confusion: None,
        clusters: ClusterFiles::default(),
        uncertain: Vec::new(),
        uncertain_png: None,
        runs: None,
        choice: Vec::new(),
    }
}

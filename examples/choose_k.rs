//! The number of clusters: a range is tried from one pre-trained autoencoder, without labels. See `docs/choosing-k.md`.
//!
//! ```sh
//! cargo run --release --locked --example choose_k
//! ```

use dec_gpu::config::{Config, DataShape};
use dec_gpu::data::{Dataset, Values};
use dec_gpu::devices::Where;
use dec_gpu::random::normal;
use dec_gpu::run::{Event, Fit};

const N: u32 = 400;
const D: u32 = 8;
/// How many groups there are; nothing below is told of it.
const GROUPS: u32 = 4;

fn main() -> dec_gpu::Result<()> {
    // (N, D): sample i lies around the centre i mod GROUPS.
    let value = |i: u32, j: u32| 3.0 * normal(0, i % GROUPS, 0, j) + normal(0, i, 1, j);
    let values = (0..N)
        .flat_map(|i| (0..D).map(move |j| value(i, j)))
        .collect();
    let data = Dataset::new("groups", N as usize, D as usize, Values::F32(values));

    let range = 2..=6;
    let mut config = Config::layered(None, None, &["pretrain.steps=1000".into()])?;
    // There must be room for the largest k.
    config.n_clusters = Some(*range.end());
    let config = config.resolve(DataShape::of(&data))?;

    println!(" k  silhouette  smoothed  smallest   score");
    let mut show = |event: &Event<'_>| match event {
        Event::Candidate(tried) => {
            let (k, smallest) = (tried.n_clusters, tried.smallest_cluster);
            let (plain, smoothed) = (tried.silhouette, tried.smoothed_silhouette);
            println!(
                "{k:2}  {plain:10.3}  {smoothed:8.3}  {smallest:8}  {:6.3}",
                tried.score
            );
        }
        Event::Choice(choice) => println!("{}", choice.reason),
        _ => {}
    };
    let fit = Fit::new(config)
        .on(Where::cpu())
        .choosing(Some(range))
        .observed_by(&mut show);
    let metrics = pollster::block_on(fit.fit(&data))?.metrics;
    println!(
        "{} clusters of {:?} samples",
        metrics.n_clusters, metrics.cluster_sizes
    );
    Ok(())
}

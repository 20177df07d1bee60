//! The number of clusters: a range is tried from one pre-trained autoencoder, without labels. See `docs/choosing-k.md`.
//!
//! ```sh
//! cargo run --release --locked --example choose_k
//! ```

use dec_gpu::config::{Config, DataShape};
use dec_gpu::cpu::Cpu;
use dec_gpu::data::{Dataset, Values, fit};
use dec_gpu::random::normal;
use dec_gpu::trainer::{Event, Trainer};

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
    // The trainer must have room for the largest k.
    config.n_clusters = Some(*range.end());
    let config = config.resolve(DataShape::of(&data))?;
    let (affine, device) = (fit(&data, config.normalisation()), Cpu::new());
    let mut trainer = Trainer::new(&device, &data, affine, config)?;

    println!(" k  silhouette  smoothed  smallest   score");
    let mut show = |event: &Event<'_>| {
        if let Event::Candidate(tried) = event {
            let (k, smallest) = (tried.n_clusters, tried.smallest_cluster);
            let (plain, smoothed) = (tried.silhouette, tried.smoothed_silhouette);
            println!(
                "{k:2}  {plain:10.3}  {smoothed:8.3}  {smallest:8}  {:6.3}",
                tried.score
            );
        }
    };
    let found = pollster::block_on(async {
        trainer.let_graph_wait(); // until k is known
        trainer.pretrain(&mut |_| {}).await?;
        let choice = trainer.choose_clusters(&data, range, &mut show).await?;
        println!("{}", choice.reason);
        // From here on the trainer's k is the one that was chosen.
        let first = trainer.first_clusters().await?;
        trainer.cluster(first, &mut |_| {}).await
    })?;

    let k = trainer.config().n_clusters.unwrap_or(0);
    let mut sizes = vec![0; k];
    for cluster in &found.assignment {
        sizes[*cluster as usize] += 1;
    }
    println!("{k} clusters of {sizes:?} samples");
    Ok(())
}

//! A folder of images, and a picture of what each cluster looks like. See `docs/images.md`.
//!
//! ```sh
//! cargo run --release --locked --example images
//! ```

use std::error::Error;
use std::fs;
use std::path::Path;

use dec_gpu::config::{Config, DataShape};
use dec_gpu::cpu::Cpu;
use dec_gpu::data::{self, ReadOptions, image_shape};
use dec_gpu::explain::{Outputs, explain};
use dec_gpu::metrics::Scores;
use dec_gpu::random::normal;
use dec_gpu::report::write_exemplars_png;
use dec_gpu::run::Fit;

/// Pixels of a side.
const SIDE: u32 = 8;

/// 60 noisy photos of a bar: `lying/00.png`, `standing/01.png`, ….
fn photos(folder: &Path) -> Result<(), Box<dyn Error>> {
    for i in 0..60 {
        let class = ["lying", "standing"][i as usize % 2];
        fs::create_dir_all(folder.join(class))?;
        let pixel = |x: u32, y: u32| {
            let across = if i % 2 == 0 { y } else { x };
            let bright = if (3..5).contains(&across) {
                180.0
            } else {
                40.0
            };
            (bright + 15.0 * normal(0, i, 0, y * SIDE + x)) as u8
        };
        let pixels: Vec<u8> = (0..SIDE * SIDE)
            .map(|at| pixel(at % SIDE, at / SIDE))
            .collect();
        fs::write(folder.join(format!("{class}/{i:02}.png")), png(&pixels)?)?;
    }
    Ok(())
}

/// The file of a square picture in shades of grey.
fn png(pixels: &[u8]) -> Result<Vec<u8>, png::EncodingError> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, SIDE, SIDE);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header()?.write_image_data(pixels)?;
    Ok(file)
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    photos(folder.path())?;
    let options = ReadOptions {
        folder_labels: true,
        ..ReadOptions::default()
    };
    // 60 samples of 8 · 8 bytes, in the order of their paths, which are their ids.
    let data = data::open(folder.path(), &options)?;
    let shape = image_shape(&data).ok_or("a folder of images has a shape")?;
    println!(
        "{} images of {} x {}",
        data.n_samples, shape.height, shape.width
    );

    let mut config = Config::preset("fast")?;
    config.n_clusters = Some(2);
    let config = config.resolve(DataShape::of(&data))?;
    let picture = folder.path().join("exemplars.png");
    pollster::block_on(async {
        let device = Cpu::new();
        let fitted = Fit::new(config).fit_on(&device, &data).await?;
        let (found, model) = (&fitted.clustering, &fitted.model);
        let outputs = Outputs {
            assignment: &found.assignment,
            soft_assignment: &found.soft_assignment,
            embedding: &found.embedding,
        };
        let why = explain(&device, model, &data, &outputs, 4).await?;
        // A line per cluster: decoded centroid, mean, the nearest and the farthest members.
        write_exemplars_png(fs::File::create(&picture)?, &why, &data, shape)?;
        let ids = data.ids.as_deref().unwrap_or_default();
        for nearest in why.salient().filter(|exemplar| exemplar.rank == 1) {
            println!("cluster {}: {}", nearest.cluster, ids[nearest.index]);
        }
        if let Some(labels) = &data.labels {
            let nmi = Scores::of(&labels.ids, &found.assignment).nmi;
            println!("NMI with the names of the folders: {nmi:.3}");
        }
        Ok::<_, Box<dyn Error>>(())
    })?;
    println!("exemplars.png: {} bytes", fs::metadata(&picture)?.len());
    Ok(())
}

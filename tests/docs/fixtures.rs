//! The files that the pages speak of, small: every page's folder has all of them.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use dec_gpu::random::{normal, uniform};
use dec_gpu::report::write_npy;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Samples of a set that is trained on, and of one that is only assigned.
const SAMPLES: [(&str, u32); 2] = [("", 120), ("new-", 30)];
/// Groups in every set.
const GROUPS: u32 = 5;
/// Genes in the counts of single cells.
const GENES: u32 = 30;
/// Pixels of a side of a photo: few enough for the small network.
const SIDE: u32 = 8;

type Written = Result<(), Box<dyn Error>>;

/// Writes all of them.
pub(crate) fn write(folder: &Path) -> Written {
    for (prefix, n) in SAMPLES {
        fs::write(folder.join(format!("{prefix}table.csv")), table(n)?)?;
        let values: Vec<f32> = (0..n)
            .flat_map(|i| (0..6).map(move |j| value(i, j)))
            .collect();
        // The pages call the second one `new.npy`.
        let name = if prefix.is_empty() {
            "data.npy"
        } else {
            "new.npy"
        };
        write_npy(fs::File::create(folder.join(name))?, &values, 6)?;
        let [weights, counts] = [false, true].map(|counted| svmlight(n, counted));
        fs::write(folder.join(format!("{prefix}texts.svm")), weights?)?;
        fs::write(folder.join(format!("{prefix}word-counts.svm")), counts?)?;
        photos(&folder.join(format!("{prefix}photos")), n / 2)?;
    }
    let labels = labels()?;
    fs::write(folder.join("labels.csv"), &labels)?;
    gzip(&folder.join("labels.csv.gz"), &labels)?;
    gzip(&folder.join("matrix.mtx.gz"), &matrix()?)?;
    ten_x(&folder.join("filtered_feature_bc_matrix"))
}

/// Column j of sample i, around the centre of its group.
fn value(i: u32, j: u32) -> f32 {
    3.0 * normal(0, i % GROUPS, 0, j) + normal(0, i, 1, j)
}

/// Ids, five values in different units, a note that is no number, the species.
fn table(n: u32) -> Result<String, std::fmt::Error> {
    let mut text = String::from("plant,height_mm,weight_g,leaves,petal_mm,width_mm,note,species\n");
    for i in 0..n {
        write!(text, "p{i:03}")?;
        for (j, unit) in [100.0, 1.0, 10.0, 1.0, 1.0].into_iter().enumerate() {
            write!(text, ",{:.2}", unit * value(i, j as u32))?;
        }
        writeln!(text, ",\"seen, drawn\",species {}", i % GROUPS)?;
    }
    Ok(text)
}

/// Weights of 40 words, or how often they are there; a group has eight of its own. The first cell is the class.
fn svmlight(n: u32, counted: bool) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    for i in 0..n {
        write!(text, "{}", i % GROUPS)?;
        for word in 0..40 {
            let own = word / 8 == i % GROUPS;
            let draw = uniform(0, i, 2, word);
            if draw < if own { 0.6 } else { 0.1 } {
                match counted {
                    false => write!(text, " {}:{:.3}", word + 1, 0.2 + draw)?,
                    true => write!(text, " {}:{}", word + 1, 1 + (9.0 * draw) as u32)?,
                }
            }
        }
        text.push('\n');
    }
    Ok(text)
}

/// Grey PNG files of bars that lie and stand: `lying/000.png`, ….
fn photos(folder: &Path, n: u32) -> Written {
    for i in 0..n {
        let class = folder.join(["lying", "standing"][i as usize % 2]);
        fs::create_dir_all(&class)?;
        let pixel = |x: u32, y: u32| {
            let bright = (3..5).contains(if i % 2 == 0 { &y } else { &x });
            (if bright { 180.0 } else { 40.0 } + 15.0 * normal(0, i, 3, y * SIDE + x)) as u8
        };
        let pixels: Vec<u8> = (0..SIDE * SIDE)
            .map(|at| pixel(at % SIDE, at / SIDE))
            .collect();
        let mut encoder = png::Encoder::new(
            fs::File::create(class.join(format!("{i:03}.png")))?,
            SIDE,
            SIDE,
        );
        encoder.set_color(png::ColorType::Grayscale);
        encoder.write_header()?.write_image_data(&pixels)?;
    }
    Ok(())
}

/// The class of each of the 120 samples.
fn labels() -> Result<String, std::fmt::Error> {
    let mut text = String::from("label\n");
    (0..SAMPLES[0].1).try_for_each(|i| writeln!(text, "type {}", i % GROUPS))?;
    Ok(text)
}

/// Counts of 30 genes (rows) in 120 cells (columns), as 10x Genomics writes them.
fn matrix() -> Result<String, std::fmt::Error> {
    let (genes, cells) = (GENES, SAMPLES[0].1);
    let mut entries = Vec::new();
    for cell in 0..cells {
        for gene in 0..genes {
            let many = if gene / 6 == cell % GROUPS { 9.0 } else { 1.5 };
            let count = (many * uniform(0, cell, 4, gene)) as u32;
            if count > 0 {
                entries.push(format!("{} {} {count}\n", gene + 1, cell + 1));
            }
        }
    }
    let head = "%%MatrixMarket matrix coordinate integer general";
    Ok(format!(
        "{head}\n{genes} {cells} {}\n{}",
        entries.len(),
        entries.concat()
    ))
}

/// The same counts in a folder of 10x Genomics, with the names of genes and cells.
fn ten_x(folder: &Path) -> Written {
    fs::create_dir(folder)?;
    gzip(&folder.join("matrix.mtx.gz"), &matrix()?)?;
    let genes = (0..GENES).map(|gene| format!("ENS{gene:05}\tGene{gene}\tGene Expression\n"));
    gzip(&folder.join("features.tsv.gz"), &genes.collect::<String>())?;
    let cells = (0..SAMPLES[0].1).map(|cell| format!("AAAC{cell:04}-1\n"));
    gzip(&folder.join("barcodes.tsv.gz"), &cells.collect::<String>())
}

fn gzip(path: &Path, text: &str) -> Written {
    let mut packed = GzEncoder::new(fs::File::create(path)?, Compression::fast());
    packed.write_all(text.as_bytes())?;
    packed.finish()?;
    Ok(())
}

//! Writes rows to measure with: n samples of d values (f32) around k centres, and their labels, as two NPY files, in
//! memory that does not grow with n.
//!
//! ```sh
//! cargo run --release --locked --example make_rows -- 10000000 64 10 rows.npy labels.npy
//! ```
//!
//! Sample i belongs to centre i mod k. Centres are standard normal, times `SPREAD`; values are standard normal around
//! them; all of it is a function of the place, so the first rows of a large file are those of a small one.

use std::fs::File;
use std::io::{self, BufWriter};
use std::process::ExitCode;

use dec_gpu::random::normal;
use dec_gpu::report::NpyWriter;

/// How far apart the centres are.
const SPREAD: f32 = 1.5;
/// Keep the streams of random numbers apart.
const CENTRES: u32 = 0;
const VALUES: u32 = 1;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let numbers: Option<Vec<u32>> = args.iter().take(3).map(|arg| arg.parse().ok()).collect();
    let result = match (numbers.as_deref(), args.get(3..)) {
        (Some(&[n, d, k]), Some([rows, labels])) if d > 0 && k > 0 => write(n, d, k, rows, labels),
        _ => {
            eprintln!("usage: make_rows N D K ROWS.npy LABELS.npy");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("make_rows: {error}");
            ExitCode::FAILURE
        }
    }
}

fn write(n: u32, d: u32, k: u32, rows: &str, labels: &str) -> io::Result<()> {
    let file = |path| Ok::<_, io::Error>(BufWriter::new(File::create(path)?));
    let mut values = NpyWriter::new(file(rows)?, Some(d as usize))?;
    let mut classes = NpyWriter::new(file(labels)?, None)?;
    let mut row = Vec::with_capacity(d as usize);
    for i in 0..n {
        let class = i % k;
        row.clear();
        row.extend((0..d).map(|j| {
            let centre = SPREAD * normal(0, class, CENTRES, j);
            centre + normal(0, i, VALUES, j)
        }));
        values.write(&row)?;
        classes.write(&[class as i32])?;
    }
    values.finish()?;
    classes.finish()?;
    Ok(())
}

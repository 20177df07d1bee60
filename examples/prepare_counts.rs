//! Prepares counts as `train --prepare` does and writes them as an NPY file (n, D), dense f32, for other programs.
//!
//! ```sh
//! cargo run --release --locked --example prepare_counts -- matrix.mtx.gz library-size,log1p 2000 prepared.npy
//! ```
//!
//! `all` in place of 2000 keeps all columns.

use std::error::Error;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::process::ExitCode;

use dec_gpu::data::{ReadOptions, Step, open, prepare};
use dec_gpu::report::write_npy;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [data, steps, columns, out] = &args[..] else {
        eprintln!("usage: prepare_counts DATA STEP,… COLUMNS|all OUT.npy");
        return ExitCode::from(2);
    };
    match write(data, steps, columns, out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("prepare_counts: {error}");
            ExitCode::FAILURE
        }
    }
}

fn write(data: &str, steps: &str, columns: &str, out: &str) -> Result<(), Box<dyn Error>> {
    let steps: Vec<Step> = steps.split(',').map(str::parse).collect::<Result<_, _>>()?;
    let raw = open(Path::new(data), &ReadOptions::default())?;
    let columns = match columns {
        "all" => None,
        number => Some(number.parse()?),
    };
    if let Some(wrong) = columns.filter(|number| !(1..=raw.input_dim).contains(number)) {
        return Err(format!("found {wrong} columns, expected 1 to {}", raw.input_dim).into());
    }
    let set = prepare(raw, &steps, columns)?;
    let mut values = Vec::with_capacity(set.n_samples * set.input_dim);
    set.each_row(|row| values.extend(row.iter().map(|value| *value as f32)));
    let mut file = BufWriter::new(File::create(out)?);
    write_npy(&mut file, &values, set.input_dim)?;
    Ok(file.into_inner()?.sync_all()?)
}

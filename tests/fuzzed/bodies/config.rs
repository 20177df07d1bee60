//! The reader of configurations.

use dec_gpu::config::{Config, DataShape, Held};
use dec_gpu::data::Columns;

use super::text::{self, NAME, SHOWN};

/// The bytes as a file, and their first lines as `section.key=value` of the command line.
pub(crate) fn config(bytes: &[u8]) {
    let file = String::from_utf8_lossy(bytes);
    match Config::layered(None, Some((NAME, &file)), &[]) {
        Ok(config) => used(&config),
        Err(error @ dec_gpu::config::ConfigError::Toml { .. }) => text::check(error, SHOWN),
        Err(error) => text::check(error, ""),
    }
    let items: Vec<String> = file.lines().take(3).map(str::to_owned).collect();
    match Config::layered(None, None, &items) {
        Ok(config) => used(&config),
        Err(error) => text::check(error, ""),
    }
}

/// What is accepted is written and read again, also once it has met data.
fn used(config: &Config) {
    again(config);
    for (n_samples, input_dim) in [(1, 1), (60, 4), (70_000, 784), (1 << 40, 1 << 20)] {
        let shape = DataShape {
            n_samples,
            input_dim,
            columns: Columns::OneUnit,
            images: input_dim == 784,
            prepared: config.data.columns.is_some() || !config.data.prepare.is_empty(),
        };
        match config.clone().resolve(shape) {
            Ok(resolved) => again(&resolved),
            Err(error) => text::check(error, ""),
        }
    }
}

fn again<H: Held>(config: &Config<H>) {
    let toml = config.to_toml();
    let read = Config::layered(None, Some(("again", &toml)), &[]).expect("its own text");
    assert_eq!(read.to_toml(), toml);
}

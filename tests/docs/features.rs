//! `docs/features.md`: behind every claim stands a test, `tests/FILE.rs::NAME`, which must be there.

use std::fs;

use crate::{Checked, blocks, pages};

const PAGE: &str = "docs/features.md";

pub(crate) fn check() -> Checked {
    let text = pages::text(PAGE);
    let mut named = 0;
    for span in blocks::spans(&text) {
        let Some((file, name)) = span.split_once(".rs::") else {
            continue;
        };
        let file = format!("{file}.rs");
        let source = fs::read_to_string(pages::path(&file))
            .map_err(|error| format!("{PAGE} names {file}: {error}"))?;
        if !source.contains(&format!("fn {name}()")) {
            return Err(format!("{PAGE}: {file} has no test {name}").into());
        }
        named += 1;
    }
    match named {
        0 => Err(format!("{PAGE} names no test").into()),
        _ => Ok(()),
    }
}

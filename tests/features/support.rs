//! What the tests share: reading bytes, faults, memory.

use std::io::Cursor;
use std::ops::ControlFlow;

use dec_gpu::data::{
    self, BlockOptions, DataError, Dataset, Labels, ReadOptions, Values, read_blocks,
};

pub(crate) const MIB: usize = 1 << 20;

pub(crate) fn read(name: &str, bytes: &[u8]) -> Result<Dataset, DataError> {
    read_with(name, bytes, "")
}

/// Reads with options as the command line has them: `label=a ignore=b id=2 layer=c`.
pub(crate) fn read_with(name: &str, bytes: &[u8], options: &str) -> Result<Dataset, DataError> {
    data::read(name, Cursor::new(bytes), &parsed(options))
}

fn parsed(text: &str) -> ReadOptions {
    let mut options = ReadOptions::default();
    for option in text.split_whitespace() {
        let (role, value) = option.split_once('=').expect("role=value");
        let column = value.parse().ok();
        match role {
            "label" => options.label_column = column,
            "id" => options.id_column = column,
            "ignore" => options.ignore_columns.extend(column),
            "layer" => options.layer = Some(value.to_owned()),
            _ => panic!("no such option: {role}"),
        }
    }
    options
}

/// The rows of blocks of at most `rows` put together again, and the size of each block.
pub(crate) fn by_blocks(name: &str, bytes: &[u8], rows: usize) -> (Dataset, Vec<usize>) {
    let options = BlockOptions {
        rows: std::num::NonZeroUsize::new(rows),
        ..BlockOptions::default()
    };
    let (mut whole, mut sizes) = (None::<Dataset>, Vec::new());
    let mut texts = Vec::new();
    let mut take = |block: data::Block| {
        assert_eq!(block.first, sizes.iter().sum::<usize>());
        sizes.push(block.rows.n_samples);
        if let Some(Labels { ids, names }) = &block.rows.labels {
            texts.extend(ids.iter().map(|id| names[*id as usize].clone()));
        }
        match &mut whole {
            None => whole = Some(block.rows),
            Some(whole) => append(whole, block.rows),
        }
        ControlFlow::Continue(())
    };
    read_blocks(
        name,
        Cursor::new(bytes),
        &ReadOptions::default(),
        &options,
        &mut take,
    )
    .expect("readable");
    let mut whole = whole.expect("a block");
    whole.labels = (!texts.is_empty()).then(|| {
        let numbers: Vec<i64> = texts
            .iter()
            .map(|text| text.parse().expect("integer"))
            .collect();
        Labels::from_integers(&numbers)
    });
    (whole, sizes)
}

fn append(whole: &mut Dataset, more: Dataset) {
    match (&mut whole.values, more.values) {
        (Values::F32(all), Values::F32(more)) => all.extend(more),
        (Values::Sparse(all), Values::Sparse(more)) => {
            for row in 0..more.n_rows() {
                let (columns, values) = more.row(row);
                all.push_row(columns, values);
            }
        }
        _ => panic!("blocks of another kind"),
    }
    if let (Some(all), Some(more)) = (&mut whole.ids, more.ids) {
        all.extend(more);
    }
    whole.n_samples += more.n_samples;
}

/// A file that must not be read: what it is, its bytes, options, and words of the error.
pub(crate) type Case = (&'static str, Vec<u8>, &'static str, &'static str);

/// Every file must fail with a text that starts with `file` and holds the given words, without taking more memory than
/// twice the file and 64 MiB.
pub(crate) fn all_fail(file: &str, cases: &[Case]) {
    assert!(cases.len() >= 10, "{file}: a table of at least ten");
    for (what, bytes, options, words) in cases {
        let before = peak();
        let text = match read_with(file, bytes, options) {
            Ok(set) => panic!("{what}: read as {} × {}", set.n_samples, set.input_dim),
            Err(error) => error.to_string(),
        };
        assert!(text.starts_with(file), "{what}: {text}");
        assert!(text.contains(words), "{what}: {text}");
        assert!(text.contains("expected"), "{what}: {text}");
        check_peak(what, before, 2 * bytes.len() + 72 * MIB);
    }
}

/// The most memory that was ever in use, in bytes.
pub(crate) fn peak() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<usize>().ok()? * 1024)
}

/// Insists that no more than `allowed` bytes were taken since.
pub(crate) fn check_peak(what: &str, before: Option<usize>, allowed: usize) {
    match (before, peak()) {
        (Some(before), Some(after)) => {
            let taken = (after - before) / MIB;
            assert!(after - before <= allowed, "{what}: {taken} MiB");
        }
        _ => eprintln!("the peak of memory is NOT checked: no /proc/self/status here"),
    }
}

/// Whatever byte is changed, reading ends, in a set or in an error that names the file; and so wherever the file is
/// cut off.
pub(crate) fn survives(file: &str, whole: &[u8], step: usize) {
    for at in (0..whole.len()).step_by(step) {
        for flip in [0x01, 0x80, 0xff] {
            let mut bytes = whole.to_vec();
            bytes[at] ^= flip;
            if let Err(error) = read(file, &bytes) {
                assert!(
                    error.to_string().starts_with(file),
                    "byte {at} ^ {flip}: {error}"
                );
            }
        }
        if let Err(error) = read(file, &whole[..at]) {
            assert!(error.to_string().starts_with(file), "cut at {at}: {error}");
        }
    }
}

//! Folders of data files, and labels that lie beside their images.

use std::fs;
use std::path::{Path, PathBuf};

use super::blocks::RowStream;
use super::error::DataError;
use super::pictures::{Pictures, is_image_name};
use super::place::{listed, printable};
use super::ten_x::TenX;
use super::{Dataset, ImageShape, Labels, ReadOptions, Values, open_file};

/// The parts of a set in the order they are joined, as the start of a file name.
const PARTS: [&str; 2] = ["train", "t10k"];

/// Endings of files that may be data.
const ENDINGS: [&str; 12] = [
    "npy", "npz", "csv", "tsv", "txt", "data", "mtx", "svm", "libsvm", "gz", "parquet", "h5ad",
];

/// Read the set in a folder: its `train-*` and `t10k-*` images as one, or its only data file, or
/// what 10x Genomics' programs write, or images.
pub(super) fn open(folder: &Path, options: &ReadOptions) -> Result<Dataset, DataError> {
    if let Some(single_cells) = TenX::find(folder) {
        return single_cells.data(options);
    }
    if let Some(pictures) = Pictures::find(folder, options)? {
        return Box::new(pictures).whole();
    }
    let mut set = match &parts(folder)?[..] {
        [only] => open_file(only, options)?,
        parts => join(parts, options)?,
    };
    if let Some(name) = own_name(folder) {
        set.name = name;
    }
    Ok(set)
}

/// The files of the set in a folder, in order.
pub(super) fn parts(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let names = names(folder)?;
    let mut parts = Vec::new();
    for part in PARTS {
        if let Some(name) = image_file(folder, &names, part)? {
            parts.push(folder.join(name));
        }
    }
    if parts.is_empty() {
        parts.push(folder.join(only_data(folder, &names)?));
    }
    Ok(parts)
}

/// What lies in a folder itself besides images.
pub(super) enum Data {
    /// Parts of a set in IDX form.
    Parts,
    /// A file that may be data, one of several perhaps.
    File(String),
    None,
}

/// Looks for data that are no images.
pub(super) fn data_in(folder: &Path) -> Result<Data, DataError> {
    let names = names(folder)?;
    for part in PARTS {
        if image_file(folder, &names, part)?.is_some() {
            return Ok(Data::Parts);
        }
    }
    let file = names.into_iter().find(|name| may_be_data(name));
    Ok(file.map_or(Data::None, Data::File))
}

/// The file of labels beside a file of images: `train-images-idx3-ubyte.gz` has
/// `train-labels-idx1-ubyte.gz`, or the same without `.gz`, or with it.
pub(super) fn labels_beside(images: &Path) -> Option<PathBuf> {
    let name = images.file_name()?.to_str()?;
    if !name.contains("images") {
        return None;
    }
    let name = name.replace("images", "labels").replace("idx3", "idx1");
    let other = match name.strip_suffix(".gz") {
        Some(plain) => plain.to_owned(),
        None => format!("{name}.gz"),
    };
    [name, other]
        .iter()
        .map(|name| images.with_file_name(name))
        .find(|path| path.is_file())
}

/// The name of the folder itself, also where it is given as `.`.
pub(super) fn own_name(folder: &Path) -> Option<String> {
    let whole = folder.canonicalize().ok()?;
    Some(printable(&whole.file_name()?.to_string_lossy()))
}

/// The files in a folder, sorted; hidden ones are left out.
fn names(folder: &Path) -> Result<Vec<String>, DataError> {
    let io = |source| DataError::Io {
        file: shown(folder),
        source,
    };
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(io)? {
        let entry = entry.map_err(io)?;
        // A name that is no Unicode cannot be one of ours.
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        if !name.starts_with('.') && entry.path().is_file() {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// The images of one part; a plain file is taken before the same file with `.gz`.
fn image_file<'a>(
    folder: &Path,
    names: &'a [String],
    part: &str,
) -> Result<Option<&'a String>, DataError> {
    let is_twin = |name: &str| {
        name.strip_suffix(".gz")
            .is_some_and(|plain| names.iter().any(|n| n == plain))
    };
    let found: Vec<&String> = names
        .iter()
        .filter(|name| name.starts_with(part) && name.contains("images"))
        .filter(|name| !is_twin(name) && !is_image_name(name))
        .collect();
    match found[..] {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        _ => Err(ambiguous(folder, &found)),
    }
}

/// The one file that can be the data: files about the set and files of labels do not count.
fn only_data<'a>(folder: &Path, names: &'a [String]) -> Result<&'a String, DataError> {
    if let [one] = names {
        return Ok(one);
    }
    let found: Vec<&String> = names.iter().filter(|name| may_be_data(name)).collect();
    match found[..] {
        [one] => Ok(one),
        [] if names.is_empty() => Err(DataError::NoDataInFolder {
            folder: shown(folder),
            found: "no files".to_owned(),
        }),
        [] => Err(DataError::NoDataInFolder {
            folder: shown(folder),
            found: listed(names),
        }),
        _ => Err(ambiguous(folder, &found)),
    }
}

fn may_be_data(name: &str) -> bool {
    if is_image_name(name) {
        return false;
    }
    let name = name.to_ascii_lowercase();
    let about = ["readme", "license", "licence", "labels", "notes"];
    if about.iter().any(|word| name.starts_with(word)) || name.contains("-labels") {
        return false;
    }
    let ending = name.rsplit('.').next().unwrap_or_default();
    ENDINGS.contains(&ending) || name.contains("ubyte") || name.contains("idx")
}

fn ambiguous(folder: &Path, found: &[&String]) -> DataError {
    DataError::AmbiguousFolder {
        folder: shown(folder),
        found: listed(found),
    }
}

fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy())
}

/// Read parts one after the other into one set. Labels are kept if every part has them.
fn join(parts: &[PathBuf], options: &ReadOptions) -> Result<Dataset, DataError> {
    let mut whole: Option<Dataset> = None;
    let mut labels: Vec<Labels> = Vec::new();
    for path in parts {
        let mut part = open_file(path, options)?;
        labels.extend(part.labels.take());
        match &mut whole {
            None => whole = Some(part),
            Some(whole) => append(whole, part, path)?,
        }
    }
    let Some(mut whole) = whole else {
        return Err(DataError::NoDataInFolder {
            folder: String::new(),
            found: "no files".into(),
        });
    };
    if labels.len() == parts.len() {
        whole.labels = Some(Labels::concat(&labels));
    } else if !labels.is_empty() {
        warn_of_unlabelled(labels.len(), parts.len());
    }
    Ok(whole)
}

/// Says why there are no labels although some parts have them.
pub(super) fn warn_of_unlabelled(labelled: usize, parts: usize) {
    log::warn!("only {labelled} of {parts} parts have labels, so none are used");
}

/// What a sample is, for parts to be compared by.
pub(super) fn sample_text(set: &Dataset) -> String {
    match (&set.values, set.image_shape) {
        (Values::U8(_), Some(ImageShape { height, width, .. })) => {
            format!("{height} × {width} bytes a sample")
        }
        (Values::U8(_), None) => format!("{} bytes a sample", set.input_dim),
        (_, Some(ImageShape { height, width, .. })) => {
            format!("{height} × {width} numbers a sample")
        }
        (_, None) => format!("{} numbers a sample", set.input_dim),
    }
}

fn append(whole: &mut Dataset, part: Dataset, path: &Path) -> Result<(), DataError> {
    let (expected, found, n_samples) = (sample_text(whole), sample_text(&part), part.n_samples);
    let fits = match (&mut whole.values, part.values) {
        _ if expected != found => false,
        (Values::U8(all), Values::U8(more)) => extend(all, &more, path)?,
        (Values::F32(all), Values::F32(more)) => extend(all, &more, path)?,
        _ => false,
    };
    if !fits {
        return Err(DataError::PartsDiffer {
            file: shown(path),
            found,
            expected,
        });
    }
    // A set in which only some samples have ids has none.
    whole.ids = (whole.ids.take().zip(part.ids)).map(|(ids, more)| [ids, more].concat());
    whole.n_samples += n_samples;
    Ok(())
}

fn extend<T: Copy>(all: &mut Vec<T>, more: &[T], path: &Path) -> Result<bool, DataError> {
    if all.try_reserve_exact(more.len()).is_err() {
        let bytes = ((all.len() + more.len()) as u64).saturating_mul(size_of::<T>() as u64);
        return Err(DataError::OutOfMemory {
            file: shown(path),
            bytes,
        });
    }
    all.extend_from_slice(more);
    Ok(true)
}

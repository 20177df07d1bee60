//! The real data sets, if `DEC_GPU_DATA` names their folder.

use std::path::{Path, PathBuf};

use dec_gpu::data::{self, ImageShape, Normalisation, ReadOptions, Values};

/// Folder or file, rows, columns, classes.
const SETS: [(&str, usize, usize, usize); 10] = [
    ("mnist", 70_000, 784, 10),
    ("fashion-mnist", 70_000, 784, 10),
    ("usps", 9298, 256, 10),
    ("rcv1-4class", 5107, 944, 4),
    ("reuters21578-r8/reuters21578-r8-tfidf.npz", 7675, 2000, 8),
    ("20newsgroups/20newsgroups-tfidf.npz", 18_846, 2000, 20),
    ("optdigits", 5620, 64, 10),
    ("letter", 20_000, 16, 26),
    ("scene15", 4485, 119, 15),
    ("scrna-mouse-bladder-2100/hvg2000.npz", 2100, 2000, 16),
];

/// The folder of the sets; says so where there is none.
fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("DEC_GPU_DATA").map(PathBuf::from);
    if folder.is_none() {
        // Straight to the stream, because the test harness hides what a passing test prints.
        use std::io::Write;
        let line = "DEC_GPU_DATA is not set: the real data sets are NOT read\n";
        let _ = std::io::stderr().write_all(line.as_bytes());
    }
    folder
}

fn open(path: &Path) -> data::Dataset {
    data::open(path, &ReadOptions::default()).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_real_sets_are_read() {
    let Some(folder) = folder() else { return };
    for (name, n_samples, input_dim, n_classes) in SETS {
        let set = open(&folder.join(name));
        assert_eq!(
            (set.n_samples, set.input_dim),
            (n_samples, input_dim),
            "{name}"
        );
        assert_eq!(set.row(n_samples - 1).len(), input_dim, "{name}");
        let shape = match name {
            "mnist" | "fashion-mnist" => Some(ImageShape::grey(28, 28)),
            "usps" => Some(ImageShape::grey(16, 16)), // flat rows that look like images
            _ => None,
        };
        assert_eq!(data::images(&set), shape, "{name}");
        let labels = set
            .labels
            .as_ref()
            .unwrap_or_else(|| panic!("{name}: no labels"));
        assert_eq!(
            (labels.len(), labels.n_classes()),
            (n_samples, n_classes),
            "{name}"
        );
        for normalisation in Normalisation::ALL {
            let affine = data::fit(&set, normalisation);
            let finite = affine
                .shift
                .iter()
                .chain(&affine.scale)
                .all(|value| value.is_finite());
            assert!(finite, "{name}, {normalisation}");
        }
    }
}

#[test]
fn mnist_is_the_original() {
    let Some(folder) = folder() else { return };
    let set = open(&folder.join("mnist"));
    assert_eq!(
        (set.name.as_str(), set.image_shape),
        ("mnist", Some(ImageShape::grey(28, 28)))
    );
    assert!(matches!(set.values, Values::U8(_)));
    let mut counts = [0; 10];
    set.labels
        .unwrap()
        .ids
        .iter()
        .for_each(|&id| counts[id as usize] += 1);
    assert_eq!(
        counts,
        [6903, 7877, 6990, 7141, 6824, 6313, 6876, 7293, 6825, 6958]
    );
}

#[test]
fn the_embedded_digits_are_the_real_ones() {
    let Some(folder) = folder() else { return };
    let (real, embedded) = (open(&folder.join("optdigits")), data::digits());
    let (Values::F32(real_values), Values::U8(bytes)) = (&real.values, &embedded.values) else {
        panic!("other types than expected")
    };
    assert!(
        real_values
            .iter()
            .zip(bytes)
            .all(|(&x, &byte)| x == f32::from(byte))
    );
    assert_eq!(real.labels, embedded.labels);
}

#[test]
fn tables_of_text_are_no_data() {
    let Some(folder) = folder() else { return };
    let path = folder.join("reuters21578-r8/reuters21578-r8-text.csv.gz");
    let error = data::open(&path, &ReadOptions::default())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains(".csv.gz:2: column 2 (split): found \"train\""),
        "{error}"
    );
    assert_eq!(data::open_labels(&path).unwrap().n_classes(), 8);
    let cells = data::open_labels(&folder.join("scrna-mouse-bladder-2100/labels.csv.gz")).unwrap();
    assert_eq!((cells.len(), cells.n_classes()), (2100, 16));
}

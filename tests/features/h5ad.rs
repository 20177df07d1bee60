//! h5ad files that are read: as anndata and h5py write them (`files/make.py`), and with the crate's own writer.

use std::io::Read;

use dec_gpu::data::{Dataset, ReadOption, ReadOptions, Remedy, Values, format_name, open};
use flate2::read::GzDecoder;

use crate::parquet::fixture;
use crate::support::{by_blocks, read, read_with};

pub(crate) fn unpacked(name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let packed = fixture(&format!("{name}.h5ad.gz"));
    GzDecoder::new(&packed[..])
        .read_to_end(&mut bytes)
        .expect("whole");
    bytes
}

const X: [[f64; 3]; 4] = [[0.0, 1.5, 0.0], [2.0, 0.0, 0.0], [0.0; 3], [0.0, 4.0, -3.0]];
const NAMES: [&str; 4] = ["cell a", "cell b", "Zelle ü", "cell d"];

fn check(what: &str, set: &Dataset, x: [[f64; 3]; 4]) {
    assert_eq!((set.n_samples, set.input_dim), (4, 3), "{what}");
    assert_eq!([0, 1, 2, 3].map(|row| set.row(row)), x, "{what}");
    assert_eq!(set.ids.as_deref().expect("ids"), NAMES, "{what}");
    let genes = ["Xkr4", "Rp1", "Sox17"];
    assert_eq!(set.column_names.as_deref().expect("names"), genes, "{what}");
}

#[test]
fn every_layout_has_the_same_rows() {
    for name in ["dense", "csr", "csc"] {
        let set = read("x", &unpacked(name)).expect(name);
        check(name, &set, X);
        assert_eq!(matches!(set.values, Values::Sparse(_)), name != "dense");
        assert_eq!(set.labels, None);
    }
    let old = read("x", &unpacked("old")).expect("old");
    check("old", &old, X.map(|row| row.map(f64::trunc)));
}

#[test]
fn a_layer_can_be_read_instead() {
    let set = read_with("x", &unpacked("dense"), "layer=counts").expect("readable");
    check("a layer", &set, X.map(|row| row.map(|value| value * 2.0)));
    let error = read_with("x", &unpacked("dense"), "layer=raw").expect_err("no layer");
    let text = error.to_string();
    assert!(
        text.starts_with("x: layers/raw: found nothing, expected"),
        "{text}"
    );
    let error = read_with("x", b"1,2\n", "layer=raw").expect_err("no layers");
    let without = [Remedy::LeaveOut(ReadOption::Layer)];
    assert_eq!(error.remedies(), without, "{error}");
}

#[test]
fn columns_of_obs_are_labels() {
    for (name, column, names, ids) in [
        ("dense", "kind", &["B", "NK", "T"][..], [2, 0, 2, 1]),
        ("old", "kind", &["B", "NK", "T"], [2, 0, 2, 1]),
        ("csr", "batch", &["2", "10"], [0, 1, 0, 0]),
        ("csc", "good", &["false", "true"], [1, 0, 1, 1]),
        ("csc", "-2", &["false", "true"], [1, 0, 1, 1]),
        ("csr", "0", &["B", "NK", "T"], [2, 0, 2, 1]),
    ] {
        let set = read_with("x", &unpacked(name), &format!("label={column}")).expect(name);
        let labels = set.labels.expect("labels");
        assert_eq!(
            (&labels.names[..], &labels.ids[..]),
            (&names.map_to_strings()[..], &ids[..])
        );
    }
    for (column, words) in [
        (
            "score",
            "x: obs/score: row 0, column 0: found label 0.5, expected an integer",
        ),
        (
            "age",
            "label column \"age\" not found, expected one of: kind, batch, good, score",
        ),
        ("9", "label column 9 not found"),
    ] {
        let error = read_with("x", &unpacked("csc"), &format!("label={column}")).expect_err(column);
        assert!(error.to_string().contains(words), "{error}");
    }
}

trait MapToStrings {
    fn map_to_strings(&self) -> Vec<String>;
}

impl MapToStrings for [&str] {
    fn map_to_strings(&self) -> Vec<String> {
        self.iter().map(|text| (*text).to_owned()).collect()
    }
}

#[test]
fn files_are_told_by_content() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cells.txt");
    std::fs::write(&path, unpacked("csr")).expect("written");
    assert_eq!(format_name(&path).expect("a format"), "HDF5");
    check(
        "a file",
        &open(&path, &ReadOptions::default()).expect("readable"),
        X,
    );
    check(
        "a folder",
        &open(folder.path(), &ReadOptions::default()).expect("readable"),
        X,
    );
    let packed = read("x", &fixture("csr.h5ad.gz")).expect_err("packed");
    assert!(
        packed.to_string().contains("found HDF5 inside gzip"),
        "{packed}"
    );
}

#[test]
fn blocks_have_the_rows_of_the_whole() {
    for name in ["dense", "csr", "csc"] {
        let bytes = unpacked(name);
        let (blocks, sizes) = by_blocks("x", &bytes, 3);
        assert_eq!(sizes, [3, 1]);
        let whole = read("x", &bytes).expect("readable");
        assert_eq!((blocks.values, blocks.ids), (whole.values, whole.ids));
    }
}

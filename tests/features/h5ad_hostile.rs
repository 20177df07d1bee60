//! h5ad files that must not be read, most made with the writer of the crate that reads them.

use hdf5_pure::{AttrValue, FileBuilder};

use crate::h5ad::unpacked;
use crate::support::{Case, MIB, all_fail, read, survives};

/// A data set: its name, and how it is filled.
type Part<'a> = (&'a str, &'a dyn Fn(&mut hdf5_pure::DatasetBuilder));

fn names(builder: &mut hdf5_pure::DatasetBuilder, names: &[&str]) {
    builder.with_vlen_strings(names);
}

fn attribute(text: &str) -> AttrValue {
    AttrValue::VarLenString(text.to_owned())
}

/// A file with a dense matrix and an index of two samples, and more columns of `obs`.
fn dense(x: &dyn Fn(&mut hdf5_pure::DatasetBuilder), columns: &[Part<'_>]) -> Vec<u8> {
    let mut file = FileBuilder::new();
    x(file.create_dataset("X"));
    obs(&mut file, columns);
    file.finish().expect("a file")
}

fn obs(file: &mut FileBuilder, columns: &[Part<'_>]) {
    let mut obs = file.create_group("obs");
    obs.set_attr("_index", attribute("_index"));
    if !columns.iter().any(|(name, _)| *name == "_index") {
        names(obs.create_dataset("_index"), &["a", "b"]);
    }
    for (name, fill) in columns {
        fill(obs.create_dataset(name));
    }
    file.add_group(obs.finish());
}

fn two_by_two(x: &mut hdf5_pure::DatasetBuilder) {
    x.with_f32_data(&[1.0, 2.0, 3.0, 4.0]).with_shape(&[2, 2]);
}

/// The parts of a sparse matrix.
#[derive(Clone)]
struct Sparse<'a> {
    encoding: &'a str,
    shape: Vec<i64>,
    data: Vec<f64>,
    indices: Vec<i64>,
    starts: Vec<i64>,
}

/// 2 × 3: (5, 0, 6), (0, 7, 0).
fn rows<'a>() -> Sparse<'a> {
    Sparse {
        encoding: "csr_matrix",
        shape: vec![2, 3],
        data: vec![5.0, 6.0, 7.0],
        indices: vec![0, 2, 1],
        starts: vec![0, 2, 3],
    }
}

fn sparse(change: impl FnOnce(&mut Sparse<'_>)) -> Vec<u8> {
    let mut parts = rows();
    change(&mut parts);
    let mut file = FileBuilder::new();
    let mut x = file.create_group("X");
    x.set_attr("encoding-type", attribute(parts.encoding));
    x.set_attr("shape", AttrValue::I64Array(parts.shape));
    x.create_dataset("data").with_f64_data(&parts.data);
    x.create_dataset("indices").with_i64_data(&parts.indices);
    x.create_dataset("indptr").with_i64_data(&parts.starts);
    file.add_group(x.finish());
    obs(&mut file, &[]);
    file.finish().expect("a file")
}

/// A file with a column `k` of categories.
fn categories(codes: &[i8], texts: &[&str]) -> Vec<u8> {
    let mut file = FileBuilder::new();
    two_by_two(file.create_dataset("X"));
    let mut obs = file.create_group("obs");
    names(obs.create_dataset("_index"), &["a", "b"]);
    let mut column = obs.create_group("k");
    column.set_attr("encoding-type", attribute("categorical"));
    column.create_dataset("codes").with_i8_data(codes);
    names(column.create_dataset("categories"), texts);
    obs.add_group(column.finish());
    file.add_group(obs.finish());
    file.finish().expect("a file")
}

#[test]
fn what_is_changed_below_is_read_as_it_is() {
    let set = read("x", &dense(&two_by_two, &[])).expect("dense");
    assert_eq!([set.row(0), set.row(1)], [[1.0, 2.0], [3.0, 4.0]]);
    let set = read("x", &sparse(|_| ())).expect("sparse");
    assert_eq!([set.row(0), set.row(1)], [[5.0, 0.0, 6.0], [0.0, 7.0, 0.0]]);
    let set = crate::support::read_with("x", &categories(&[1, 0], &["p", "q"]), "label=k");
    assert_eq!(set.expect("categories").labels.expect("labels").ids, [1, 0]);
}

#[test]
fn matrices_that_are_none() {
    let whole = unpacked("dense");
    let no_matrix = {
        let mut file = FileBuilder::new();
        obs(&mut file, &[]);
        file.finish().expect("a file")
    };
    let frame_is_array = {
        let mut file = FileBuilder::new();
        two_by_two(file.create_dataset("X"));
        file.create_dataset("obs").with_f32_data(&[1.0, 2.0]);
        file.finish().expect("a file")
    };
    let x = |fill: &dyn Fn(&mut hdf5_pure::DatasetBuilder)| dense(fill, &[]);
    let with = |name: &str, fill: &dyn Fn(&mut hdf5_pure::DatasetBuilder)| {
        dense(&two_by_two, &[(name, fill)])
    };
    let cases: Vec<Case> = vec![
        (
            "the magic alone",
            b"\x89HDF\r\n\x1a\n".to_vec(),
            "",
            "broken HDF5 file",
        ),
        (
            "half a file",
            whole[..whole.len() / 2].to_vec(),
            "",
            "broken HDF5 file",
        ),
        ("no matrix", no_matrix, "", "x: X: found nothing, expected"),
        (
            "one dimension",
            x(&|x| _ = x.with_f32_data(&[1.0])),
            "",
            "x: X: found an array of shape [1], expected two dimensions",
        ),
        (
            "text",
            x(&|x| _ = x.with_vlen_strings(&["a", "b"]).with_shape(&[2, 1])),
            "",
            "x: X: found values of type vlen_string, expected floats or integers",
        ),
        (
            "no rows",
            x(&|x| _ = x.with_f32_data(&[]).with_shape(&[0, 2])),
            "",
            "found 0 rows",
        ),
        (
            "no columns",
            x(&|x| _ = x.with_f32_data(&[]).with_shape(&[2, 0])),
            "",
            "found 0 columns",
        ),
        (
            "NaN",
            x(&|x| {
                _ = x
                    .with_f32_data(&[1.0, 2.0, 3.0, f32::NAN])
                    .with_shape(&[2, 2]);
            }),
            "",
            "x: X: row 1, column 1: found NaN, expected a finite number",
        ),
        (
            "too large for f32",
            x(&|x| _ = x.with_f64_data(&[1.0, 2.0, -1e39, 4.0]).with_shape(&[2, 2])),
            "",
            "x: X: row 1, column 0: found -1e39, expected a number within",
        ),
        (
            "names for other samples",
            with("_index", &|i| names(i, &["a"])),
            "",
            "x: obs/_index: found 1 names, expected 2, as many as X has",
        ),
        (
            "one name twice",
            with("_index", &|i| names(i, &["a", "a"])),
            "",
            "obs_names_make_unique",
        ),
        (
            "no name",
            with("_index", &|i| names(i, &["a", ""])),
            "",
            "found no text in row 1",
        ),
        (
            "names that are numbers",
            with("_index", &|i| _ = i.with_f32_data(&[1.0, 2.0])),
            "",
            "x: obs/_index: found values of type f32, expected text",
        ),
        (
            "obs as an array",
            frame_is_array,
            "",
            "x: obs: found an array (anndata before 0.7)",
        ),
        (
            "labels for other samples",
            with("k", &|k| _ = k.with_i32_data(&[1])),
            "label=k",
            "x: obs/k: found 1 labels, expected 2",
        ),
        (
            "a label that is missing",
            with("k", &|k| _ = k.with_f64_data(&[1.0, f64::NAN])),
            "label=k",
            "x: obs/k: row 1, column 0: found null",
        ),
        (
            "a category that is missing",
            categories(&[0, -1], &["p"]),
            "label=k",
            "x: obs/k/codes: row 1, column 0: found null",
        ),
        (
            "no such category",
            categories(&[0, 1], &["p"]),
            "label=k",
            "x: obs/k/codes: found 1 in row 1, expected one of 1 categories",
        ),
        (
            "an option of tables",
            dense(&two_by_two, &[]),
            "id=0",
            "(id); name a text table",
        ),
    ];
    all_fail("x", &cases);
}

#[test]
fn sparse_parts_that_do_not_fit() {
    let many: Vec<i64> = vec![0; 9];
    let cases: Vec<Case> = vec![
        (
            "another encoding",
            sparse(|x| x.encoding = "coo_matrix"),
            "",
            "x: X: found \"coo_matrix\", expected csr_matrix or csc_matrix",
        ),
        (
            "no shape",
            sparse(|x| x.shape = vec![2]),
            "",
            "x: X: found no shape",
        ),
        (
            "a negative side",
            sparse(|x| x.shape = vec![-2, 3]),
            "",
            "x: X: found no shape",
        ),
        (
            "no samples",
            sparse(|x| x.shape = vec![0, 3]),
            "",
            "found 0 rows",
        ),
        (
            "samples without end",
            sparse(|x| x.shape = vec![1 << 40, 3]),
            "",
            "x: X/indptr: found 3 numbers, expected 1099511627777",
        ),
        (
            "samples without end, by columns",
            sparse(|x| {
                (x.encoding, x.shape) = ("csc_matrix", vec![1 << 40, 3]);
                x.starts = vec![0, 1, 2, 3];
            }),
            "",
            "x: X: found 1099511627776 samples with 3 values",
        ),
        (
            "columns without end",
            sparse(|x| x.shape = vec![2, 1 << 40]),
            "",
            "expected at most",
        ),
        (
            "too few starts",
            sparse(|x| x.starts = vec![0, 3]),
            "",
            "X/indptr: found 2 numbers",
        ),
        (
            "starts not from 0",
            sparse(|x| x.starts = vec![1, 2, 3]),
            "",
            "found 1 at 0, expected",
        ),
        (
            "starts that fall",
            sparse(|x| x.starts = vec![0, 4, 3]),
            "",
            "found 4 at 1, expected",
        ),
        (
            "starts below 0",
            sparse(|x| x.starts = vec![0, -1, 3]),
            "",
            "found -1 at 1",
        ),
        (
            "starts that end early",
            sparse(|x| x.starts = vec![0, 1, 2]),
            "",
            "found 2 at 2",
        ),
        (
            "a column that is not",
            sparse(|x| x.indices = vec![0, 3, 1]),
            "",
            "x: X/indices: found 3 at 1, expected places from 0 to 2",
        ),
        (
            "a negative column",
            sparse(|x| x.indices = vec![0, -1, 1]),
            "",
            "found -1 at 1",
        ),
        (
            "more columns than values",
            sparse(|x| x.indices = many),
            "",
            "found 3 numbers, expected 9",
        ),
        (
            "a place twice",
            sparse(|x| x.indices = vec![2, 2, 1]),
            "",
            "x: X: sample 1, column 3: found two entries",
        ),
        (
            "infinity",
            sparse(|x| x.data[1] = f64::INFINITY),
            "",
            "x: X/data: row 1, column 0: found inf",
        ),
    ];
    all_fail("x", &cases);
}

#[test]
fn arrays_that_claim_much() {
    // 256 MiB of zeros in chunks that are small when packed.
    let zeros = vec![0f32; 64 * MIB];
    let packed = dense(
        &|x| {
            x.with_f32_data(&zeros)
                .with_shape(&[16, 4 * MIB as u64])
                .with_chunks(&[16, 4 * MIB as u64])
                .with_deflate(9);
        },
        &[],
    );
    drop(zeros);
    let text = read("x", &packed).expect_err("a large chunk").to_string();
    assert!(text.contains("found chunks of shape"), "{text}");
}

#[test]
fn no_byte_can_do_harm() {
    survives("x", &dense(&two_by_two, &[]), 1);
    survives("x", &sparse(|_| ()), 1);
    survives("x", &categories(&[1, 0], &["p", "q"]), 1);
    for name in ["dense", "csr", "csc", "old"] {
        survives("x", &unpacked(name), 11);
    }
}

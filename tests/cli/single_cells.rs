//! A folder of 10x Genomics, and files that take a feature of the build.

use crate::support::Folder;

/// Two kinds of cells, each with many of its own three genes.
fn ten_x(folder: &Folder, cells: usize) {
    let mut entries = String::new();
    for cell in 0..cells {
        for gene in 0..3 {
            let (row, count) = (cell % 2 * 3 + gene + 1, 5 + (cell * 7 + gene * 3) % 11);
            entries += &format!("{row} {} {count}\n", cell + 1);
        }
    }
    let n = 3 * cells;
    let header = "%%MatrixMarket matrix coordinate integer general";
    folder.write(
        "cells/matrix.mtx",
        format!("{header}\n6 {cells} {n}\n{entries}"),
    );
    let barcodes: String = (0..cells).map(|cell| format!("AC{cell}-1\n")).collect();
    folder.write("cells/barcodes.tsv", barcodes);
    let genes: String = (0..6)
        .map(|gene| format!("E{gene}\tgene{gene}\tGene Expression\n"))
        .collect();
    folder.write("cells/features.tsv", genes);
}

#[test]
fn barcodes_are_ids_of_training_and_of_predictions() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("cells")).expect("a folder");
    ten_x(&folder, 40);
    folder.train(&["cells", "-k", "2", "--out", "run"]);
    folder.ok(&[
        "predict",
        "run/model.safetensors",
        "cells",
        "--backend",
        "cpu",
        "--block-rows",
        "7",
    ]);
    for file in ["run/labels.csv", "predictions/labels.csv"] {
        let text = String::from_utf8(folder.read(file)).expect("text");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            (lines.len(), lines[0]),
            (41, "index,label,confidence,id"),
            "{file}"
        );
        assert!(
            lines[40].starts_with("39,") && lines[40].ends_with(",AC39-1"),
            "{file}"
        );
    }
    let columns = String::from_utf8(folder.read("run/explain/features.csv")).expect("text");
    assert!(columns.contains("gene5"), "{columns}");
    folder.write("cells/barcodes.tsv", "A\n");
    folder.refuses_to_train(
        &["cells", "-k", "2", "--out", "other"],
        3,
        &[
            "barcodes.tsv: found 1 names, expected 40, as many as",
            "matrix.mtx",
        ],
    );
}

#[cfg(not(any(feature = "h5ad", feature = "parquet")))]
#[test]
fn files_that_take_a_feature_name_it() {
    let folder = Folder::new();
    for (bytes, what, feature) in [
        (&b"PAR1\x15\x04"[..], "a Parquet file", "parquet"),
        (b"\x89HDF\r\n\x1a\n\0\0", "an HDF5 file", "h5ad"),
    ] {
        folder.write("data", bytes);
        let advice = format!("`cargo install --path . --features {feature}`");
        folder.refuses(&["train", "data", "-k", "2"], 3, &[what, &advice]);
    }
}

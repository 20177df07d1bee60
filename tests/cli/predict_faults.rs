//! `predict` when something is wrong: files are whole or not there.

use crate::predict::{FILES, gzip, predicting, with_model};
use crate::support::{Folder, assert_refused, csv, names};

#[test]
fn a_fault_half_way_leaves_nothing() {
    let folder = with_model();
    let mut lines: Vec<String> = csv(60, 6).lines().map(str::to_owned).collect();
    lines[50] = format!("x{}", lines[50]);
    folder.write("cell.csv", lines.join("\n"));
    let packed = gzip(csv(2000, 6).as_bytes());
    folder.write("cut.csv.gz", &packed[..packed.len() / 2]);
    folder.write("few.csv", "0\n".repeat(55));
    let cases: [(&str, &[&str], &[&str]); 3] = [
        ("cell.csv", &[], &["cell.csv:51", "x"]),
        ("cut.csv.gz", &[], &["cut.csv.gz", "gzip"]),
        (
            "data.csv",
            &["--labels", "few.csv"],
            &["few.csv", "found 55 labels for 60 rows"],
        ),
    ];
    for (data, more, said) in cases {
        for format in ["csv", "npy"] {
            let more = [more, &["--block-rows", "8", "--format", format]].concat();
            let args = predicting(data, "predictions", &more);
            folder.refuses(&args, 3, said);
            assert!(
                !folder.path("predictions").exists(),
                "{data} leaves a folder"
            );
        }
    }

    folder.ok(&predicting("data.csv", "old", &[]));
    let before = FILES.map(|file| folder.read(&format!("old/{file}")));
    let more = ["--block-rows", "8", "--force"];
    folder.refuses(&predicting("cell.csv", "old", &more), 3, &["cell.csv:51"]);
    assert_eq!(names(&folder.path("old")), FILES);
    assert!(FILES.map(|file| folder.read(&format!("old/{file}"))) == before);
}

#[test]
fn a_file_that_cannot_be_replaced_is_named() {
    let folder = with_model();
    std::fs::create_dir_all(folder.path("out/labels.csv/mine")).expect("made");
    let args = predicting("data.csv", "out", &["--force"]);
    folder.refuses(&args, 6, &["cannot write", "labels.csv"]);
    assert_eq!(names(&folder.path("out")), ["labels.csv"]);
}

#[test]
fn what_is_no_part_or_no_confidence_is_refused() {
    let folder = Folder::new();
    for shard in ["3/3", "1", "a/b", "-1/4", "0/0", ""] {
        let args = predicting("data.csv", "out", &["--shard", shard]);
        let words = ["--shard <i/N>", "expected i/N with i from 0 to N - 1"];
        assert_refused(&folder.run(&args), 2, &words, shard);
    }
    for share in ["1.5", "-0.1", "nan", "much"] {
        let args = predicting("data.csv", "out", &["--min-confidence", share]);
        let words = ["--min-confidence <P>", "expected a number from 0 to 1"];
        assert_refused(&folder.run(&args), 2, &words, share);
    }
    let args = predicting("data.csv", "out", &["--format", "xml"]);
    folder.refuses(&args, 2, &["--format <NAME>", "csv, npy"]);
}

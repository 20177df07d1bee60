//! What samples are called, from the table to the files of a run.

use crate::support::{Folder, csv};

/// The table of three groups with a column of names in front and one of remarks behind.
fn named(n: usize) -> String {
    let line = |(i, line): (usize, &str)| match i {
        0 => format!("name,{line},note\n"),
        i => format!("\"s, {i}\",{line},=1+{i}\n"),
    };
    csv(n, 4).lines().enumerate().map(line).collect()
}

fn lines(folder: &Folder, file: &str) -> Vec<String> {
    let text = String::from_utf8(folder.read(file)).expect("text");
    text.lines().map(str::to_owned).collect()
}

#[test]
fn ids_stand_last_in_the_tables_of_a_run() {
    let folder = Folder::new();
    folder.write("named.csv", named(60));
    folder.write("plain.csv", csv(60, 4));
    let options = ["-k", "3", "--ignore-column", "note"];
    folder.train(
        &[
            &["named.csv", "--out", "named", "--id-column", "name"],
            &options[..],
        ]
        .concat(),
    );
    folder.train(&["plain.csv", "--out", "plain", "-k", "3"]);
    let (with, without) = (
        lines(&folder, "named/labels.csv"),
        lines(&folder, "plain/labels.csv"),
    );
    assert_eq!(with[0], "index,label,confidence,id");
    assert_eq!((with.len(), without.len()), (61, 61));
    for (i, (with, without)) in with.iter().zip(&without).enumerate().skip(1) {
        assert_eq!(
            *with,
            format!("{without},\"s, {i}\""),
            "the same bits, and the id"
        );
    }
    let margins = lines(&folder, "named/explain/margins.csv");
    assert_eq!(margins[0], "index,label,confidence,margin,id");
    assert!(margins[60].ends_with(",\"s, 60\""), "{}", margins[60]);
    let exemplars = lines(&folder, "named/explain/exemplars.csv");
    assert!(exemplars[0].ends_with(",margin,id"), "{}", exemplars[0]);
    for line in &exemplars[1..] {
        let index: usize = line
            .split(',')
            .nth(3)
            .expect("index")
            .parse()
            .expect("a number");
        assert!(line.ends_with(&format!(",\"s, {}\"", index + 1)), "{line}");
    }
    let uncertain = lines(&folder, "named/explain/uncertain.csv");
    assert!(uncertain[0].ends_with(",margin,id"), "{}", uncertain[0]);
    assert!(uncertain[1].ends_with('"'), "{}", uncertain[1]);
    folder.ok(&["report", "named"]);
    // In blocks.
    let predict = [
        "predict",
        "named/model.safetensors",
        "named.csv",
        "--backend",
        "cpu",
    ];
    folder.ok(&[&predict[..], &options[2..]].concat());
    let predicted = lines(&folder, "predictions/labels.csv");
    assert_eq!(predicted[0], with[0]);
    assert!(predicted[60].ends_with(",\"s, 60\""), "{}", predicted[60]);
    // Without being asked for, and said.
    let output = folder.run(&[
        "explain",
        "named",
        "named.csv",
        "--force",
        "--ignore-column=-1",
        "--backend",
        "cpu",
    ]);
    let said = crate::support::stderr(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(
        said.contains("the first column (name) is taken as ids"),
        "{said}"
    );
    assert_eq!(lines(&folder, "named/explain/margins.csv"), margins);
}

#[test]
fn columns_that_cannot_be_used_end_with_3() {
    let folder = Folder::new();
    folder.write("named.csv", named(9));
    let refused = |args: &[&str], words: &[&str]| {
        folder.refuses_to_train(&[&["named.csv", "-k", "3"], args].concat(), 3, words);
    };
    refused(
        &[],
        &["named.csv:2: column 7 (note)", "`--ignore-column note`"],
    );
    refused(&["--id-column", "x"], &["id column \"x\" not found"]);
    refused(&["--ignore-column", "9"], &["ignored column 9 not found"]);
    let both = ["--id-column", "note", "--ignore-column", "-1"];
    refused(&both, &["named.csv: found column note asked for as"]);
    folder.write(
        "named.csv",
        named(9) + named(9).lines().nth(4).expect("a line"),
    );
    refused(
        &["--id-column", "0", "--ignore-column", "note"],
        &["named.csv:11: found id \"s, 4\" as in line 5"],
    );
}

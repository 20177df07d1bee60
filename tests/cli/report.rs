//! The page of a run, and runs side by side.

use crate::support::{Folder, bars, csv, names, npy};

/// A table whose names and labels would run, or break the page, if they were not escaped.
fn hostile_csv() -> String {
    let text = csv(60, 6).replace("x0,", "<script>alert(0)</script>,");
    text.replace("red", "\"</td><img src=x onerror=\"\"alert(1)\"\">\"")
}

fn text(folder: &Folder, name: &str) -> String {
    String::from_utf8(folder.read(name)).expect("UTF-8")
}

#[test]
fn training_writes_the_page_and_report_writes_it_again() {
    let folder = Folder::new();
    folder.write("data.csv", hostile_csv());
    folder.train(&["data.csv", "-k", "3"]);
    let pictures = names(&folder.path("run/pictures"));
    let drawn = [
        "confusion",
        "label_change",
        "loss_cluster",
        "loss_pretrain",
        "map_neighbours",
        "map_pca",
        "scores",
        "sizes",
        "tree",
    ];
    let expected: Vec<String> = drawn
        .iter()
        .flat_map(|name| ["png", "svg"].map(|end| format!("{name}.{end}")))
        .collect();
    assert_eq!(pictures, expected);
    let first = text(&folder, "run/report.html");
    for word in [
        "data: 3 clusters of 60 samples",
        "DEC",
        "Least sure",
        "&lt;script&gt;alert(0)&lt;/script&gt;",
        "Content-Security-Policy",
    ] {
        assert!(first.contains(word), "{word}");
    }
    for word in ["<script", "<img src=x", "http:", "https:"] {
        assert!(!first.contains(word), "{word}");
    }
    let files: Vec<Vec<u8>> = pictures
        .iter()
        .map(|name| folder.read(&format!("run/pictures/{name}")))
        .collect();
    let printed = folder.ok(&["report", "run"]);
    assert_eq!(printed, "run/report.html\n");
    assert!(text(&folder, "run/report.html") == first, "another page");
    for (name, bytes) in pictures.iter().zip(files) {
        assert!(
            folder.read(&format!("run/pictures/{name}")) == bytes,
            "{name} differs"
        );
    }
}

#[test]
fn a_run_of_a_version_without_a_map_is_shown_with_the_principal_components() {
    let folder = Folder::new();
    folder.write("data.csv", csv(60, 6));
    folder.train(&["data.csv", "-k", "3"]);
    for file in ["map.npy", "tree.json"] {
        std::fs::remove_file(folder.path(&format!("run/{file}"))).expect("removed");
    }
    folder.ok(&["report", "run"]);
    let page = text(&folder, "run/report.html");
    assert!(page.contains("principal components"), "{page}");
    for word in ["graph of nearest neighbours", "Which clusters join first"] {
        assert!(!page.contains(word), "{word}");
    }
}

#[test]
fn the_confusion_table_counts_every_sample() {
    let folder = Folder::new();
    folder.write("data.csv", csv(60, 6));
    folder.train(&["data.csv", "-k", "3"]);
    let table = text(&folder, "run/confusion.csv");
    let rows: Vec<Vec<&str>> = table
        .lines()
        .map(|line| line.split(',').collect())
        .collect();
    assert_eq!(rows[0][0], "class");
    let classes: Vec<&str> = rows[1..].iter().map(|row| row[0]).collect();
    assert_eq!(classes, ["blue", "green", "red"]);
    for row in &rows[1..] {
        let total: u64 = row[1..]
            .iter()
            .map(|cell| cell.parse::<u64>().expect("a count"))
            .sum();
        assert_eq!(total, 20, "{row:?}");
    }
}

#[test]
fn images_are_in_the_page_and_labels_are_not_needed() {
    let folder = Folder::new();
    folder.write("data.npy", bars());
    folder.train(&["data.npy", "-k", "2"]);
    let page = text(&folder, "run/report.html");
    // Two clusters, the uncertain samples, the saliency.
    assert_eq!(page.matches("data:image/png;base64,").count(), 4);
    assert!(
        !page.contains("Scores"),
        "there are no labels to score with"
    );
    assert!(!folder.path("run/confusion.csv").exists());
}

#[test]
fn a_folder_that_is_no_run_or_a_broken_one_is_refused() {
    let folder = Folder::new();
    folder.refuses(
        &["report", "nowhere"],
        3,
        &["nowhere/metrics.json: cannot be read", "dec-gpu train"],
    );
    folder.write("data.csv", csv(60, 6));
    folder.train(&["data.csv", "-k", "3"]);
    let page = folder.read("run/report.html");
    let cases: [(&str, &[u8], &[&str]); 16] = [
        ("metrics.json", b"{}", &["metrics.json:1:", "missing field"]),
        (
            "labels.csv",
            b"index,label,confidence\n0,1,0.5\n",
            &["labels.csv:2:", "1 samples, but 60"],
        ),
        (
            "labels.csv",
            b"index,label,confidence\n0,3,0.5\n",
            &["labels.csv:2:", "cluster 3, expected 0 to 2"],
        ),
        (
            "labels.csv",
            b"index,label,confidence\n0,x,0.5\n",
            &["labels.csv:2:", "\"x\" in column label"],
        ),
        (
            "labels.csv",
            b"index,label,confidence\n0,1\n",
            &["labels.csv:2:", "2 fields"],
        ),
        ("embedding.npy", b"no array", &["embedding.npy"]),
        (
            "embedding.npy",
            &npy(60, 2, &[0.5; 120]),
            &["embedding.npy", "60 x 2 values, expected 60 x 3"],
        ),
        (
            "map.npy",
            &npy(59, 2, &[0.5; 118]),
            &["map.npy", "59 x 2 values, expected 60 x 2"],
        ),
        (
            "map_rows.npy",
            &npy(60, 1, &[0.5; 60]),
            &["map_rows.npy:1:", "no rising indices below 60"],
        ),
        ("tree.json", b"{}", &["tree.json:1:", "missing field"]),
        (
            "tree.json",
            b"{\"schema\":1,\"n_clusters\":2,\"joinings\":[],\"cuts\":{}}",
            &["tree.json:1:", "a tree of other clusters"],
        ),
        (
            "history.jsonl",
            b"{\"phase\":\"?\"}\n",
            &["history.jsonl:1:", "not a history record"],
        ),
        (
            "confusion.csv",
            b"class,a\nred,1\n",
            &["confusion.csv:2:", "numbers of clusters"],
        ),
        (
            "confusion.csv",
            b"class,0\nred,-1\n",
            &["confusion.csv:2:", "\"-1\""],
        ),
        (
            "explain/features.csv",
            b"cluster,name\n0,x\n",
            &["features.csv:2:", "member_mean"],
        ),
        (
            "explain/exemplars.csv",
            b"cluster,kind,index\n,nearest,1\n",
            &["exemplars.csv:2:"],
        ),
    ];
    for (file, bytes, words) in cases {
        let path = format!("run/{file}");
        let whole = std::fs::read(folder.path(&path)).ok();
        folder.write(&path, bytes);
        folder.refuses(&["report", "run"], 3, words);
        assert!(
            folder.read("run/report.html") == page,
            "{file}: the page was touched"
        );
        match whole {
            Some(whole) => drop(folder.write(&path, whole)),
            None => std::fs::remove_file(folder.path(&path)).expect("removed"),
        }
    }
    folder.ok(&["report", "run"]);
}

#[test]
fn runs_are_put_side_by_side() {
    let folder = Folder::new();
    folder.write("data.csv", csv(60, 6));
    folder.train(&["data.csv", "-k", "3", "--out", "one"]);
    folder.train(&[
        "data.csv",
        "-k",
        "3",
        "--out",
        "two",
        "--set",
        "cluster.gamma=0.1",
    ]);
    let printed = folder.ok(&["compare", "one", "two", "--out", "both.html"]);
    for word in ["ACC", "one", "two", "cluster.gamma"] {
        assert!(printed.contains(word), "{word}: {printed}");
    }
    let page = text(&folder, "both.html");
    for word in [
        "2 runs side by side",
        "Agreement",
        "cluster.gamma",
        "<td>1.000</td>",
    ] {
        assert!(page.contains(word), "{word}");
    }
    let again = ["compare", "one", "two", "--out", "both.html"];
    folder.refuses(&again, 2, &["both.html exists", "--force"]);
    folder.ok(&[&again[..], &["--force"]].concat());
    folder.refuses(&["compare", "one", "three"], 3, &["three/"]);
    let one = folder.run(&["compare", "one"]);
    assert_eq!(one.status.code(), Some(2));
    // The same run under two paths has one name.
    let same = folder.ok(&["compare", "one", "./one"]);
    assert!(same.contains("./one"), "{same}");
}

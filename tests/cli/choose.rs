//! `train -k A..B` and `-k auto`: the table, the choice, and what is refused.

use crate::support::{Folder, csv};

const SAMPLES: usize = 120;

const HEADER: &str =
    "k,silhouette,smoothed_silhouette,score,neighbour_agreement,smallest_cluster,nmi,chosen";

/// Three groups, without labels and with names for them.
fn folder() -> Folder {
    let folder = Folder::new();
    let table = csv(SAMPLES, 6);
    let without: Vec<&str> = table
        .lines()
        .map(|line| line.rsplit_once(',').expect("a label").0)
        .collect();
    folder.write("data.csv", without.join("\n"));
    let labels = |of: fn(usize) -> usize| (0..SAMPLES).map(|i| format!("{}\n", of(i))).collect();
    let some: String = labels(|i| i % 3);
    let others: String = labels(|i| i * 7 % 5);
    folder.write("some.txt", some);
    folder.write("others.txt", others);
    folder
}

fn text(folder: &Folder, file: &str) -> String {
    String::from_utf8(folder.read(file)).expect("UTF-8")
}

/// The rows of a run's table, cut into cells.
fn rows(folder: &Folder, run: &str) -> Vec<Vec<String>> {
    let table = text(folder, &format!("{run}/clusters.csv"));
    assert_eq!(table.lines().next(), Some(HEADER));
    let cells = |line: &str| line.split(',').map(str::to_owned).collect();
    table.lines().skip(1).map(cells).collect()
}

fn chosen(rows: &[Vec<String>]) -> &str {
    let chosen: Vec<_> = rows.iter().filter(|row| row[7] == "1").collect();
    assert_eq!(chosen.len(), 1, "{rows:?}");
    &chosen[0][0]
}

#[test]
fn a_range_leaves_a_table_and_the_run_of_the_chosen_k() {
    let folder = folder();
    let output = folder.train(&["data.csv", "-k", "2..5", "--out", "range"]);
    assert!(output.contains("cluster sizes: "), "{output}");
    let rows = rows(&folder, "range");
    let tried: Vec<&str> = rows.iter().map(|row| &row[0][..]).collect();
    assert_eq!(tried, ["2", "3", "4", "5"]);
    assert!(
        rows.iter().all(|row| row[6].is_empty()),
        "no labels, no NMI"
    );
    let k = chosen(&rows);
    assert_eq!(k, "3");
    let config = text(&folder, "range/config.toml");
    assert!(config.contains(&format!("n-clusters = {k}\n")), "{config}");
    let metrics: serde_json::Value =
        serde_json::from_slice(&folder.read("range/metrics.json")).expect("JSON");
    assert_eq!(metrics["n_clusters"].to_string(), k);

    folder.train(&["data.csv", "-k", k, "--out", "given"]);
    assert!(!folder.path("given/clusters.csv").exists());
    for file in ["labels.csv", "model.safetensors", "config.toml"] {
        let [range, given] = ["range", "given"].map(|run| folder.read(&format!("{run}/{file}")));
        assert!(range == given, "{file}");
    }
}

#[test]
fn auto_goes_up_to_a_tenth_of_the_samples() {
    let folder = folder();
    folder.train(&["data.csv", "-k", "auto"]);
    let rows = rows(&folder, "run");
    assert_eq!((rows.len(), &rows[10][0][..]), (11, "12"));
}

#[test]
fn labels_score_the_table_and_decide_nothing() {
    let folder = folder();
    let train = |labels: &[&str], out: &str| {
        let args = ["data.csv", "-k", "2..4", "--out", out];
        folder.train(&[&args[..], labels].concat());
        rows(&folder, out)
    };
    let none = train(&[], "none");
    let some = train(&["--labels", "some.txt"], "some");
    let others = train(&["--labels", "others.txt"], "others");
    let nmi = |rows: &[Vec<String>]| -> Vec<f64> {
        let parse = |row: &Vec<String>| row[6].parse().expect("an NMI");
        rows.iter().map(parse).collect()
    };
    assert_eq!(nmi(&some)[1], 1.0);
    assert!(nmi(&others).iter().all(|nmi| *nmi < 0.5));
    let without_nmi = |mut rows: Vec<Vec<String>>| {
        rows.iter_mut().for_each(|row| row[6].clear());
        rows
    };
    assert_eq!(without_nmi(some), none);
    assert_eq!(without_nmi(others), none);
}

#[test]
fn what_cannot_be_chosen_from_is_refused() {
    let folder = folder();
    for (clusters, words) in [
        ("1..4", "begins at 1"),
        ("5..3", "write 3..5"),
        ("many", "a number, a range such as 2..12, or auto"),
        ("2..121", "121"),
        ("2..109", "goes up to 109 but 108 samples"),
    ] {
        folder.refuses_to_train(&["data.csv", "-k", clusters], 2, &[words]);
    }
    let several = ["data.csv", "-k", "2..4", "--runs", "2"];
    folder.refuses_to_train(&several, 2, &["--runs", "-k is a range"]);
    assert!(!folder.path("run").exists());
}

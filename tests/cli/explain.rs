//! What explains the clusters of a run.

use crate::support::{Folder, TINY, bars, csv, names};

/// What is written of any data, sorted.
const FILES: [&str; 8] = [
    "centroids_decoded.npy",
    "cluster_means.npy",
    "exemplars.csv",
    "features.csv",
    "margins.csv",
    "saliency.csv",
    "saliency.npy",
    "uncertain.csv",
];

/// `explain` on the CPU.
const EXPLAIN: [&str; 3] = ["explain", "--backend", "cpu"];

fn text(folder: &Folder, name: &str) -> String {
    String::from_utf8(folder.read(name)).expect("UTF-8")
}

/// The cells of a table without quotes, below its header.
fn cells(text: &str) -> Vec<Vec<&str>> {
    let rows = text.lines().skip(1);
    rows.map(|line| line.split(',').collect()).collect()
}

fn number(cell: &str) -> f64 {
    cell.parse().unwrap_or_else(|_| panic!("no number: {cell}"))
}

/// Whether an NPY file says that it has this shape.
fn has_shape(folder: &Folder, name: &str, rows: usize, columns: usize) -> bool {
    let bytes = folder.read(name);
    let shape = format!("'shape': ({rows}, {columns})");
    String::from_utf8_lossy(&bytes[..128]).contains(&shape)
        && bytes.len() == 128 + 4 * rows * columns
}

#[test]
fn a_run_on_the_digits_explains_itself() {
    let folder = Folder::new();
    folder.train(&[]);
    let mut files: Vec<&str> = [
        &FILES[..],
        &["exemplars.png", "saliency.png", "uncertain.png"],
    ]
    .concat();
    files.sort_unstable();
    assert_eq!(names(&folder.path("run/explain")), files);

    // 10 clusters, one of which may be empty or small after so short a training.
    let exemplars = text(&folder, "run/explain/exemplars.csv");
    let exemplars = cells(&exemplars);
    let labels = text(&folder, "run/labels.csv");
    let labels = cells(&labels);
    for row in &exemplars {
        let of_the_run = &labels[row[3].parse::<usize>().expect("an index")];
        assert_eq!((row[0], row[5]), (of_the_run[1], of_the_run[2]), "{row:?}");
    }
    let nearest: Vec<_> = exemplars.iter().filter(|row| row[1] == "nearest").collect();
    for pair in nearest.windows(2).filter(|pair| pair[0][0] == pair[1][0]) {
        assert!(number(pair[0][4]) <= number(pair[1][4]), "{pair:?}");
    }
    assert_eq!(exemplars.len(), 2 * nearest.len());

    let saliency = text(&folder, "run/explain/saliency.csv");
    let salient: Vec<_> = cells(&saliency)
        .into_iter()
        .map(|row| (row[1], row[2]))
        .collect();
    let expected: Vec<_> = nearest.iter().map(|row| (row[3], row[0])).collect();
    assert_eq!(salient, expected);
    assert!(has_shape(
        &folder,
        "run/explain/saliency.npy",
        nearest.len(),
        64
    ));
    assert!(has_shape(
        &folder,
        "run/explain/centroids_decoded.npy",
        10,
        64
    ));
    assert!(has_shape(&folder, "run/explain/cluster_means.npy", 10, 64));

    let margins = text(&folder, "run/explain/margins.csv");
    let margins = cells(&margins);
    assert_eq!(margins.len(), labels.len());
    for (row, of_the_run) in margins.iter().zip(&labels) {
        assert_eq!(row[..3], of_the_run[..]);
        assert!((0.0..=number(row[2])).contains(&number(row[3])), "{row:?}");
    }
}

#[test]
fn the_command_writes_what_training_wrote() {
    let folder = Folder::new();
    folder.write("data.csv", csv(60, 6));
    folder.train(&["data.csv", "-k", "3"]);
    let printed = folder.ok(&[&EXPLAIN[..], &["run", "data.csv", "--out", "again"]].concat());
    assert!(printed.contains("results in again"), "{printed}");
    for file in FILES {
        let of_run = folder.read(&format!("run/explain/{file}"));
        assert!(
            folder.read(&format!("again/{file}")) == of_run,
            "{file} differs"
        );
    }
    // Fewer exemplars, into the folder of the run.
    let fewer = [&EXPLAIN[..], &["run", "data.csv", "--exemplars", "2"]].concat();
    folder.refuses(&fewer, 2, &["run/explain is not empty", "--force"]);
    folder.ok(&[&fewer[..], &["--force"]].concat());
    let exemplars = text(&folder, "run/explain/exemplars.csv");
    assert_eq!(cells(&exemplars).len(), 3 * 2 * 2);
}

#[test]
fn features_name_the_columns_that_make_the_groups() {
    // Group i of `csv` is high in the columns j with j % 3 == i % 3.
    let folder = Folder::new();
    folder.write("data.csv", csv(60, 6));
    folder.train(&["data.csv", "-k", "3"]);
    let features = text(&folder, "run/explain/features.csv");
    let features = cells(&features);
    assert_eq!(features.len(), 3 * 6);
    for cluster in ["0", "1", "2"] {
        let high = features
            .iter()
            .filter(|row| row[0] == cluster && number(row[7]) > 1.0);
        let high: Vec<_> = high.map(|row| row[3]).collect();
        let pairs = [["x0", "x3"], ["x1", "x4"], ["x2", "x5"]];
        assert!(
            pairs
                .iter()
                .any(|pair| high.len() == 2 && pair.iter().all(|name| high.contains(name))),
            "{cluster}: {high:?}"
        );
    }
}

#[test]
fn images_are_shown() {
    let folder = Folder::new();
    folder.write("data.npy", bars());
    folder.train(&["data.npy", "-k", "2"]);
    // A line for each cluster; 24 uncertain samples, 12 in a line.
    for file in ["exemplars.png", "saliency.png", "uncertain.png"] {
        let lines = 2;
        let bytes = folder.read(&format!("run/explain/{file}"));
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes))
            .read_info()
            .expect("a PNG");
        let mut pixels = vec![0; reader.output_buffer_size().expect("it fits")];
        reader.next_frame(&mut pixels).expect("whole");
        // Lines of 64 pixels, and a gap of 2 around each.
        assert_eq!(reader.info().height, lines * 64 + (lines + 1) * 2, "{file}");
        let (low, high) = (pixels.iter().min(), pixels.iter().max());
        assert!(
            low < Some(&20) && high > Some(&230),
            "{file}: {low:?} to {high:?}"
        );
    }
}

#[test]
fn wrong_arguments() {
    let folder = Folder::new();
    folder.write("data.csv", csv(12, 4));
    folder.write("wide.csv", csv(12, 5));
    let refuses = |args: &[&str], code, words: &[&str]| {
        folder.refuses(&[&EXPLAIN[..], args].concat(), code, words);
    };
    refuses(
        &["nowhere", "data.csv"],
        3,
        &["nowhere/model.safetensors: cannot be read"],
    );
    folder.ok(&[&["train", "data.csv", "-k", "2"], &TINY[..]].concat());
    let out = ["--out", "files"];
    let words = [
        "model.safetensors",
        "expects 4 values per sample, wide.csv has 5",
    ];
    refuses(&[&["run", "wide.csv"][..], &out].concat(), 3, &words);
    refuses(&[&["run", "no.csv"][..], &out].concat(), 3, &["no.csv"]);
    for m in ["0", "1001"] {
        let args = [&["run", "data.csv", "--exemplars", m][..], &out].concat();
        refuses(&args, 2, &["expected 1 to 1000", m]);
    }
    assert!(
        !folder.path("files").exists(),
        "a folder was made for nothing"
    );
}

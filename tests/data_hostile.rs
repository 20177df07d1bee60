//! Malformed files: each must end in an error that names the file and the place.

mod hostile;

use std::fs;
use std::io::Cursor;

use dec_gpu::data::{self, DataError, Dataset, ReadOptions};
use hostile::make::{gzip, idx};

fn read(name: &str, bytes: &[u8]) -> Result<Dataset, DataError> {
    data::read(name, Cursor::new(bytes), &ReadOptions::default())
}

/// The program is held to the same tables: `malformed_data_end_with_code_3` in `cli`.
#[test]
fn every_table_is_refused_with_file_and_place() {
    let mut refused = 0;
    for (file, cases) in hostile::data() {
        assert!(cases.len() >= 10, "{file}: a table of at least ten");
        for (what, bytes, words) in cases {
            let text = match read(file, &bytes) {
                Ok(set) => panic!(
                    "{file}, {what}: read as {} × {}",
                    set.n_samples, set.input_dim
                ),
                Err(error) => error.to_string(),
            };
            assert!(text.starts_with(file), "{what}: {text}");
            assert!(text.contains(words), "{what}: {text}");
            let says_what = text.contains("expected") || text.contains("labels of another length");
            assert!(says_what, "{what}: {text}");
            refused += 1;
        }
    }
    println!("malformed data: {refused} refused by the library");
    assert!(refused >= 80, "only {refused} malformed data files");
}

#[test]
fn labels_are_refused_too() {
    for (what, bytes, words) in hostile::labels::cases() {
        let text = data::read_labels("y", Cursor::new(bytes))
            .unwrap_err()
            .to_string();
        assert!(
            text.starts_with('y') && text.contains(words),
            "{what}: {text}"
        );
    }
}

#[test]
fn folders_and_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let open = |name: &str| data::open(&path(name), &ReadOptions::default());
    let fails = |name: &str, words: &str| {
        let text = open(name).unwrap_err().to_string();
        assert!(
            text.starts_with(path(name).to_str().unwrap()) && text.contains(words),
            "{text}"
        );
    };
    fails("missing.csv", "cannot be read");
    fs::create_dir(path("set")).unwrap();
    fails("set", "found no files");
    fs::write(path("set/README.md"), "x").unwrap();
    fs::write(path("set/notes.md"), "x").unwrap();
    fails("set", "found README.md, notes.md");
    fs::write(path("set/a.csv"), "1,2\n").unwrap();
    assert_eq!(open("set").unwrap().name, "set");
    fs::write(path("set/b.csv"), "1,2\n").unwrap();
    fails("set", "found several data files (a.csv, b.csv)");

    fs::write(
        path("set/train-images-idx3-ubyte"),
        idx(8, &[2, 1, 2], &[1, 2, 3, 4]),
    )
    .unwrap();
    fs::write(
        path("set/t10k-images-idx3-ubyte.gz"),
        gzip(&idx(8, &[1, 1, 2], &[5, 6])),
    )
    .unwrap();
    fs::write(
        path("set/train-labels-idx1-ubyte.gz"),
        gzip(&idx(8, &[2], &[9, 4])),
    )
    .unwrap();
    let set = open("set").unwrap();
    assert_eq!(
        (set.n_samples, set.values),
        (3, data::Values::U8(vec![1, 2, 3, 4, 5, 6]))
    );
    assert_eq!(set.labels, None, "labels of one part only");
    fs::write(path("set/t10k-labels-idx1-ubyte"), idx(8, &[1], &[7])).unwrap();
    let labels = open("set").unwrap().labels.unwrap();
    assert_eq!(
        (labels.ids, labels.names.concat()),
        (vec![2, 0, 1], "479".to_owned())
    );
    fs::write(
        path("set/t10k-images-idx3-ubyte"),
        idx(8, &[1, 2, 1], &[5, 6]),
    )
    .unwrap();
    let text = open("set").unwrap_err().to_string();
    assert!(
        text.contains("t10k-images-idx3-ubyte: found 2 × 1 bytes a sample, expected 1 × 2"),
        "{text}"
    );

    fs::write(path("y.csv"), "label\n1\n2\n3\n").unwrap();
    let options = ReadOptions {
        label_file: Some(path("y.csv")),
        ..ReadOptions::default()
    };
    let text = data::open(&path("set/a.csv"), &options)
        .unwrap_err()
        .to_string();
    assert!(
        text.contains("y.csv: labels of another length: found 3 labels for 1 rows"),
        "{text}"
    );
}

#[cfg(unix)]
#[test]
fn devices_are_not_read() {
    let error = data::open("/dev/zero".as_ref(), &ReadOptions::default()).unwrap_err();
    assert!(
        error.to_string().contains("found no regular file"),
        "{error}"
    );
}

#[test]
fn names_cannot_steer_a_terminal() {
    let text = read("\u{1b}[2Jx\n.csv", b"1\nx\n").unwrap_err().to_string();
    assert!(
        text.starts_with("\\u{1b}[2Jx\\n.csv:2: column 1") && !text.contains('\u{1b}'),
        "{text}"
    );
}

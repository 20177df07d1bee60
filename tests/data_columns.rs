//! Text tables with columns of text: malformed ones end in an error that names the file and the place, good ones are
//! the same whole and in blocks.

mod hostile;

use std::io::Cursor;
use std::ops::ControlFlow;

use dec_gpu::data::{self, BlockOptions, Dataset, ReadOptions};

/// `label=a id=b ignore=2` as options.
fn options(text: &str) -> ReadOptions {
    let mut options = ReadOptions::default();
    for option in text.split_whitespace() {
        let (role, column) = option.split_once('=').expect("role=column");
        let Ok(column) = column.parse();
        match role {
            "label" => options.label_column = Some(column),
            "id" => options.id_column = Some(column),
            "ignore" => options.ignore_columns.push(column),
            _ => panic!("{role}"),
        }
    }
    options
}

fn whole(bytes: &[u8], options: &ReadOptions) -> Result<Dataset, String> {
    data::read("t.csv", Cursor::new(bytes), options).map_err(|error| error.to_string())
}

/// The blocks of so many rows each.
fn blocks(bytes: &[u8], options: &ReadOptions, rows: usize) -> Result<Vec<Dataset>, String> {
    let block_options = BlockOptions {
        rows: rows.try_into().ok(),
        shard: None,
    };
    let mut found = Vec::new();
    let result = data::read_blocks(
        "t.csv",
        Cursor::new(bytes),
        options,
        &block_options,
        &mut |block| {
            found.push(block.rows);
            ControlFlow::Continue(())
        },
    );
    result.map(|()| found).map_err(|error| error.to_string())
}

#[test]
fn malformed_tables() {
    for (what, bytes, asked, words) in hostile::columns::CASES {
        let options = options(asked);
        let error = whole(bytes, &options).expect_err(what);
        assert!(error.contains(words), "{what}: {error}");
        assert!(error.contains("expected"), "{what}: {error}");
        assert_eq!(
            blocks(bytes, &options, 100).expect_err(what),
            error,
            "{what}"
        );
    }
}

#[test]
fn columns_need_a_table() {
    let array = b"\x00\x00\x08\x02\x00\x00\x00\x01\x00\x00\x00\x01\x07";
    for (asked, words) in [
        (
            "label=y",
            "because a column was asked for (label); give the labels as a file",
        ),
        ("id=y", "(id); name a text table"),
        ("ignore=y", "(ignored); name a text table"),
    ] {
        let error = whole(array, &options(asked)).expect_err(asked);
        assert!(
            error.starts_with("t.csv: found IDX") && error.contains(words),
            "{error}"
        );
        assert_eq!(blocks(array, &options(asked), 1).expect_err(asked), error);
    }
}

#[test]
fn blocks_are_the_whole() {
    let line = |i: usize| format!("\"n, {i}\",{i}.5,=cmd|x,{},{}\r\n", i % 3, i * i);
    let text =
        "\u{feff}name,a,note,label,b\r\n".to_owned() + &(0..23).map(line).collect::<String>();
    let options = options("ignore=note");
    let all = whole(text.as_bytes(), &options).expect("a table");
    assert_eq!((all.n_samples, all.input_dim), (23, 2));
    assert_eq!(
        all.column_names.as_deref(),
        Some(&["a".to_owned(), "b".to_owned()][..])
    );
    let ids = all.ids.clone().expect("ids");
    assert_eq!(ids[22], "n, 22");
    for rows in [1, 7, 100] {
        let found = blocks(text.as_bytes(), &options, rows).expect("a table");
        let joined: Vec<String> = found
            .iter()
            .flat_map(|block| block.ids.clone().expect("ids"))
            .collect();
        assert_eq!(joined, ids, "{rows} rows");
        let mut first = 0;
        for block in &found {
            let of_all: Vec<u32> = (first..first + block.n_samples as u32).collect();
            assert_eq!(all.of_rows(&of_all).values, block.values, "{rows} rows");
            first += block.n_samples as u32;
        }
    }
}

#[test]
fn ids_cannot_steer_a_terminal() {
    // Control characters among the first bytes would be no text at all.
    let plain: String = (0..200).map(|i| format!("{i},1\n")).collect();
    let text = format!("id,x\n{plain}\"a\u{1b}[2J\nb\",1\n\u{202e}c,2\n");
    let set = whole(text.as_bytes(), &options("id=id")).expect("a table");
    assert_eq!(
        set.ids.expect("ids")[200..],
        ["a\\u{1b}[2J\\nb", "\\u{202e}c"]
    );
}

//! How errors are worded.

use super::*;

#[test]
fn the_style_of_the_text() {
    let ragged = DataError::Ragged {
        file: "train.csv".into(),
        line: 17,
        expected: 784,
        found: 783,
    };
    assert!(
        ragged
            .to_string()
            .starts_with("train.csv:17: expected 784 values, found 783")
    );
    let place = Place::Element { row: 3, column: 5 };
    let nan = DataError::NotFinite {
        file: "x.npy".into(),
        place,
        value: "NaN".into(),
    };
    assert!(
        nan.to_string()
            .starts_with("x.npy: row 3, column 5: found NaN")
    );
}

//! The embedded data set, so that the program can show what it does without any file.

use std::io::Cursor;

use super::{DataError, Dataset, ReadOptions, read, read_labels};

const IMAGES: &[u8] = include_bytes!("digits-images.idx3.gz");
const LABELS: &[u8] = include_bytes!("digits-labels.idx1.gz");

/// The complete UCI optical recognition of handwritten digits: 5,620 images of 8 × 8, values 0 to
/// 16, with labels 0 to 9. The first 3,823 were the training part. Licence: `DATA-LICENSE`.
pub fn digits() -> Dataset {
    embedded().expect("the embedded digits can be read")
}

fn embedded() -> Result<Dataset, DataError> {
    let set = read("digits", Cursor::new(IMAGES), &ReadOptions::default())?;
    set.with_labels(read_labels("digits", Cursor::new(LABELS))?, "digits")
}

#[cfg(test)]
mod tests {
    use super::super::ImageShape;
    use super::super::Values;
    use super::*;

    #[test]
    fn the_digits_are_complete() {
        let set = digits();
        assert_eq!(
            (set.n_samples, set.input_dim, set.image_shape),
            (5620, 64, Some(ImageShape::grey(8, 8)))
        );
        let Values::U8(values) = &set.values else {
            panic!("not bytes")
        };
        assert_eq!(values.iter().max(), Some(&16));
        assert_eq!(values.iter().map(|&v| u64::from(v)).sum::<u64>(), 1_766_476);
        let labels = set.labels.unwrap();
        assert_eq!(
            labels.names,
            ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]
        );
        let mut counts = [0; 10];
        labels.ids.iter().for_each(|&id| counts[id as usize] += 1);
        assert_eq!(counts, [554, 571, 557, 572, 568, 558, 558, 566, 554, 562]);
    }
}

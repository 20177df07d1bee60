//! Numbers computed by hand (and by scikit-learn 1.9's `TfidfTransformer`), refusals, and that no row sees another.

use std::f32::consts::LN_2;

use super::super::{ImageShape, Sparse, Values};
use super::*;
use crate::draw::uniform;

const COUNTS: [u8; 12] = [1, 0, 3, 0, 0, 0, 2, 2, 0, 10, 0, 2];

fn set(dim: usize, values: &[f32]) -> Dataset {
    Dataset::new(
        "counts",
        values.len() / dim,
        dim,
        Values::F32(values.to_vec()),
    )
}

fn counts() -> Dataset {
    set(3, &COUNTS.map(f32::from))
}

/// The same values without their zeros.
fn sparse(set: &Dataset) -> Dataset {
    let mut rows = Sparse::new();
    set.each_row(|row| {
        let here = (0..).zip(row).filter(|(_, x)| **x != 0.0);
        let (columns, values): (Vec<u32>, Vec<f32>) = here.map(|(c, x)| (c, *x as f32)).unzip();
        rows.push_row(&columns, &values);
    });
    Dataset {
        values: Values::Sparse(rows),
        ..set.clone()
    }
}

fn rows(set: &Dataset) -> Vec<f32> {
    let mut all = Vec::new();
    set.each_row(|row| all.extend(row.iter().map(|x| *x as f32)));
    all
}

fn bits(set: &Dataset) -> Vec<u32> {
    rows(set).iter().map(|x| x.to_bits()).collect()
}

fn assert_near(found: &Dataset, expected: &[f32]) {
    let found = rows(found);
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 2e-7, "{found} {expected}");
    }
}

#[test]
fn names_go_both_ways() {
    for step in Step::ALL {
        assert_eq!(step.to_string().parse(), Ok(step));
        assert_eq!(
            serde_json::to_string(&step).unwrap(),
            format!("{:?}", step.as_str())
        );
    }
    assert!("Log1p".parse::<Step>().is_err());
}

#[test]
fn rows_are_scaled_to_the_median_of_the_sums_above_0() {
    // Sums 4, 0, 4, 12.
    let found = prepare(counts(), &[Step::LibrarySize], None).unwrap();
    let third = [10.0 / 3.0, 0.0, 2.0 / 3.0];
    assert_near(
        &found,
        &[&[1.0, 0.0, 3.0, 0.0, 0.0, 0.0, 2.0, 2.0, 0.0], &third[..]].concat(),
    );
    // Sums 2, 4: the median lies between them.
    let found = prepare(set(2, &[1.0, 1.0, 4.0, 0.0]), &[Step::LibrarySize], None).unwrap();
    assert_near(&found, &[1.5, 1.5, 3.0, 0.0]);
    assert_eq!(found.prepared.unwrap().target_sum, Some(3.0));
}

#[test]
fn each_step_sees_what_the_one_before_leaves() {
    let found = prepare(counts(), &[Step::LibrarySize, Step::Log1p], None).unwrap();
    assert_near(
        &found,
        &[
            LN_2,
            0.0,
            1.386_294_4,
            0.0,
            0.0,
            0.0,
            1.098_612_3,
            1.098_612_3,
            0.0,
            1.466_337_1,
            0.0,
            0.510_825_6,
        ],
    );
    let found = prepare(counts(), &[Step::Log1p, Step::LibrarySize], None).unwrap();
    assert_near(
        &found,
        &[
            0.732_408_2,
            0.0,
            1.464_816_4,
            0.0,
            0.0,
            0.0,
            1.098_612_3,
            1.098_612_3,
            0.0,
            1.506_850_6,
            0.0,
            0.690_374,
        ],
    );
}

#[test]
fn rare_columns_weigh_more_and_rows_have_length_1() {
    let found = prepare(counts(), &[Step::TfIdf], None).unwrap();
    assert_near(
        &found,
        &[
            0.260_541_74,
            0.0,
            0.965_462_6,
            0.0,
            0.0,
            0.0,
            0.538_029,
            0.842_926_3,
            0.0,
            0.970_814_94,
            0.0,
            0.239_829_9,
        ],
    );
    let idf = found.prepared.as_ref().unwrap().idf.as_ref().unwrap();
    for (found, (n, df)) in idf.iter().zip([(5.0f64, 4.0), (5.0, 2.0), (5.0, 3.0)]) {
        assert_eq!(*found, ((n / df).ln() + 1.0) as f32);
    }
}

#[test]
fn columns_of_the_largest_variance_are_kept() {
    let named = Dataset {
        column_names: Some(["a", "b", "c"].map(str::to_owned).to_vec()),
        image_shape: Some(ImageShape::grey(1, 3)),
        ..counts()
    };
    // 0.296, 0.226, 0.321 after the steps; of the counts themselves 15.2, 0.75, 1.7.
    let steps = [Step::LibrarySize, Step::Log1p];
    for (steps, most, kept) in [
        (&steps[..], 1, &[2][..]),
        (&steps, 2, &[0, 2]),
        (&[], 1, &[0]),
        (&[], 3, &[0, 1, 2]),
    ] {
        let all = prepare(named.clone(), steps, None).unwrap();
        let found = prepare(named.clone(), steps, Some(most)).unwrap();
        let own = found.prepared.as_ref().unwrap();
        assert_eq!(own.columns.as_deref(), Some(kept));
        let names = found.column_names.as_ref().unwrap();
        for (place, column) in kept.iter().enumerate() {
            assert_eq!(names[place], ["a", "b", "c"][*column as usize]);
            for row in 0..4 {
                assert_eq!(found.row(row)[place], all.row(row)[*column as usize]);
            }
        }
        assert_eq!((found.input_dim, found.image_shape), (most, None));
        assert_eq!(all.image_shape, named.image_shape);
    }
    let ties = prepare(set(3, &[0.0, 7.0, 5.0, 2.0, 5.0, 7.0]), &[], Some(2)).unwrap();
    assert_eq!(
        ties.prepared.unwrap().columns,
        Some(vec![0, 1]),
        "ties by place"
    );
}

#[test]
fn variance_is_that_of_all_rows_and_keeps_its_digits() {
    // 0, 0, 3 have mean 1 and variance 2; beside them a column far from 0.
    let far = [1e6, 1e6 + 1.0, 1e6 + 2.0];
    let found = select::variances(&set(2, &[0.0, far[0], 0.0, far[1], 3.0, far[2]]));
    assert!(
        (found[0] - 2.0).abs() < 1e-12 && (found[1] - 2.0 / 3.0).abs() < 1e-9,
        "{found:?}"
    );
}

/// Counts from 1 to 20 in three places of ten, else 0.
fn random_counts(n: usize, dim: usize) -> Dataset {
    let value = |i: usize| {
        let draw = |stream| uniform(7, i, stream);
        if draw(0) < 0.3 {
            (1.0 + 20.0 * draw(1)).floor()
        } else {
            0.0
        }
    };
    set(dim, &(0..n * dim).map(value).collect::<Vec<_>>())
}

const MANY: [&[Step]; 4] = [
    &[Step::LibrarySize, Step::Log1p],
    &[Step::Log1p, Step::TfIdf],
    &[Step::TfIdf, Step::LibrarySize, Step::Log1p],
    &[],
];

#[test]
fn sparse_rows_stay_sparse_and_have_the_bits_of_dense_ones() {
    let dense = random_counts(40, 17);
    let bytes = Dataset {
        values: Values::U8(rows(&dense).iter().map(|x| *x as u8).collect()),
        ..dense.clone()
    };
    for steps in MANY {
        for columns in [None, Some(5)] {
            let [a, b, c] = [dense.clone(), sparse(&dense), bytes.clone()]
                .map(|set| prepare(set, steps, columns).unwrap());
            assert!(matches!(b.values, Values::Sparse(_)));
            assert_eq!(bits(&a), bits(&b), "{steps:?}");
            assert_eq!(bits(&a), bits(&c), "{steps:?}");
            assert_eq!(a.prepared, b.prepared);
            assert_eq!(a.prepared, c.prepared);
        }
    }
}

#[test]
fn a_row_has_the_same_bits_alone_and_in_the_set() {
    let all = random_counts(30, 9);
    for steps in MANY {
        for set in [all.clone(), sparse(&all)] {
            let whole = prepare(set.clone(), steps, Some(4)).unwrap();
            let own = whole.prepared.as_ref().unwrap();
            let alone = (0..30).flat_map(|row| {
                let one = own.apply(set.of_rows(&[row]), row as usize).unwrap();
                assert_eq!(one.prepared, whole.prepared);
                bits(&one)
            });
            assert_eq!(alone.collect::<Vec<_>>(), bits(&whole), "{steps:?}");
        }
    }
}

#[test]
fn what_is_no_count_is_refused_with_its_place() {
    let refused = |values: &[f32], steps: &[Step]| {
        let dense = prepare(set(2, values), steps, None).unwrap_err();
        let sparse = prepare(sparse(&set(2, values)), steps, None).unwrap_err();
        assert_eq!(dense.to_string(), sparse.to_string());
        dense.to_string()
    };
    let negative = [1.0, 2.0, 3.0, -0.5];
    let place = "counts: row 1, column 1: found ";
    for (values, steps, words) in [
        (
            negative,
            &[Step::LibrarySize][..],
            "-0.5, expected 0 or more, because library-size",
        ),
        (
            negative,
            &[Step::TfIdf],
            "-0.5, expected 0 or more, because tf-idf",
        ),
        (negative, &[Step::Log1p, Step::LibrarySize], "-0.693"),
        (
            [1.0, 2.0, 3.0, -1.0],
            &[Step::Log1p],
            "-1, expected more than -1",
        ),
    ] {
        let text = refused(&values, steps);
        assert!(text.starts_with(&format!("{place}{words}")), "{text}");
    }
    assert!(prepare(set(2, &negative), &[Step::Log1p], None).is_ok());
    let none = refused(&[0.0; 4], &[Step::LibrarySize]);
    assert!(none.contains("no row with a sum above 0"), "{none}");
    let large = refused(&[3e38, 3e38, 1.0, 0.0, 3e38, 3e38], &[Step::LibrarySize]);
    assert!(
        large.starts_with("counts: row 1, column 0: found 6"),
        "{large}"
    );
}

#[test]
fn rows_of_a_block_are_named_by_their_place_in_the_set() {
    let own = prepare(counts(), &[Step::LibrarySize], None)
        .unwrap()
        .prepared
        .unwrap();
    let error = own
        .apply(set(3, &[1.0, 1.0, 1.0, 0.0, -2.0, 0.0]), 100)
        .unwrap_err();
    assert!(
        error.to_string().contains("row 101, column 1: found -2"),
        "{error}"
    );
}

#[test]
fn what_was_done_is_told() {
    let set = prepare(counts(), &[Step::LibrarySize, Step::Log1p], Some(2)).unwrap();
    assert_eq!(
        set.prepared.unwrap().to_string(),
        "library-size, log1p, 2 of 3 columns"
    );
}

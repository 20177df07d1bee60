use super::assignment::assign_max;
use super::*;
use proptest::prelude::*;

/// Absolute tolerance against other programs' f64: the sums have at most 200 terms of order 1.
const CLOSE: f64 = 1e-12;

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    labels: Vec<u32>,
    assignment: Vec<u32>,
    #[serde(flatten)]
    scores: Scores,
}

#[test]
fn agrees_with_scikit_learn_and_scipy() {
    let golden: Golden =
        serde_json::from_str(include_str!("../../tests/golden/metrics.json")).unwrap();
    assert!(golden.cases.len() >= 15, "golden file lost its cases");
    for case in golden.cases {
        let found = Scores::of(&case.labels, &case.assignment);
        for (score, found, expected) in [
            ("acc", found.acc, case.scores.acc),
            ("nmi", found.nmi, case.scores.nmi),
            ("ari", found.ari, case.scores.ari),
        ] {
            assert!(
                (found - expected).abs() <= CLOSE,
                "{}: {score} is {found}, expected {expected}",
                case.name
            );
        }
    }
}

#[test]
fn closed_forms() {
    // Two halves split evenly: n_ij = 1, so half the samples can be matched, I = 0, and the only
    // pairs in a class (2) are never in a cluster: ARI = (0 - 4/6) / (2 - 4/6) = -1/2.
    let scores = Scores::of(&[0, 0, 1, 1], &[0, 1, 0, 1]);
    assert_eq!((scores.acc, scores.nmi, scores.ari), (0.5, 0.0, -0.5));
    // Every class cut in two equal clusters: I = ln 2, H = ln 2 and ln 4, so NMI = 2/3.
    let labels = [0, 0, 0, 0, 1, 1, 1, 1];
    let halves = [0, 0, 1, 1, 2, 2, 3, 3];
    assert_eq!(acc(&labels, &halves), 0.5);
    assert!((nmi(&labels, &halves) - 2.0 / 3.0).abs() <= CLOSE);
    // Σ C(n_ij, 2) = 4, Σ C(a, 2) = 12, Σ C(b, 2) = 4 of 28 pairs: (4 - 12/7) / (8 - 12/7) = 4/11.
    assert!((ari(&labels, &halves) - 4.0 / 11.0).abs() <= CLOSE);
}

#[test]
fn rounding_does_not_leave_the_interval() {
    for first in 1..40 {
        for second in 1..40 {
            let labels = [vec![0; first], vec![1; second], vec![2; 7]].concat();
            let score = nmi(&labels, &labels);
            assert!(
                (1.0 - CLOSE..=1.0).contains(&score),
                "{first}, {second}: {score}"
            );
        }
    }
}

#[test]
fn empty_and_constant_input() {
    let perfect = Scores {
        acc: 1.0,
        nmi: 1.0,
        ari: 1.0,
    };
    assert_eq!(Scores::of(&[], &[]), perfect);
    assert_eq!(Scores::of(&[4; 5], &[9; 5]), perfect);
    let one_side = Scores::of(&[4; 4], &[0, 1, 2, 2]);
    assert_eq!((one_side.acc, one_side.nmi, one_side.ari), (0.5, 0.0, 0.0));
    assert_eq!(confusion(&[], &[]).counts, Vec::<u64>::new());
}

#[test]
#[should_panic(expected = "labels have length 3 but the assignment has length 2")]
fn lengths_must_agree() {
    acc(&[0, 1, 2], &[0, 1]);
}

#[test]
fn ids_are_names_and_may_be_huge() {
    assert_eq!(
        acc(&[u32::MAX, 0, u32::MAX], &[5, u32::MAX - 1, 5]),
        1.0,
        "ids at both ends of u32"
    );
    // As many distinct ids as samples against a few clusters: one sample per cluster can match.
    let labels: Vec<u32> = (0..100_000).collect();
    let assignment: Vec<u32> = labels.iter().map(|id| id % 10).collect();
    assert_eq!(acc(&labels, &assignment), 10.0 / 100_000.0);
}

#[test]
fn confusion_puts_matched_pairs_in_the_order_of_classes() {
    // Class 0 → cluster 9, class 1 → cluster 2; cluster 4 is left over.
    let labels = [0, 0, 0, 1, 1, 1, 1];
    let assignment = [9, 9, 4, 2, 2, 9, 2];
    let table = confusion(&labels, &assignment);
    assert_eq!(table.classes, [0, 1]);
    assert_eq!(table.clusters, [9, 2, 4]);
    assert_eq!(table.class_of_cluster, [Some(0), Some(1), None]);
    assert_eq!(table.counts, [2, 0, 1, 1, 3, 0]);
    // More classes than clusters: the class without one keeps its row.
    let table = confusion(&[0, 1, 1, 2, 2, 2], &[0; 6]);
    assert_eq!(table.class_of_cluster, [Some(2)]);
    assert_eq!(table.counts, [1, 2, 3]);
    // 5 + 0 beats 1 + 1, and the cluster that shares nothing with the class left over stays free.
    let table = confusion(&[0, 0, 0, 0, 0, 0, 1], &[0, 0, 0, 0, 0, 1, 0]);
    assert_eq!(table.class_of_cluster, [Some(0), None]);
}

#[test]
fn a_thousand_clusters_are_matched_optimally() {
    // Counts 0..1000 without structure: the hardest kind for augmenting paths.
    let size = 1024;
    let mut state = 1_u32;
    let gain: Vec<i64> = (0..size * size)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            i64::from(state >> 16) % 1000
        })
        .collect();
    assert_optimal(&gain, size, size);
}

/// Checks the assignment by its dual certificate (complementary slackness), not by another solver.
fn assert_optimal(gain: &[i64], n_rows: usize, n_columns: usize) {
    let found = assign_max(gain, n_rows, n_columns);
    let (u, v) = &found.duals;
    let mut used = vec![false; n_columns];
    for (row, &column) in found.column_of_row.iter().enumerate() {
        assert!(!used[column], "column {column} is taken twice");
        used[column] = true;
        assert_eq!(u[row] + v[column], -gain[row * n_columns + column]);
    }
    for (at, &gain) in gain.iter().enumerate() {
        assert!(u[at / n_columns] + v[at % n_columns] <= -gain);
    }
    for (column, &v) in v.iter().enumerate() {
        assert!(v <= 0 && (used[column] || v == 0), "column {column}: {v}");
    }
}

/// The largest sum over all ways to give each row from `row` on a column of its own.
fn brute_force(gain: &[i64], n_columns: usize, row: usize, used: u32) -> i64 {
    if row * n_columns == gain.len() {
        return 0;
    }
    (0..n_columns)
        .filter(|column| used & (1 << column) == 0)
        .map(|column| {
            gain[row * n_columns + column]
                + brute_force(gain, n_columns, row + 1, used | (1 << column))
        })
        .max()
        .unwrap()
}

/// A table with no more rows than columns, at most 6 of either; small counts, so ties are common.
fn tables() -> impl Strategy<Value = (Vec<i64>, usize, usize)> {
    (1..=6_usize, 1..=6_usize, 1..=30_i64).prop_flat_map(|(a, b, most)| {
        let (rows, columns) = (a.min(b), a.max(b));
        proptest::collection::vec(0..=most, rows * columns)
            .prop_map(move |gain| (gain, rows, columns))
    })
}

proptest! {
    #[test]
    fn assignment_equals_brute_force((gain, rows, columns) in tables()) {
        let found = assign_max(&gain, rows, columns).column_of_row;
        let sum: i64 = found.iter().enumerate().map(|(row, &column)| gain[row * columns + column]).sum();
        prop_assert_eq!(sum, brute_force(&gain, columns, 0, 0));
        assert_optimal(&gain, rows, columns);
    }

    #[test]
    fn scores_do_not_depend_on_names_or_roles(
        pairs in proptest::collection::vec((0..5_u32, 0..7_u32), 0..60)
    ) {
        let (labels, assignment): (Vec<u32>, Vec<u32>) = pairs.into_iter().unzip();
        let scores = Scores::of(&labels, &assignment);
        let renamed: Vec<u32> = assignment.iter().map(|id| (id * 3 + 2) % 7 * 1000).collect();
        let swapped = Scores::of(&renamed, &labels);
        prop_assert_eq!(scores.acc, swapped.acc);
        prop_assert!((scores.nmi - swapped.nmi).abs() <= CLOSE);
        prop_assert_eq!(scores.ari, swapped.ari);
        prop_assert!((0.0..=1.0).contains(&scores.acc) && (0.0..=1.0).contains(&scores.nmi));
        prop_assert!((-0.5..=1.0).contains(&scores.ari));
    }
}

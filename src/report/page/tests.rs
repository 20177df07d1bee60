//! The page as a whole.

use super::*;
use crate::device::DeviceInfo;
use crate::metrics::Scores;
use crate::neighbours::{Verdict, Weighed};
use crate::precision::Precision;
use crate::report::{METRICS_SCHEMA, RunScores, Seconds, Steps, StopReason};

/// Would run, or break the page, if it were not escaped.
const HOSTILE: &str =
    "\"><script>alert(1)</script><img src=x onerror=alert(1)>'&\u{202e}\u{1b}[31m";

/// A run of four samples in two clusters, with hostile text wherever a user's text can be.
fn page() -> Page {
    let scores = Scores {
        acc: 0.75,
        nmi: 0.5,
        ari: 0.25,
    };
    Page {
        name: HOSTILE.into(),
        metrics: RunMetrics {
            schema: METRICS_SCHEMA,
            version: "0.1.0".into(),
            data: Some(HOSTILE.into()),
            seed: 7,
            n_samples: 4,
            input_dim: 3,
            n_clusters: 3,
            embedding_dim: 2,
            device: DeviceInfo {
                backend: "cpu".into(),
                name: HOSTILE.into(),
                driver: HOSTILE.into(),
                kind: "cpu".into(),
            },
            forms: Some([(HOSTILE.to_owned(), HOSTILE.to_owned())].into()),
            precision: Precision::F32,
            scores: Some(RunScores {
                kmeans: None,
                autoencoder_kmeans: Some(scores),
                autoencoder_mixture: None,
                autoencoder_smoothed_kmeans: None,
                neighbours: None,
                dec: scores,
            }),
            seconds: Seconds::default(),
            steps: Steps {
                pretrain: 10,
                cluster: 5,
            },
            stop_reason: StopReason::Converged,
            lowered_rate: None,
            device_fault: None,
            choice: Some(Verdict {
                chosen: HOSTILE.into(),
                of_layout: true,
                trained_towards: true,
                gain: 2.0,
                stability: 0.5,
                raw_stability: 0.5,
                conductance: 0.25,
                raw_conductance: 0.5,
                unique: 1.0,
                neighbours: 5,
                candidates: vec![Weighed {
                    name: HOSTILE.into(),
                    modularity: 0.75,
                    conductance: 0.125,
                    agreement: None,
                }],
            }),
            identity: None,
            label_change: 0.0,
            neighbours: None,
            mean_confidence: 0.875,
            cluster_sizes: vec![3, 1, 0],
        },
        history: vec![HistoryRecord::Pretrain {
            stage: HOSTILE.into(),
            step: 10,
            loss: 0.5,
            learning_rate: None,
            seconds: 1.0,
        }],
        config: format!("seed = 7\n# {HOSTILE}\n"),
        maps: vec![Map {
            name: "pca",
            title: HOSTILE.into(),
            points: vec![MapPoint {
                id: HOSTILE.into(),
                cluster: 1,
                confidence: 0.5,
            }],
            places: vec![[0.0, 0.0]],
        }],
        tree: Some(ClusterTree::of(&[3, 1, 0], &[([0, 1], 0.5)])),
        confidence: vec![Some(0.875), Some(0.5), None],
        confusion: Some(ClassTable {
            classes: vec![HOSTILE.into(), "b".into()],
            clusters: vec![0, 1],
            counts: vec![3, 0, 0, 1],
        }),
        clusters: ClusterFiles {
            exemplars_png: Some(b"no picture".to_vec()),
            saliency_png: None,
            nearest: vec![(0, HOSTILE.into())],
            features: vec![FeatureEffect {
                cluster: 0,
                name: HOSTILE.into(),
                member_mean: f64::NAN,
                overall_mean: 1.0,
                difference: -2.5,
            }],
        },
        uncertain: vec![Uncertain {
            id: HOSTILE.into(),
            best: vec![(0, 0.5), (1, 0.4375)],
        }],
        uncertain_png: None,
        runs: None,
        choice: vec![vec![HOSTILE.into()], vec![HOSTILE.into()]],
    }
}

fn written(page: &Page) -> String {
    let mut out = Vec::new();
    page.write_html(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn users_text_is_shown_and_never_obeyed() {
    let page = page();
    let comparison = Comparison::of(
        vec![HOSTILE.into(); 2],
        vec![page.clone(); 2],
        &[vec![0], vec![0]],
    );
    let mut compared = Vec::new();
    comparison.write_html(&mut compared).unwrap();
    let mut texts = vec![written(&page), String::from_utf8(compared).unwrap()];
    texts.extend(page.pictures().into_iter().map(|(_, svg)| svg));
    for text in texts {
        for forbidden in [
            "<script",
            "<img src=x",
            "\u{202e}",
            "\u{1b}",
            "http://",
            "https://",
        ] {
            // The name of SVG's own language is no address that anything is loaded from.
            let text = text.replace("http://www.w3.org/2000/svg", "");
            assert!(!text.contains(forbidden), "{forbidden:?} in {text}");
        }
    }
}

#[test]
fn the_page_says_what_was_found() {
    let text = written(&page());
    for expected in [
        "3 clusters of 4 samples",
        "1 of the clusters have no samples",
        "<td>0.7500</td>",
        "-2.50",
        "10 steps of pre-training, 5 steps of clustering",
        "<td>0.438</td>",
        "Content-Security-Policy",
    ] {
        assert!(text.contains(expected), "{expected:?} is not in {text}");
    }
}

#[test]
fn every_element_is_closed() {
    for (name, svg) in page().pictures() {
        let tree = roxmltree::Document::parse(&svg);
        assert!(tree.is_ok(), "{name}: {tree:?}");
    }
}

#[test]
fn runs_are_compared_by_what_differs() {
    let (mut first, mut second) = (page(), page());
    first.config = "seed = 1\n[cluster]\ngamma = 0.0\n".into();
    second.config = "seed = 1\n[cluster]\ngamma = 0.1\n[kmeans]\nrestarts = 3\n".into();
    let names = vec!["a".to_owned(), "b".to_owned()];
    let comparison = Comparison::of(names, vec![first, second], &[vec![0, 0, 1], vec![4, 4]]);
    assert_eq!(comparison.agreement, [[Some(1.0), None], [None, Some(1.0)]]);
    assert_eq!(
        comparison.differences(),
        [
            ["key", "a", "b"],
            ["cluster.gamma", "0.0", "0.1"],
            ["kmeans.restarts", "", "3"]
        ]
    );
    assert_eq!(comparison.rows()[1][5], "0.7500");
}

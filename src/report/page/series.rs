//! The history of a run as curves.

use super::super::HistoryRecord;
use super::curves::{Curve, chart};
use super::svg::Svg;

/// A chart of each kind of number that the history has, with its name.
pub(super) fn charts(history: &[HistoryRecord]) -> Vec<(String, Svg)> {
    let one = |name, points| vec![Curve { name, points }];
    let all = [
        (
            "loss_pretrain",
            "loss of pre-training over steps",
            pretrain(history),
        ),
        (
            "loss_cluster",
            "loss of clustering over steps",
            one("loss".into(), losses(history)),
        ),
        (
            "label_change",
            "% of labels changed over steps",
            one("% changed".into(), changes(history)),
        ),
        ("scores", "scores over steps", scores(history)),
    ];
    all.into_iter()
        .filter(|(_, _, curves)| curves.iter().any(|curve| !curve.points.is_empty()))
        .map(|(name, title, curves)| (name.to_owned(), chart(title, &curves)))
        .collect()
}

/// A curve for each stage, one after the other, and one of the samples held out.
fn pretrain(history: &[HistoryRecord]) -> Vec<Curve> {
    let mut stages: Vec<Curve> = Vec::new();
    let mut held_out = Vec::new();
    // The steps of the stages before, and those of this one so far: steps count from the start of a stage.
    let (mut before, mut here) = (0, 0);
    for record in history {
        match record {
            HistoryRecord::Pretrain {
                stage, step, loss, ..
            } => {
                if stages.last().is_none_or(|curve| curve.name != *stage) {
                    before += std::mem::take(&mut here);
                    stages.push(Curve {
                        name: stage.clone(),
                        points: Vec::new(),
                    });
                }
                here = *step;
                if let Some(curve) = stages.last_mut() {
                    curve
                        .points
                        .push(((before + step) as f64, f64::from(*loss)));
                }
            }
            HistoryRecord::HeldOut { step, loss, .. } => {
                held_out.push(((before + step) as f64, f64::from(*loss)));
            }
            HistoryRecord::Neighbours { .. } | HistoryRecord::Cluster { .. } => {}
        }
    }
    if !held_out.is_empty() {
        stages.push(Curve {
            name: "held out".into(),
            points: held_out,
        });
    }
    stages
}

/// A number of each refresh, where it has one.
fn of_refreshes(
    history: &[HistoryRecord],
    number: impl Fn(&HistoryRecord) -> Option<f64>,
) -> Vec<(f64, f64)> {
    let point = |record: &HistoryRecord| match record {
        HistoryRecord::Cluster { step, .. } => Some((*step as f64, number(record)?)),
        _ => None,
    };
    history.iter().filter_map(point).collect()
}

pub(super) fn losses(history: &[HistoryRecord]) -> Vec<(f64, f64)> {
    of_refreshes(history, |record| match record {
        HistoryRecord::Cluster { loss, .. } => loss.map(f64::from),
        _ => None,
    })
}

/// In per cent, without the first refresh: there is none before it to compare with.
pub(super) fn changes(history: &[HistoryRecord]) -> Vec<(f64, f64)> {
    of_refreshes(history, |record| match record {
        HistoryRecord::Cluster {
            step, label_change, ..
        } if *step > 0 => Some(100.0 * label_change),
        _ => None,
    })
}

/// ACC of each refresh.
pub(super) fn accuracies(history: &[HistoryRecord]) -> Vec<(f64, f64)> {
    of_refreshes(history, |record| match record {
        HistoryRecord::Cluster { acc, .. } => *acc,
        _ => None,
    })
}

/// The scores that were recorded; files of older versions have ACC alone.
fn scores(history: &[HistoryRecord]) -> Vec<Curve> {
    let nmi = of_refreshes(history, |record| match record {
        HistoryRecord::Cluster { nmi, .. } => *nmi,
        _ => None,
    });
    let ari = of_refreshes(history, |record| match record {
        HistoryRecord::Cluster { ari, .. } => *ari,
        _ => None,
    });
    let all = [("ACC", accuracies(history)), ("NMI", nmi), ("ARI", ari)];
    let recorded = all.into_iter().filter(|(_, points)| !points.is_empty());
    let curve = |(name, points): (&str, Vec<_>)| Curve {
        name: name.into(),
        points,
    };
    recorded.map(curve).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage(stage: &str, step: u64) -> HistoryRecord {
        HistoryRecord::Pretrain {
            stage: stage.into(),
            step,
            loss: 1.0,
            learning_rate: None,
            seconds: 0.0,
        }
    }

    #[test]
    fn stages_follow_each_other() {
        let history = [
            stage("layer 1", 5),
            stage("layer 1", 10),
            stage("layer 2", 5),
            stage("pretrain", 7),
        ];
        let steps: Vec<Vec<f64>> = pretrain(&history)
            .iter()
            .map(|curve| curve.points.iter().map(|point| point.0).collect())
            .collect();
        assert_eq!(steps, [vec![5.0, 10.0], vec![15.0], vec![22.0]]);
    }

    #[test]
    fn there_is_a_chart_for_what_was_recorded() {
        let refresh = HistoryRecord::Cluster {
            step: 9,
            loss: Some(0.5),
            learning_rate: None,
            label_change: 0.25,
            seconds: 0.0,
            acc: None,
            nmi: None,
            ari: None,
        };
        let names = |history: &[HistoryRecord]| -> Vec<String> {
            charts(history).into_iter().map(|chart| chart.0).collect()
        };
        assert_eq!(names(&[refresh]), ["loss_cluster", "label_change"]);
        assert_eq!(names(&[]), [""; 0]);
    }
}

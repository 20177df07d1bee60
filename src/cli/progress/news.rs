//! What a record says to someone who watches.

use super::screen::News;
use super::sparkline::{heights, trend};
use dec_gpu::report::HistoryRecord;

/// Losses in the sparkline: with the sizes of ten clusters all but the score fits into 80 columns.
const WIDTH: usize = 16;
/// More clusters than this are not drawn one by one.
const MOST_DRAWN: usize = 32;

/// Losses of a stage of pre-training.
pub(super) fn of_pretraining(losses: &[f64], learning_rate: f32) -> News {
    let loss = losses.last().copied().unwrap_or(f64::NAN);
    News {
        drawn: format!(
            "loss {loss:.5} {}, rate {learning_rate:.1e}",
            trend(losses, WIDTH)
        ),
        plain: format!("loss {loss:.5}, rate {learning_rate:.1e}"),
    }
}

/// Losses of the layouts of the graph of neighbours.
pub(super) fn of_layouts(losses: &[f64]) -> News {
    let loss = losses.last().copied().unwrap_or(f64::NAN);
    News {
        drawn: format!("loss {loss:.4} {}", trend(losses, WIDTH)),
        plain: format!("loss {loss:.4}"),
    }
}

/// A record of clustering, the losses up to it, the members of each cluster; nothing for other records.
pub(super) fn of_clustering(record: &HistoryRecord, losses: &[f64], sizes: &[u64]) -> Option<News> {
    let HistoryRecord::Cluster {
        label_change, acc, ..
    } = record
    else {
        return None;
    };
    let (smallest, largest) = (sizes.iter().min()?, sizes.iter().max()?);
    let loss = losses.last().map(|loss| format!("loss {loss:.5}"));
    let changed = format!("{:.2} %", 100.0 * label_change);
    let score = acc.map(|acc| format!("ACC {acc:.4}"));
    let bars = match sizes.len() {
        0..=MOST_DRAWN => format!("{} ", heights(sizes)),
        _ => String::new(),
    };
    let drawn_loss = (loss.as_ref()).map(|loss| format!("{loss} {}", trend(losses, WIDTH)));
    Some(News {
        drawn: joined([
            drawn_loss,
            Some(format!("{changed} changed")),
            Some(format!("sizes {bars}{smallest} to {largest}")),
            score.clone(),
        ]),
        plain: joined([
            loss,
            Some(format!("{changed} of labels changed")),
            Some(format!("clusters of {smallest} to {largest}")),
            score,
        ]),
    })
}

fn joined(parts: [Option<String>; 4]) -> String {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(acc: Option<f64>) -> HistoryRecord {
        HistoryRecord::Cluster {
            step: 30,
            loss: None,
            learning_rate: None,
            label_change: 0.0125,
            seconds: 0.0,
            acc,
            nmi: None,
            ari: None,
        }
    }

    #[test]
    fn clustering_is_told_with_bars_and_without() {
        let news = of_clustering(&record(Some(0.5)), &[0.5, 0.25], &[10, 80, 0]);
        let news = news.expect("a record of clustering");
        assert_eq!(
            news.drawn,
            "loss 0.25000 █▁, 1.25 % changed, sizes ▂█▁ 0 to 80, ACC 0.5000"
        );
        assert_eq!(
            news.plain,
            "loss 0.25000, 1.25 % of labels changed, clusters of 0 to 80, ACC 0.5000"
        );
    }

    #[test]
    fn what_is_not_known_yet_is_left_out_and_many_clusters_are_not_drawn() {
        let news = of_clustering(&record(None), &[], &[7; MOST_DRAWN + 1]).expect("one");
        assert_eq!(news.drawn, "1.25 % changed, sizes 7 to 7");
        assert_eq!(news.plain, "1.25 % of labels changed, clusters of 7 to 7");
    }

    #[test]
    fn plain_lines_are_ascii() {
        let news = of_pretraining(&[0.5, 0.25], 0.001);
        assert_eq!(news.drawn, "loss 0.25000 █▁, rate 1.0e-3");
        assert_eq!(news.plain, "loss 0.25000, rate 1.0e-3");
        let news = of_clustering(&record(Some(1.0)), &[0.1], &[1]).expect("one");
        assert!(news.plain.is_ascii());
    }
}

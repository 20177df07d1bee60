//! The values of a step: what a history record says as scalars, and cluster sizes as a histogram.

use prost::Message;

use crate::report::HistoryRecord;

/// `Summary.Value`: a number or a histogram under a tag.
#[derive(Clone, PartialEq, Message)]
pub struct Value {
    /// Its name; TensorBoard groups by what comes before the first slash.
    #[prost(string, tag = "1")]
    pub tag: String,
    /// The number, if it is one; 0 is written too.
    #[prost(float, optional, tag = "2")]
    pub simple_value: Option<f32>,
    /// The histogram, if it is one.
    #[prost(message, optional, tag = "5")]
    pub histo: Option<Histogram>,
}

/// `HistogramProto`.
#[derive(Clone, PartialEq, Message)]
pub struct Histogram {
    /// Lower edge of the first bucket.
    #[prost(double, tag = "1")]
    pub min: f64,
    /// Upper edge of the last bucket.
    #[prost(double, tag = "2")]
    pub max: f64,
    /// How many values.
    #[prost(double, tag = "3")]
    pub num: f64,
    /// Their sum.
    #[prost(double, tag = "4")]
    pub sum: f64,
    /// The sum of their squares.
    #[prost(double, tag = "5")]
    pub sum_squares: f64,
    /// The upper edge of each bucket.
    #[prost(double, repeated, tag = "6")]
    pub bucket_limit: Vec<f64>,
    /// The values in each bucket.
    #[prost(double, repeated, tag = "7")]
    pub bucket: Vec<f64>,
}

/// The step of a record, and its numbers.
///
/// Tags are `pretrain/…` and `cluster/…`; greedy stages have their own: `pretrain/layer_1/loss`.
pub fn scalars(record: &HistoryRecord) -> (u64, Vec<Value>) {
    let number = |tag: &str, value: f64| scalar(tag.to_owned(), value);
    match record {
        HistoryRecord::Pretrain {
            stage,
            step,
            loss,
            learning_rate,
            ..
        } => {
            let group = group_of(stage);
            let mut values = vec![scalar(format!("{group}/loss"), f64::from(*loss))];
            let rate = learning_rate.map(f64::from);
            values.extend(rate.map(|rate| scalar(format!("{group}/learning_rate"), rate)));
            (*step, values)
        }
        HistoryRecord::Neighbours { step, loss, .. } => {
            (*step, vec![number("neighbours/loss", f64::from(*loss))])
        }
        HistoryRecord::HeldOut { step, loss, .. } => (
            *step,
            vec![number("pretrain/held_out_loss", f64::from(*loss))],
        ),
        HistoryRecord::Cluster {
            step,
            loss,
            learning_rate,
            label_change,
            acc,
            nmi,
            ari,
            ..
        } => {
            let numbers = [
                ("cluster/loss", loss.map(f64::from)),
                ("cluster/learning_rate", learning_rate.map(f64::from)),
                ("cluster/label_change", Some(*label_change)),
                ("cluster/acc", *acc),
                ("cluster/nmi", *nmi),
                ("cluster/ari", *ari),
            ];
            let known = |(tag, value): (&str, Option<f64>)| Some(number(tag, value?));
            (*step, numbers.into_iter().filter_map(known).collect())
        }
    }
}

/// `pretrain` for all layers at once, `pretrain/layer_1` for a greedy stage.
fn group_of(stage: &str) -> String {
    if stage == "pretrain" {
        return stage.to_owned();
    }
    format!("pretrain/{}", stage.replace(' ', "_"))
}

fn scalar(tag: String, value: f64) -> Value {
    Value {
        tag,
        simple_value: Some(value as f32),
        histo: None,
    }
}

/// The members of each cluster as a histogram over cluster ids: bucket j reaches from j − ½ to j + ½.
pub fn cluster_sizes(sizes: &[u64]) -> Value {
    let numbered = || {
        (0_u32..)
            .map(f64::from)
            .zip(sizes.iter().map(|s| *s as f64))
    };
    Value {
        tag: "cluster/sizes".to_owned(),
        simple_value: None,
        histo: Some(Histogram {
            min: -0.5,
            max: sizes.len() as f64 - 0.5,
            num: numbered().map(|(_, size)| size).sum(),
            sum: numbered().map(|(id, size)| id * size).sum(),
            sum_squares: numbered().map(|(id, size)| id * id * size).sum(),
            bucket_limit: numbered().map(|(id, _)| id + 0.5).collect(),
            bucket: numbered().map(|(_, size)| size).collect(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(record: &HistoryRecord) -> Vec<(String, f32)> {
        let (_, values) = scalars(record);
        let one = |value: Value| (value.tag, value.simple_value.expect("a number"));
        values.into_iter().map(one).collect()
    }

    #[test]
    fn stages_have_their_own_tags() {
        let record = |stage: &str| HistoryRecord::Pretrain {
            stage: stage.into(),
            step: 8,
            loss: 0.5,
            learning_rate: Some(0.25),
            seconds: 0.0,
        };
        for (stage, group) in [
            ("pretrain", "pretrain"),
            ("layer 2", "pretrain/layer_2"),
            ("layer 5+", "pretrain/layer_5+"),
        ] {
            let expected = [("loss", 0.5), ("learning_rate", 0.25)];
            let expected = expected.map(|(name, value)| (format!("{group}/{name}"), value));
            assert_eq!(tags(&record(stage)), expected);
        }
    }

    #[test]
    fn what_a_record_lacks_is_no_zero() {
        let record = |loss: Option<f32>, score: Option<f64>| HistoryRecord::Cluster {
            step: 0,
            loss,
            learning_rate: loss,
            label_change: 0.0,
            seconds: 0.0,
            acc: score,
            nmi: score,
            ari: score,
        };
        let named = |names: &[&str]| -> Vec<String> {
            names.iter().map(|name| format!("cluster/{name}")).collect()
        };
        let found = |record: &HistoryRecord| -> Vec<String> {
            tags(record).into_iter().map(|(tag, _)| tag).collect()
        };
        assert_eq!(found(&record(None, None)), named(&["label_change"]));
        assert_eq!(
            found(&record(Some(0.5), Some(0.25))),
            named(&["loss", "learning_rate", "label_change", "acc", "nmi", "ari"])
        );
    }
}

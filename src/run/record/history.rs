//! `history.jsonl`: one JSON object per line, appended while the run goes on.

use serde::{Deserialize, Serialize};
use std::io::{self, Write};

/// One line of the history. `phase` says which kind it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
pub enum HistoryRecord {
    /// Some steps of laying out the graph of neighbours.
    Neighbours {
        /// Steps done.
        step: u64,
        /// Mean loss of a point in the last of them, over all layouts.
        loss: f32,
        /// Seconds since the phase began.
        seconds: f64,
    },
    /// Some steps of training the autoencoder.
    Pretrain {
        /// `layer 1`, … in greedy training, `pretrain` for all layers at once.
        stage: String,
        /// Mini-batches done in this stage.
        step: u64,
        /// Mean squared error per element over the steps since the record before.
        loss: f32,
        /// Learning rate of the last of these steps; absent in files of versions that did not write it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        learning_rate: Option<f32>,
        /// Seconds since the phase began.
        seconds: f64,
    },
    /// One look at the samples that pre-training does not see.
    HeldOut {
        /// Mini-batches done.
        step: u64,
        /// Mean squared error per element over these samples.
        loss: f32,
        /// The step with the lowest such loss so far, whose weights are kept.
        best_step: u64,
        /// Seconds since the phase began.
        seconds: f64,
    },
    /// One refresh of the target distribution in the clustering phase.
    Cluster {
        /// Mini-batches done.
        step: u64,
        /// Mean loss per sample since the refresh before; absent at the first, before any step.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        loss: Option<f32>,
        /// Learning rate of the last step; absent where the loss is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        learning_rate: Option<f32>,
        /// Share of labels that changed since the refresh before, 0 to 1.
        label_change: f64,
        /// Seconds since the phase began.
        seconds: f64,
        /// Clustering accuracy; absent when labels are unknown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        acc: Option<f64>,
        /// Normalised mutual information; absent when labels are unknown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        nmi: Option<f64>,
        /// Adjusted Rand index; absent when labels are unknown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ari: Option<f64>,
    },
}

impl HistoryRecord {
    /// Writes the record as one line.
    pub fn write_line(&self, mut out: impl Write) -> io::Result<()> {
        // In one write: two processes or a crash leave whole lines or a cut last one, never a mix.
        let mut line = serde_json::to_vec(self)?;
        line.push(b'\n');
        out.write_all(&line)
    }
}

/// A line of a history that is no record.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: not a history record ({source})")]
pub struct HistoryError {
    /// The line, from 1.
    pub line: usize,
    /// What the parser said.
    pub source: serde_json::Error,
}

/// Reads a history back.
///
/// A last line without its newline is what a killed run leaves behind; if it does not parse it is
/// passed over. Any other bad line is an error.
pub fn parse_history(text: &str) -> Result<Vec<HistoryRecord>, HistoryError> {
    let mut records = Vec::new();
    for (index, line) in text.split_inclusive('\n').enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        match serde_json::from_str(line) {
            Ok(record) => records.push(record),
            Err(_) if !line.ends_with('\n') => {}
            Err(source) => {
                return Err(HistoryError {
                    line: index + 1,
                    source,
                });
            }
        }
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records() -> Vec<HistoryRecord> {
        vec![
            HistoryRecord::Pretrain {
                stage: "pretrain".into(),
                step: 8,
                loss: 0.1,
                learning_rate: Some(0.001),
                seconds: 0.5,
            },
            HistoryRecord::HeldOut {
                step: 8,
                loss: 0.2,
                best_step: 4,
                seconds: 0.5,
            },
            HistoryRecord::Cluster {
                step: 0,
                loss: None,
                learning_rate: None,
                label_change: 1.0,
                seconds: 0.25,
                acc: None,
                nmi: None,
                ari: None,
            },
            HistoryRecord::Cluster {
                step: 140,
                loss: Some(0.2),
                learning_rate: Some(0.01),
                label_change: 0.0625,
                seconds: 1.5,
                acc: Some(0.875),
                nmi: Some(0.75),
                ari: Some(0.5),
            },
        ]
    }

    const TEXT: &str = r#"{"phase":"pretrain","stage":"pretrain","step":8,"loss":0.1,"learning_rate":0.001,"seconds":0.5}
{"phase":"held_out","step":8,"loss":0.2,"best_step":4,"seconds":0.5}
{"phase":"cluster","step":0,"label_change":1.0,"seconds":0.25}
{"phase":"cluster","step":140,"loss":0.2,"learning_rate":0.01,"label_change":0.0625,"seconds":1.5,"acc":0.875,"nmi":0.75,"ari":0.5}
"#;

    #[test]
    fn lines_are_the_contract_and_read_back() {
        let mut out = Vec::new();
        for record in records() {
            record.write_line(&mut out).unwrap();
        }
        assert_eq!(String::from_utf8(out).unwrap(), TEXT);
        assert_eq!(parse_history(TEXT).unwrap(), records());
        assert_eq!(
            parse_history(&TEXT.replace('\n', "\r\n")).unwrap(),
            records()
        );
    }

    #[test]
    fn a_file_without_rates_nmi_and_ari_is_read() {
        let text = r#"{"phase":"pretrain","stage":"layer 1","step":8,"loss":0.5,"seconds":0.5}
{"phase":"cluster","step":140,"loss":0.25,"label_change":0.5,"seconds":1.5,"acc":0.875}
"#;
        let read = parse_history(text).unwrap();
        assert!(matches!(
            read[0],
            HistoryRecord::Pretrain {
                learning_rate: None,
                ..
            }
        ));
        assert!(matches!(
            read[1],
            HistoryRecord::Cluster {
                learning_rate: None,
                acc: Some(0.875),
                nmi: None,
                ari: None,
                ..
            }
        ));
    }

    #[test]
    fn a_cut_last_line_is_passed_over_and_no_other() {
        for len in 0..TEXT.len() {
            let whole = TEXT[..len].lines().filter(|line| line.ends_with('}'));
            assert_eq!(parse_history(&TEXT[..len]).unwrap().len(), whole.count());
        }
        let error = parse_history(&TEXT.replace("0.25}", "0.25")).unwrap_err();
        assert_eq!(error.line, 3);
        assert!(
            error
                .to_string()
                .starts_with("line 3: not a history record")
        );
    }
}

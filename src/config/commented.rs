//! A preset with a comment on every key, also on those it leaves out. The comments are in one file, `keys.toml`.

use super::{ConfigError, parse, preset};

/// Every key with a comment and an example, below a paragraph on the file itself.
const KEYS: &str = include_str!("keys.toml");
/// How to read what is printed.
const HOW: &str = "# A configuration; what a file of it does not say is the preset's. A line `# key = value` is a key left out, with an\n# example: it is set without the #.";

/// The text of a preset with all comments; it parses to the preset's own values.
///
/// # Errors
/// [`ConfigError::UnknownPreset`].
pub fn commented(name: &str) -> Result<String, ConfigError> {
    let text = preset(name)?;
    let values = parse(name, text)?;
    let about = text.lines().take_while(|line| line.starts_with('#'));
    let mut lines: Vec<String> = about.map(str::to_owned).collect();
    lines.push(HOW.to_owned());
    let mut section = Some(&values);
    for line in KEYS.lines().skip_while(|line| !line.is_empty()) {
        if let Some(name) = line.strip_prefix('[') {
            section = (values.get(name.trim_end_matches(']'))).and_then(toml::Value::as_table);
        }
        lines.push(with_value(line, section));
    }
    Ok(lines.join("\n") + "\n")
}

/// The line with the value that its key has in the section; any other line as it is.
fn with_value(line: &str, section: Option<&toml::Table>) -> String {
    let pair = line.split_once(" = ").filter(|_| !line.starts_with('#'));
    match pair.map(|(key, _)| (key, section.and_then(|section| section.get(key)))) {
        Some((key, Some(value))) => format!("{key} = {value}"),
        Some((_, None)) => format!("# {line}"),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::*;
    use super::*;
    use crate::data::{Normalisation, Step};

    /// No field is left out: a new one does not compile here until it is named.
    fn fully_set() -> Config {
        Config {
            preset: "fast".into(),
            seed: 0,
            n_clusters: Some(1),
            data: DataConfig {
                prepare: vec![Step::Log1p],
                columns: Some(1),
                normalisation: Some(Normalisation::None),
            },
            network: NetworkConfig {
                hidden: Some(vec![1]),
                embedding_dim: 1,
                init: Init::GlorotUniform,
                normalise_rows: true,
            },
            augment: AugmentConfig {
                pretrain: Some(true),
                cluster: Some(true),
                rotation: 0.0,
                zoom: 0.0,
                shift: 0.0,
            },
            neighbours: NeighboursConfig {
                space: Some(Space::Inputs),
                k: Some(15),
                layouts: Some(4),
                steps: 250,
                resolution: 1.0,
                pretrain_steps: Some(1000),
                pretrain_learning_rate: 1.0,
                first_learning_rate: 1.0,
                learning_rate: 1.0,
                samples: 1000,
            },
            pretrain: PretrainConfig {
                method: Method::EndToEnd,
                optimiser: OptimiserKind::Adam,
                learning_rate: 1.0,
                momentum: 0.0,
                momentum_burn_in: 0,
                bias_rate: 1.0,
                schedule: Schedule::Constant,
                decay_every: 1,
                batch_size: 1,
                steps: Some(1),
                input_dropout: 0.0,
                layer_steps: 1,
                dropout: 0.0,
                corrupt_data: false,
                clip_norm: Some(1.0),
                loss_scale: 1.0,
                shuffle: true,
                held_out: 0.0,
                evaluate_every: Some(1),
                patience: 1,
                model: Some("model".into()),
                samples: Some(1),
            },
            kmeans: KMeansConfig {
                restarts: 1,
                max_iterations: 1,
                tolerance: 0.0,
                baseline: false,
            },
            cluster: ClusterConfig {
                first: Some(FirstClusters::Kmeans),
                first_updates: 1,
                first_learning_rate: 1.0,
                alpha: 1.0,
                min_spread: 0.0,
                roll_back: true,
                balance: 1.0,
                update_interval: Some(1),
                tolerance: 0.0,
                max_steps: Some(1),
                optimiser: OptimiserKind::Sgd,
                learning_rate: 1.0,
                momentum: 0.0,
                clip_norm: Some(1.0),
                reset_momentum: false,
                batch_size: 1,
                gamma: 0.0,
                shuffle: true,
            },
        }
    }

    /// `section.key` of every value.
    fn keys(text: &str) -> BTreeSet<String> {
        let table = parse("text", text).expect("TOML");
        let mut keys = BTreeSet::new();
        for (name, value) in table {
            match value {
                toml::Value::Table(section) => {
                    keys.extend(section.keys().map(|key| format!("{name}.{key}")));
                }
                _ => _ = keys.insert(name),
            }
        }
        keys
    }

    /// The printed text with every key set that it leaves out.
    fn uncommented(text: &str) -> String {
        let set = |line: &str| {
            let bare = line.strip_prefix("# ").unwrap_or(line);
            let key = bare.split_once(" = ").map_or("", |(key, _)| key);
            let is_key = !key.is_empty() && key.chars().all(|c| c.is_ascii_lowercase() || c == '-');
            if is_key { bare } else { line }.to_owned()
        };
        text.lines().map(set).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn every_key_of_the_struct_is_printed_and_no_other() {
        let expected = keys(&fully_set().to_toml());
        assert_eq!(expected.len(), 69, "the keys of today");
        for name in PRESETS {
            let text = uncommented(&commented(name).unwrap());
            assert_eq!(keys(&text), expected, "{name}");
            // Examples have the types of their keys.
            toml::from_str::<Config>(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }

    #[test]
    fn the_text_parses_to_the_preset() {
        for name in PRESETS {
            let text = commented(name).unwrap();
            assert_eq!(
                parse(name, &text).unwrap(),
                parse(name, preset(name).unwrap()).unwrap(),
                "{name}"
            );
            let config = Config::layered(None, Some(("printed", &text)), &[]);
            assert_eq!(config.unwrap(), Config::preset(name).unwrap());
        }
        assert!(commented("none").is_err());
    }

    #[test]
    fn every_key_has_a_comment_and_lines_are_short() {
        for name in PRESETS {
            let text = commented(name).unwrap();
            let mut before = "";
            for line in text.lines() {
                let is_key = !line.starts_with('#') && line.contains(" = ");
                let told = before.starts_with("# ") && !before.contains(" = ");
                assert!(!is_key || told, "{name}: {line}");
                assert!(line.len() <= 120, "{name}: {line}");
                before = line;
            }
        }
    }
}

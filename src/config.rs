//! Hyper-parameters: presets as data, TOML, overrides, and the one check that makes them valid.
//!
//! A preset is a TOML file (`src/config/*.toml`). A run's configuration is the preset, then a file,
//! then single keys, merged as tables ([`Config::layered`]). What a preset leaves out is chosen from the
//! data's shape by [`Config::resolve`], in one place, by rules that hold for every data set; a [`Resolved`] comes out.

mod commented;
mod error;
mod flat;
mod prepare;
mod rules;
mod sections;

pub use commented::commented;
pub use error::ConfigError;
pub use flat::{Difference, differences, flat};
pub use prepare::PrepareError;
pub use rules::DataShape;
pub(crate) use rules::MIXTURE_SAMPLES;
pub use sections::{
    AugmentConfig, ClusterConfig, Config, DataConfig, Decided, FirstClusters, Given, Held, Init,
    KMeansConfig, Method, NeighboursConfig, NetworkConfig, OptimiserKind, PretrainConfig, Resolved,
    Schedule, Space, Value,
};

use crate::data::{cut, printable, printable_lines, short};

/// The presets' names, the default first.
pub const PRESETS: [&str; 3] = ["fast", "balanced", "paper"];

/// The TOML text of a preset.
///
/// # Errors
/// [`ConfigError::UnknownPreset`].
pub fn preset(name: &str) -> Result<&'static str, ConfigError> {
    match name {
        "fast" => Ok(include_str!("config/fast.toml")),
        "balanced" => Ok(include_str!("config/balanced.toml")),
        "paper" => Ok(include_str!("config/paper.toml")),
        other => Err(ConfigError::UnknownPreset(short(other))),
    }
}

impl Config {
    /// A preset, before it meets data.
    ///
    /// # Errors
    /// [`ConfigError::UnknownPreset`].
    pub fn preset(name: &str) -> Result<Self, ConfigError> {
        Self::layered(Some(name), None, &[])
    }

    /// A preset, a file's text over it, and `section.key=value` overrides over both.
    ///
    /// The preset is `preset`, else the one the file names, else `fast`. `file` is its name and text.
    ///
    /// # Errors
    /// Text that is not TOML, unknown keys, values of a wrong type.
    pub fn layered(
        preset_name: Option<&str>,
        file: Option<(&str, &str)>,
        overrides: &[String],
    ) -> Result<Self, ConfigError> {
        let file_table = file
            .map(|(name, text)| parse(name, text))
            .transpose()?
            .unwrap_or_default();
        let named = file_table.get("preset").and_then(|value| value.as_str());
        let name = preset_name.or(named).unwrap_or(PRESETS[0]).to_owned();
        let mut table = parse(&name, preset(&name)?)?;
        merge(&mut table, file_table);
        for item in overrides {
            merge(&mut table, override_table(item)?);
        }
        table.insert("preset".into(), name.into());
        let source = file.map_or("the configuration", |(name, _)| name);
        serde_path_to_error::deserialize(table).map_err(|error| ConfigError::Toml {
            file: printable(source),
            message: message(&told(&error.path().to_string(), error.inner().message())),
        })
    }
}

impl<H: Held> Config<H> {
    /// The text that makes this run again.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("tables of numbers and strings are TOML")
    }
}

impl Resolved {
    /// From what [`Config::to_toml`] wrote.
    ///
    /// # Errors
    /// What is missing or wrong.
    pub(crate) fn of_toml(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// Sizes from input to embedding: D, hidden…, d.
    pub fn encoder_sizes(&self, input_dim: usize) -> Vec<usize> {
        let hidden = self.network.hidden.iter().copied();
        std::iter::once(input_dim)
            .chain(hidden)
            .chain([self.network.embedding_dim])
            .collect()
    }
}

/// What is wrong with the value of a key; for a key that does not exist the nearest that does.
fn told(key: &str, message: &str) -> String {
    let mut names = message.split('`').skip(1).step_by(2);
    let nearest = (names.next())
        .filter(|_| message.starts_with("unknown field"))
        .and_then(|wrong| {
            let near = |known: &str| strsim::damerau_levenshtein(wrong, known);
            let best = names.min_by_key(|known| near(known))?;
            (near(best) <= wrong.len() / 2).then_some(best)
        });
    match nearest {
        Some(nearest) => format!("{key}: {message}; did you mean `{nearest}`?"),
        None => format!("{key}: {message}"),
    }
}

fn parse(file: &str, text: &str) -> Result<toml::Table, ConfigError> {
    text.parse()
        .map_err(|error: toml::de::Error| ConfigError::Toml {
            file: printable(file),
            message: message(&error.to_string()),
        })
}

/// What the parser said, fit to be shown. It shows whole lines of the file, which can be of any length.
fn message(said: &str) -> String {
    cut(&printable_lines(said), 1000)
}

/// Lays `over` on `table`, key by key.
fn merge(table: &mut toml::Table, over: toml::Table) {
    for (key, value) in over {
        match (table.get_mut(&key), value) {
            (Some(toml::Value::Table(below)), toml::Value::Table(above)) => merge(below, above),
            (_, value) => {
                table.insert(key, value);
            }
        }
    }
}

/// `section.key=value` as a table; a value that is not TOML is taken as a string.
fn override_table(item: &str) -> Result<toml::Table, ConfigError> {
    let (key, value) = item
        .split_once('=')
        .ok_or_else(|| ConfigError::Override(short(item)))?;
    let (key, value) = (key.trim(), value.trim());
    format!("{key} = {value}")
        .parse()
        .or_else(|_| format!("{key} = {value:?}").parse())
        .map_err(|_: toml::de::Error| ConfigError::Override(short(item)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_parses_and_survives_a_round_trip() {
        for name in PRESETS {
            let config = Config::preset(name).unwrap_or_else(|error| panic!("{name}: {error}"));
            let again = Config::layered(None, Some(("again", &config.to_toml())), &[]);
            assert_eq!(again.expect("its own text"), config, "{name}");
        }
    }

    #[test]
    fn the_command_line_wins_over_the_file_and_the_file_over_the_preset() {
        let file = Some(("run.toml", "seed = 3\n[cluster]\ngamma = 0.5\nalpha = 2.0"));
        let config = Config::layered(None, file, &["cluster.gamma=0.25".into()]).expect("valid");
        assert_eq!(
            (config.seed, config.cluster.gamma, config.cluster.alpha),
            (3, 0.25, 2.0)
        );
    }

    #[test]
    fn an_unknown_key_and_a_wrong_type_are_errors() {
        for text in [
            "[cluster]\ngama = 1.0",
            "seed = \"x\"",
            "[pretrain]\nmethod = \"none\"",
            "seed = ",
        ] {
            let error = Config::layered(None, Some(("run.toml", text)), &[]).expect_err(text);
            assert!(error.to_string().contains("run.toml"), "{error}");
        }
    }

    #[test]
    fn errors_name_the_key_and_the_nearest_that_there_is() {
        for (item, words) in [
            (
                "cluster.frist=kmeans",
                &["cluster", "`frist`", "did you mean `first`?"][..],
            ),
            ("cluster.first=foo", &["cluster.first", "`foo`", "`kmeans`"]),
            ("pretrain.steps=abc", &["pretrain.steps", "\"abc\"", "u32"]),
            (
                "pretrian.steps=1",
                &["`pretrian`", "did you mean `pretrain`?"],
            ),
        ] {
            let error = Config::layered(None, None, &[item.into()]).expect_err(item);
            for word in words {
                assert!(error.to_string().contains(word), "{item}: {error}");
            }
        }
        let error = Config::layered(None, None, &["zzzzzz.q=1".into()]).expect_err("unknown");
        assert!(!error.to_string().contains("did you mean"), "{error}");
    }
}

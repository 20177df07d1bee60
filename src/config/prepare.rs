//! The raw values of a data set are prepared before the rules look at them.

use super::{Config, ConfigError, DataConfig, Held};
use crate::data::{DataError, Dataset, prepare};

/// Why raw data cannot be prepared as a configuration says.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// What it says breaks a rule.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The values do not allow it.
    #[error(transparent)]
    Data(#[from] DataError),
}

impl Config {
    /// Takes raw data through `data.prepare` and leaves `data.columns` of their columns; to be called before
    /// [`Self::resolve`]. Data that neither is asked for stay as they are.
    ///
    /// # Errors
    /// [`PrepareError`].
    ///
    /// # Panics
    /// If the data are prepared already, and are to be again.
    pub fn prepare(&self, data: Dataset) -> Result<Dataset, PrepareError> {
        let own = &self.data;
        if !own.prepares() {
            return Ok(data);
        }
        own.check(data.input_dim)?;
        Ok(prepare(data, &own.prepare, own.columns)?)
    }
}

impl<H: Held> DataConfig<H> {
    /// Whether raw values are changed, or columns chosen.
    pub(super) fn prepares(&self) -> bool {
        !self.prepare.is_empty() || self.columns.is_some()
    }

    fn check(&self, input_dim: usize) -> Result<(), ConfigError> {
        let twice =
            (self.prepare.iter().enumerate()).find(|(at, step)| self.prepare[..*at].contains(step));
        if let Some((_, step)) = twice {
            return Err(ConfigError::StepTwice(*step));
        }
        match self.columns {
            Some(0) => Err(ConfigError::Zero {
                key: "data.columns",
            }),
            Some(columns) if columns > input_dim => Err(ConfigError::OutOfRange {
                key: "data.columns",
                value: columns as f64,
                expected: "at most the number of columns of the data",
            }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::DataShape;
    use crate::data::{Step, Values};

    fn config(overrides: &[&str]) -> Config {
        let all: Vec<String> = overrides.iter().map(ToString::to_string).collect();
        let mut config = Config::layered(None, None, &all).expect("valid TOML");
        config.n_clusters = Some(1);
        config
    }

    fn counts() -> Dataset {
        Dataset::new("counts", 2, 2, Values::U8(vec![1, 3, 0, 8]))
    }

    #[test]
    fn nothing_is_prepared_unless_it_is_asked_for() {
        let plain = config(&[]);
        assert_eq!(plain.prepare(counts()).unwrap(), counts());
        assert!(
            !plain.to_toml().contains("prepare"),
            "config.toml as it was"
        );
    }

    #[test]
    fn steps_and_columns_are_read_in_order() {
        let config = config(&["data.prepare=[\"tf-idf\", \"log1p\"]", "data.columns=1"]);
        assert_eq!(config.data.prepare, [Step::TfIdf, Step::Log1p]);
        let data = config.prepare(counts()).unwrap();
        assert_eq!(data.input_dim, 1);
        let again = Config::layered(None, Some(("again", &config.to_toml())), &[]);
        assert_eq!(again.unwrap().data, config.data);
        assert!(config.resolve(DataShape::of(&data)).is_ok());
    }

    #[test]
    fn what_breaks_a_rule_is_told() {
        for (item, words) in [
            ("data.prepare=[\"log1p\", \"log1p\"]", "log1p twice"),
            ("data.columns=0", "data.columns is 0"),
            ("data.columns=3", "data.columns is 3, expected at most"),
        ] {
            let error = config(&[item]).prepare(counts()).unwrap_err();
            assert!(error.to_string().contains(words), "{item}: {error}");
            assert!(matches!(error, PrepareError::Config(_)), "{error}");
        }
        let unknown = Config::layered(None, None, &["data.prepare=[\"log2\"]".into()]);
        let text = unknown.unwrap_err().to_string();
        assert!(
            text.contains("`log2`") && text.contains("`log1p`"),
            "{text}"
        );
    }

    #[test]
    fn raw_data_do_not_pass_for_prepared_ones() {
        let config = config(&["data.prepare=[\"log1p\"]"]);
        let error = config.resolve(DataShape::of(&counts())).unwrap_err();
        assert_eq!(error, ConfigError::NotPrepared);
    }
}

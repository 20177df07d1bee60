//! One error per rule of the configuration.

/// A hyper-parameter or an option that breaks a rule.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Text that is not TOML, an unknown key, a value of the wrong type.
    #[error("{file}: {message}")]
    Toml {
        /// The file.
        file: String,
        /// What is wrong, with its line.
        message: String,
    },
    /// A preset that does not exist.
    #[error("unknown preset '{0}'; expected fast, balanced or paper")]
    UnknownPreset(String),
    /// An override that cannot be read.
    #[error("cannot read '{0}'; expected section.key=value, e.g. cluster.gamma=0.1")]
    Override(String),
    /// No number of clusters.
    #[error("the number of clusters is not known; give it with -k")]
    NoClusters,
    /// k = 0.
    #[error("n-clusters is 0, expected at least 1")]
    ZeroClusters,
    /// n < k.
    #[error(
        "n-clusters is {n_clusters} but only {n_samples} samples were given; use a smaller -k or more data"
    )]
    MoreClustersThanSamples {
        /// k.
        n_clusters: usize,
        /// n.
        n_samples: usize,
    },
    /// A range of k that the samples cannot tell apart.
    #[error(
        "-k goes up to {n_clusters} but {n_samples} samples are left beside those held out; use a smaller range or more data"
    )]
    TooManyToChoose {
        /// The largest k.
        n_clusters: usize,
        /// Samples that clustering sees.
        n_samples: usize,
    },
    /// A number that must be at least one.
    #[error("{key} is 0, expected at least 1")]
    Zero {
        /// `section.key`.
        key: &'static str,
    },
    /// A number outside its range.
    #[error("{key} is {value}, expected {expected}")]
    OutOfRange {
        /// `section.key`.
        key: &'static str,
        /// What was given.
        value: f64,
        /// The range in words.
        expected: &'static str,
    },
    /// Augmentation of data that are not images.
    #[error(
        "{key} is true but the data are not images; leave it out, or store the data as n x height x width (IDX, NPY)"
    )]
    NotImages {
        /// `section.key`.
        key: &'static str,
    },
    /// A step of preparation that is there twice.
    #[error("data.prepare has {0} twice, expected each step once; leave one out")]
    StepTwice(crate::data::Step),
    /// Raw data where prepared ones are due.
    #[error(
        "data.prepare or data.columns is given but the data are raw; pass them to Config::prepare before the configuration meets them"
    )]
    NotPrepared,
    /// A mixture that the samples do not suffice for.
    #[error(
        "cluster.first is mixture, which needs {needed}, but there are {found}; leave it out, or say kmeans"
    )]
    TooFewForMixture {
        /// What it needs.
        needed: String,
        /// What there is.
        found: String,
    },
    /// A command-line option that cannot be used.
    #[error("{0}")]
    Usage(String),
}

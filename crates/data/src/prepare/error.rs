//! What can be wrong with values that are to be prepared.

use super::super::place::Place;
use super::Step;

/// A set that cannot be prepared. Rows and columns count from 0; values are those that the step met.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PrepareError {
    /// A count below 0.
    #[error(
        "{file}{place}: found {value}, expected 0 or more, because {step} is for counts; leave it out of data.prepare, or give the counts"
    )]
    Negative {
        /// The set.
        file: String,
        /// Where in it.
        place: Place,
        /// The value.
        value: f64,
        /// The step.
        step: Step,
    },
    /// A value without ln(1 + x).
    #[error(
        "{file}{place}: found {value}, expected more than -1, because log1p is ln(1 + x); leave it out of data.prepare, or give the counts"
    )]
    NoLogarithm {
        /// The set.
        file: String,
        /// Where in it.
        place: Place,
        /// The value.
        value: f64,
    },
    /// A prepared value that f32 cannot hold.
    #[error(
        "{file}{place}: found {value} after data.prepare, expected a number within ±3.4e38; scale the data"
    )]
    TooLarge {
        /// The set.
        file: String,
        /// Where in it.
        place: Place,
        /// The value.
        value: f64,
    },
    /// Rows of zeros alone.
    #[error(
        "{file}: found no row with a sum above 0, expected counts to scale by library-size; check how the file was written"
    )]
    NoCounts {
        /// The set.
        file: String,
    },
}

//! The files that explain a run's clusters.

mod exemplars;
mod features;
mod margins;
mod pictures;
mod saliency;
mod uncertain;

pub use exemplars::write_exemplars_csv;
pub use features::write_features_csv;
pub use margins::write_margins_csv;
pub use pictures::{write_exemplars_png, write_saliency_png, write_uncertain_png};
pub use saliency::write_saliency_csv;
pub use uncertain::write_uncertain_csv;

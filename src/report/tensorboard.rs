//! What TensorBoard reads: an event file (TFRecord frames around `Event` messages) and the projector's files.
//!
//! | file | renderer | contents |
//! |---|---|---|
//! | `events.out.tfevents.*` | [`write_version`], then [`write_values`] | scalars and histograms over the steps |
//! | [`PROJECTOR_CONFIG`] | [`projector_entry`] | which files hold embeddings |
//! | `tensors.tsv` | [`write_tensors`] | z (m, d) |
//! | `metadata.tsv` | [`write_metadata`] | cluster, confidence and label of these samples |
//!
//! The formats are those of `tensorflow/core/lib/io/record_writer.cc`, `event.proto`, `summary.proto` and
//! `projector_config.proto`.

mod event;
mod frame;
mod projector;
mod values;

pub use event::{write_values, write_version};
pub use projector::{
    PROJECTOR_CONFIG, PROJECTOR_ROWS, projector_entry, projector_rows, write_metadata,
    write_tensors,
};
pub use values::{Value, cluster_sizes, scalars};

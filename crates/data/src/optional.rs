//! The formats whose readers are features of the build. Without its feature a format is known all the same, and the error
//! names what is missing.

use super::format::{Columns, Format, Start, is_text};
#[cfg(feature = "h5ad")]
use super::h5ad::rows as h5ad_rows;
#[cfg(feature = "parquet")]
use super::parquet::rows as parquet_rows;

/// AnnData's h5ad is one use of HDF5. A column of `obs` can be the label; its index is the id.
pub(super) const H5AD: Format = Format {
    name: "HDF5",
    start: Start::Binary(|start| start.starts_with(b"\x89HDF\r\n\x1a\n")),
    not_in_gzip: Some("HDF5"),
    columns: Columns::Labels,
    layers: true,
    rows: h5ad_rows,
    labels: None,
    labels_beside: false,
};

pub(super) const PARQUET: Format = Format {
    name: "Parquet",
    // Four letters could begin a text as well.
    start: Start::Binary(|start| start.starts_with(b"PAR1") && !is_text(start)),
    not_in_gzip: Some("Parquet"),
    columns: Columns::All,
    layers: false,
    rows: parquet_rows,
    labels: None,
    labels_beside: false,
};

/// What stands for a reader that is not in this build.
#[cfg(not(all(feature = "h5ad", feature = "parquet")))]
mod absent {
    use crate::format::Rows;
    use crate::source::Input;
    use crate::{ContainerError, DataError, ReadOptions};

    fn not_built(input: &Input<'_>, format: &'static str, feature: &'static str) -> DataError {
        ContainerError::NotBuilt {
            file: input.file.clone(),
            format,
            feature,
        }
        .into()
    }

    #[cfg(not(feature = "h5ad"))]
    pub(super) fn h5ad_rows<'i>(
        input: &'i mut Input<'_>,
        _: String,
        _: &ReadOptions,
    ) -> Result<Rows<'i>, DataError> {
        Err(not_built(input, "an HDF5 file", "h5ad"))
    }

    #[cfg(not(feature = "parquet"))]
    pub(super) fn parquet_rows<'i>(
        input: &'i mut Input<'_>,
        _: String,
        _: &ReadOptions,
    ) -> Result<Rows<'i>, DataError> {
        Err(not_built(input, "a Parquet file", "parquet"))
    }
}

#[cfg(not(feature = "h5ad"))]
use absent::h5ad_rows;
#[cfg(not(feature = "parquet"))]
use absent::parquet_rows;

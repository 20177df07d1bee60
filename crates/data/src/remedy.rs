//! What the caller can do about an error, besides changing the file.

use std::fmt;

/// Another way to read the same file. The texts of errors leave it out, because each caller has its own names for it: the
/// field of [`ReadOptions`](crate::ReadOptions), the option of a command line, the argument of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Pass over this column, which is named as [`Column`](crate::Column) reads it.
    IgnoreColumn(String),
    /// Take this column as the names of the samples.
    TakeAsIds(String),
    /// Take this column as the labels.
    TakeAsLabels(String),
    /// Choose a layer that is there.
    ChooseLayer,
    /// Read without this option.
    LeaveOut(ReadOption),
    /// Use a build with this feature.
    BuildWith(&'static str),
}

/// An option that some formats have no use for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadOption {
    /// `image_size`
    ImageSize,
    /// `folder_labels`
    FolderLabels,
    /// `layer`
    Layer,
    /// `id_column`
    IdColumn,
    /// `ignore_columns`
    IgnoreColumns,
}

impl fmt::Display for ReadOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ImageSize => "an image size",
            Self::FolderLabels => "labels by folder",
            Self::Layer => "a layer",
            Self::IdColumn => "a column of ids",
            Self::IgnoreColumns => "a column to ignore",
        })
    }
}

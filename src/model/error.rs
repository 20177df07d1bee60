//! What can be wrong with a model file: one variant per rule.

use crate::data::said;

/// Why a model file cannot be used. Every message names the file, what was found and what was
/// expected. What comes from a file is cut, and fit to be shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The system could not open or read the file.
    #[error("{file}: cannot be read: {source}; check the path and its permissions")]
    Io {
        /// The file's name.
        file: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Data of another width than the model was trained on.
    #[error(
        "{file}: the model expects {expected} values per sample, {data} has {found}; give data of the kind it was trained on"
    )]
    InputSize {
        /// The model file's name.
        file: String,
        /// The data's name.
        data: String,
        /// Values per sample of the data.
        found: usize,
        /// Values per sample of the model.
        expected: usize,
    },
    /// A decoder that training cannot go on with.
    #[error(
        "{file}: the layers of the decoder are not those of the encoder in reverse; training needs a model that dec-gpu trained"
    )]
    NotMirrored {
        /// The model file's name.
        file: String,
    },
    /// The container itself is broken: truncated, or a header that lies about the data.
    #[error(
        "{file}: not a readable safetensors file ({}); expected a model.safetensors written by dec-gpu",
        said(source)
    )]
    Container {
        /// The file's name.
        file: String,
        /// What the parser said.
        source: safetensors::SafeTensorError,
    },
    /// A safetensors file, but not one of ours.
    #[error(
        "{file}: __metadata__ has format {found:?}, expected \"dec-gpu-model\"; is this another program's file?"
    )]
    Format {
        /// The file's name.
        file: String,
        /// `__metadata__.format`, empty if there is none.
        found: String,
    },
    /// A model file of another schema, from a newer or much older program.
    #[error(
        "{file}: schema {found:?} (written by dec-gpu {version:?}), expected \"1\", \"2\" or \"3\"; use that version of dec-gpu, or train again"
    )]
    Schema {
        /// The file's name.
        file: String,
        /// `__metadata__.schema`, empty if there is none.
        found: String,
        /// `__metadata__.version`, empty if there is none.
        version: String,
    },
    /// The kinds of layers are not such as this version knows.
    #[error(
        "{file}: layers of __metadata__: {reason}; use a newer version of dec-gpu, or train again"
    )]
    Layers {
        /// The file's name.
        file: String,
        /// What is wrong with them.
        reason: String,
    },
    /// A key of `__metadata__` is absent.
    #[error("{file}: __metadata__ has no {key:?}")]
    MissingMetadata {
        /// The file's name.
        file: String,
        /// The key.
        key: &'static str,
    },
    /// `alpha` is not a positive finite number.
    #[error("{file}: alpha is {found:?}, expected a positive number")]
    Alpha {
        /// The file's name.
        file: String,
        /// The text found.
        found: String,
    },
    /// `forms` is not the JSON of [`crate::device::Choices`].
    #[error(
        "{file}: __metadata__.forms cannot be read: {reason}; expected device and forms as JSON"
    )]
    Forms {
        /// The file's name.
        file: String,
        /// What the parser said.
        reason: String,
    },
    /// Data that were prepared in another way than the model's.
    #[error(
        "{file}: {data} is prepared in another way than the data of the model; give raw data, which the model prepares itself"
    )]
    OtherPreparation {
        /// The model file's name.
        file: String,
        /// The data's name.
        data: String,
    },
    /// `prepare` is not the JSON of a preparation.
    #[error(
        "{file}: __metadata__.prepare cannot be read: {reason}; expected steps, target_sum and input_dim as JSON"
    )]
    Preparation {
        /// The file's name.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// `target_sum` is not a positive finite number, is missing, or is there without the step `library-size`.
    #[error(
        "{file}: __metadata__.prepare has target_sum {found:?}, expected a positive number with the step library-size, none without"
    )]
    TargetSum {
        /// The file's name.
        file: String,
        /// The text found.
        found: Option<String>,
    },
    /// A weight that is not positive.
    #[error("{file}: tensor {tensor} has {found} at index {index}, expected positive values only")]
    NotPositive {
        /// The file's name.
        file: String,
        /// The tensor's name.
        tensor: String,
        /// Index of the value.
        index: usize,
        /// The value.
        found: f32,
    },
    /// A column that does not rise, or is not there.
    #[error(
        "{file}: tensor {tensor} has {found} at index {index}, expected at least {least} and below {below}"
    )]
    Column {
        /// The file's name.
        file: String,
        /// The tensor's name.
        tensor: String,
        /// Index of the value.
        index: usize,
        /// The value.
        found: u32,
        /// One more than the column before.
        least: u64,
        /// Raw D.
        below: usize,
    },
    /// A model that an ONNX graph cannot stand for.
    #[error(
        "{file}: the model prepares its inputs ({preparation}), which an ONNX file does not hold; prepare the data first and train on these, or use `dec-gpu predict`"
    )]
    Prepares {
        /// The file's name.
        file: String,
        /// The preparation in words.
        preparation: String,
    },
    /// A tensor is absent.
    #[error("{file}: tensor {tensor} is missing")]
    MissingTensor {
        /// The file's name.
        file: String,
        /// The tensor's name.
        tensor: String,
    },
    /// A tensor of the encoder or decoder that belongs to no layer.
    #[error("{file}: tensor {tensor} belongs to no layer; expected layers numbered 0, 1, 2, …")]
    StrayTensor {
        /// The file's name.
        file: String,
        /// The tensor's name.
        tensor: String,
    },
    /// A tensor of another type.
    #[error("{file}: tensor {tensor} has type {found}, expected {expected}")]
    Dtype {
        /// The file's name.
        file: String,
        /// The tensor's name.
        tensor: String,
        /// The type found.
        found: safetensors::Dtype,
        /// The type expected.
        expected: safetensors::Dtype,
    },
    /// A tensor has the wrong number of axes.
    #[error("{file}: tensor {tensor} has shape {}, expected {expected} axes", said(format!("{found:?}")))]
    Rank {
        /// The file's name.
        file: String,
        /// The tensor's name.
        tensor: String,
        /// The shape found.
        found: Vec<usize>,
        /// The number of axes expected.
        expected: usize,
    },
    /// A tensor without values.
    #[error("{file}: tensor {tensor} has shape {found:?}, expected no axis of length 0")]
    Empty {
        /// The file's name.
        file: String,
        /// The tensor's name.
        tensor: String,
        /// The shape found.
        found: Vec<usize>,
    },
    /// An axis does not fit the tensor it has to fit.
    #[error("{file}: tensor {tensor} has {found} {axis}, expected {expected}, as many as {like}")]
    Mismatch {
        /// The file's name.
        file: String,
        /// The tensor's name.
        tensor: String,
        /// Which axis: `rows`, `columns` or `values`.
        axis: &'static str,
        /// Its length.
        found: usize,
        /// The length expected.
        expected: usize,
        /// What sets that length, e.g. `the columns of encoder.0.weight`.
        like: String,
    },
    /// Weights that one ONNX file cannot hold.
    #[error(
        "{file}: as ONNX it has {bytes} bytes, expected at most 2,147,483,647, the limit of the format; train a smaller network"
    )]
    TooLarge {
        /// The file's name.
        file: String,
        /// Bytes needed.
        bytes: usize,
    },
    /// A value is NaN or infinite.
    #[error("{file}: tensor {tensor} has {found} at index {index}, expected finite values only")]
    NotFinite {
        /// The file's name.
        file: String,
        /// The tensor's name.
        tensor: String,
        /// Index into the row-major values.
        index: usize,
        /// The value.
        found: f32,
    },
}

//! What a layer needs of files: a graph to write itself into, and tensors to read itself from. The files' own modules
//! implement both, so a kind of layer knows neither ONNX nor safetensors.

/// A graph of standard operators (ONNX's) under construction. What is added is called by the name that is returned.
pub(crate) trait Operators {
    /// A constant of f32.
    fn floats(&mut self, name: &str, shape: &[usize], values: &[f32]) -> String;

    /// A constant list of axes.
    fn axes(&mut self, name: &str, values: &[i64]) -> String;

    /// An operator of one output.
    fn node(
        &mut self,
        operator: &str,
        inputs: &[&str],
        attributes: &[(&str, i64)],
        output: &str,
    ) -> String;
}

/// How many values a layer gives, and what in the file says so, for messages.
#[derive(Clone, Debug)]
pub(crate) struct Width {
    pub(crate) values: usize,
    pub(crate) like: String,
}

/// Tensors by name; none may be empty or hold a value that is not finite.
pub(crate) trait Tensors {
    /// Why a tensor cannot be used.
    type Error;

    /// Rows, columns and values; as many rows as `rows` says, if it does.
    fn matrix(
        &self,
        name: &str,
        rows: Option<Width>,
    ) -> Result<(usize, usize, Vec<f32>), Self::Error>;

    /// `expected` values, as many as `like` has.
    fn vector(&self, name: &str, expected: usize, like: &str) -> Result<Vec<f32>, Self::Error>;
}

//! The kinds of layers. A kind is added in two places: its file in `src/net/kind/` and one entry here.

use super::file::{Operators, Tensors, Width};
use super::values::LayerValues;
use crate::config::Init;
use crate::device::{Device, Matrix};
use crate::kernels::linear_forward::LayerOf;

/// A trained part of a layer: (in, out) of a weight, (out) of a bias.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name within the layer, in files too.
    pub name: &'static str,
    /// One axis or two.
    pub shape: Vec<usize>,
}

impl Parameter {
    /// As a matrix: one axis is one row.
    pub(super) fn rows_cols(&self) -> (usize, usize) {
        match self.shape[..] {
            [rows, cols] => (rows, cols),
            [cols] => (1, cols),
            _ => panic!("{} has {} axes", self.name, self.shape.len()),
        }
    }

    /// Values.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether it has no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What a kind of layer is: its sizes, its parameters, what it computes, and how files hold it. `own` are the parameters
/// on a device, in the order of [`LayerKind::parameters`].
pub(crate) trait LayerKind: Sized {
    /// Values that it takes.
    fn d_in(&self) -> usize;

    /// Values that it gives.
    fn d_out(&self) -> usize;

    /// Whether its output has passed a ReLU. The layer after it then differentiates that too.
    fn relu(&self) -> bool;

    /// The same layer with another activation.
    fn with_relu(self, relu: bool) -> Self;

    /// The layer of the decoder that undoes it, without a ReLU; none if nothing is to be learned about it.
    fn mirror(&self) -> Option<Kind>;

    /// Names and shapes of what is trained.
    fn parameters(&self) -> Vec<Parameter>;

    /// The first values of the parameters: functions of the seed and the layer's number.
    fn initial(&self, init: Init, seed: u32, layer: u32) -> Vec<Vec<f32>>;

    /// Whether it is a product with a bias and perhaps a ReLU.
    fn is_linear(&self) -> bool;

    /// The layer as a product, if it is one: then its input may be gathered on the way, its
    /// loss may be computed in place of its output, and its gradient is a product too.
    fn linear<'a, D: Device>(&self, own: &'a [Matrix<D>]) -> Option<LayerOf<'a, D>>;

    /// y (b, out) from x (b, in).
    fn forward<D: Device>(&self, device: &D, own: &[Matrix<D>], x: &Matrix<D>, y: &Matrix<D>);

    /// As [`LayerKind::forward`], into the rows of y from `first` on. A row gives the same bits among any others.
    fn encode<D: Device>(
        &self,
        device: &D,
        own: &[Matrix<D>],
        x: &Matrix<D>,
        to: (&Matrix<D>, usize),
    );

    /// dx (b, in) from dy (b, out), through the ReLU that made x if `relu`.
    fn backward<D: Device>(
        &self,
        device: &D,
        own: &[Matrix<D>],
        dy: &Matrix<D>,
        from: (&Matrix<D>, bool),
        dx: &Matrix<D>,
    );

    /// Adds the layer to a graph of standard operators: `name` is its own, `value` its input and `output` its output.
    fn write(&self, values: &[Vec<f32>], graph: &mut dyn Operators, names: Names<'_>);

    /// Reads a layer, and says what its output is as wide as; `width` is that of the layer before, if there is one.
    fn read<T: Tensors>(
        file: &T,
        name: &str,
        width: Option<Width>,
    ) -> Result<(LayerValues, Width), T::Error>;
}

/// What a layer is called in a graph, and what it takes and gives.
pub(crate) struct Names<'a> {
    /// The layer.
    pub(crate) layer: &'a str,
    /// Its input.
    pub(crate) value: &'a str,
    /// Its output.
    pub(crate) output: &'a str,
}

/// Declares the kinds, each with its module and its name in files.
macro_rules! kinds {
    ($($module:ident: $kind:ident = $name:literal),+ $(,)?) => {
        $(mod $module; pub use $module::$kind;)+

        /// A layer of some kind, with its sizes.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Kind {
            $(#[doc = concat!("`", $name, "` in files.")] $kind($kind)),+
        }

        impl Kind {
            /// What files call it.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$kind(_) => $name),+ }
            }

            /// Values that it takes.
            pub fn d_in(&self) -> usize {
                match self { $(Self::$kind(own) => own.d_in()),+ }
            }

            /// Values that it gives.
            pub fn d_out(&self) -> usize {
                match self { $(Self::$kind(own) => own.d_out()),+ }
            }

            /// Whether its output has passed a ReLU.
            pub fn relu(&self) -> bool {
                match self { $(Self::$kind(own) => own.relu()),+ }
            }

            /// Names and shapes of what is trained.
            pub fn parameters(&self) -> Vec<Parameter> {
                match self { $(Self::$kind(own) => own.parameters()),+ }
            }

            pub(super) fn with_relu(self, relu: bool) -> Self {
                match self { $(Self::$kind(own) => Self::$kind(own.with_relu(relu))),+ }
            }

            pub(super) fn mirror(&self) -> Option<Self> {
                match self { $(Self::$kind(own) => own.mirror()),+ }
            }

            pub(super) fn initial(&self, init: Init, seed: u32, layer: u32) -> Vec<Vec<f32>> {
                match self { $(Self::$kind(own) => own.initial(init, seed, layer)),+ }
            }

            /// Whether it is a product with a bias and perhaps a ReLU.
            pub fn is_linear(&self) -> bool {
                match self { $(Self::$kind(own) => own.is_linear()),+ }
            }

            pub(super) fn linear<'a, D: Device>(
                &self,
                own: &'a [Matrix<D>],
            ) -> Option<LayerOf<'a, D>> {
                match self { $(Self::$kind(kind) => kind.linear(own)),+ }
            }

            pub(super) fn forward<D: Device>(
                &self,
                device: &D,
                own: &[Matrix<D>],
                x: &Matrix<D>,
                y: &Matrix<D>,
            ) {
                match self { $(Self::$kind(kind) => kind.forward(device, own, x, y)),+ }
            }

            pub(super) fn encode<D: Device>(
                &self,
                device: &D,
                own: &[Matrix<D>],
                x: &Matrix<D>,
                to: (&Matrix<D>, usize),
            ) {
                match self { $(Self::$kind(kind) => kind.encode(device, own, x, to)),+ }
            }

            pub(super) fn backward<D: Device>(
                &self,
                device: &D,
                own: &[Matrix<D>],
                dy: &Matrix<D>,
                from: (&Matrix<D>, bool),
                dx: &Matrix<D>,
            ) {
                match self { $(Self::$kind(kind) => kind.backward(device, own, dy, from, dx)),+ }
            }

            pub(super) fn write(
                &self,
                values: &[Vec<f32>],
                graph: &mut dyn Operators,
                names: Names<'_>,
            ) {
                match self { $(Self::$kind(own) => own.write(values, graph, names)),+ }
            }

            /// Reads a layer of the kind that a file calls `kind`; none if there is no such kind.
            pub(super) fn read<T: Tensors>(
                kind: &str,
                file: &T,
                name: &str,
                width: Option<Width>,
            ) -> Option<Result<(LayerValues, Width), T::Error>> {
                match kind {
                    $($name => Some($kind::read(file, name, width)),)+
                    _ => None,
                }
            }
        }
    };
}

kinds! {
    dense: Dense = "dense",
    rms_rows: RmsRows = "rms-rows",
}

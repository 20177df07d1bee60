//! Each row divided by the root of its mean square (Xie et al. 2016, §4.2, of a data set as a whole): what is left is the
//! shares of its values. Nothing is trained, and the decoder does not undo it: the length of a row is lost.

use super::{Kind, LayerKind, Names, Parameter};
use crate::config::Init;
use crate::device::{Device, Matrix};
use crate::kernels::linear_forward::LayerOf;
use crate::kernels::rms_rows::rms_rows;
use crate::kernels::rms_rows_backward::rms_rows_backward;
use crate::net::file::{Operators, Tensors, Width};
use crate::net::values::LayerValues;

/// y_i = x_i / sqrt(Σ_c x_ic² / width); a row of zeros stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RmsRows {
    /// Values that it takes and gives.
    pub width: usize,
}

impl LayerKind for RmsRows {
    fn d_in(&self) -> usize {
        self.width
    }

    fn d_out(&self) -> usize {
        self.width
    }

    fn relu(&self) -> bool {
        false
    }

    fn with_relu(self, _: bool) -> Self {
        self
    }

    fn mirror(&self) -> Option<Kind> {
        None
    }

    fn parameters(&self) -> Vec<Parameter> {
        Vec::new()
    }

    fn initial(&self, _: Init, _: u32, _: u32) -> Vec<Vec<f32>> {
        Vec::new()
    }

    fn is_linear(&self) -> bool {
        false
    }

    fn linear<'a, D: Device>(&self, _: &'a [Matrix<D>]) -> Option<LayerOf<'a, D>> {
        None
    }

    fn forward<D: Device>(&self, device: &D, _: &[Matrix<D>], x: &Matrix<D>, y: &Matrix<D>) {
        rms_rows(device, x, y, 0);
    }

    fn encode<D: Device>(
        &self,
        device: &D,
        _: &[Matrix<D>],
        x: &Matrix<D>,
        (y, first): (&Matrix<D>, usize),
    ) {
        rms_rows(device, x, y, first);
    }

    fn backward<D: Device>(
        &self,
        device: &D,
        _: &[Matrix<D>],
        dy: &Matrix<D>,
        (x, relu): (&Matrix<D>, bool),
        dx: &Matrix<D>,
    ) {
        rms_rows_backward(device, dy, x, relu, dx);
    }

    /// The root has a least value, so that a row of zeros stays.
    fn write(&self, _: &[Vec<f32>], graph: &mut dyn Operators, names: Names<'_>) {
        let of = |part: &str| format!("{}.{part}", names.layer);
        let axis = graph.axes(&of("axis"), &[1]);
        let width = graph.floats(&of("width"), &[], &[self.width as f32]);
        let least = graph.floats(&of("least"), &[], &[f32::MIN_POSITIVE]);
        let square = graph.node("Mul", &[names.value, names.value], &[], &of("square"));
        let sum = graph.node("ReduceSum", &[&square, &axis], &[("keepdims", 1)], &of("sum"));
        let mean = graph.node("Div", &[&sum, &width], &[], &of("mean"));
        let root = graph.node("Sqrt", &[&mean], &[], &of("root"));
        let divisor = graph.node("Max", &[&root, &least], &[], &of("divisor"));
        graph.node("Div", &[names.value, &divisor], &[], names.output);
    }

    fn read<T: Tensors>(
        _: &T,
        _: &str,
        width: Option<Width>,
    ) -> Result<(LayerValues, Width), T::Error> {
        let width = width.expect("a file that names kinds says how wide its inputs are");
        let layer = LayerValues {
            kind: Kind::RmsRows(Self {
                width: width.values,
            }),
            parameters: Vec::new(),
        };
        Ok((layer, width))
    }
}

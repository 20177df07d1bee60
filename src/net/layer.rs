//! A layer with its parameters on a device.

use super::kind::Kind;
use super::values::LayerValues;
use crate::device::Result;
use crate::device::{Device, Matrix};
use crate::kernels::linear_forward::LayerOf;
use crate::kernels::linear_forward_loss::{LossForm, linear_forward_loss};
use crate::loss::LossTerm;

/// What a layer computes, and its parameters.
pub struct Layer<D: Device> {
    /// Its kind and sizes.
    pub kind: Kind,
    pub(super) parameters: Vec<Matrix<D>>,
}

impl<D: Device> Layer<D> {
    /// A layer of a trained model: the way back from [`super::Network::download`].
    ///
    /// # Errors
    /// The device's, when memory runs out.
    pub fn upload(device: &D, values: &LayerValues) -> Result<Self> {
        let upload = |(own, values): (super::Parameter, &Vec<f32>)| {
            let (rows, cols) = own.rows_cols();
            Matrix::upload(device, rows, cols, values)
        };
        let parameters = values.kind.parameters().into_iter();
        Ok(Self {
            kind: values.kind.clone(),
            parameters: (parameters.zip(&values.parameters))
                .map(upload)
                .collect::<Result<_, _>>()?,
        })
    }

    /// All layers of one half of a trained model.
    ///
    /// # Errors
    /// The device's, when memory runs out.
    pub fn upload_half(device: &D, half: &[LayerValues]) -> Result<Vec<Self>> {
        half.iter()
            .map(|layer| Self::upload(device, layer))
            .collect()
    }

    /// The layer as a product with a bias and perhaps a ReLU, if it is one.
    pub fn linear(&self) -> Option<LayerOf<'_, D>> {
        self.kind.linear(&self.parameters)
    }

    /// y (b, out) from x (b, in).
    pub fn forward(&self, device: &D, x: &Matrix<D>, y: &Matrix<D>) {
        self.kind.forward(device, &self.parameters, x, y);
    }

    /// As [`Layer::forward`], into the rows of y from `first` on. A row gives the same bits among any others.
    pub fn encode(&self, device: &D, x: &Matrix<D>, y: &Matrix<D>, first: usize) {
        self.kind.encode(device, &self.parameters, x, (y, first));
    }

    /// From x (b, in) and a target (b, out): dy (b, out), the gradient before the layer's own activation of its mean
    /// squared error, whose terms go to `losses`; the output is not kept.
    ///
    /// # Panics
    /// If the layer is no product: a reconstruction ends in one.
    pub fn forward_loss(
        &self,
        device: &D,
        form: LossForm,
        from: [&Matrix<D>; 2],
        term: LossTerm,
        dy: &Matrix<D>,
        losses: &Matrix<D>,
    ) {
        let layer = self.linear().expect("a reconstruction ends in a product");
        linear_forward_loss(device, form, layer, from, term, dy, losses);
    }

    /// dx (b, in) from dy (b, out), through the ReLU that made x if `relu`.
    pub fn backward_input(
        &self,
        device: &D,
        dy: &Matrix<D>,
        x: &Matrix<D>,
        relu: bool,
        dx: &Matrix<D>,
    ) {
        self.kind
            .backward(device, &self.parameters, dy, (x, relu), dx);
    }

    pub(super) async fn download(&self, device: &D) -> Result<LayerValues> {
        let mut parameters = Vec::new();
        for own in &self.parameters {
            parameters.push(own.download(device).await?);
        }
        Ok(LayerValues {
            kind: self.kind.clone(),
            parameters,
        })
    }
}

//! Clipping: gradients that are stored are scaled so that their norm, over all of them, is at most a bound (Pascanu, Mikolov
//! and Bengio 2013, algorithm 1). The factor stays on the device.

use crate::device::{Device, Matrix, Result};
use crate::kernels::clip_factor::clip_factor;
use crate::kernels::square_sum::{PARTS, square_sum};

/// A bound on the norm of all gradients together.
pub struct Clipping<D: Device> {
    most: f32,
    /// Squares of each buffer of gradients, in parts.
    partial: Matrix<D>,
    /// What gradients are multiplied by (1, 1).
    pub factor: Matrix<D>,
}

impl<D: Device> Clipping<D> {
    /// A bound for gradients that lie in `buffers` buffers.
    ///
    /// # Errors
    /// The device's, when memory runs out.
    pub fn new(device: &D, most: f32, buffers: usize) -> Result<Self> {
        Ok(Self {
            most,
            partial: Matrix::zeros(device, PARTS * buffers, 1)?,
            factor: Matrix::zeros(device, 1, 1)?,
        })
    }

    /// Computes the factor from all gradients.
    ///
    /// # Panics
    /// If there are more or fewer buffers than was said.
    pub fn measure<'a>(&self, device: &D, gradients: impl Iterator<Item = &'a D::Buffer>)
    where
        D::Buffer: 'a,
    {
        let mut first = 0;
        for g in gradients {
            square_sum(device, g, &self.partial, first);
            first += PARTS;
        }
        assert_eq!(first, self.partial.rows, "parts of all buffers");
        clip_factor(device, &self.partial, self.most, &self.factor);
    }
}

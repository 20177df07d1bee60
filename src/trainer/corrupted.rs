//! Denoising: inputs and hidden layers with some elements dropped (Xie et al. 2016, §3.2).

use super::Trainer;
use crate::device::{Device, Matrix};
use crate::error::Result;
use crate::kernels::dropout::{Dropout, dropout};
use crate::random::stream;

/// The dropout of one phase of pre-training, and room for what it makes.
pub(super) struct Corrupted<D: Device> {
    seed: u32,
    rate: f32,
    /// The inputs draw from this stream, the hidden layer from the next.
    stream: u32,
    /// x̃ (b, in), if the input is corrupted.
    input: Option<Matrix<D>>,
    /// h̃ and its gradient (b, out), if the hidden layer is.
    hidden: Option<[Matrix<D>; 2]>,
}

impl<D: Device> Corrupted<D> {
    /// Greedy training of one level: its input (the data themselves only if the configuration says so) and
    /// its hidden layer, unless that is the embedding.
    pub(super) fn greedy(trainer: &Trainer<'_, D>, level: usize) -> Result<Self> {
        let config = &trainer.config.pretrain;
        let is_embedding = level + 1 == trainer.autoencoder.depth();
        let input = config.dropout > 0.0 && (level > 0 || config.corrupt_data);
        let hidden = config.dropout > 0.0 && !is_embedding;
        let out = trainer.sizes[level + 1];
        Ok(Self {
            seed: trainer.config.seed,
            rate: config.dropout,
            stream: stream::DROPOUT + 2 * (level as u32 + 1),
            input: room(trainer, input, trainer.sizes[level])?,
            hidden: room(trainer, hidden, out)?
                .zip(room(trainer, hidden, out)?)
                .map(<[_; 2]>::from),
        })
    }

    /// End-to-end training: the data alone.
    pub(super) fn end_to_end(trainer: &Trainer<'_, D>) -> Result<Self> {
        let rate = trainer.config.pretrain.input_dropout;
        Ok(Self {
            seed: trainer.config.seed,
            rate,
            stream: stream::DROPOUT,
            input: room(trainer, rate > 0.0, trainer.sizes[0])?,
            hidden: None,
        })
    }

    fn draw(&self, number: u32, stream: u32) -> Dropout {
        Dropout {
            rate: self.rate,
            seed: self.seed,
            step: number,
            layer: stream,
        }
    }

    /// x̃ of step `number`.
    pub(super) fn input(&self, device: &D, x: &Matrix<D>, number: u32) -> Matrix<D> {
        drop_into(
            device,
            self.draw(number, self.stream),
            x,
            self.input.as_ref(),
        )
    }

    /// h̃ of step `number`.
    pub(super) fn hidden(&self, device: &D, h: &Matrix<D>, number: u32) -> Matrix<D> {
        let room = self.hidden.as_ref().map(|[h, _]| h);
        drop_into(device, self.draw(number, self.stream + 1), h, room)
    }

    /// The gradient before the drop: the same elements dropped, the same scale.
    pub(super) fn hidden_gradient(&self, device: &D, dh: &Matrix<D>, number: u32) -> Matrix<D> {
        let room = self.hidden.as_ref().map(|[_, dh]| dh);
        drop_into(device, self.draw(number, self.stream + 1), dh, room)
    }
}

fn room<D: Device>(
    trainer: &Trainer<'_, D>,
    needed: bool,
    cols: usize,
) -> Result<Option<Matrix<D>>> {
    let rows = trainer.tape.rows_capacity();
    needed
        .then(|| Matrix::zeros(trainer.device, rows, cols))
        .transpose()
}

fn drop_into<D: Device>(
    device: &D,
    draw: Dropout,
    x: &Matrix<D>,
    room: Option<&Matrix<D>>,
) -> Matrix<D> {
    let Some(room) = room else {
        return x.clone();
    };
    let y = room.first_rows(x.rows);
    dropout(device, &draw, x, &y);
    y
}

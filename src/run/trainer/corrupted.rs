//! Denoising: inputs and hidden layers with some elements dropped (Xie et al. 2016, §3.2).

use super::Trainer;
use crate::device::{Device, Matrix};
use crate::error::Result;
use crate::kernels::dropout::{Dropout, dropout};
use crate::random::stream;

/// The dropout of greedy training of one level, and room for what it makes.
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
    /// The level's input is corrupted (the data themselves only if the configuration says so) and its hidden
    /// layer, unless that is the embedding.
    pub(super) fn new(trainer: &Trainer<'_, D>, level: usize) -> Result<Self> {
        let config = &trainer.config.pretrain;
        let plan = trainer.autoencoder.plan();
        let l = plan.head() + level;
        let (own, is_embedding) = (&plan.kinds()[l], l + 1 == plan.depth());
        let input = config.dropout > 0.0 && (level > 0 || config.corrupt_data);
        let hidden = config.dropout > 0.0 && !is_embedding;
        Ok(Self {
            seed: trainer.config.seed,
            rate: config.dropout,
            stream: stream::DROPOUT + 2 * (level as u32 + 1),
            input: room(trainer, input, own.d_in())?,
            hidden: room(trainer, hidden, own.d_out())?
                .zip(room(trainer, hidden, own.d_out())?)
                .map(<[_; 2]>::from),
        })
    }

    /// Where x̃ lies: in x itself if it is not corrupted.
    pub(super) fn input(&self, x: &Matrix<D>) -> Matrix<D> {
        at(self.input.as_ref(), x)
    }

    /// Where h̃ lies.
    pub(super) fn hidden(&self, h: &Matrix<D>) -> Matrix<D> {
        at(self.hidden.as_ref().map(|[h, _]| h), h)
    }

    /// Where the gradient of h̃ lies before the drop.
    pub(super) fn hidden_gradient(&self, dh: &Matrix<D>) -> Matrix<D> {
        at(self.hidden.as_ref().map(|[_, dh]| dh), dh)
    }

    /// Makes x̃ of step `number`.
    pub(super) fn drop_input(&self, device: &D, x: &Matrix<D>, number: u32) {
        self.drop_into(device, self.stream, number, x, self.input.as_ref());
    }

    /// Makes h̃ of step `number`.
    pub(super) fn drop_hidden(&self, device: &D, h: &Matrix<D>, number: u32) {
        let room = self.hidden.as_ref().map(|[h, _]| h);
        self.drop_into(device, self.stream + 1, number, h, room);
    }

    /// Makes the gradient before the drop: the same elements dropped, the same scale.
    pub(super) fn drop_hidden_gradient(&self, device: &D, dh: &Matrix<D>, number: u32) {
        let room = self.hidden.as_ref().map(|[_, dh]| dh);
        self.drop_into(device, self.stream + 1, number, dh, room);
    }

    fn drop_into(
        &self,
        device: &D,
        stream: u32,
        number: u32,
        x: &Matrix<D>,
        room: Option<&Matrix<D>>,
    ) {
        if let Some(room) = room {
            let draw = Dropout {
                rate: self.rate,
                seed: self.seed,
                step: number,
                layer: stream,
            };
            dropout(device, &draw, x, &room.first_rows(x.rows));
        }
    }
}

/// The dropout of the data in end-to-end training, whose first layer reads the tape: the clean batch lies apart.
pub(super) struct NoisyData<D: Device> {
    seed: u32,
    rate: f32,
    /// The clean batch (b, D), if there is dropout.
    clean: Option<Matrix<D>>,
}

impl<D: Device> NoisyData<D> {
    pub(super) fn new(trainer: &Trainer<'_, D>) -> Result<Self> {
        let rate = trainer.config.pretrain.input_dropout;
        Ok(Self {
            seed: trainer.config.seed,
            rate,
            clean: room(trainer, rate > 0.0, trainer.autoencoder.plan().input_dim())?,
        })
    }

    /// Where the clean batch belongs, if the first layer reads `input` (b, D).
    pub(super) fn clean(&self, input: &Matrix<D>) -> Matrix<D> {
        at(self.clean.as_ref(), input)
    }

    /// Makes the first layer's input of step `number` from the clean batch.
    pub(super) fn drop(&self, device: &D, input: &Matrix<D>, number: u32) {
        if let Some(clean) = &self.clean {
            let draw = Dropout {
                rate: self.rate,
                seed: self.seed,
                step: number,
                layer: stream::DROPOUT,
            };
            dropout(device, &draw, &clean.first_rows(input.rows), input);
        }
    }
}

fn room<D: Device>(
    trainer: &Trainer<'_, D>,
    needed: bool,
    cols: usize,
) -> Result<Option<Matrix<D>>> {
    let rows = trainer.tape.rows_capacity();
    let room = needed.then(|| Matrix::zeros(trainer.device, rows, cols));
    Ok(room.transpose()?)
}

/// As many rows of the room as `x` has, or `x` itself.
fn at<D: Device>(room: Option<&Matrix<D>>, x: &Matrix<D>) -> Matrix<D> {
    room.map_or_else(|| x.clone(), |room| room.first_rows(x.rows))
}

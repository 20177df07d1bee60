//! The device that one of several trainings sees.

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use super::buffer::{MemberBuffer, Place};
use super::play::{Note, Score};
use crate::device::{Device, DeviceInfo, Products, Result, Room};
use crate::kernel::{Kernel, words_of};

/// Writes down what a training asks for; [`super::run`] has it done at the next download.
pub struct Member<'d, D: Device> {
    device: &'d D,
    index: usize,
    score: Rc<RefCell<Score<D>>>,
}

impl<'d, D: Device> Member<'d, D> {
    pub(super) fn new(device: &'d D, index: usize, score: Rc<RefCell<Score<D>>>) -> Self {
        Self {
            device,
            index,
            score,
        }
    }
}

impl<D: Device> Device for Member<'_, D> {
    type Buffer = MemberBuffer<D>;

    fn zeros(&self, words: usize) -> Result<MemberBuffer<D>> {
        Ok(MemberBuffer::new(words, Place::Zeros))
    }

    fn upload<T: bytemuck::NoUninit>(&self, values: &[T]) -> Result<MemberBuffer<D>> {
        let words = self.score.borrow_mut().known(words_of(values));
        Ok(MemberBuffer::new(words.len(), Place::Words(words)))
    }

    fn dispatch(
        &self,
        kernel: &'static Kernel,
        params: &[u8],
        workgroups: [u32; 3],
        bindings: &[&MemberBuffer<D>],
    ) {
        let note = Note {
            kernel,
            params: params.to_vec(),
            workgroups,
            bindings: bindings.iter().map(|buffer| (*buffer).clone()).collect(),
        };
        self.score.borrow_mut().write(self.index, note);
    }

    fn flush(&self) {} // what is written down is done when all have stopped

    async fn download(&self, buffer: &MemberBuffer<D>) -> Result<Vec<u32>> {
        self.score.borrow_mut().ask(self.index, buffer.clone());
        poll_fn(|_| match self.score.borrow_mut().answer(self.index) {
            Some(answer) => Poll::Ready(answer),
            None => Poll::Pending,
        })
        .await
    }

    fn room(&self) -> Room {
        self.device.room()
    }

    fn products(&self) -> &dyn Products {
        self.device.products()
    }

    fn info(&self) -> DeviceInfo {
        self.device.info()
    }
}

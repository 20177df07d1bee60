//! Several trainings side by side on one device, their dispatches joined along z of the grid.
//!
//! A step of one autoencoder leaves a large GPU mostly idle: a batch of 256 rows times a layer of 500 is a few dozen
//! workgroups. R runs from R seeds take the same steps, so their dispatches can be one, R times as large.
//!
//! The trainer knows nothing of this. Each training runs as a future on a [`Member`], a device that only writes down what
//! it is asked for, up to the next download. When all have stopped there, [`run`] plays what was written down: where
//! several have the same kernel, grid and buffer lengths next, one dispatch does it for all. Buffers come to be
//! with the first dispatch that uses them, those of one joint dispatch as slots of one buffer; what all have uploaded alike,
//! as the data set, is there once. Whoever goes another way (one has converged, the others have not) is played alone.
//!
//! A kernel for several models is its WGSL with another index: [`source()`]. Each model's numbers are computed as alone.

mod buffer;
mod member;
mod play;
mod source;

use std::cell::RefCell;
use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

pub use buffer::MemberBuffer;
pub use member::Member;
pub(crate) use source::model_params;
pub use source::source;

use crate::device::Device;
use crate::kernel::Kernel;
use play::Score;

/// Most trainings whose dispatches are joined.
pub const MOST: usize = 8;

/// What one model has in a joint dispatch.
pub struct Part<'a> {
    /// The bytes of its uniform.
    pub params: &'a [u8],
    /// For each binding which words of the buffer are this model's, from a multiple of [`crate::device::ALIGNMENT`] on.
    pub words: Vec<Range<usize>>,
}

/// A device that runs one kernel for several models at once.
pub trait Joins: Device {
    /// Records a dispatch for each of at most [`MOST`] parts, all with these workgroups, of which there is one along z. The
    /// parts' words overlap in no buffer that is written.
    fn dispatch_joined(
        &self,
        kernel: &'static Kernel,
        parts: &[Part<'_>],
        workgroups: [u32; 3],
        bindings: &[&Self::Buffer],
    );
}

/// How many dispatches were asked for, and how many the device got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// By all members.
    pub asked: u64,
    /// Joint ones count once.
    pub dispatched: u64,
}

/// Runs the trainings that `start` makes, one for each member, 0 to `count` − 1; their results in that order.
///
/// # Panics
/// With more than [`MOST`], and if a training waits for anything but its device.
pub async fn run<'d, D, T, F>(
    device: &'d D,
    count: usize,
    start: impl Fn(usize, Member<'d, D>) -> F,
) -> (Vec<T>, Counts)
where
    D: Joins,
    F: Future<Output = T>,
{
    assert!(
        count <= MOST,
        "{count} trainings, at most {MOST} side by side"
    );
    let score = Rc::new(RefCell::new(Score::new(count)));
    let mut trainings: Vec<Option<Pin<Box<F>>>> = (0..count)
        .map(|i| Some(Box::pin(start(i, Member::new(device, i, score.clone())))))
        .collect();
    let mut results: Vec<Option<T>> = (0..count).map(|_| None).collect();
    let mut context = Context::from_waker(Waker::noop());
    while trainings.iter().any(Option::is_some) {
        for (training, result) in trainings.iter_mut().zip(&mut results) {
            let Some(future) = training else { continue };
            if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
                (*training, *result) = (None, Some(value));
            }
        }
        let asked = play::perform(device, &score).await;
        let waiting = trainings.iter().filter(|training| training.is_some());
        assert!(
            asked == waiting.count(),
            "a training waits for something else than its device"
        );
    }
    let counts = score.borrow().counts;
    (results.into_iter().flatten().collect(), counts)
}

//! wgpu panics where it waits for a device that is lost (wgpu 30, `Device::poll`), and where a driver has no memory for
//! what it makes while a device is opened; these are faults like others.

use std::cell::Cell;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

thread_local! {
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is in a call whose panic becomes an [`crate::Error::Device`]: for a panic hook, which then has
/// nothing to tell.
pub fn expects_panic() -> bool {
    EXPECTED.get()
}

/// What a call gives; none if it panics.
pub(super) fn caught<T>(call: impl FnOnce() -> T) -> Option<T> {
    let before = EXPECTED.replace(true);
    // A device that has panicked is not used any more: its fault stays.
    let result = catch_unwind(AssertUnwindSafe(call));
    EXPECTED.set(before);
    result.ok()
}

/// What a future gives; none if it panics.
pub(super) async fn caught_in<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|context| match caught(|| future.as_mut().poll(context)) {
        Some(Poll::Pending) => Poll::Pending,
        Some(Poll::Ready(value)) => Poll::Ready(Some(value)),
        None => Poll::Ready(None),
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_none_and_was_expected() {
        assert_eq!(caught(|| 1), Some(1));
        assert_eq!(caught(expects_panic), Some(true));
        assert_eq!(caught(|| -> u8 { panic!("lost") }), None);
        assert!(!expects_panic());
    }
}

//! Panics of other crates that mean a broken file.

use std::cell::Cell;

thread_local! {
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is in a call whose panic becomes a [`crate::DataError`]: for a panic hook, which then has nothing to
/// tell.
pub fn expects_panic() -> bool {
    EXPECTED.get()
}

/// What a call gives; none if it panics. What it has changed must not be used then.
#[cfg(feature = "parquet")]
pub(super) fn caught<T>(call: impl FnOnce() -> T) -> Option<T> {
    let before = EXPECTED.replace(true);
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(call));
    EXPECTED.set(before);
    result.ok()
}

//! The blocks of a data set, read by a thread of its own: while the device assigns one, the next is read.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use dec_gpu::Result;
use dec_gpu::data::{Block, BlockOptions, DataError, ReadOptions, open_blocks};

/// What the reader says: a block, `None` at the end of the data, or what is wrong with them; nothing after the
/// last two. An end has to be said, because a reader that is gone may have panicked.
type Message = std::result::Result<Option<Block>, DataError>;

/// Blocks in the order of the data.
pub(super) struct Blocks(Receiver<Message>);

impl Blocks {
    /// The next one; not to be asked for after the last one or an error.
    pub(super) fn next(&mut self) -> Result<Option<Block>> {
        Ok(self.0.recv().expect("the reader says how it ends")?)
    }
}

/// Reads blocks for `then`. At most two are held at a time: one that has been handed over, and the next.
pub(super) fn with_blocks<T>(
    path: &Path,
    options: &ReadOptions,
    blocks: &BlockOptions,
    then: impl FnOnce(Blocks) -> Result<T>,
) -> Result<T> {
    thread::scope(|scope| {
        let (sender, receiver) = sync_channel(0);
        scope.spawn(move || read(path, options, blocks, &sender));
        then(Blocks(receiver))
    })
}

fn read(path: &Path, options: &ReadOptions, blocks: &BlockOptions, sender: &SyncSender<Message>) {
    let result = open_blocks(path, options, blocks, &mut |block| {
        match sender.send(Ok(Some(block))) {
            Ok(()) => ControlFlow::Continue(()),
            // Nobody listens any more: something else failed.
            Err(_) => ControlFlow::Break(()),
        }
    });
    let _ = sender.send(result.map(|()| None));
}

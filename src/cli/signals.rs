//! Ctrl-C and SIGTERM while training: the first asks for a checkpoint and the end, the second ends at once. And the signal
//! of files that grow too large.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag::{register_conditional_shutdown, register_usize};

use super::tell;

/// What a shell reports of a process that a signal has ended is this and the signal's number.
const SIGNALLED: i32 = 128;
/// How often the watch looks.
const PAUSE: Duration = Duration::from_millis(50);
/// A signal so soon after the first is the same one again: `timeout` sends its own to the process and to its group.
const AGAIN: Duration = Duration::from_millis(250);

/// What the handlers set.
struct Watch {
    /// The first signal; 0 as long as there was none.
    signal: Arc<AtomicUsize>,
    /// Trainings that are between their first and their last step, and so look for themselves.
    stepping: AtomicUsize,
}

static WATCH: OnceLock<Watch> = OnceLock::new();

/// Makes a write beyond the limit of a file's size (`ulimit -f`) fail as any other does. By default its signal kills the
/// process, which can then neither say why nor remove what it has begun.
pub(crate) fn survive_size_limits() {
    #[cfg(unix)]
    // A handler is enough; if there can be none, the system's default stays.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
}

/// Begins to watch. What has no steps, such as k-means or writing results, cannot be stopped between two of them: there the
/// program ends at once, and the checkpoint at the end of the phase before is the one to go on from.
pub(crate) fn watch() -> std::io::Result<()> {
    let watch = Watch {
        signal: Arc::new(AtomicUsize::new(0)),
        stepping: AtomicUsize::new(0),
    };
    let at_once = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        register_conditional_shutdown(signal, SIGNALLED + signal, at_once.clone())?;
        register_usize(signal, watch.signal.clone(), signal as usize)?;
    }
    if WATCH.set(watch).is_ok() {
        std::thread::spawn(move || look(&at_once));
    }
    Ok(())
}

/// Ends what has no steps after the first signal, and lets the next one end whatever runs.
fn look(at_once: &AtomicBool) {
    let mut first = None;
    loop {
        std::thread::sleep(PAUSE);
        let Some(code) = exit_code() else { continue };
        if !is_stepping() {
            tell_once(
                "interrupted; the same command with --resume goes on from the last checkpoint",
            );
            std::process::exit(code);
        }
        if first.get_or_insert_with(Instant::now).elapsed() >= AGAIN {
            at_once.store(true, Ordering::SeqCst);
        }
    }
}

/// Says that the run was interrupted, unless that was said: the watch and the training may notice at once.
pub(crate) fn tell_once(text: &str) {
    static TOLD: AtomicBool = AtomicBool::new(false);
    if !TOLD.swap(true, Ordering::SeqCst) {
        tell(&format!("error: {text}"));
    }
}

/// The exit code of the signal that has come, if one has.
pub(crate) fn exit_code() -> Option<i32> {
    let signal = WATCH.get()?.signal.load(Ordering::SeqCst);
    (signal != 0).then(|| SIGNALLED + signal as i32)
}

/// A training is between its first and its last step as long as this is there.
pub(crate) struct Stepping(());

impl Stepping {
    pub(crate) fn begin() -> Self {
        if let Some(watch) = WATCH.get() {
            watch.stepping.fetch_add(1, Ordering::SeqCst);
        }
        Self(())
    }
}

impl Drop for Stepping {
    fn drop(&mut self) {
        if let Some(watch) = WATCH.get() {
            watch.stepping.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

fn is_stepping() -> bool {
    let stepping = |watch: &Watch| watch.stepping.load(Ordering::SeqCst) > 0;
    WATCH.get().is_some_and(stepping)
}

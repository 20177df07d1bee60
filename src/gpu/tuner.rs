//! Measures which form of a product is fastest on this adapter, once per class of products.
//!
//! A form is held to the kernel's reference before it is timed; one that gives wrong results is not chosen.
//! Tuning has a budget of time; when it is spent, the best form so far is taken, or that of the table.

mod cache;
mod contest;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::Gpu;
use super::forms::Class;
use crate::device::DeviceInfo;
use crate::kernel::tile::{Product, TILES};
use crate::kernel::{Case, Kernel};
use crate::verify::run_case;
use cache::Cache;
use contest::Contest;

/// How forms are chosen by measuring.
#[derive(Clone, Debug)]
pub struct Tuning {
    /// The folder that keeps the choices for later runs; without one they last as long as the [`Gpu`].
    pub cache: Option<PathBuf>,
    /// The most time that all measuring may take. One step of it may take longer: a compilation cannot be
    /// interrupted.
    pub budget: Duration,
    /// The most time for timing one class of products, compiling and checking its forms aside.
    pub class_budget: Duration,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            cache: None,
            budget: Duration::from_millis(500),
            class_budget: Duration::from_millis(150),
        }
    }
}

/// Another form than the table's must take less than this share of its time: so much may be noise.
const CLEARLY: f64 = 0.95;

/// What is known of the forms on one adapter.
pub(super) struct Tuner {
    budget: Duration,
    class_budget: Duration,
    spent: Cell<Duration>,
    cache: Cache,
    /// Whether a kernel gives right results, by its address.
    right: RefCell<HashMap<usize, bool>>,
}

impl Tuner {
    pub(super) fn new(tuning: Tuning, device: &DeviceInfo) -> Self {
        Self {
            budget: tuning.budget,
            class_budget: tuning.class_budget,
            spent: Cell::default(),
            cache: Cache::open(tuning.cache, device),
            right: RefCell::default(),
        }
    }

    /// When there is no time left.
    fn deadline(&self) -> Instant {
        Instant::now() + self.budget.saturating_sub(self.spent.get())
    }
}

impl Gpu {
    /// The fastest form of a class, kept from an earlier run or measured; `table` without a tuner.
    pub(super) fn tuned(
        &self,
        forms: &'static [Kernel],
        class: Class,
        product: Product,
        table: usize,
    ) -> usize {
        let Some(tuner) = &self.tuner else {
            return table;
        };
        let kept = tuner.cache.get(&class.to_string());
        if let Some(form) = kept.and_then(|name| self.forms.called(&name)) {
            return form;
        }
        self.finish(); // what was recorded before is not measured
        let start = Instant::now();
        let (form, complete) = self.measure(tuner, forms, product, table);
        let took = start.elapsed();
        tuner.spent.set(tuner.spent.get() + took);
        log::debug!("{class}: form {} found in {took:.1?}", TILES[form].name);
        if complete {
            tuner.cache.put(class.to_string(), TILES[form].name);
        }
        form
    }

    /// The best form in the time there is, and whether all were tried.
    fn measure(
        &self,
        tuner: &Tuner,
        forms: &'static [Kernel],
        product: Product,
        table: usize,
    ) -> (usize, bool) {
        let deadline = tuner.deadline();
        let mut contest = Contest::new(table, self.forms.plain(), tuner.class_budget);
        for form in self.forms.candidates(table) {
            match self.is_right(tuner, &forms[form], deadline) {
                Some(true) if contest.enter(self, forms, product, form) => {}
                Some(false) => contest.refuse(form),
                _ => return (contest.winner(), false),
            }
        }
        contest.repeat(self, forms, deadline);
        (contest.winner(), true)
    }

    /// Whether a kernel compiles and agrees with its reference; `None` if there is no time to find out.
    fn is_right(&self, tuner: &Tuner, kernel: &'static Kernel, deadline: Instant) -> Option<bool> {
        let key = std::ptr::from_ref(kernel) as usize;
        let known = tuner.right.borrow().get(&key).copied();
        if known.is_some() || Instant::now() >= deadline {
            return known;
        }
        let right = self.replaced(kernel).is_none()
            && self.pipeline(kernel).is_ok()
            && self.agrees(kernel, deadline)?;
        tuner.right.borrow_mut().insert(key, right);
        Some(right)
    }

    /// Whether the trials of a kernel give what the reference does; `None` if there is no time for them.
    fn agrees(&self, kernel: &'static Kernel, deadline: Instant) -> Option<bool> {
        for case in trials(kernel) {
            if Instant::now() >= deadline {
                return None;
            }
            if let Err(failure) = pollster::block_on(run_case(self, kernel, &case)) {
                log::warn!("{}: form not used: {failure}", self.info.name);
                return Some(false);
            }
        }
        Some(true)
    }
}

/// The most words of a case that is worth its time here.
const SMALL: usize = 40_000;

/// The largest small cases of different sizes: odd, around the tiles, and deep.
fn trials(kernel: &Kernel) -> Vec<Case> {
    let words = |case: &Case| case.buffers.iter().map(|b| b.words.len()).sum::<usize>();
    let mut cases = (kernel.cases)();
    cases.retain(|case| words(case) <= SMALL);
    cases.sort_by_key(|case| std::cmp::Reverse(words(case)));
    cases.dedup_by_key(|case| words(case));
    cases.truncate(3);
    cases
}

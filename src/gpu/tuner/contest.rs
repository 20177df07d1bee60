//! Times the forms of one product against each other.

use std::time::{Duration, Instant};

use crate::device::{Device, Result};
use crate::gpu::{Gpu, GpuBuffer};
use crate::kernel::tile::{Product, TILES};
use crate::kernel::{Case, Kernel};

use super::CLEARLY;

/// One timing takes about this long: short products are repeated within it.
const LAP: Duration = Duration::from_micros(1500);
/// The most dispatches of one timing.
const MOST_CALLS: f64 = 32.0;
/// Timings of each form; the shortest counts.
const ROUNDS: usize = 3;
/// A form this much slower than the best is not timed again.
const FAR: f64 = 1.5;
/// Fewer rows than the product has are timed, so that one dispatch has about so many operations at most.
const MOST_OPERATIONS: usize = 1 << 32;
/// The same on a processor that plays a GPU.
const MOST_OPERATIONS_IN_SOFTWARE: usize = 1 << 24;
/// But not fewer rows than this: as many as the largest tile has.
const FEWEST_ROWS: usize = 128;

/// A product with random inputs.
struct Scratch {
    product: Product,
    params: Vec<u8>,
    buffers: Vec<GpuBuffer>,
}

struct Entrant {
    form: usize,
    seconds: f64,
}

/// The forms so far, and how fast they are.
pub(super) struct Contest {
    table: usize,
    plain: usize,
    /// Time left.
    left: Duration,
    scratch: Option<Scratch>,
    entrants: Vec<Entrant>,
    refused: Vec<usize>,
}

impl Contest {
    /// `table` is the form to take unless another is clearly faster, `plain` the one that is right everywhere.
    pub(super) fn new(table: usize, plain: usize, budget: Duration) -> Self {
        Self {
            table,
            plain,
            left: budget,
            scratch: None,
            entrants: Vec::new(),
            refused: Vec::new(),
        }
    }

    /// Keeps a form from winning.
    pub(super) fn refuse(&mut self, form: usize) {
        self.refused.push(form);
    }

    /// Times a form for the first time. False if there was no time for it, or the device failed.
    pub(super) fn enter(
        &mut self,
        gpu: &Gpu,
        forms: &'static [Kernel],
        product: Product,
        form: usize,
    ) -> bool {
        if self.left.is_zero() {
            return false;
        }
        let start = Instant::now();
        let seconds = self.first_time(gpu, forms, product, form);
        self.left = self.left.saturating_sub(start.elapsed());
        (self.entrants).extend(seconds.iter().map(|&seconds| Entrant { form, seconds }));
        seconds.is_ok()
    }

    fn first_time(
        &mut self,
        gpu: &Gpu,
        forms: &'static [Kernel],
        product: Product,
        form: usize,
    ) -> Result<f64> {
        let scratch = match &mut self.scratch {
            Some(scratch) => scratch,
            none => none.insert(Scratch::new(gpu, &forms[form], product)?),
        };
        scratch.time(gpu, forms, form, 1); // warms up
        let seconds = scratch.time(gpu, forms, form, 1);
        gpu.check().map(|()| seconds)
    }

    /// Times the forms that may still win again.
    pub(super) fn repeat(&mut self, gpu: &Gpu, forms: &'static [Kernel], deadline: Instant) {
        let Some(scratch) = &self.scratch else {
            return;
        };
        let deadline = deadline.min(Instant::now() + self.left);
        for _ in 1..ROUNDS {
            let best = fastest(&self.entrants).map_or(0.0, |entrant| entrant.seconds);
            for entrant in &mut self.entrants {
                if entrant.seconds > FAR * best {
                    continue;
                }
                let calls = (LAP.as_secs_f64() / entrant.seconds).clamp(1.0, MOST_CALLS) as u32;
                let expected = Duration::from_secs_f64(f64::from(calls) * entrant.seconds);
                if Instant::now() + expected > deadline {
                    return;
                }
                let seconds = scratch.time(gpu, forms, entrant.form, calls);
                entrant.seconds = entrant.seconds.min(seconds);
            }
        }
    }

    /// The fastest form, or the table's unless another is clearly faster; the plain one if the table's is refused.
    pub(super) fn winner(&self) -> usize {
        let table = self.entrants.iter().find(|e| e.form == self.table);
        match (fastest(&self.entrants), table) {
            (Some(best), Some(table)) if best.seconds > CLEARLY * table.seconds => self.table,
            (Some(best), _) => best.form,
            (None, _) if self.refused.contains(&self.table) => self.plain,
            (None, _) => self.table,
        }
    }
}

fn fastest(entrants: &[Entrant]) -> Option<&Entrant> {
    let seconds = |a: &&Entrant, b: &&Entrant| a.seconds.total_cmp(&b.seconds);
    entrants.iter().min_by(seconds)
}

impl Scratch {
    fn new(gpu: &Gpu, kernel: &Kernel, product: Product) -> Result<Self> {
        let product = slice(product, gpu.info.kind == "software");
        let case = kernel.tile.map(|tiled| (tiled.sized)(product));
        let Case {
            params, buffers, ..
        } = case.unwrap_or_else(|| panic!("{} has no forms", kernel.name));
        let buffers = buffers.iter().map(|buffer| gpu.upload(&buffer.words));
        Ok(Self {
            product,
            params,
            buffers: buffers.collect::<Result<_>>()?,
        })
    }

    /// Seconds of one dispatch, on average over `calls`.
    fn time(&self, gpu: &Gpu, forms: &'static [Kernel], form: usize, calls: u32) -> f64 {
        let bound: Vec<&GpuBuffer> = self.buffers.iter().collect();
        let groups = TILES[form].workgroups(self.product.rows, self.product.cols);
        let start = Instant::now();
        for _ in 0..calls {
            gpu.dispatch(&forms[form], &self.params, groups, &bound);
        }
        gpu.finish();
        start.elapsed().as_secs_f64() / f64::from(calls)
    }
}

/// The product with fewer rows, if it is too large to be tried often.
fn slice(product: Product, in_software: bool) -> Product {
    let most = if in_software {
        MOST_OPERATIONS_IN_SOFTWARE
    } else {
        MOST_OPERATIONS
    };
    let each = (2 * product.cols * product.depth).max(1);
    Product {
        rows: product.rows.min((most / each).max(FEWEST_ROWS)),
        ..product
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::tile::{L, M, S};

    fn contest(times: &[(usize, f64)]) -> Contest {
        let entrant = |&(form, seconds): &(usize, f64)| Entrant { form, seconds };
        Contest {
            entrants: times.iter().map(entrant).collect(),
            ..Contest::new(L, M, Duration::ZERO)
        }
    }

    #[test]
    fn the_table_stays_unless_another_is_clearly_faster() {
        assert_eq!(contest(&[(L, 1.0), (S, 0.97), (M, 2.0)]).winner(), L);
        assert_eq!(contest(&[(L, 1.0), (S, 0.90), (M, 2.0)]).winner(), S);
        assert_eq!(contest(&[(S, 3.0), (M, 2.0)]).winner(), M);
    }

    #[test]
    fn without_times_the_table_stays_unless_it_is_wrong() {
        let mut contest = contest(&[]);
        assert_eq!(contest.winner(), L);
        contest.refuse(L);
        assert_eq!(contest.winner(), M);
    }

    #[test]
    fn large_products_lose_rows_only() {
        let product = |rows| Product {
            rows,
            cols: 2000,
            depth: 500,
        };
        assert_eq!(slice(product(256), false), product(256));
        assert_eq!(slice(product(70_000), false), product(2147));
        assert_eq!(slice(product(256), true), product(128));
    }
}

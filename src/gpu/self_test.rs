//! Cooperative matrices are tried before they are trusted: drivers are known that compute with them wrongly.

use super::{Cooperative, Gpu};
use crate::kernel::Kernel;
use crate::kernel::tile::TILES;
use crate::kernels;
use crate::verify::count_agreeing;

/// Runs every case of every product in a form: odd sizes and sums of many passes are among them.
pub(super) async fn self_test(gpu: &Gpu, form: usize) -> Cooperative {
    let in_form = |kernel: &&Kernel| kernel.tile.is_some_and(|tiled| *tiled.tile == TILES[form]);
    let products: Vec<_> = kernels::ALL.iter().copied().filter(in_form).collect();
    match count_agreeing(gpu, &products).await {
        Ok(0) => Cooperative::Failed("no case was run".into()),
        Ok(cases) => Cooperative::Passed { form, cases },
        Err(failure) => Cooperative::Failed(failure.to_string()),
    }
}

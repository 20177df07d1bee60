//! The table that picks the form of a product on an adapter with workgroup memory worth using.

use crate::kernel::tile::{L, M, Product, S, SKINNY, TILES};

/// Fewer workgroups than this leave a large GPU idle, so smaller tiles are better.
const BUSY: usize = 128;

/// The form for a product.
pub(super) fn by_shape(product: Product) -> usize {
    if product.cols <= TILES[SKINNY].cols && product.depth > 64 {
        return SKINNY;
    }
    let tiles = |form: usize| {
        let [x, y, _] = TILES[form].workgroups(product.rows, product.cols);
        x as usize * y as usize
    };
    if tiles(L) >= 2 * BUSY {
        L
    } else if tiles(M) >= BUSY {
        M
    } else {
        S
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_picks_by_shape() {
        let form = |rows, cols, depth| by_shape(Product { rows, cols, depth });
        assert_eq!(form(4096, 4096, 4096), L);
        assert_eq!(form(256, 2000, 500), M);
        assert_eq!(form(256, 500, 784), S);
        assert_eq!(form(256, 10, 2000), SKINNY);
        assert_eq!(form(256, 10, 10), S);
    }
}

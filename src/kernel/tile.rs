//! The forms of the matrix product that the `linear_*` kernels come in.
//!
//! Every form computes the same product with the same loaders and epilogue (`shaders/gemm_*.wgsl`); they
//! differ in how much of the result a workgroup owns. Which is fastest depends on the adapter and the shape.
//! Another form adds in another order, so it gives other bits. The forms from [`HALF`] on round their operands
//! to f16, which gives other numbers.

use crate::features::Features;
use crate::precision::Precision;

/// One form of the product.
#[derive(Debug, PartialEq, Eq)]
pub struct Tile {
    /// Its name: `skinny`, `S`, `M`, `L`, `subgroup`, `W`, `subgroup16`, `half`, `coop` or `coop8`.
    pub name: &'static str,
    /// Rows of the product per workgroup.
    pub rows: usize,
    /// Columns of the product per workgroup.
    pub cols: usize,
    /// Invocations per workgroup.
    pub lanes: u32,
    /// What it needs beyond WebGPU's defaults.
    pub needs: Features,
}

/// Invocations of a workgroup of the subgroup forms, which must be one subgroup.
pub const SUBGROUP_SIZE: u32 = 8;

/// For few columns: the depth is shared by 16 slices.
pub const SKINNY: usize = 0;
/// For few tiles: the depth is shared by 4 slices.
pub const S: usize = 1;
/// The plain form: right everywhere, and what a driver falls back on.
pub const M: usize = 2;
/// For large products.
pub const L: usize = 3;
/// Without barriers, for adapters where they are slow.
pub const SUBGROUP: usize = 4;
/// Between M and L, for tall products.
pub const W: usize = 5;
/// As [`SUBGROUP`] with half the rows: more workgroups, fewer registers.
pub const SUBGROUP16: usize = 6;
/// As [`M`], with operands rounded to f16.
pub const HALF: usize = 7;
/// On matrix units, in fragments of 16 × 16.
pub const COOP: usize = 8;
/// On matrix units, in fragments of 8 × 8.
pub const COOP8: usize = 9;

/// The plain form at a precision: right everywhere, and what others fall back on.
pub fn plain(precision: Precision) -> usize {
    match precision {
        Precision::F32 => M,
        Precision::F16 => HALF,
    }
}

/// How many forms there are.
pub const FORMS: usize = 10;

/// What gradients are multiplied by before they are rounded to f16, and their sums divided by: a mean loss
/// makes them so small that f16 would lose their bits. They may be as large as 15 then.
pub const GRADIENT_SCALE: f32 = 4096.0;

/// Every form; [`SKINNY`] to [`COOP8`] are places in it.
pub static TILES: [Tile; FORMS] = [
    tile("skinny", 4, 16, 256),
    tile("S", 32, 32, 256),
    tile("M", 64, 64, 64),
    tile("L", 128, 128, 256),
    Tile {
        needs: SUBGROUPS,
        ..tile("subgroup", 32, 32, SUBGROUP_SIZE)
    },
    tile("W", 128, 64, 128),
    Tile {
        needs: SUBGROUPS,
        ..tile("subgroup16", 16, 32, SUBGROUP_SIZE)
    },
    Tile {
        needs: F16,
        ..tile("half", 64, 64, 64)
    },
    Tile {
        needs: Features {
            coop16: true,
            ..F16
        },
        ..tile("coop", 64, 64, 128)
    },
    Tile {
        needs: Features { coop8: true, ..F16 },
        ..tile("coop8", 32, 32, 128)
    },
];

const SUBGROUPS: Features = Features {
    subgroups: true,
    ..Features::NONE
};

const F16: Features = Features {
    f16: true,
    ..Features::NONE
};

/// The place of a form in [`TILES`] by its name.
pub fn form_called(name: &str) -> Option<usize> {
    TILES.iter().position(|tile| tile.name == name)
}

const fn tile(name: &'static str, rows: usize, cols: usize, lanes: u32) -> Tile {
    Tile {
        name,
        rows,
        cols,
        lanes,
        needs: Features::NONE,
    }
}

/// The shape of a product A (rows, depth) · B (depth, cols).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Product {
    /// Rows of A and of the product.
    pub rows: usize,
    /// Columns of B and of the product.
    pub cols: usize,
    /// Columns of A, rows of B.
    pub depth: usize,
}

impl Product {
    /// The smallest powers of two that hold each size: the products that share one choice of a form.
    pub fn class(self) -> Self {
        Self {
            rows: self.rows.next_power_of_two(),
            cols: self.cols.next_power_of_two(),
            depth: self.depth.next_power_of_two(),
        }
    }
}

impl std::fmt::Display for Product {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}x{}x{}", self.rows, self.cols, self.depth)
    }
}

impl Tile {
    /// Workgroups for a result (rows, cols).
    pub fn workgroups(&self, rows: usize, cols: usize) -> [u32; 3] {
        let count = |len: usize, of: usize| {
            u32::try_from(len.div_ceil(of)).expect("fewer than 2^32 tiles: buffers are bounded")
        };
        [count(cols, self.cols), count(rows, self.rows), 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_holds_its_products() {
        let product = |rows, cols, depth| Product { rows, cols, depth };
        assert_eq!(product(256, 500, 784).class(), product(256, 512, 1024));
        assert_eq!(product(1, 10, 16).class(), product(1, 16, 16));
        assert_eq!(product(256, 10, 2000).class().to_string(), "256x16x2048");
    }

    #[test]
    fn forms_have_names_of_their_own() {
        for (place, tile) in TILES.iter().enumerate() {
            assert_eq!(form_called(tile.name), Some(place));
        }
        assert_eq!(form_called("XL"), None);
    }

    #[test]
    fn workgroups_cover_the_product() {
        for tile in &TILES {
            for (rows, cols) in [(1, 1), (31, 33), (64, 128), (1000, 10)] {
                let [x, y, z] = tile.workgroups(rows, cols);
                assert!(x as usize * tile.cols >= cols && y as usize * tile.rows >= rows && z == 1);
                assert!((x as usize - 1) * tile.cols < cols && (y as usize - 1) * tile.rows < rows);
            }
        }
    }
}

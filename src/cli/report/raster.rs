//! SVG to PNG.

use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Options, Tree};

/// Pixels of a unit.
const SCALE: f32 = 2.0;

/// The one font of the pictures, so that they are the same on every machine.
static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    fonts.load_font_data(notosans::REGULAR_TTF.to_vec());
    fonts.load_font_data(notosans::BOLD_TTF.to_vec());
    Arc::new(fonts)
});

/// A picture of the library's own making as PNG, two pixels to a unit.
///
/// # Panics
/// If the text is no SVG: that would be a bug of the one who drew it.
pub(super) fn png(svg: &str) -> Vec<u8> {
    let options = Options {
        fontdb: FONTS.clone(),
        font_family: "Noto Sans".into(),
        ..Options::default()
    };
    let tree = Tree::from_str(svg, &options).expect("the pictures are SVG");
    let size = tree.size().to_int_size();
    let pixels = |side: u32| (side as f32 * SCALE) as u32;
    let mut map = Pixmap::new(pixels(size.width()), pixels(size.height())).expect("it has a size");
    resvg::render(
        &tree,
        Transform::from_scale(SCALE, SCALE),
        &mut map.as_mut(),
    );
    map.encode_png().expect("in memory")
}

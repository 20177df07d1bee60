//! A colour and a shape for each cluster: 49 pairs, told apart by colour-blind eyes, on white and on black.

/// Okabe and Ito 2008, without yellow and with grey in place of black.
const COLOURS: [&str; 7] = [
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#888888",
];

/// SVG paths about the origin, of about the same area: disc, square, triangle, diamond, cross, bar, inverted triangle.
pub(super) const SHAPES: [&str; 7] = [
    "M-3 0a3 3 0 1 0 6 0a3 3 0 1 0 -6 0z",
    "M-2.7 -2.7h5.4v5.4h-5.4z",
    "M0 -3.8L3.6 2.6H-3.6z",
    "M0 -3.9L3.9 0L0 3.9L-3.9 0z",
    "M-3.6 -1.2H-1.2V-3.6H1.2V-1.2H3.6V1.2H1.2V3.6H-1.2V1.2H-3.6z",
    "M-1.6 -4.2H1.6V4.2H-1.6z",
    "M0 3.8L3.6 -2.6H-3.6z",
];

/// The colour of a cluster, or of the curve of this number.
pub(super) fn colour(number: usize) -> &'static str {
    COLOURS[number % COLOURS.len()]
}

/// The place of a cluster's shape among [`SHAPES`].
pub(super) fn shape(cluster: usize) -> usize {
    cluster / COLOURS.len() % SHAPES.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_differ_in_colour_or_shape() {
        let looks: std::collections::HashSet<_> = (0..49)
            .map(|cluster| (colour(cluster), shape(cluster)))
            .collect();
        assert_eq!(looks.len(), 49);
        assert_eq!(shape(49), shape(0));
    }
}

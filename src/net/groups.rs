//! Which layers share buffers: all of them, unless one binding is too small for that.

use std::ops::Range;

use super::Plan;
use crate::arena;
use crate::device::Device;

/// Runs of layers whose parameters, inputs and gradients lie side by side.
#[derive(Clone, Debug, PartialEq)]
pub struct Groups(Vec<Range<usize>>);

impl Groups {
    /// As few as fit a device's bindings, for batches of up to `rows` rows.
    pub fn new<D: Device>(device: &D, rows: usize, plan: &Plan) -> Self {
        Self::fitting(plan, rows, device.room().binding_bytes / 4)
    }

    fn fitting(plan: &Plan, rows: usize, most_words: usize) -> Self {
        let mut groups = Vec::new();
        let mut start = 0;
        let all = plan.kinds().len();
        for end in 1..=all {
            let with_next = start..(end + 1).min(all);
            if end == all || largest(plan, with_next, rows) > most_words {
                groups.push(start..end);
                start = end;
            }
        }
        Self(groups)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Range<usize>> {
        self.0.iter()
    }

    /// The layers of a group.
    pub(super) fn range(&self, group: usize) -> &Range<usize> {
        &self.0[group]
    }

    /// The group of a layer.
    pub(super) fn of(&self, l: usize) -> usize {
        self.0.partition_point(|range| range.end <= l)
    }
}

/// The words of the largest buffer of some layers.
fn largest(plan: &Plan, layers: Range<usize>, rows: usize) -> usize {
    let buffers = [0, 1].into_iter().flat_map(|side| {
        let [inputs, grads] = plan.operand_shapes(&layers, rows, side);
        [plan.parameter_shapes(&layers, side), inputs, grads]
    });
    let words = buffers.map(|shapes| arena::words(&shapes));
    words.max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: [usize; 5] = [784, 500, 500, 2000, 10];

    fn groups(most_words: usize) -> Vec<Range<usize>> {
        Groups::fitting(&Plan::dense(&SIZES), 256, most_words).0
    }

    #[test]
    fn all_layers_share_if_they_fit() {
        assert_eq!(groups(128 << 18), vec![0..8; 1]);
    }

    #[test]
    fn a_small_binding_splits_them() {
        // The weights 500-2000 and 2000-500 take a million words each.
        let split = groups(1_100_000);
        assert!(split.len() > 2, "{split:?}");
        assert_eq!(split[0].start, 0);
        assert_eq!(split.last().map(|range| range.end), Some(8));
        assert!(split.windows(2).all(|pair| pair[0].end == pair[1].start));
        let plan = Plan::dense(&SIZES);
        let fits = |range: &Range<usize>| largest(&plan, range.clone(), 256) <= 1_100_000;
        assert!(split.iter().all(|range| range.len() == 1 || fits(range)));
    }

    #[test]
    fn what_fits_nowhere_stands_alone() {
        assert_eq!(groups(1).len(), 8);
    }

    #[test]
    fn a_layer_is_found_in_its_group() {
        let groups = Groups(vec![0..3, 3..4, 4..8]);
        let of: Vec<usize> = (0..8).map(|l| groups.of(l)).collect();
        assert_eq!(of, [0, 0, 0, 1, 2, 2, 2, 2]);
    }
}

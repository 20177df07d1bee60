//! The first few of an order, without sorting the rest.

use std::cmp::Ordering;

/// The `most` smallest values, in order. `order` must be total, so that there is one answer.
pub(super) fn smallest<T>(
    mut values: Vec<T>,
    most: usize,
    order: impl Fn(&T, &T) -> Ordering,
) -> Vec<T> {
    if most < values.len() {
        values.select_nth_unstable_by(most, &order);
        values.truncate(most);
    }
    values.sort_unstable_by(order);
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_as_there_are_in_order() {
        let of = |most| smallest(vec![5, 1, 4, 2, 3], most, Ord::cmp);
        assert_eq!(of(0), Vec::<i32>::new());
        assert_eq!(of(2), [1, 2]);
        assert_eq!(of(5), [1, 2, 3, 4, 5]);
        assert_eq!(of(9), [1, 2, 3, 4, 5]);
    }
}

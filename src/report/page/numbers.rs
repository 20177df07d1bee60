//! Where the numbers of clusters stand on a map.

/// A cluster across which there is less room than this is hidden by its number.
const SMALL: f64 = 24.0;
/// The densest part of a cluster is found among squares of three by three cells of this side.
const CELL: f64 = 24.0;
/// Height of a number.
const HEIGHT: f64 = 12.0;
/// Half the width of a digit.
const DIGIT: f64 = 4.0;

/// Each cluster that has places, and where its number stands within `side` less a margin: in its densest part, beside it if
/// it is small, and moved a little where another number stands already. Larger clusters come first.
pub(super) fn numbers(
    clusters: &[Vec<[f64; 2]>],
    (side, margin): (f64, f64),
) -> Vec<(usize, [f64; 2])> {
    let mut order: Vec<usize> = (0..clusters.len())
        .filter(|c| !clusters[*c].is_empty())
        .collect();
    order.sort_by_key(|c| std::cmp::Reverse(clusters[*c].len()));
    let mut taken: Vec<(usize, [f64; 2])> = Vec::new();
    for cluster in order {
        let wanted = wanted(&clusters[cluster]);
        let inside = |[x, y]: [f64; 2]| {
            [x, y]
                .iter()
                .all(|at| (margin..=side - margin).contains(at))
        };
        let free = (shifts().into_iter())
            .map(|[dx, dy]| [wanted[0] + dx, wanted[1] + dy])
            .find(|place| {
                inside(*place) && !taken.iter().any(|other| overlap((cluster, *place), *other))
            });
        let place = free.unwrap_or(wanted.map(|at| at.clamp(margin, side - margin)));
        taken.push((cluster, place));
    }
    taken.sort_by_key(|(cluster, _)| *cluster);
    taken
}

/// Where a number stands if nothing is in its way.
fn wanted(places: &[[f64; 2]]) -> [f64; 2] {
    let [x, y] = densest(places);
    match spread(places) < SMALL {
        true => [x + 11.0, y - 5.0],
        false => [x, y + 4.0],
    }
}

/// The mean of the places in the densest square.
fn densest(places: &[[f64; 2]]) -> [f64; 2] {
    let cell = |place: &[f64; 2]| place.map(|at| (at / CELL).floor() as i64);
    let mut counts = std::collections::BTreeMap::new();
    for place in places {
        *counts.entry(cell(place)).or_insert(0usize) += 1;
    }
    let around = |[x, y]: [i64; 2]| {
        let cells = (-1..=1).flat_map(move |dx| (-1..=1).map(move |dy| [x + dx, y + dy]));
        cells.filter_map(|cell| counts.get(&cell)).sum::<usize>()
    };
    let best = counts
        .keys()
        .copied()
        .rev()
        .max_by_key(|cell| around(*cell));
    let [bx, by] = best.unwrap_or_default();
    let near = |place: &&[f64; 2]| {
        let [x, y] = cell(place);
        (x - bx).abs() <= 1 && (y - by).abs() <= 1
    };
    let count = places.iter().filter(near).count().max(1) as f64;
    [0, 1].map(|d| {
        places
            .iter()
            .filter(near)
            .map(|place| place[d])
            .sum::<f64>()
            / count
    })
}

/// The longer side of what is left without the outer tenths of the places.
fn spread(places: &[[f64; 2]]) -> f64 {
    let of = |d: usize| {
        let mut values: Vec<f64> = places.iter().map(|place| place[d]).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() * 9 / 10] - values[values.len() / 10]
    };
    of(0).max(of(1))
}

/// How far a number may move, the least first.
fn shifts() -> Vec<[f64; 2]> {
    let steps = |by: f64| (-3..=3).map(move |i| f64::from(i) * by);
    let mut shifts: Vec<[f64; 2]> = steps(9.0)
        .flat_map(|dx| steps(HEIGHT).map(move |dy| [dx, dy]))
        .collect();
    let length = |[dx, dy]: &[f64; 2]| dx * dx + dy * dy;
    shifts.sort_by(|a, b| length(a).total_cmp(&length(b)));
    shifts
}

fn overlap((a, [ax, ay]): (usize, [f64; 2]), (b, [bx, by]): (usize, [f64; 2])) -> bool {
    let digits = (a.to_string().len() + b.to_string().len()) as f64;
    (ax - bx).abs() < DIGIT * digits + 2.0 && (ay - by).abs() < HEIGHT
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAP: (f64, f64) = (400.0, 10.0);

    fn ring(x: f64, y: f64, radius: f64) -> Vec<[f64; 2]> {
        let place = |i: i32| {
            let (sin, cos) = (f64::from(i) * 0.63).sin_cos();
            [x + radius * cos, y + radius * sin]
        };
        (0..20).map(place).collect()
    }

    #[test]
    fn a_number_stands_in_its_cluster_and_beside_a_small_one() {
        let found = numbers(
            &[
                ring(100.0, 100.0, 20.0),
                Vec::new(),
                ring(300.0, 300.0, 2.0),
            ],
            MAP,
        );
        assert_eq!(found.iter().map(|(c, _)| *c).collect::<Vec<_>>(), [0, 2]);
        let [x, y] = found[0].1;
        assert!(
            (x - 100.0).abs() < 15.0 && (y - 104.0).abs() < 15.0,
            "{found:?}"
        );
        assert!(found[1].1[0] > 305.0, "{found:?}");
    }

    #[test]
    fn the_number_of_a_cluster_in_parts_is_in_the_largest_part() {
        let mut parts = ring(60.0, 60.0, 20.0);
        parts.extend(ring(60.0, 60.0, 18.0));
        parts.extend(ring(350.0, 350.0, 20.0));
        let [x, y] = numbers(&[parts], MAP)[0].1;
        assert!(x < 100.0 && y < 100.0, "{x} {y}");
    }

    #[test]
    fn numbers_in_one_place_make_way_within_the_map() {
        let found = numbers(
            &[
                ring(12.0, 12.0, 1.0),
                ring(12.0, 12.0, 1.0),
                ring(12.0, 12.0, 1.0),
            ],
            MAP,
        );
        for (i, a) in found.iter().enumerate() {
            assert!(
                a.1.iter().all(|at| (10.0..=390.0).contains(at)),
                "{found:?}"
            );
            assert!(found[i + 1..].iter().all(|b| !overlap(*a, *b)), "{found:?}");
        }
    }
}

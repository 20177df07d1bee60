//! The embedding in two dimensions: principal components, and t-SNE (van der Maaten 2014), which gives the same
//! picture each time.

use bhtsne::{Neighbor, tSNE};
use dec_gpu::neighbours::Pca;
use dec_gpu::report::Map;

/// Neighbours that t-SNE takes a sample to have, if there are samples enough.
const PERPLEXITY: f32 = 30.0;
/// Steps of t-SNE.
const EPOCHS: usize = 500;
/// How far the force of distant groups is simplified, the usual value.
const THETA: f32 = 0.5;
/// t-SNE of fewer samples is a picture of nothing.
const FEWEST: usize = 10;
/// The deviation of the places t-SNE begins with (Kobak and Berens 2019).
const START: f64 = 1e-4;

/// The maps of rows (m, d).
pub(super) fn maps(rows: &[f32], d: usize) -> Vec<Map> {
    let pca = Pca::of(rows, d, 2);
    let place = |row: &[f32]| {
        let place = pca.place(row);
        [place[0], place[1]]
    };
    let places: Vec<[f64; 2]> = rows.chunks_exact(d).map(place).collect();
    let m = places.len();
    // Of samples that are all in one place it makes no picture.
    let tsne = (m >= FEWEST).then(|| tsne(rows, d, &places));
    let tsne = tsne.filter(|places| places.iter().flatten().all(|x| x.is_finite()));
    let tsne = tsne.map(|places| Map {
        name: "tsne",
        title: "The embedding by t-SNE: near samples stay near, but distances and sizes between groups mean little."
            .into(),
        places,
    });
    let pca = Map {
        name: "pca",
        title: "The embedding along its two main directions (principal components).".into(),
        places,
    };
    std::iter::once(pca).chain(tsne).collect()
}

/// From the principal components on, in one thread: sums in another order would be another picture.
fn tsne(rows: &[f32], d: usize, pca: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let m = pca.len();
    let perplexity = PERPLEXITY.min((m - 1) as f32 / 3.0);
    let neighbours = neighbours(rows, d, ((3.0 * perplexity) as usize).clamp(1, m - 1));
    let deviation = pca.iter().map(|place| place[0] * place[0]).sum::<f64>() / m as f64;
    let scale = START / deviation.sqrt().max(f64::MIN_POSITIVE);
    let start: Vec<f32> = pca.iter().flatten().map(|x| (x * scale) as f32).collect();
    let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let samples: Vec<&[f32]> = rows.chunks_exact(d).collect();
    let run = move || {
        tSNE::<f32, &[f32]>::new(&samples)
            .perplexity(perplexity)
            .epochs(EPOCHS)
            .initial_embedding(start)
            .barnes_hut_with_neighbors(THETA, &neighbours)
            .embedding()
    };
    let embedding = one_thread.expect("one more thread").install(run);
    let place = |place: &[f32]| [f64::from(place[0]), f64::from(place[1])];
    embedding.chunks_exact(2).map(place).collect()
}

/// The `count` nearest rows of each row by ‖z_i − z_j‖; the first of equals comes first.
fn neighbours(rows: &[f32], d: usize, count: usize) -> Vec<Vec<Neighbor<f32>>> {
    let row = |i: usize| &rows[i * d..][..d];
    let distance = |i: usize, j: usize| {
        let squares = row(i).iter().zip(row(j)).map(|(a, b)| (a - b) * (a - b));
        squares.sum::<f32>().sqrt()
    };
    let m = rows.len() / d;
    let of = |i: usize| {
        let others = (0..m).filter(|j| *j != i);
        let mut found: Vec<_> = others
            .map(|j| Neighbor {
                index: j,
                distance: distance(i, j),
            })
            .collect();
        found.sort_by(|a, b| {
            a.distance
                .total_cmp(&b.distance)
                .then(a.index.cmp(&b.index))
        });
        found.truncate(count);
        found
    };
    (0..m).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two groups of 30 rows, far apart in the third of three dimensions.
    fn groups() -> Vec<f32> {
        let row = |i: usize| {
            let noise = |salt: usize| ((i * salt) % 17) as f32 / 17.0;
            [
                noise(7),
                noise(11),
                noise(5) + if i.is_multiple_of(2) { 0.0 } else { 40.0 },
            ]
        };
        (0..60).flat_map(row).collect()
    }

    #[test]
    fn both_maps_keep_two_groups_apart_and_are_the_same_each_time() {
        let drawn = maps(&groups(), 3);
        assert_eq!(drawn, maps(&groups(), 3));
        assert_eq!(drawn.len(), 2);
        for map in drawn {
            let distance = |a: usize, b: usize| {
                let [dx, dy] = [0, 1].map(|axis| map.places[a][axis] - map.places[b][axis]);
                dx.hypot(dy)
            };
            let within = (2..60)
                .step_by(2)
                .map(|i| distance(0, i))
                .fold(0.0, f64::max);
            let between = (1..60)
                .step_by(2)
                .map(|i| distance(0, i))
                .fold(f64::INFINITY, f64::min);
            assert!(within < between, "{}: {within} {between}", map.name);
        }
    }

    #[test]
    fn few_and_equal_samples_have_places() {
        for (rows, d) in [(vec![0.0; 3], 1), (vec![1.0; 40], 2), (vec![0.5; 2], 2)] {
            for map in maps(&rows, d) {
                let finite = map.places.iter().flatten().all(|x| x.is_finite());
                assert!(finite, "{}: {:?}", map.name, map.places);
            }
        }
    }
}

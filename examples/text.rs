//! From texts to clusters: TF-IDF as sparse rows, with the words as the columns' names. See `docs/text.md`.
//!
//! ```sh
//! cargo run --release --locked --example text
//! ```

use std::collections::{BTreeMap, BTreeSet};

use dec_gpu::config::{Config, DataShape};
use dec_gpu::data::{Dataset, Normalisation, Sparse, Values};
use dec_gpu::devices::Where;
use dec_gpu::explain::{ColumnStatistics, features};
use dec_gpu::random::uniform;
use dec_gpu::run::Fit;

const TOPICS: [&str; 3] = [
    "bread flour oven dough yeast crust bake loaf knead salt",
    "match goal team player league coach score ball referee win",
    "planet orbit star moon telescope comet galaxy light probe launch",
];

/// 150 texts of ten words: "the", and nine of one topic, each of them once in a while of another.
fn texts() -> Vec<Vec<&'static str>> {
    let topics = TOPICS.map(|topic| topic.split(' ').collect::<Vec<_>>());
    let draw = |text, word, of: usize, what| (uniform(0, text, what, word) * of as f32) as usize;
    let word = |text: u32, word: u32| match draw(text, word, 10, 0) {
        0 => topics[draw(text, word, 3, 1)][draw(text, word, 10, 2)],
        _ => topics[text as usize % 3][draw(text, word, 10, 2)],
    };
    (0..150)
        .map(|i| {
            std::iter::once("the")
                .chain((0..9).map(|j| word(i, j)))
                .collect()
        })
        .collect()
}

/// Rows of length 1 (n, words): how often a word is in the text, times 1 + ln((1 + n) / (1 + texts with it)), which
/// is what scikit-learn's `TfidfVectorizer` computes.
fn tf_idf(texts: &[Vec<&str>]) -> Dataset {
    let words: Vec<&str> = BTreeSet::from_iter(texts.iter().flatten().copied())
        .into_iter()
        .collect();
    let n = texts.len();
    let idf: Vec<f32> = (words.iter())
        .map(|word| texts.iter().filter(|text| text.contains(word)).count())
        .map(|found| 1.0 + ((1 + n) as f32 / (1 + found) as f32).ln())
        .collect();
    let mut rows = Sparse::new();
    for text in texts {
        // In the order of the columns, as a sparse row must be.
        let mut row = BTreeMap::<u32, f32>::new();
        for column in text
            .iter()
            .filter_map(|word| words.binary_search(word).ok())
        {
            *row.entry(column as u32).or_default() += idf[column];
        }
        let length = row
            .values()
            .map(|weight| weight * weight)
            .sum::<f32>()
            .sqrt();
        let (columns, weights): (Vec<_>, Vec<_>) =
            row.iter().map(|(c, w)| (*c, w / length)).unzip();
        rows.push_row(&columns, &weights);
    }
    let mut data = Dataset::new("texts", n, words.len(), Values::Sparse(rows));
    data.column_names = Some(words.into_iter().map(String::from).collect());
    data
}

fn main() -> dec_gpu::Result<()> {
    let data = tf_idf(&texts());
    let mut config = Config::preset("fast")?;
    config.n_clusters = Some(3);
    // One factor for all words: rare ones are not made as loud as common ones, and zeros stay zeros.
    config.data.normalisation = Some(Normalisation::UnitMeanSquare);
    let config = config.resolve(DataShape::of(&data))?;
    let found = pollster::block_on(Fit::new(config).on(Where::cpu()).fit(&data))?.clustering;

    let names = data.column_names.as_deref().unwrap_or_default();
    let columns = ColumnStatistics::of(&data, &found.assignment, 3);
    // The words in which the members' mean (k, words) is farthest from the mean of all texts.
    let standing_out = features(&columns.member_means, &columns);
    for cluster in 0..3 {
        let of = standing_out
            .iter()
            .filter(|feature| feature.cluster == cluster);
        let words: Vec<&str> = of
            .take(5)
            .map(|feature| names[feature.column].as_str())
            .collect();
        println!("cluster {cluster}: {}", words.join(", "));
    }
    Ok(())
}

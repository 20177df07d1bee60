//! `features.csv`: the columns in which each cluster differs most from all samples.

use std::io::{self, Write};

use crate::explain::Feature;

/// The names of the columns of this file.
const HEADER: [&str; 9] = [
    "cluster",
    "rank",
    "feature",
    "name",
    "decoded",
    "member_mean",
    "overall_mean",
    "difference_sd",
    "decoded_difference_sd",
];

/// Writes `cluster,rank,feature,name,decoded,member_mean,overall_mean,difference_sd,decoded_difference_sd`
/// and a row for each feature, in their order.
///
/// `feature` is the column's index from 0, `name` its name in `names` (D) if there are names, else the
/// index again. Means are in the units of the data, differences from the overall mean in standard
/// deviations of the column.
///
/// # Panics
/// If a feature has no name among names.
pub fn write_features_csv(
    out: impl Write,
    features: &[Feature],
    names: Option<&[String]>,
) -> io::Result<()> {
    // Names are the data's: they may hold commas and quotes.
    let mut out = csv::Writer::from_writer(out);
    out.write_record(HEADER)?;
    for feature in features {
        let column = feature.column.to_string();
        let name = names.map_or(&column, |names| &names[feature.column]);
        let numbers = [
            feature.decoded,
            feature.member_mean,
            feature.overall_mean as f32,
            feature.difference as f32,
            feature.decoded_difference as f32,
        ]
        .map(|number| number.to_string());
        let place = [
            &feature.cluster.to_string(),
            &feature.rank.to_string(),
            &column,
            name,
        ];
        out.write_record(place.into_iter().chain(&numbers))?;
    }
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_and_indices_stand_in() {
        let feature = Feature {
            cluster: 2,
            rank: 1,
            column: 1,
            decoded: 0.25,
            member_mean: -3.5,
            overall_mean: 1.0,
            difference: -2.25,
            decoded_difference: 0.125,
        };
        let write = |names: Option<&[String]>| {
            let mut out = Vec::new();
            write_features_csv(&mut out, &[feature], names).unwrap();
            String::from_utf8(out).unwrap()
        };
        let header = "cluster,rank,feature,name,decoded,member_mean,overall_mean,difference_sd,\
                      decoded_difference_sd";
        let names = ["a".to_owned(), "b, \"c\"".to_owned()];
        assert_eq!(
            write(Some(&names)),
            format!("{header}\n2,1,1,\"b, \"\"c\"\"\",0.25,-3.5,1,-2.25,0.125\n")
        );
        assert_eq!(
            write(None),
            format!("{header}\n2,1,1,1,0.25,-3.5,1,-2.25,0.125\n")
        );
    }
}

//! Configurations as keys and values, to put them side by side.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

/// A key in which two configurations differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The key, e.g. `cluster.gamma`.
    pub key: String,
    /// Its value in the first; `left out` if it is.
    pub first: String,
    /// Its value in the second.
    pub second: String,
}

/// The values of a TOML text by their full keys; of a text that is no TOML there are none.
pub fn flat(config: &str) -> BTreeMap<String, String> {
    fn walk(prefix: &str, table: &Table, into: &mut BTreeMap<String, String>) {
        for (key, value) in table {
            let key = format!("{prefix}{key}");
            match value {
                Value::Table(table) => walk(&format!("{key}."), table, into),
                value => {
                    into.insert(key, value.to_string());
                }
            }
        }
    }
    let mut values = BTreeMap::new();
    if let Ok(table) = config.parse::<Table>() {
        walk("", &table, &mut values);
    }
    values
}

/// What two configurations, as TOML, differ in; by key.
pub fn differences(first: &str, second: &str) -> Vec<Difference> {
    let (first, second) = (flat(first), flat(second));
    let keys: BTreeSet<&String> = first.keys().chain(second.keys()).collect();
    let value =
        |of: &BTreeMap<String, String>, key| of.get(key).cloned().unwrap_or("left out".into());
    keys.into_iter()
        .map(|key| Difference {
            key: key.clone(),
            first: value(&first, key),
            second: value(&second, key),
        })
        .filter(|found| found.first != found.second)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_sections_are_compared() {
        let found = differences(
            "a = 1\n[s]\nb = [1, 2]\n",
            "a = 1\n[s]\nb = [1, 3]\nc = true\n",
        );
        let told: Vec<_> = found
            .iter()
            .map(|d| [&d.key[..], &d.first, &d.second])
            .collect();
        assert_eq!(
            told,
            [["s.b", "[1, 2]", "[1, 3]"], ["s.c", "left out", "true"]]
        );
    }
}

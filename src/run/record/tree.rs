//! `tree.json`: which clusters join first, and the clusters of every coarser cut.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::{Deserialize, Serialize};

/// Version of the layout of `tree.json`.
pub const TREE_SCHEMA: u32 = 1;

/// The order in which a run's clusters join until one is left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClusterTree {
    /// [`TREE_SCHEMA`].
    pub schema: u32,
    /// k, empty clusters included.
    pub n_clusters: usize,
    /// By falling tie. The clusters of `labels.csv` are 0 to k − 1, the one that joining i makes is k + i.
    pub joinings: Vec<ClusterJoining>,
    /// For each smaller number of clusters: the cluster, from 0, that each of the k becomes; null for an empty one.
    pub cuts: BTreeMap<usize, Vec<Option<usize>>>,
}

/// Two clusters that join.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClusterJoining {
    /// The two.
    pub joined: [usize; 2],
    /// The number of the cluster they make.
    pub cluster: usize,
    /// The weight between them relative to chance: 1 if the edges were drawn at random, 0 without an edge.
    pub tie: f64,
    /// Samples of both.
    pub size: u64,
}

impl ClusterTree {
    /// The tree of clusters of these sizes (k), whose members of size above 0 join in this order, each pair with its tie.
    ///
    /// # Panics
    /// If a pair names a cluster that is not there yet.
    pub fn of(sizes: &[u64], pairs: &[([usize; 2], f64)]) -> Self {
        let k = sizes.len();
        let mut sizes = sizes.to_vec();
        let mut joinings = Vec::new();
        let mut now: Vec<Option<usize>> = (0..k).map(|c| (sizes[c] > 0).then_some(c)).collect();
        let left = now.iter().flatten().count();
        let mut cuts = BTreeMap::new();
        for (i, (joined, tie)) in pairs.iter().enumerate() {
            let (cluster, size) = (k + i, joined.iter().map(|c| sizes[*c]).sum());
            sizes.push(size);
            joinings.push(ClusterJoining {
                joined: *joined,
                cluster,
                tie: tie.min(f64::MAX),
                size,
            });
            let own = now.iter_mut().flatten();
            own.filter(|c| joined.contains(c))
                .for_each(|c| *c = cluster);
            cuts.insert(left.saturating_sub(i + 1), renumbered(&now));
        }
        Self {
            schema: TREE_SCHEMA,
            n_clusters: k,
            joinings,
            cuts,
        }
    }

    /// Whether this is the tree of clusters of these sizes (k), and its cuts are those of its joinings.
    pub fn is_of(&self, sizes: &[u64]) -> bool {
        let mut alive: Vec<bool> = sizes.iter().map(|size| *size > 0).collect();
        for joining in &self.joinings {
            let [a, b] = joining.joined;
            if a == b || [a, b].iter().any(|c| alive.get(*c) != Some(&true)) {
                return false;
            }
            (alive[a], alive[b]) = (false, false);
            alive.push(true);
        }
        let pairs: Vec<_> = self.joinings.iter().map(|j| (j.joined, j.tie)).collect();
        alive.iter().filter(|alive| **alive).count() <= 1 && *self == Self::of(sizes, &pairs)
    }

    /// Writes the object with a line for each joining and each cut, and a final newline.
    ///
    /// # Errors
    /// Those of the `Write`.
    pub fn write_json(&self, mut out: impl Write) -> io::Result<()> {
        let joinings: Vec<String> = (self.joinings.iter())
            .map(|joining| Ok(format!("\n    {}", serde_json::to_string(joining)?)))
            .collect::<io::Result<_>>()?;
        let cuts: Vec<String> = (self.cuts.iter().rev())
            .map(|(count, cut)| {
                Ok(format!(
                    "\n    \"{count}\": {}",
                    serde_json::to_string(cut)?
                ))
            })
            .collect::<io::Result<_>>()?;
        writeln!(
            out,
            "{{\n  \"schema\": {},\n  \"n_clusters\": {},\n  \"joinings\": [{}],\n  \"cuts\": {{{}}}\n}}",
            self.schema,
            self.n_clusters,
            joinings.join(","),
            cuts.join(",")
        )
    }
}

/// The same groups, numbered from 0 by their first cluster.
fn renumbered(groups: &[Option<usize>]) -> Vec<Option<usize>> {
    let mut names: Vec<usize> = Vec::new();
    let mut name = |group: usize| match names.iter().position(|name| *name == group) {
        Some(place) => place,
        None => {
            names.push(group);
            names.len() - 1
        }
    };
    groups.iter().map(|group| group.map(&mut name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Five clusters, of which number 1 is empty.
    fn tree() -> ClusterTree {
        let pairs = [([3, 4], 4.0), ([0, 2], 2.5), ([5, 6], 0.0)];
        ClusterTree::of(&[10, 0, 20, 5, 6], &pairs)
    }

    /// The text itself, because scripts depend on it.
    #[test]
    fn the_object_is_the_contract() {
        let mut bytes = Vec::new();
        tree().write_json(&mut bytes).unwrap();
        let expected = r#"{
  "schema": 1,
  "n_clusters": 5,
  "joinings": [
    {"joined":[3,4],"cluster":5,"tie":4.0,"size":11},
    {"joined":[0,2],"cluster":6,"tie":2.5,"size":30},
    {"joined":[5,6],"cluster":7,"tie":0.0,"size":41}],
  "cuts": {
    "3": [0,null,1,2,2],
    "2": [0,null,0,1,1],
    "1": [0,null,0,0,0]}
}
"#;
        assert_eq!(String::from_utf8(bytes.clone()).unwrap(), expected);
        let read: ClusterTree = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(read, tree());
        assert!(read.is_of(&[10, 0, 20, 5, 6]));
    }

    #[test]
    fn one_cluster_has_nothing_to_join() {
        let tree = ClusterTree::of(&[0, 7], &[]);
        assert!(tree.cuts.is_empty() && tree.is_of(&[0, 7]));
        assert!(!tree.is_of(&[7, 7]));
        let mut bytes = Vec::new();
        tree.write_json(&mut bytes).unwrap();
        assert_eq!(serde_json::from_slice::<ClusterTree>(&bytes).unwrap(), tree);
    }

    #[test]
    fn a_tree_of_others_or_a_damaged_one_is_noticed() {
        let sizes = [10, 0, 20, 5, 6];
        assert!(!tree().is_of(&[10, 1, 20, 5, 6]));
        assert!(!tree().is_of(&[10, 0, 20, 5]));
        for joined in [[3, 3], [3, 9], [1, 2], [7, 0]] {
            let mut broken = tree();
            broken.joinings[0].joined = joined;
            assert!(!broken.is_of(&sizes), "{joined:?}");
        }
        let mut broken = tree();
        broken.joinings[1].size = 1;
        assert!(!broken.is_of(&sizes));
        let mut broken = tree();
        broken.cuts.remove(&2);
        assert!(!broken.is_of(&sizes));
    }
}

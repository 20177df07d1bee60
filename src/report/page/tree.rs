//! The tree of clusters: which join first.

use maud::{Markup, html};

use super::palette::{SHAPES, colour, shape};
use super::svg::{Svg, at};
use crate::report::{ClusterJoining, ClusterTree};

/// The most branches that are drawn.
const MOST: usize = 60;
const WIDTH: f64 = 460.0;
/// Where the branches begin.
const LEFT: f64 = 140.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 22.0;
/// From one branch to the next.
const LINE: f64 = 18.0;
/// Room for a number at the top.
const TICK: f64 = 26.0;
/// Clusters of a branch that are named.
const NAMED: usize = 2;

/// A cluster as it is drawn: its clusters in the run, and where it is.
struct Node {
    clusters: Vec<usize>,
    size: u64,
    /// Its line is from here to where it joins.
    x: f64,
    y: f64,
}

/// The tree of clusters of these sizes (k); none if nothing joins. Of more than 60 clusters the last 60 are drawn.
pub(super) fn tree(tree: &ClusterTree, sizes: &[u64]) -> Option<Svg> {
    let drawn = tree.joinings.len().min(MOST - 1);
    let (before, joinings) = tree.joinings.split_at(tree.joinings.len() - drawn);
    if joinings.is_empty() {
        return None;
    }
    let mut nodes: Vec<Option<Node>> = (sizes.iter().enumerate())
        .map(|(cluster, size)| Some(Node::leaf(cluster, *size)))
        .collect();
    for joining in before {
        let node = Node::of(&mut nodes, joining)?;
        nodes.push(Some(node));
    }
    for (line, leaf) in order(joinings).into_iter().enumerate() {
        nodes.get_mut(leaf)?.as_mut()?.y = TOP + LINE * (line as f64 + 0.5);
    }
    let x = |joinings: f64| LEFT + (WIDTH - RIGHT - LEFT) * joinings / (drawn + 1) as f64;
    let mut branches = Vec::new();
    for (i, joining) in joinings.iter().enumerate() {
        branches.push(branch(&nodes, joining, x((i + 1) as f64))?);
        let mut node = Node::of(&mut nodes, joining)?;
        node.x = x((i + 1) as f64);
        nodes.push(Some(node));
    }
    let bottom = TOP + LINE * (drawn + 1) as f64;
    Some(Svg {
        title: "which clusters join first".into(),
        width: WIDTH,
        height: bottom + 6.0,
        body: html! {
            (ticks(drawn, x, bottom))
            @for branch in &branches { (branch) }
            @if let Some(Some(root)) = nodes.last() {
                path class="axis" d={ "M" (at(root.x)) " " (at(root.y)) "H" (WIDTH - RIGHT) } {}
            }
        },
    })
}

impl Node {
    fn leaf(cluster: usize, size: u64) -> Self {
        Self {
            clusters: vec![cluster],
            size,
            x: LEFT,
            y: 0.0,
        }
    }

    /// The one that two make, which have their places already; none if one of them is not there.
    fn of(nodes: &mut [Option<Self>], joining: &ClusterJoining) -> Option<Self> {
        let [a, b] = joining.joined;
        let (a, b) = (nodes.get_mut(a)?.take()?, nodes.get_mut(b)?.take()?);
        let mut clusters = [a.clusters, b.clusters].concat();
        clusters.sort_unstable();
        Some(Self {
            clusters,
            size: joining.size,
            x: LEFT,
            y: 0.5 * (a.y + b.y),
        })
    }

    fn is_leaf(&self) -> bool {
        self.x == LEFT
    }

    /// The colour of one cluster, or none.
    fn colour(&self) -> Option<&'static str> {
        match self.clusters[..] {
            [cluster] => Some(colour(cluster)),
            _ => None,
        }
    }

    /// The numbers of its clusters, not too many.
    fn name(&self) -> String {
        let numbers: Vec<String> = self.clusters.iter().map(usize::to_string).collect();
        match numbers.len() > NAMED {
            true => format!("{}, … ({})", numbers[..NAMED - 1].join(", "), numbers.len()),
            false => numbers.join(", "),
        }
    }
}

/// The branches from top to bottom, so that none cross.
fn order(joinings: &[ClusterJoining]) -> Vec<usize> {
    let mut groups = std::collections::BTreeMap::new();
    let mut last = Vec::new();
    for joining in joinings {
        last = (joining.joined.iter())
            .flat_map(|c| groups.remove(c).unwrap_or_else(|| vec![*c]))
            .collect();
        groups.insert(joining.cluster, last.clone());
    }
    last
}

/// The lines of two nodes up to where they join, and the names of those that are leaves.
fn branch(nodes: &[Option<Node>], joining: &ClusterJoining, x: f64) -> Option<Markup> {
    let [a, b] = joining.joined;
    let pair = [nodes.get(a)?.as_ref()?, nodes.get(b)?.as_ref()?];
    Some(html! {
        g {
            title { "clusters " (pair[0].name()) " join " (pair[1].name()) ": " (joining.size) " samples, tie " (format!("{:.3}", joining.tie)) }
            @for node in pair {
                @let line = format!("M{} {}H{}", at(node.x), at(node.y), at(x));
                @match node.colour() {
                    Some(colour) => path class="curve" stroke=(colour) d=(line) {},
                    None => path class="axis" d=(line) {},
                }
                @if node.is_leaf() { (leaf(node)) }
            }
            path class="axis" d={ "M" (at(x)) " " (at(pair[0].y)) "V" (at(pair[1].y)) } {}
        }
    })
}

/// Symbol, number and size before a branch.
fn leaf(node: &Node) -> Markup {
    let y = node.y + 4.0;
    html! {
        @if let [cluster] = node.clusters[..] {
            path d=(SHAPES[shape(cluster)]) fill=(colour(cluster)) transform={ "translate(8 " (at(node.y)) ")" } {}
        }
        text x="18" y=(at(y)) style="font-weight:bold" { (node.name()) }
        text x=(LEFT - 8.0) y=(at(y)) text-anchor="end" { (node.size) }
    }
}

/// A line that crosses as many branches as the number above it says; for each number, where there is room.
fn ticks(drawn: usize, x: impl Fn(f64) -> f64, bottom: f64) -> Markup {
    let apart = x(1.0) - x(0.0);
    let every = (TICK / apart).ceil().max(1.0) as usize;
    html! {
        text x=(LEFT - 8.0) y="12" text-anchor="end" { "clusters" }
        @for i in 0..=drawn {
            @let (left, x) = (drawn + 1 - i, x(i as f64 + 0.5));
            @if (left - 1).is_multiple_of(every) {
                path class="grid" d={ "M" (at(x)) " " (TOP - 4.0) "V" (at(bottom)) } {}
                text x=(at(x)) y="12" text-anchor="middle" { (left) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// k clusters that join one after the other to the first.
    fn chain(k: usize) -> (ClusterTree, Vec<u64>) {
        let sizes = vec![2; k];
        let number = |i: usize| if i == 0 { 0 } else { k + i - 1 };
        let pairs: Vec<_> = (0..k - 1).map(|i| ([i + 1, number(i)], 1.5)).collect();
        (ClusterTree::of(&sizes, &pairs), sizes)
    }

    #[test]
    fn every_cluster_has_a_line_and_every_joining_says_what_it_joins() {
        let (of, sizes) = chain(4);
        let svg = tree(&of, &sizes).expect("a tree").file();
        assert_eq!(svg.matches("style=\"font-weight:bold\"").count(), 4);
        assert!(
            svg.contains("clusters 1 join 0: 4 samples, tie 1.500"),
            "{svg}"
        );
        assert!(svg.contains("clusters 3 join 0, … (3): 8 samples"), "{svg}");
    }

    #[test]
    fn of_many_clusters_the_last_sixty_are_drawn() {
        let (of, sizes) = chain(100);
        let svg = tree(&of, &sizes).expect("a tree").file();
        assert_eq!(svg.matches("style=\"font-weight:bold\"").count(), MOST);
        assert!(svg.contains(">0, … (41)</text>"), "{svg}");
    }

    #[test]
    fn one_cluster_has_no_tree_and_empty_ones_no_line() {
        assert!(tree(&ClusterTree::of(&[5], &[]), &[5]).is_none());
        let of = ClusterTree::of(&[5, 0, 3], &[([0, 2], 0.0)]);
        let svg = tree(&of, &[5, 0, 3]).expect("a tree").file();
        assert_eq!(svg.matches("style=\"font-weight:bold\"").count(), 2);
    }
}

"""Golden values for src/neighbours: scikit-learn, UMAP, networkx, leidenalg, and plain versions of the project's own rules.

    python -m pip install numpy scipy scikit-learn networkx igraph leidenalg umap-learn
    python tests/golden/make_neighbours.py > tests/golden/neighbours.json

Points are multiples of 1/8, so squared distances are exact in float32 and ties are ties. Weights are float32 as in
Rust. Where two ways to an answer exist, the script takes both and stops if they differ.
"""

import json
import platform

import igraph
import leidenalg
import networkx as nx
import numpy as np
import scipy
import sklearn
import umap
from scipy.cluster.hierarchy import is_valid_linkage
from sklearn.metrics import adjusted_rand_score
from sklearn.neighbors import NearestNeighbors
from umap.umap_ import compute_membership_strengths, fuzzy_simplicial_set, smooth_knn_dist

K = 6
MOVES = 0x100A  # src/random.rs, stream::MOVES
ROUNDS, RESOLUTION = 5, 0.3  # src/neighbours/moves.rs


def points(rng):
    """Three groups of 18 in four columns, then six copies of earlier rows."""
    centres = np.array([[0, 0, 0, 0], [6, 0, 2, 0], [0, 5, 0, 5]])
    groups = centres.repeat(18, axis=0) + rng.normal(size=(54, 4))
    groups = np.round(groups * 8) / 8
    return np.concatenate([groups, groups[[0, 0, 20, 21, 40, 41]]]).astype(np.float32)


def nearest(x):
    """The K nearest others of each row: rising distance, ties by index. scikit-learn must find the same distances."""
    squared = ((x[:, None].astype(np.float64) - x[None]) ** 2).sum(2)
    own = squared.copy()
    np.fill_diagonal(own, np.inf)
    order = np.stack([np.lexsort((np.arange(len(x)), row)) for row in own])[:, :K]
    found = np.take_along_axis(squared, order, 1)
    brute = NearestNeighbors(n_neighbors=K, algorithm="brute", metric="sqeuclidean").fit(x.astype(np.float64))
    np.testing.assert_allclose(brute.kneighbors()[0], found, rtol=1e-9, atol=1e-9)
    return order, found


def of_umap(order, squared):
    """UMAP's memberships and their fuzzy union; UMAP's lists begin with the point itself."""
    n = len(order)
    index = np.concatenate([np.arange(n)[:, None], order], 1).astype(np.int32)
    distance = np.concatenate([np.zeros((n, 1)), np.sqrt(squared)], 1).astype(np.float32)
    sigma, rho = smooth_knn_dist(distance, float(K + 1), local_connectivity=1.0)
    rows, columns, values, _ = compute_membership_strengths(index, distance, sigma, rho)
    directed = np.zeros((n, n))
    directed[rows, columns] = values
    union, *_ = fuzzy_simplicial_set(
        np.zeros((n, 1)), K + 1, None, "euclidean", knn_indices=index, knn_dists=distance, set_op_mix_ratio=1.0
    )
    return np.take_along_axis(directed, order, 1), union.toarray()


def union(order, membership):
    """The t-conorm in float32, as a dense matrix."""
    directed = np.zeros((len(order), len(order)), np.float32)
    np.put_along_axis(directed, order, membership.astype(np.float32), 1)
    return directed + directed.T - directed * directed.T


def modularity(w, labels, resolution):
    """By networkx and by leidenalg."""
    w = w.astype(np.float64)
    rows, columns = np.nonzero(np.triu(w))
    weights = w[rows, columns]
    graph = nx.Graph()
    graph.add_nodes_from(range(len(w)))
    graph.add_weighted_edges_from(zip(rows.tolist(), columns.tolist(), weights.tolist()))
    sets = [set(np.flatnonzero(labels == c).tolist()) for c in np.unique(labels)]
    one = nx.community.modularity(graph, sets, resolution=resolution)
    other = leidenalg.RBConfigurationVertexPartition(
        igraph.Graph(n=len(w), edges=list(zip(rows.tolist(), columns.tolist()))),
        initial_membership=labels.tolist(),
        weights=weights.tolist(),
        resolution_parameter=resolution,
    ).quality() / w.sum()
    np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)
    return one


class Joined:
    """Clusters by their place, joined by the rule of src/neighbours/merge.rs; every sum is taken anew."""

    def __init__(self, w, labels, x):
        self.w, self.x = w.astype(np.float64), x.astype(np.float64)
        self.members = {c: np.flatnonzero(labels == c) for c in np.unique(labels).tolist()}

    def tie(self, a, b):
        a, b = self.members[a], self.members[b]
        volumes = self.w[a].sum() * self.w[b].sum()
        return self.w[np.ix_(a, b)].sum() / volumes if volumes > 0 else 0.0

    def apart(self, a, b):
        return ((self.x[self.members[a]].mean(0) - self.x[self.members[b]].mean(0)) ** 2).sum()

    def closest(self, pairs):
        return min(pairs, key=lambda pair: (-self.tie(*pair), self.apart(*pair)))

    def pairs(self):
        alive = sorted(self.members)
        return [(a, b) for i, a in enumerate(alive) for b in alive[i + 1 :]]

    def join(self, a, b):
        self.members[a] = np.concatenate([self.members[a], self.members.pop(b)])


def merge(w, labels, x, k):
    clusters, least = Joined(w, labels, x), len(labels) / (10 * k)
    while sum(len(m) >= least for m in clusters.members.values()) > k:
        clusters.join(*clusters.closest(clusters.pairs()))
    while len(clusters.members) > k:
        small = min(sorted(clusters.members), key=lambda c: len(clusters.members[c]))
        small, large = clusters.closest([(small, b) for b in sorted(clusters.members) if b != small])
        clusters.join(large, small)
    merged = np.zeros(len(labels), int)
    for name, place in enumerate(sorted(clusters.members)):
        merged[clusters.members[place]] = name
    return merged


def tree(w, labels, x):
    clusters, volume = Joined(w, labels, x), w.astype(np.float64).sum()
    number, joinings, linkage = {c: c for c in clusters.members}, [], []
    leaves = dict.fromkeys(number, 1)
    for made in range(len(number), 2 * len(number) - 1):
        a, b = clusters.closest(clusters.pairs())
        tie = clusters.tie(a, b) * volume
        joined = sorted([number[a], number[b]])
        clusters.join(a, b)
        number[a], leaves[made] = made, leaves[joined[0]] + leaves[joined[1]]
        linkage.append([*joined, len(linkage), leaves[made]])
        joinings.append({"joined": joined, "tie": tie, "size": len(clusters.members[a])})
    is_valid_linkage(np.array(linkage, float), throw=True)  # the numbers are scipy's
    return joinings


def parity(i, step):
    """pcg4d of src/random.rs with seed 0."""
    mask = 0xFFFFFFFF

    def mix(v):
        v[0] = v[0] + v[1] * v[3] & mask
        v[1] = v[1] + v[2] * v[0] & mask
        v[2] = v[2] + v[0] * v[1] & mask
        v[3] = v[3] + v[1] * v[2] & mask

    v = [x * 1664525 + 1013904223 & mask for x in (i, MOVES, step, 0)]
    mix(v)
    v = [x ^ x >> 16 for x in v]
    mix(v)
    return v[0] & 1


def move(w, labels, k):
    """The rule of src/neighbours/moves.rs, point by point."""
    w, labels = w.astype(np.float64), labels.copy()
    strength, volume = w.sum(1), w.sum()
    for half in range(2 * ROUNDS):
        volumes = np.bincount(labels, strength, minlength=k)
        wanted = labels.copy()
        for i in range(len(labels)):
            if parity(i, half // 2) != half % 2:
                continue
            tie = np.bincount(labels, w[i], minlength=k)
            others = volumes - strength[i] * (np.arange(k) == labels[i])
            gain = tie - RESOLUTION * strength[i] * others / volume
            met = np.unique(labels[w[i] > 0])
            best = met[np.argmax(gain[met])] if len(met) else labels[i]
            if gain[best] > gain[labels[i]]:
                wanted[i] = best
        sizes = np.bincount(labels, minlength=k)
        for i in range(len(labels)):
            if wanted[i] != labels[i] and sizes[labels[i]] > 1:
                sizes[labels[i]] -= 1
                sizes[wanted[i]] += 1
                labels[i] = wanted[i]
    return labels


def main():
    rng = np.random.default_rng(20180209)
    x = points(rng)
    order, squared = nearest(x)
    distinct = x[:54][np.sort(np.unique(x[:54], axis=0, return_index=True)[1])]
    distinct_order, distinct_squared = nearest(distinct)
    strengths, fuzzy = of_umap(distinct_order, distinct_squared)
    membership = (rng.integers(1, 256, order.shape) / 256).astype(np.float32)
    w = union(order, membership)
    truth = np.concatenate([np.arange(3).repeat(18), [0, 0, 1, 1, 2, 2]])
    noisy = np.where(rng.random(60) < 0.3, rng.integers(0, 3, 60), truth)
    nine = np.concatenate([np.arange(9).repeat(6), [0, 0, 3, 3, 6, 6]])
    scattered = rng.integers(0, 20, 60)
    labelings = {"truth": truth, "noisy": noisy, "nine": nine, "scattered": scattered, "one": np.zeros(60, int)}
    single = np.concatenate([truth[:59], [3]])
    print(
        json.dumps(
            {
                "versions": {
                    "python": platform.python_version(),
                    "numpy": np.__version__,
                    "scipy": scipy.__version__,
                    "scikit-learn": sklearn.__version__,
                    "networkx": nx.__version__,
                    "igraph": igraph.__version__,
                    "leidenalg": leidenalg.__version__,
                    "umap-learn": umap.__version__,
                },
                "k": K,
                "columns": 4,
                "points": x.ravel().tolist(),
                "nearest": order.ravel().tolist(),
                "squared": squared.ravel().tolist(),
                "umap": {
                    "nearest": distinct_order.ravel().tolist(),
                    "squared": distinct_squared.ravel().tolist(),
                    "membership": strengths.ravel().tolist(),
                    "union": fuzzy.ravel().tolist(),
                },
                "membership": membership.ravel().tolist(),
                "union": w.astype(np.float64).ravel().tolist(),
                "labelings": [
                    {
                        "name": name,
                        "labels": labels.tolist(),
                        "modularity": [modularity(w, labels, gamma) for gamma in (1.0, 0.3)],
                        "ari": {other: adjusted_rand_score(labels, labelings[other]) for other in labelings},
                    }
                    for name, labels in labelings.items()
                ],
                "trees": [
                    {"labels": labels.tolist(), "joinings": tree(w, labels, x)}
                    for labels in (truth, nine, np.unique(scattered, return_inverse=True)[1])
                ],
                "merges": [
                    {"labels": labels.tolist(), "k": k, "merged": merge(w, labels, x, k).tolist()}
                    for labels in (nine, scattered, np.arange(60))
                    for k in (2, 3, 5)
                ],
                "untied": {"labels": nine.tolist(), "k": 3, "merged": merge(0 * w, nine, x, 3).tolist()},
                "moves": [
                    {"labels": labels.tolist(), "k": k, "moved": move(w, labels, k).tolist()}
                    for labels, k in ((truth, 3), (noisy, 3), (nine, 9), (scattered, 20), (single, 4))
                ],
            },
            separators=(",", ":"),
        )
    )


if __name__ == "__main__":
    main()

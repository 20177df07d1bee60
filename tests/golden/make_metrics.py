"""Golden values for src/metrics.rs: ACC by scipy's linear_sum_assignment on a D x D table, NMI and ARI by scikit-learn.

Run: python tests/golden/make_metrics.py > tests/golden/metrics.json
"""

import json
import platform

import numpy as np
import scipy
import sklearn
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score


def acc(labels, assignment):
    """The DEC papers' code: D = max id + 1 of both, ids compacted first so that gaps cost no memory."""
    classes, rows = np.unique(labels, return_inverse=True)
    clusters, columns = np.unique(assignment, return_inverse=True)
    d = max(len(classes), len(clusters))
    table = np.zeros((d, d), dtype=np.int64)
    np.add.at(table, (rows, columns), 1)
    row, column = linear_sum_assignment(table, maximize=True)
    return table[row, column].sum() / len(labels)


def noisy(rng, n, classes, clusters, keep):
    """`labels`, and an assignment that follows a random map of them with probability `keep`."""
    labels = rng.integers(0, classes, n)
    follow = rng.integers(0, clusters, classes)[labels]
    return labels, np.where(rng.random(n) < keep, follow, rng.integers(0, clusters, n))


def cases():
    rng = np.random.default_rng(20160519)
    yield "one sample", [3], [0]
    yield "permuted", [0, 0, 1, 1, 2, 2], [2, 2, 0, 0, 1, 1]
    yield "both constant", [5] * 6, [1] * 6
    yield "labels constant", [0] * 6, [0, 0, 1, 1, 2, 2]
    yield "assignment constant", [0, 0, 1, 1, 2, 2], [4] * 6
    yield "singletons on both sides", list(range(8)), list(range(8))[::-1]
    yield "worse than chance", [0, 0, 1, 1], [0, 1, 0, 1]
    yield "greedy matching is wrong", [0] * 9 + [1] * 8, [0] * 5 + [1] * 4 + [0] * 5 + [2] * 3
    for keep in (0.0, 0.5, 0.95):
        yield f"10 classes, 10 clusters, keep {keep}", *noisy(rng, 200, 10, 10, keep)
    yield "fewer clusters than classes", *noisy(rng, 150, 7, 4, 0.8)
    yield "more clusters than classes", *noisy(rng, 150, 4, 9, 0.8)
    labels, assignment = noisy(rng, 120, 6, 5, 0.7)
    yield "ids with gaps", labels * 1_000_003 + 7, assignment * 858_993_458
    yield "many small parts", *noisy(rng, 200, 60, 80, 0.6)


def main():
    rows = []
    for name, labels, assignment in cases():
        labels, assignment = np.asarray(labels), np.asarray(assignment)
        rows.append(
            {
                "name": name,
                "labels": labels.tolist(),
                "assignment": assignment.tolist(),
                "acc": float(acc(labels, assignment)),
                "nmi": float(normalized_mutual_info_score(labels, assignment)),
                "ari": float(adjusted_rand_score(labels, assignment)),
            }
        )
    versions = {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "scikit-learn": sklearn.__version__,
    }
    body = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
    print(f'{{"versions":{json.dumps(versions)},\n"cases":[\n{body}\n]}}')


main()

"""Small sets that played no part in the choice of the defaults (but half-moons), as made/NAME.npz below a folder.

    python made.py DATA [ROWS]
    SETS="wine breast-cancer five-classes half-moons toy-rings toy-aniso toy-varied toy-spirals" benches/quality/run.sh DATA OUT

The toy sets are those of scikit-learn's page "Comparing different clustering algorithms", and three spirals.
With ROWS also curves.npz: so many rows of 32 columns in 20 curved clusters.
"""

import pathlib
import sys

import numpy
from sklearn import datasets

FIVE_CLASSES = {"n_informative": 12, "n_redundant": 8, "n_classes": 5, "n_clusters_per_class": 1, "class_sep": 2.0}


def curves(rows, clusters=20, columns=32):
    """Each cluster is six curved functions of three coordinates, turned, moved and with noise."""
    r = numpy.random.default_rng(0)
    y = r.integers(0, clusters, rows)
    a, b, c = r.uniform(-2, 2, (rows, 3)).T
    curved = numpy.stack([a, b, numpy.sin(2 * a), b**2 - 1, numpy.cos(2 * c), a * b], 1)
    turn = r.normal(size=(clusters, 6, columns))
    centre = r.normal(size=(clusters, columns)) * 2.0
    x = numpy.empty((rows, columns), numpy.float32)
    for j in range(clusters):
        own = y == j
        x[own] = curved[own] @ turn[j] + centre[j]
    return x + r.normal(size=x.shape) * 0.7, y


def spirals(rows=900, arms=3):
    """Arms of one turn each, one beside the other, with noise."""
    r = numpy.random.default_rng(0)
    y = numpy.arange(rows) % arms
    t = r.uniform(0.25, 1.0, rows)
    angle = 2 * numpy.pi * (t + y / arms)
    return numpy.stack([t * numpy.cos(angle), t * numpy.sin(angle)], 1) + r.normal(0, 0.02, (rows, 2)), y


def aniso():
    x, y = datasets.make_blobs(500, random_state=170)
    return x @ [[0.6, -0.6], [-0.4, 0.8]], y


def main():
    folder = pathlib.Path(sys.argv[1]) / "made"
    folder.mkdir(parents=True, exist_ok=True)
    sets = {
        "wine": datasets.load_wine(return_X_y=True),
        "breast-cancer": datasets.load_breast_cancer(return_X_y=True),
        "five-classes": datasets.make_classification(3000, 40, random_state=3, **FIVE_CLASSES),
        "half-moons": datasets.make_moons(1000, noise=0.06, random_state=0),
        "toy-rings": datasets.make_circles(500, factor=0.5, noise=0.05, random_state=170),
        "toy-aniso": aniso(),
        "toy-varied": datasets.make_blobs(500, cluster_std=[1.0, 2.5, 0.5], random_state=170),
        "toy-spirals": spirals(),
    }
    if len(sys.argv) > 2:
        sets["curves"] = curves(int(sys.argv[2]))
    for name, (x, y) in sets.items():
        numpy.savez(folder / f"{name}.npz", x=x.astype(numpy.float32), y=y)


if __name__ == "__main__":
    main()

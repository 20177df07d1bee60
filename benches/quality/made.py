"""Small sets from scikit-learn that played no part in the choice of the defaults, as made/NAME.npz below a folder.

    python made.py DATA && SETS="wine breast-cancer five-classes half-moons" benches/quality/run.sh DATA OUT
"""

import pathlib
import sys

import numpy
from sklearn import datasets

FIVE_CLASSES = {"n_informative": 12, "n_redundant": 8, "n_classes": 5, "n_clusters_per_class": 1, "class_sep": 2.0}


def main():
    folder = pathlib.Path(sys.argv[1]) / "made"
    folder.mkdir(parents=True, exist_ok=True)
    sets = {
        "wine": datasets.load_wine(return_X_y=True),
        "breast-cancer": datasets.load_breast_cancer(return_X_y=True),
        "five-classes": datasets.make_classification(3000, 40, random_state=3, **FIVE_CLASSES),
        "half-moons": datasets.make_moons(1000, noise=0.06, random_state=0),
    }
    for name, (x, y) in sets.items():
        numpy.savez(folder / f"{name}.npz", x=x.astype(numpy.float32), y=y)


if __name__ == "__main__":
    main()

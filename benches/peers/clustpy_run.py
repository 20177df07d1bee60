"""Clusters a data set with ClustPy's DEC and IDEC, its own defaults, and prints one JSON row with the scores for each.

    python clustpy_run.py DATA -k K [--algorithm dec idec] [--seed 0]

DATA is a folder of IDX files (bytes / 255) or an .npz with x and y, divided by the root of the mean square of
its values, as the DEC paper does. Normalising is left to ClustPy's user, so it gets what dec-gpu gives its own network.
Pre-training is the same for both by default, so both start from one pre-trained autoencoder, which saves its time.
Scores are of `labels_`, what ClustPy returns, and of `dec_labels_`, the network's own.
"""

import argparse
import copy
import json
import pathlib
import time

import clustpy
from clustpy.deep import DEC, IDEC

from sets import load, scores


def pretrained(x, k, seed):
    """ClustPy's default autoencoder after its default pre-training, and the seconds that took."""
    start = time.perf_counter()
    model = DEC(k, clustering_epochs=0, random_state=seed)
    model.fit(x)
    return model.neural_network_trained_, time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("-k", type=int, required=True)
    parser.add_argument("--algorithm", choices=["dec", "idec"], nargs="+", default=["dec", "idec"])
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    x, y = load(args.data)
    network, pretraining = pretrained(x, args.k, args.seed)
    for algorithm in args.algorithm:
        start = time.perf_counter()
        model = {"dec": DEC, "idec": IDEC}[algorithm]
        model = model(args.k, neural_network=copy.deepcopy(network), random_state=args.seed)
        model.fit(x)
        row = {
            "data": args.data.stem,
            "method": f"clustpy {algorithm}",
            "version": clustpy.__version__,
            "seed": args.seed,
            "seconds": round(pretraining + time.perf_counter() - start, 1),
            **scores(model.labels_, y),
            "network": scores(model.dec_labels_, y),
        }
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()

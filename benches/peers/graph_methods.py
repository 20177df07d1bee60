"""Clusters a data set with the usual methods without a trained network. Prints one JSON row per method, space and seed.

    python graph_methods.py DATA -k K [--method kmeans ward spectral leiden umap-kmeans umap-mixture] [--seeds 0 1 2]

DATA is a folder of IDX files or an .npz with x and y, normalised as dec-gpu does (`normalised` in sets.py). Each method
runs on the normalised columns ("raw") and, above 50 columns, on their first 50 principal components ("pca50").
Ward has no randomness, so it runs with the first seed only. `seconds` leaves out reading and normalising the data,
importing and the compiling of UMAP; the last two are `import_seconds`, the first line. A method that needs too much
memory or time, or fails, gets a row with the reason in `skipped`. Leiden has no number of clusters: its resolution is
searched until K clusters come out, and else the nearest count is taken (`n_clusters`).
"""

import argparse
import importlib.metadata
import json
import pathlib
import signal
import time

IMPORT_START = time.perf_counter()

import igraph  # noqa: E402
import leidenalg  # noqa: E402
import numpy  # noqa: E402
import umap  # noqa: E402
from sklearn.cluster import AgglomerativeClustering, KMeans, SpectralClustering  # noqa: E402
from sklearn.decomposition import PCA  # noqa: E402
from sklearn.mixture import GaussianMixture  # noqa: E402

from sets import normalised, read, scores  # noqa: E402

IMPORT_SECONDS = time.perf_counter() - IMPORT_START

COMPONENTS = 50
NEIGHBOURS = 15
# Ward holds all n (n - 1) / 2 distances: 1.6 GB for this many rows.
MOST_ROWS = 20_000
RESOLUTIONS = 25


class Skipped(Exception):
    """Why a method is not run."""


def kmeans(x, k, seed):
    return {"labels": KMeans(k, n_init=20, random_state=seed).fit_predict(x)}


def ward(x, k, seed):
    few_enough(x)
    return {"labels": AgglomerativeClustering(k).fit_predict(x)}


def spectral(x, k, seed):
    few_enough(x)
    model = SpectralClustering(k, affinity="nearest_neighbors", n_neighbors=NEIGHBOURS, random_state=seed)
    return {"labels": model.fit_predict(x)}


def few_enough(x):
    if len(x) > MOST_ROWS:
        raise Skipped(f"{len(x)} rows, more than {MOST_ROWS}")


def leiden(x, k, seed):
    """Leiden on UMAP's graph of nearest neighbours, as Scanpy does."""
    fuzzy = umap.UMAP(n_neighbors=NEIGHBOURS, transform_mode="graph", n_jobs=1, random_state=seed).fit(x).graph_.tocoo()
    upper = fuzzy.row < fuzzy.col
    graph = igraph.Graph(len(x), numpy.column_stack([fuzzy.row[upper], fuzzy.col[upper]]).tolist())
    weights = fuzzy.data[upper].tolist()
    best, low, high, resolution = None, None, None, 1.0
    for tries in range(1, RESOLUTIONS + 1):
        partition = leidenalg.find_partition(
            graph,
            leidenalg.RBConfigurationVertexPartition,
            weights=weights,
            resolution_parameter=resolution,
            seed=seed,
        )
        count = len(partition)
        if best is None or abs(count - k) < abs(best["count"] - k):
            best = {"count": count, "labels": numpy.array(partition.membership), "resolution": resolution}
        if count == k:
            break
        if count < k:
            low = resolution
        else:
            high = resolution
        # A count is a matter of the ratio of resolutions, so the middle is the geometric one.
        resolution = high / 4 if low is None else low * 4 if high is None else (low * high) ** 0.5
    return {"labels": best["labels"], "resolution": best["resolution"], "tries": tries}


def embedding(x, seed):
    return umap.UMAP(n_neighbors=NEIGHBOURS, n_components=10, min_dist=0, random_state=seed, n_jobs=1).fit_transform(x)


def embedded_kmeans(x, k, seed):
    return {"labels": KMeans(k, n_init=10, random_state=seed).fit_predict(x)}


def embedded_mixture(x, k, seed):
    return {"labels": GaussianMixture(k, n_init=3, random_state=seed).fit_predict(x.astype(float))}


# Method: its library, the function, and whether it gets UMAP's embedding.
METHODS = {
    "kmeans": ("scikit-learn", kmeans, False),
    "ward": ("scikit-learn", ward, False),
    "spectral": ("scikit-learn", spectral, False),
    "leiden": ("leidenalg", leiden, False),
    "umap-kmeans": ("umap-learn", embedded_kmeans, True),
    "umap-mixture": ("umap-learn", embedded_mixture, True),
}


class Timed:
    """Values computed once, with the seconds each took. A failure is kept too and raised again."""

    def __init__(self):
        self.found = {}

    def get(self, key, make, *arguments):
        if key not in self.found:
            start = time.perf_counter()
            try:
                value, error = make(*arguments), None
            except Exception as raised:
                value, error = None, raised
            self.found[key] = value, error, time.perf_counter() - start
        value, error, seconds = self.found[key]
        if error:
            raise error
        return value, seconds


def pca(x):
    return PCA(COMPONENTS, random_state=0).fit_transform(x)


def out_of_time(*_):
    raise TimeoutError


def result(shared, x, k, method, space, seed, limit):
    """The part of a row that is measured, or the reason why not. What rows share counts in full for each."""
    _, function, embeds = METHODS[method]
    # The signal takes effect when the library comes back to Python, so a row may take longer than the limit.
    signal.alarm(limit)
    try:
        seconds = 0
        if space == "pca50":
            x, seconds = shared.get(space, pca, x)
        if embeds:
            x, more = shared.get((space, seed), embedding, x, seed)
            seconds += more
        start = time.perf_counter()
        found = function(x, k, seed)
        return {"seconds": round(seconds + time.perf_counter() - start, 2), **found}
    except Skipped as reason:
        return {"skipped": str(reason)}
    except TimeoutError:
        return {"skipped": f"not done within {limit} s"}
    except MemoryError:
        return {"skipped": "out of memory"}
    except Exception as error:  # whatever a library raises is the answer for this row
        return {"skipped": f"failed: {type(error).__name__}: {' '.join(str(error).split())[:300]}"}
    finally:
        signal.alarm(0)


def warm_up(n):
    """Lets Numba compile what UMAP needs for n rows: from 4096 on it searches neighbours in another way."""
    x = numpy.random.default_rng(0).normal(size=(200 if n < 4096 else 4200, 4))
    umap.UMAP(n_epochs=2, random_state=0).fit(x.astype(numpy.float32))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("-k", type=int, required=True)
    parser.add_argument("--method", choices=METHODS, nargs="+", default=list(METHODS))
    parser.add_argument("--space", choices=["raw", "pca50"], nargs="+", default=["raw", "pca50"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--limit", type=int, default=1800, help="most seconds for a row (1800)")
    args = parser.parse_args()
    signal.signal(signal.SIGALRM, out_of_time)

    x, y = read(args.data)
    x = normalised(x)
    start = time.perf_counter()
    if any(method.startswith(("umap", "leiden")) for method in args.method):
        warm_up(len(x))
    print(json.dumps({"import_seconds": round(IMPORT_SECONDS + time.perf_counter() - start, 1)}), flush=True)

    spaces = [space for space in args.space if space == "raw" or x.shape[1] > COMPONENTS]
    shared = Timed()
    for seed in args.seeds:
        for space in spaces:
            for method in args.method:
                if method == "ward" and seed != args.seeds[0]:
                    continue
                library = METHODS[method][0]
                row = {"data": args.data.stem, "k": args.k, "method": method, "space": space, "seed": seed}
                row["version"] = f"{library} {importlib.metadata.version(library)}"
                row |= result(shared, x, args.k, method, space, seed, args.limit)
                labels = row.pop("labels", None)
                if labels is not None:
                    row |= scores(labels, y) | {"n_clusters": len(numpy.unique(labels))}
                print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()

"""How many communities modularity finds in a data set's graph of nearest neighbours, beside its number of classes.

    python communities.py DATA [DATA...]

Leiden on UMAP's graph of 15 neighbours, on the first 50 principal components, at resolutions 0.25, 0.5, 1 and 2; and the
agreement of five runs at each (mean adjusted Rand index). A number of clusters that the graph could say would be one that
does not depend on the resolution, or where runs agree best. One JSON row per set and resolution.
"""

import argparse
import itertools
import json
import pathlib

import igraph
import leidenalg
import numpy
import umap
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score

from sets import normalised, read, scores

RESOLUTIONS = (0.25, 0.5, 1.0, 2.0)
RUNS = 5


def graph_of(x):
    if x.shape[1] > 50:
        x = PCA(50, random_state=0).fit_transform(x)
    fuzzy = umap.UMAP(n_neighbors=15, transform_mode="graph", n_jobs=1, random_state=0).fit(x).graph_.tocoo()
    upper = fuzzy.row < fuzzy.col
    edges = numpy.column_stack([fuzzy.row[upper], fuzzy.col[upper]]).tolist()
    return igraph.Graph(len(x), edges), fuzzy.data[upper].tolist()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=pathlib.Path, nargs="+")
    for path in parser.parse_args().data:
        x, y = read(path)
        graph, weights = graph_of(normalised(x))
        for resolution in RESOLUTIONS:
            runs = [
                leidenalg.find_partition(
                    graph,
                    leidenalg.RBConfigurationVertexPartition,
                    weights=weights,
                    resolution_parameter=resolution,
                    seed=seed,
                ).membership
                for seed in range(RUNS)
            ]
            row = {"data": path.stem, "classes": len(numpy.unique(y)), "resolution": resolution}
            row["communities"] = [len(set(run)) for run in runs]
            pairs = itertools.combinations(runs, 2)
            row["agreement"] = round(float(numpy.mean([adjusted_rand_score(a, b) for a, b in pairs])), 3)
            row["nmi"] = round(scores(runs[0], y)["nmi"], 3)
            print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()

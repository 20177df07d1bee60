"""The scores of the runs below a folder as Markdown tables: mean ± standard deviation (n - 1) over seeds, and mean ranks.

    python table.py OUT

OUT holds SET-SEED/metrics.json (dec-gpu), SET.graph.jsonl (graph_methods.py) and SET-SEED.clustpy.json
(clustpy_run.py). A method that ran in two spaces is shown in the one with its higher mean NMI, which no user could choose
without labels. Ranks are among the methods that all sets have, and then among all methods over the sets that have them
all; equals share the mean of their ranks.
"""

import json
import pathlib
import statistics
import sys

STAGES = {
    "kmeans": "k-means (ours)",
    "autoencoder_kmeans": "autoencoder + k-means",
    "autoencoder_mixture": "autoencoder + mixture",
    "autoencoder_smoothed_kmeans": "autoencoder + mixture",  # what clustering starts with where the mixture is no better
    "neighbours": "graph of neighbours",
    "dec": "dec-gpu",
}
PEERS = {
    "kmeans": "k-means",
    "ward": "Ward",
    "spectral": "spectral",
    "leiden": "Leiden",
    "umap-kmeans": "UMAP + k-means",
    "umap-mixture": "UMAP + mixture",
    "clustpy dec": "ClustPy DEC",
    "clustpy idec": "ClustPy IDEC",
}
SCORES = ("acc", "nmi", "ari")


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines() if line.startswith("{")]


def ours(folder):
    """{set: {stage: [scores]}}"""
    found = {}
    for path in sorted(folder.glob("*/metrics.json")):
        name = path.parent.name.rpartition("-")[0]
        for stage, scores in json.loads(path.read_text())["scores"].items():
            if scores:
                found.setdefault(name, {}).setdefault(STAGES[stage], []).append(scores)
    return found


def peers(folder):
    """{set: {method: [scores]}}, of the better space."""
    spaces = {}
    for path in sorted(folder.glob("*.graph.jsonl")):
        name = path.name.removesuffix(".graph.jsonl")
        for row in lines(path):
            if "nmi" in row:
                of_method = spaces.setdefault(name, {}).setdefault(PEERS[row["method"]], {})
                of_method.setdefault(row["space"], {})[row["seed"]] = row
    for path in sorted(folder.glob("*.clustpy.json")):
        name, _, seed = path.name.removesuffix(".clustpy.json").rpartition("-")
        for row in lines(path):
            of_method = spaces.setdefault(name, {}).setdefault(PEERS[row["method"]], {})
            of_method.setdefault("inputs", {})[int(seed)] = row
    best = lambda found: max((list(runs.values()) for runs in found.values()), key=lambda runs: mean(runs, "nmi"))
    return {name: {method: best(found) for method, found in row.items()} for name, row in spaces.items()}


def mean(runs, score):
    return statistics.mean(run[score] for run in runs)


def spread(values):
    text = f"{statistics.mean(values):.3f}"
    return text if len(values) < 2 else f"{text} ± {statistics.stdev(values):.3f}"


def cell(runs):
    return " / ".join(spread([run[score] for run in runs]) for score in SCORES) if runs else "–"


def ranks(found, columns, score):
    """The mean rank of each column over the sets: 1 is the best."""
    sums = dict.fromkeys(columns, 0.0)
    for row in found.values():
        values = {column: round(mean(row[column], score), 4) for column in columns}
        for column in columns:
            better = sum(other > values[column] for other in values.values())
            equal = sum(other == values[column] for other in values.values())
            sums[column] += better + (equal + 1) / 2
    return {column: total / len(found) for column, total in sums.items()}


def print_ranks(found, columns):
    by = {score: ranks(found, columns, score) for score in SCORES} if found else {}
    print(f"\nMean rank over {len(found)} sets, 1 is the best\n")
    print("| by |", " | ".join(columns), "|")
    print("|---|" + "---:|" * len(columns))
    for score, of_score in by.items():
        print(f"| {score.upper()} |", " | ".join(f"{of_score[column]:.2f}" for column in columns), "|")


def table(found, columns):
    print("| set | seeds |", " | ".join(columns), "|")
    print("|---|---:|" + "---|" * len(columns))
    for name, row in found.items():
        print(f"| {name} | {len(row.get('dec-gpu', []))} |", " | ".join(cell(row.get(column)) for column in columns), "|")


def main():
    folder = pathlib.Path(sys.argv[1])
    own, others = ours(folder), peers(folder)
    print("The stages of dec-gpu, ACC / NMI / ARI\n")
    table(own, [column for column in STAGES.values() if any(column in row for row in own.values())])
    found = {name: {"dec-gpu": row["dec-gpu"]} | others.get(name, {}) for name, row in own.items()}
    columns = ["dec-gpu"] + [column for column in PEERS.values() if any(column in row for row in found.values())]
    if len(columns) > 1:
        print("\nBeside other methods, ACC / NMI / ARI\n")
        table(found, columns)
        whole = [column for column in columns if all(column in row for row in found.values())]
        print_ranks(found, whole)
        if whole != columns:
            print_ranks({name: row for name, row in found.items() if all(column in row for column in columns)}, columns)


if __name__ == "__main__":
    main()

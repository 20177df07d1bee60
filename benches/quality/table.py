"""The scores of the runs below a folder as one Markdown table: mean ± standard deviation (n - 1) over seeds.

    python table.py OUT
"""

import json
import pathlib
import statistics
import sys

STAGES = {"kmeans": "k-means", "autoencoder_kmeans": "autoencoder + k-means", "autoencoder_mixture": "autoencoder + mixture", "dec": "DEC"}
PEERS = {"clustpy dec": "ClustPy DEC", "clustpy idec": "ClustPy IDEC"}
COLUMNS = [*STAGES.values(), *PEERS.values()]


def rows(folder):
    """(set, column, scores) of every run found."""
    for path in sorted(folder.glob("*/metrics.json")):
        name = path.parent.name.rpartition("-")[0]
        for stage, column in STAGES.items():
            scores = json.loads(path.read_text())["scores"].get(stage)
            if scores:
                yield name, column, scores
    for path in sorted(folder.glob("*.clustpy.json")):
        name = path.name.removesuffix(".clustpy.json").rpartition("-")[0]
        for line in path.read_text().splitlines():
            if line.startswith("{"):
                row = json.loads(line)
                yield name, PEERS[row["method"]], row


def spread(values):
    mean = statistics.mean(values)
    return f"{mean:.3f}" if len(values) < 2 else f"{mean:.3f} ± {statistics.stdev(values):.3f}"


def cell(runs):
    return " / ".join(spread([run[score] for run in runs]) for score in ("acc", "nmi", "ari")) if runs else ""


def main():
    found = {}
    for name, column, scores in rows(pathlib.Path(sys.argv[1])):
        found.setdefault(name, {}).setdefault(column, []).append(scores)
    columns = [column for column in COLUMNS if any(column in row for row in found.values())]
    print("ACC / NMI / ARI\n")
    print("| set | runs |", " | ".join(columns), "|")
    print("|---|---|" + "---|" * len(columns))
    for name, row in found.items():
        print(f"| {name} | {max(map(len, row.values()))} |", " | ".join(cell(row.get(column)) for column in columns), "|")


if __name__ == "__main__":
    main()

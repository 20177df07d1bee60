"""The paper's tables from the runs that run.sh made, in Markdown and as a CSV file.

    python tables.py table2|table3|table4 OUT
"""

import csv
import json
import pathlib
import re
import sys

# Xie et al. 2016, table 4, per cent.
TABLE4 = {
    "0.1": (47.14, 66.82, 70.10),
    "0.3": (49.93, 74.91, 80.92),
    "0.5": (53.65, 77.93, 82.68),
    "0.7": (54.16, 80.04, 84.69),
    "0.9": (54.39, 81.31, 85.41),
}


def scores(folder, run):
    return json.loads((folder / run / "metrics.json").read_text())["scores"]


def acc(folder, run, stage):
    found = scores(folder, run).get(stage)
    if stage == "autoencoder_mixture" and not found:  # it was no better than these
        found = scores(folder, run).get("autoencoder_smoothed_kmeans")
    return found["acc"] if found else None


def names(folder, way):
    """Sets that were clustered both ways, without the parts of a sweep."""
    found = [path.parent.name.removeprefix(f"{way}-") for path in sorted(folder.glob(f"{way}-*/metrics.json"))]
    return [name for name in found if not name.endswith("-encoder") and "-lambda" not in name]


def table2(folder):
    yield "set", "k-means", "paper, mean of λ", "paper, best of λ", "its λ", "default"
    for name in names(folder, "paper"):
        runs = sorted(folder.glob(f"paper-{name}-lambda*/metrics.json"))
        if not runs:
            continue
        by_lambda = {int(re.search(r"lambda(\d+)", str(run))[1]): acc(folder, run.parent.name, "dec") for run in runs}
        best = max(by_lambda, key=by_lambda.get)
        mean = sum(by_lambda.values()) / len(by_lambda)
        yield name, acc(folder, f"paper-{name}", "kmeans"), mean, by_lambda[best], best, acc(folder, f"default-{name}", "dec")


def table3(folder):
    yield "set", "paper: autoencoder + k-means", "paper: DEC", "default: autoencoder + k-means", "+ mixture", "default: DEC"
    for name in names(folder, "paper"):
        if name.startswith("imbalanced"):
            continue
        of = [("paper", "autoencoder_kmeans"), ("paper", "dec")]
        of += [("default", stage) for stage in ("autoencoder_kmeans", "autoencoder_mixture", "dec")]
        yield name, *[acc(folder, f"{way}-{name}", stage) for way, stage in of]


def table4(folder):
    yield (
        *("r_min", "Xie: k-means", "AE + k-means", "DEC", "paper: k-means", "AE + k-means", "DEC"),
        *("default: AE + k-means", "+ mixture", "DEC"),
    )
    for name in names(folder, "paper"):
        if not name.startswith("imbalanced"):
            continue
        r_min = name.removeprefix("imbalanced")
        of = [("paper", "kmeans"), ("paper", "autoencoder_kmeans"), ("paper", "dec")]
        of += [("default", stage) for stage in ("autoencoder_kmeans", "autoencoder_mixture", "dec")]
        published = [value / 100 for value in TABLE4.get(r_min, ())] or [None] * 3
        yield r_min, *published, *[acc(folder, f"{way}-{name}", stage) for way, stage in of]


def text(cell):
    return "" if cell is None else f"{cell:.4f}" if isinstance(cell, float) else str(cell)


def main():
    what, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    header, *rows = {"table2": table2, "table3": table3, "table4": table4}[what](folder)
    rows = [[text(cell) for cell in row] for row in rows]
    with open(folder / f"{what}.csv", "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])
    print("| " + " | ".join(header) + " |")
    print("|---" * len(header) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()

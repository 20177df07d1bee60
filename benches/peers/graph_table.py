"""The rows of graph_methods.py as one Markdown table: mean ± standard deviation (n - 1) over seeds.

    python graph_table.py FOLDER

FOLDER holds SET.jsonl files. A cell is of the space with the higher mean NMI. A row that was run again replaces the
first.
"""

import json
import pathlib
import statistics
import sys

METHODS = {
    "kmeans": "k-means",
    "ward": "Ward",
    "spectral": "spectral",
    "leiden": "Leiden",
    "umap-kmeans": "UMAP + k-means",
    "umap-mixture": "UMAP + mixture",
}


def rows(path):
    """{(method, space): {seed: row}} of a file."""
    found = {}
    for line in path.read_text().splitlines():
        row = json.loads(line)
        if "method" in row:
            found.setdefault((row["method"], row["space"]), {})[row["seed"]] = row
    return found


def spread(values):
    mean = statistics.mean(values)
    return f"{mean:.3f}" if len(values) < 2 else f"{mean:.3f} ± {statistics.stdev(values):.3f}"


def cell(spaces):
    """The text for {space: its rows}."""
    done = {space: [run for run in runs if "nmi" in run] for space, runs in spaces.items()}
    done = {space: runs for space, runs in done.items() if runs}
    if not done:
        reasons = sorted({run["skipped"] for runs in spaces.values() for run in runs})
        return "; ".join(reasons)
    space = max(done, key=lambda space: statistics.mean(run["nmi"] for run in done[space]))
    runs = done[space]
    text = " / ".join(spread([run[score] for run in runs]) for score in ("acc", "nmi", "ari"))
    notes = [space] if len(spaces) > 1 or space != "raw" else []
    counts = sorted({run["n_clusters"] for run in runs})
    if counts != [runs[0]["k"]]:
        notes.append(f"{', '.join(map(str, counts))} clusters")
    return f"{text} ({'; '.join(notes)})" if notes else text


def main():
    found = {path.stem: rows(path) for path in sorted(pathlib.Path(sys.argv[1]).glob("*.jsonl"))}
    methods = [method for method in METHODS if any(method == key[0] for row in found.values() for key in row)]
    print("ACC / NMI / ARI (space)\n")
    print("| set | seeds |", " | ".join(METHODS[method] for method in methods), "|")
    print("|---|---|" + "---|" * len(methods))
    for name, row in found.items():
        cells = []
        for method in methods:
            cells.append(cell({space: list(runs.values()) for (of, space), runs in row.items() if of == method}))
        print(f"| {name} | {max(map(len, row.values()), default=0)} |", " | ".join(cells), "|")


if __name__ == "__main__":
    main()

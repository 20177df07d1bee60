"""Seconds of dec-gpu beside UMAP + k-means, one after the other on the same rows, nothing else running.

    python seconds.py DEC_GPU DATA OUT NAME... [--runs N]

dec-gpu's are those of metrics.json from reading the data to the last step of clustering, without the map, the page and the
k-means for comparison. UMAP's are embedding (of the first 50 principal components above 50 columns) and k-means, on one
thread as UMAP does with a seed, without importing and compiling, which are a column of their own. Medians of N runs (3).
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
PHASES = ("load", "neighbours", "pretrain", "init", "cluster")


def ours(program, data, k, folder):
    run = [program, "train", data, "-k", k, "--backend", "cpu", "--out", folder, "--force", "--quiet"]
    subprocess.run([*run, "--set", "kmeans.baseline=false"], check=True)
    seconds = json.loads((folder / "metrics.json").read_text())["seconds"]
    return {phase: round(seconds[phase], 1) for phase in PHASES}


def umap(data, k):
    script = HERE.parent / "peers" / "graph_methods.py"
    run = [sys.executable, "-W", "ignore", script, data, "-k", k, "--seeds", "0", "--method", "umap-kmeans"]
    lines = [json.loads(line) for line in subprocess.run(run, check=True, capture_output=True).stdout.splitlines()]
    return {line["space"]: line["seconds"] for line in lines if "space" in line} | lines[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program"), parser.add_argument("data", type=pathlib.Path), parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("names", nargs="+"), parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    sets = dict((name, (path, k)) for name, path, k in map(str.split, filter(whole, (HERE / "sets.txt").open())))
    args.out.mkdir(parents=True, exist_ok=True)
    for name in args.names:
        path, k = sets[name]
        pairs = [(ours(args.program, args.data / path, k, args.out / name), umap(args.data / path, k)) for _ in range(args.runs)]
        median = lambda of: round(statistics.median(map(of, pairs)), 1)
        row = {"data": name, "dec_gpu": median(lambda pair: sum(pair[0].values())), "phases": pairs[0][0]}
        row |= {f"umap_{key}": median(lambda pair: pair[1][key]) for key in pairs[0][1]}
        print(json.dumps(row), flush=True)


def whole(line):
    return line.strip() and line[0] != "#"


if __name__ == "__main__":
    main()

"""How well a trained network clusters rows it has not seen: trains on 80 % of a set, scores these and the other 20 %.

    python held_out.py DEC_GPU DATA OUT [NAME...]

DATA is the folder with the sets of sets.txt; without NAMEs all of them that are one .npz file. The split is drawn from
seed 0. One JSON row per set.
"""

import csv
import json
import pathlib
import subprocess
import sys

import numpy

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "peers"))

from sets import scores  # noqa: E402


def clusters(path):
    with open(path, newline="") as file:
        return numpy.array([int(row["label"]) for row in csv.DictReader(file)])


def main():
    program, data, out, *names = sys.argv[1:]
    lines = [line.split() for line in (HERE / "sets.txt").read_text().splitlines() if line and line[0] != "#"]
    for name, path, k in lines:
        path = pathlib.Path(data) / path
        if path.suffix != ".npz" or names and name not in names or not path.exists():
            continue
        folder = pathlib.Path(out) / name
        folder.mkdir(parents=True, exist_ok=True)
        arrays = numpy.load(path)
        order = numpy.random.default_rng(0).permutation(len(arrays["y"]))
        cut = len(order) * 4 // 5
        row = {"data": name}
        for part, chosen in (("seen", order[:cut]), ("unseen", order[cut:])):
            numpy.savez(folder / f"{part}.npz", x=arrays["x"][chosen], y=arrays["y"][chosen])
        run = [program, "train", folder / "seen.npz", "-k", k, "--backend", "cpu", "--out", folder / "run", "--force", "--quiet"]
        subprocess.run(run, check=True)
        for part, chosen in (("seen", order[:cut]), ("unseen", order[cut:])):
            found = folder / f"{part}-clusters"
            predict = [program, "predict", folder / "run" / "model.safetensors", folder / f"{part}.npz"]
            subprocess.run([*predict, "--backend", "cpu", "--out", found, "--force", "--quiet"], check=True)
            of_part = scores(clusters(found / "labels.csv"), arrays["y"][chosen])
            row[part] = {score: round(float(value), 4) for score, value in of_part.items()}
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()

"""The paper's figures from the runs that run.sh made: a picture and the numbers it shows.

    python figures.py fig4 OUT RUN MNIST
    python figures.py fig5 OUT MNIST
    python figures.py fig6 OUT
"""

import csv
import json
import pathlib
import sys

import matplotlib
import numpy

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402

import idx  # noqa: E402

# Okabe and Ito 2008, and two greys: told apart by colour-blind eyes.
COLOURS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000", "#999999", "#666666"]
SHOWN = 2000  # samples of figure 5


def write(path, header, rows):
    with open(path, "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


def save(figure, out, name):
    figure.savefig(out / f"{name}.png", dpi=110, bbox_inches="tight")


def gradients(run):
    """q (n, k) and the size of each sample's gradient, |dL/dz_i| (n), by eqs. 1, 3 and 4 with α = 1."""
    z, mu = numpy.load(run / "embedding.npy").astype(float), numpy.load(run / "centroids.npy").astype(float)
    difference = z[:, None] - mu[None]
    u = 1 / (1 + numpy.square(difference).sum(-1))
    q = u / u.sum(1, keepdims=True)
    p = numpy.square(q) / q.sum(0)
    p /= p.sum(1, keepdims=True)
    gradient = 2 * ((u * (p - q))[..., None] * difference).sum(1)
    return q, numpy.sqrt(numpy.square(gradient).sum(1))


def fig4(out, run, mnist):
    """|dL/dz_i| against q_ij of the samples of one cluster, with the image at each tenth of the samples by q."""
    images, _ = idx.read(mnist)
    q, size = gradients(out / run)
    labels = q.argmax(1)
    cluster = numpy.bincount(labels, minlength=q.shape[1]).argmax()
    members = numpy.flatnonzero(labels == cluster)
    order = members[numpy.argsort(q[members, cluster])]
    tenths = [order[int(share * (len(order) - 1))] for share in numpy.linspace(0, 1, 11)]
    figure = pyplot.figure(figsize=(9, 5.5))
    grid = figure.add_gridspec(2, 11, height_ratios=[4, 1])
    axes = figure.add_subplot(grid[0, :])
    axes.scatter(q[members, cluster], size[members], s=2, color=COLOURS[0], alpha=0.4)
    axes.set(xlabel="$q_{ij}$", ylabel=r"$|\partial L / \partial z_i|$", title=f"Figure 4: the samples of cluster {cluster} at the start")
    for place, sample in enumerate(tenths):
        tile = figure.add_subplot(grid[1, place])
        tile.imshow(images[sample], cmap="gray")
        tile.set(xticks=[], yticks=[], xlabel=f"{q[sample, cluster]:.2f}")
    save(figure, out, "fig4")
    write(out / "fig4.csv", ["sample", "q", "gradient"], [[i, f"{q[i, cluster]:.6f}", f"{size[i]:.6e}"] for i in order])
    print(f"cluster {cluster}, {len(members)} samples; correlation of q and |gradient| {numpy.corrcoef(q[members, cluster], size[members])[0, 1]:.3f}")


def fig5(out, mnist):
    """Accuracy over the steps, and t-SNE of the embedding at those at which a run ended."""
    from sklearn.manifold import TSNE

    _, labels = idx.read(mnist)
    runs = sorted(out.glob("fig5-*/metrics.json"), key=lambda path: int(path.parent.name.removeprefix("fig5-")))
    sample = numpy.random.default_rng(0).permutation(len(labels))[:SHOWN]
    figure, axes = pyplot.subplots(2, 3, figsize=(12, 8), layout="constrained")
    for axis, path in zip(axes.flat, runs):
        run = path.parent
        z = numpy.load(run / "embedding.npy")[sample]
        flat = TSNE(random_state=0, init="pca", perplexity=30).fit_transform(z)
        for digit in range(10):
            own = labels[sample] == digit
            axis.scatter(*flat[own].T, s=3, color=COLOURS[digit], label=str(digit))
        found = json.loads(path.read_text())["scores"]["dec"]["acc"]
        axis.set(xticks=[], yticks=[], title=f"step {run.name.removeprefix('fig5-')}, ACC {found:.4f}")
    figure.legend(*axes.flat[0].get_legend_handles_labels(), loc="outside lower center", ncol=10, markerscale=4)
    history = [json.loads(line) for line in (runs[-1].parent / "history.jsonl").read_text().splitlines()]
    course = [(row["step"], row["acc"]) for row in history if row["phase"] == "cluster" and "acc" in row]
    axes.flat[5].plot(*zip(*course), color=COLOURS[0])
    axes.flat[5].set(xlabel="step", ylabel="ACC", title="accuracy")
    figure.suptitle(f"Figure 5: t-SNE of the embedding of {SHOWN} samples")
    save(figure, out, "fig5")
    write(out / "fig5.csv", ["step", "acc"], course)
    print(f"ACC {course[0][1]:.4f} at the start, {course[-1][1]:.4f} at step {course[-1][0]}")


def fig6(out):
    """The score and NMI over the number of clusters."""
    with open(out / "fig6-run" / "clusters.csv") as file:
        rows = list(csv.DictReader(file))
    k = [int(row["k"]) for row in rows]
    figure, left = pyplot.subplots(figsize=(7, 4))
    right = left.twinx()
    left.plot(k, [float(row["score"]) for row in rows], "o-", color=COLOURS[0])
    right.plot(k, [float(row["nmi"]) for row in rows], "s--", color=COLOURS[5])
    left.set(xlabel="clusters, k", title="Figure 6: score (line) and NMI (dashed)")
    left.set_ylabel("score", color=COLOURS[0])
    right.set_ylabel("NMI", color=COLOURS[5])
    save(figure, out, "fig6")
    write(out / "fig6.csv", list(rows[0]), [list(row.values()) for row in rows])
    score, nmi = (max((float(row[of]), int(row["k"])) for row in rows) for of in ("score", "nmi"))
    print(f"highest score {score[0]:.4f} at k = {score[1]}; highest NMI {nmi[0]:.4f} at k = {nmi[1]}")


def main():
    what, out, *rest = sys.argv[1:]
    {"fig4": fig4, "fig5": fig5, "fig6": fig6}[what](pathlib.Path(out), *rest)


if __name__ == "__main__":
    main()

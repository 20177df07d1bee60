"""Times single pieces in PyTorch: f32 matrix products, and k-means with all restarts in one batch.

GEMM, at each batch size, for every layer d_in x d_out of the autoencoder: forward (`nn`), gradient of the
input (`nt`) and of the weights (`tn`); the product alone, into a given output. And a square one (4096 on
a GPU, 1024 on a CPU).
k-means on 70,000 x 10 with 10 clusters, 20 restarts together: one Lloyd iteration (distances, nearest
centroid, new centroids), and on a GPU also k-means++ with 100 iterations.

    python torch_kernels.py [--device cpu|gpu] [--batch 256,1024] [--modes eager,compile,overhead]
"""

from itertools import pairwise

import torch

import rows
from torch_modes import compiled, describe, peer_name, precisions, unavailable

SQUARE = {"cpu": 1024, "gpu": 4096}
ITERATIONS = 100


def waiting(device):
    return torch.cuda.synchronize if device.type == "cuda" else (lambda: None)


def products(batches, device):
    """`(letters, rows, d_in, d_out)` as in dec-gpu's ids; the gradient of the data is never needed."""
    for batch in batches:
        layers = dict.fromkeys(pairwise(rows.SIZES + rows.SIZES[-2::-1]))
        for number, (d_in, d_out) in enumerate(layers):
            for letters in ("nn", "nt", "tn") if number else ("nn", "tn"):
                yield letters, batch, d_in, d_out
    yield "nn", SQUARE[device], SQUARE[device], SQUARE[device]


def measure_product(product, device, options):
    letters, batch, d_in, d_out = product
    x = torch.randn(batch, d_in, device=device)
    w = torch.randn(d_in, d_out, device=device)
    dy = torch.randn(batch, d_out, device=device)
    a, b = {"nn": (x, w), "nt": (dy, w.T), "tn": (x.T, dy)}[letters]
    out = torch.mm(a, b)

    def step(_):
        torch.mm(a, b, out=out)

    return rows.measure(step, waiting(device), options.steps, options.run, options.warm_up)


def product_rows(out, device, options):
    for precision in precisions(options.device):
        peer = peer_name("eager", precision)
        reason = unavailable("eager", precision, options.device)
        for product in products(options.batch, options.device):
            letters, batch, d_in, d_out = product
            row_id = f"gemm_{letters}_{batch}x{d_in}x{d_out}"
            if reason:
                out.skipped(row_id, peer, reason)
                continue
            torch.set_float32_matmul_precision(precision)
            flops = 2 * batch * d_in * d_out
            out.try_row(row_id, peer, measure_product, product, device, options, flops=flops)


class Lloyd(torch.nn.Module):
    """One iteration for `[restarts, k, d]` centroids: the new centroids and each restart's inertia."""

    def __init__(self, x):
        super().__init__()
        self.register_buffer("x", x)
        self.register_buffer("x_squared", x.square().sum())

    def forward(self, centroids):
        restarts, k, d = centroids.shape
        flat = centroids.reshape(restarts * k, d)
        half = flat.square().sum(1) / 2 - self.x @ flat.T
        nearest, label = half.view(-1, restarts, k).min(2)
        inertia = self.x_squared + 2 * nearest.sum(0)
        each = torch.arange(k, device=label.device)
        member = (label.unsqueeze(2) == each).to(self.x.dtype).flatten(1)
        count = member.sum(0).view(restarts, k, 1)
        mean = (member.T @ self.x).view(restarts, k, d) / count.clamp(min=1)
        # An empty cluster keeps its centroid.
        return torch.where(count > 0, mean, centroids), inertia


def plus_plus(x, k, restarts):
    """k-means++: every next centroid is a sample drawn in proportion to its squared distance."""
    chosen = x[torch.randint(len(x), (restarts,), device=x.device)].unsqueeze(1)
    distance = torch.full((restarts, len(x)), torch.inf, device=x.device)
    for _ in range(k - 1):
        newest = (x - chosen[:, -1:]).square().sum(2)
        distance = torch.minimum(distance, newest)
        drawn = torch.multinomial(distance, 1).squeeze(1)
        chosen = torch.cat([chosen, x[drawn].unsqueeze(1)], 1)
    return chosen


class KMeans:
    """k-means on random normal data, which has no clusters to converge to soon."""

    def __init__(self, mode, device):
        torch.manual_seed(1)
        self.x = torch.randn(rows.ROWS, rows.SIZES[-1]).to(device)
        lloyd = Lloyd(self.x)
        self.overhead = mode == "overhead"
        self.iterate = lloyd if mode == "eager" else compiled(lloyd, mode)
        self.restart()

    def restart(self, _=None):
        self.centroids, self.inertia = plus_plus(self.x, rows.CLUSTERS, rows.RESTARTS), None

    def iteration(self, _=None):
        centroids = self.centroids
        if self.overhead:
            torch.compiler.cudagraph_mark_step_begin()
            centroids = centroids.clone()  # the next replay writes where this lies
        with torch.no_grad():
            self.centroids, self.inertia = self.iterate(centroids)

    def whole(self, _=None):
        self.restart()
        for _ in range(ITERATIONS):
            self.iteration()


def measure_kmeans(mode, whole, device, options):
    kmeans = KMeans(mode, device)
    if whole:
        step, counts = kmeans.whole, (max(options.steps // ITERATIONS, 3), 1, 1)
    else:
        step, counts = kmeans.iteration, (options.steps, options.run, options.warm_up)
    measured = rows.measure(step, waiting(device), *counts)
    if not kmeans.inertia.isfinite().all():
        raise ValueError("the inertia is not finite: these iterations are not the real work")
    return measured


def kmeans_rows(out, device, options):
    one = f"kmeans_{rows.ROWS}x{rows.SIZES[-1]}_k{rows.CLUSTERS}_r{rows.RESTARTS}"
    for mode in options.modes.split(","):
        peer = peer_name(mode, "highest")
        reason = unavailable(mode, "highest", options.device)
        for row_id, whole in [(one, False), (f"{one}_i{ITERATIONS}", True)]:
            slow = f"a minute or more a call on a CPU; {one} is one iteration"
            why_not = reason or (slow if whole and options.device == "cpu" else None)
            if why_not:
                out.skipped(row_id, peer, why_not)
                continue
            torch.set_float32_matmul_precision("highest")
            out.try_row(row_id, peer, measure_kmeans, mode, whole, device, options)


def main():
    parser = rows.parser(__doc__.splitlines()[0])
    parser.add_argument("--modes", default="eager,compile,overhead", help="of k-means, comma separated")
    options = parser.parse_args()
    out = describe(options)
    device = torch.device("cuda" if options.device == "gpu" else "cpu")
    product_rows(out, device, options)
    kmeans_rows(out, device, options)


if __name__ == "__main__":
    main()

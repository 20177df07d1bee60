"""Times single pieces in PyTorch: f32 matrix products, and k-means with all restarts in one batch.

GEMM: the encoder's forward products at each batch size, and a square one (4096 on a GPU, 1024 on a CPU).
k-means: one Lloyd iteration on 70,000 x 10 with 10 clusters, 20 restarts together: distances, nearest
centroid, new centroids.

    python torch_kernels.py [--device cpu|gpu] [--batch 256,1024] [--modes eager,compile,overhead]
"""

from itertools import pairwise

import torch

import rows
from torch_modes import compiled, describe, peer_name, precisions, unavailable

SQUARE = {"cpu": 1024, "gpu": 4096}


def waiting(device):
    return torch.cuda.synchronize if device.type == "cuda" else (lambda: None)


def gemm_shapes(batches, device):
    """(m, k, n) of `[m, k] x [k, n]`."""
    for batch in batches:
        for d_in, d_out in pairwise(rows.SIZES):
            yield batch, d_in, d_out
    yield (SQUARE[device],) * 3


def measure_gemm(shape, device, options):
    m, k, n = shape
    a, b = torch.randn(m, k, device=device), torch.randn(k, n, device=device)
    out = torch.empty(m, n, device=device)

    def step(_):
        torch.mm(a, b, out=out)

    return rows.measure(step, waiting(device), options.steps, options.run, options.warm_up)


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


def measure_kmeans(mode, device, options):
    torch.manual_seed(1)
    x = torch.randn(rows.ROWS, rows.SIZES[-1])
    first = torch.randint(rows.ROWS, (rows.RESTARTS, rows.CLUSTERS))
    state = [x[first].to(device), None]
    iterate = Lloyd(x.to(device))
    if mode != "eager":
        iterate = compiled(iterate, mode)

    def step(_):
        if mode == "overhead":
            torch.compiler.cudagraph_mark_step_begin()
            state[0] = state[0].clone()  # the next replay writes where this lies
        with torch.no_grad():
            state[:] = iterate(state[0])

    measured = rows.measure(step, waiting(device), options.steps, options.run, options.warm_up)
    if not state[1].isfinite().all():
        raise ValueError("the inertia is not finite: these iterations are not the real work")
    return measured


def kmeans_rows(out, device, options):
    row_id = f"kmeans_{rows.ROWS}x{rows.SIZES[-1]}_k{rows.CLUSTERS}_r{rows.RESTARTS}"
    for mode in options.modes.split(","):
        peer = peer_name(mode, "highest")
        reason = unavailable(mode, "highest", options.device)
        if reason:
            out.skipped(row_id, peer, reason)
            continue
        torch.set_float32_matmul_precision("highest")
        out.try_row(row_id, peer, measure_kmeans, mode, device, options)


def gemm_rows(out, device, options):
    for precision in precisions(options.device):
        for shape in gemm_shapes(options.batch, options.device):
            m, k, n = shape
            row_id, peer = f"gemm_nn_{m}x{k}x{n}", peer_name("eager", precision)
            reason = unavailable("eager", precision, options.device)
            if reason:
                out.skipped(row_id, peer, reason)
                continue
            torch.set_float32_matmul_precision(precision)
            out.try_row(row_id, peer, measure_gemm, shape, device, options, flops=2 * m * k * n)


def main():
    parser = rows.parser(__doc__.splitlines()[0])
    parser.add_argument("--modes", default="eager,compile,overhead", help="of k-means, comma separated")
    options = parser.parse_args()
    out = describe(options)
    device = torch.device("cuda" if options.device == "gpu" else "cpu")
    gemm_rows(out, device, options)
    kmeans_rows(out, device, options)


if __name__ == "__main__":
    main()

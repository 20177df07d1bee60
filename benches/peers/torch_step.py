"""Times a training step in PyTorch: of the paper's autoencoder, and of DEC's clustering phase.

Autoencoder: gather a batch of rows from the resident data set, forward through
784-500-500-2000-10-2000-500-500-784, mean squared error, backward, optimiser.
DEC: gather, the encoder alone, Student's t assignment, KL divergence from a stored target, backward,
SGD with momentum on weights and centroids.

    python torch_step.py [--device cpu|gpu] [--batch 256,1024] [--modes eager,fused,compile,overhead,graph]
"""

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

import rows
from torch_modes import MODES, describe, peer_name, precisions, step_of, unavailable

SEED = 1


def perceptron(sizes):
    """Linear layers with ReLU after every one but the last."""
    layers = []
    for d_in, d_out in pairwise(sizes):
        layers += [nn.Linear(d_in, d_out), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


class Autoencoder(nn.Module):
    """Called with a batch's row numbers, returns the loss. The data are a buffer: compiled graphs
    then read them in place."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(perceptron(rows.SIZES), perceptron(rows.SIZES[::-1]))
        self.register_buffer("data", torch.randn(rows.ROWS, rows.SIZES[0]))

    def forward(self, index):
        x = self.data[index]
        return functional.mse_loss(self.layers(x), x)


class Dec(nn.Module):
    """The encoder and the centroids; the stored target is a random one, its values change no time."""

    def __init__(self):
        super().__init__()
        self.encoder = perceptron(rows.SIZES)
        self.centroids = nn.Parameter(torch.randn(rows.CLUSTERS, rows.SIZES[-1]))
        self.register_buffer("data", torch.randn(rows.ROWS, rows.SIZES[0]))
        self.register_buffer("target", torch.randn(rows.ROWS, rows.CLUSTERS).softmax(1))

    def forward(self, index):
        q = student_t(self.encoder(self.data[index]), self.centroids)
        return functional.kl_div(q.log(), self.target[index], reduction="batchmean")


def student_t(z, centroids):
    """Soft assignment, one degree of freedom: rows sum to 1."""
    distance = (z.unsqueeze(1) - centroids).square().sum(2)
    q = 1 / (1 + distance)
    return q / q.sum(1, keepdim=True)


WORKLOADS = {"autoencoder": Autoencoder, "dec": Dec}


def measure_training(workload, mode, batch, optimiser, options):
    device = torch.device("cuda" if options.device == "gpu" else "cpu")
    torch.manual_seed(SEED)
    loss_of = WORKLOADS[workload]().to(device)
    step = step_of(mode, loss_of, optimiser, rows.learning_rate(workload, optimiser), batch)
    order = torch.randperm(rows.ROWS).to(device)
    batches = rows.ROWS // batch
    last = [None]

    def run_step(number):
        first = number % batches * batch
        last[0] = step(order[first : first + batch])

    wait = torch.cuda.synchronize if device.type == "cuda" else (lambda: None)
    measured = rows.measure(run_step, wait, options.steps, options.run, options.warm_up)
    if not last[0].isfinite():
        raise ValueError("the loss is not finite: these steps are not the real work")
    return measured


def main():
    parser = rows.parser(__doc__.splitlines()[0])
    parser.add_argument("--modes", default=",".join(MODES), help="comma separated")
    parser.add_argument("--workloads", default=",".join(WORKLOADS), help="comma separated")
    options = parser.parse_args()
    out = describe(options)
    workloads = options.workloads.split(",")
    wanted = [
        (workload, batch, optimiser)
        for workload in workloads
        for batch in options.batch
        for optimiser in (["sgd"] if workload == "dec" else rows.optimisers(options.optimizer))
    ]
    for mode in options.modes.split(","):
        for precision in precisions(options.device):
            for workload, batch, optimiser in wanted:
                dec_step = workload == "dec"
                row_id = rows.dec_id(batch) if dec_step else rows.autoencoder_id(optimiser, batch)
                peer = peer_name(mode, precision)
                reason = unavailable(mode, precision, options.device)
                if reason:
                    out.skipped(row_id, peer, reason)
                    continue
                torch.set_float32_matmul_precision(precision)
                out.try_row(row_id, peer, measure_training, workload, mode, batch, optimiser, options)


if __name__ == "__main__":
    main()

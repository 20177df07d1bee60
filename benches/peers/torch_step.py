"""Times one pre-training step of the paper's autoencoder in PyTorch (eager), as `benches/training.rs` does here.

The step: gather a batch of rows from the resident data set, forward through
784-500-500-2000-10-2000-500-500-784, mean squared error, backward, optimiser. Prints one JSON line for
each optimiser. On a GPU every step is waited for, so that a step's own time is measured.

    python torch_step.py [--optimizer adam|sgd|both] [--steps 200] [--batch 256] [--device cpu|cuda]
"""

import argparse
import json
import os
import statistics
import time

import torch

SIZES = [784, 500, 500, 2000, 10, 2000, 500, 500, 784]
ROWS = 70_000
WARM_UP = 20


def autoencoder():
    """ReLU after every layer but the embedding and the reconstruction."""
    layers = []
    last = len(SIZES) - 2
    for index, (d_in, d_out) in enumerate(zip(SIZES, SIZES[1:])):
        layers.append(torch.nn.Linear(d_in, d_out))
        if index not in (last // 2, last):
            layers.append(torch.nn.ReLU())
    return torch.nn.Sequential(*layers)


def make_optimiser(name, parameters):
    if name == "adam":
        return torch.optim.Adam(parameters, lr=1e-3)
    return torch.optim.SGD(parameters, lr=0.1, momentum=0.9)


def step_times(arguments, name):
    """Milliseconds of each measured step."""
    torch.manual_seed(1)
    device = torch.device(arguments.device)
    data = torch.rand(ROWS, SIZES[0], device=device)
    order = torch.randperm(ROWS, device=device)
    model = autoencoder().to(device)
    optimiser = make_optimiser(name, model.parameters())
    loss_of = torch.nn.MSELoss()
    batches = ROWS // arguments.batch
    times = []
    for step in range(WARM_UP + arguments.steps):
        first = step % batches * arguments.batch
        start = time.perf_counter()
        x = data[order[first : first + arguments.batch]]
        optimiser.zero_grad(set_to_none=True)
        loss = loss_of(model(x), x)
        loss.backward()
        optimiser.step()
        if device.type == "cuda":
            torch.cuda.synchronize()
        times.append(1e3 * (time.perf_counter() - start))
    assert loss.isfinite(), "the loss is not finite: these steps are not the real work"
    return times[WARM_UP:]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--optimizer", choices=["adam", "sgd", "both"], default="both")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    names = ["adam", "sgd"] if arguments.optimizer == "both" else [arguments.optimizer]
    for name in names:
        times = step_times(arguments, name)
        line = {
            "id": f"autoencoder_step/{name}/b{arguments.batch}",
            "device": arguments.device,
            "median_ms": round(statistics.median(times), 3),
            "p10_ms": round(statistics.quantiles(times, n=10)[0], 3),
            "min_ms": round(min(times), 3),
            "threads": torch.get_num_threads(),
            "version": f"torch {torch.__version__}",
        }
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()

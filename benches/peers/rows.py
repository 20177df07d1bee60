"""What the Python peers share: timing in runs, and one JSON line for every row.

A row's keys: `id` (the same as dec-gpu's), `peer`, `device`, `version`, `threads`, and either
`median_ms`, `p10_ms`, `min_ms` (milliseconds a step) with `first_ms`, `steps` and `run`, or `skipped`
with the reason. `first_ms` is what a user waits for the first result: set-up of the kernels, compiling
and the first run. A run is the number of steps queued before the device is waited for.
"""

import argparse
import json
import os
import statistics
import time

SIZES = [784, 500, 500, 2000, 10]
ROWS = 70_000
CLUSTERS = 10
RESTARTS = 20


class Rows:
    """Prints the rows of one peer."""

    def __init__(self, version, device, threads):
        self.common = {"version": version, "device": device, "threads": threads}

    def skipped(self, row_id, peer, reason):
        self._print({"id": row_id, "peer": peer, "skipped": reason})

    def timed(self, row_id, peer, measured, flops=None):
        """`flops`: floating-point operations of one step, to print the rate."""
        first_ms, times, run = measured
        median = statistics.median(times)
        row = {
            "id": row_id,
            "peer": peer,
            "median_ms": round(median, 4),
            "p10_ms": round(sorted(times)[round(0.1 * (len(times) - 1))], 4),
            "min_ms": round(min(times), 4),
            "first_ms": round(first_ms, 1),
            "steps": len(times) * run,
            "run": run,
        }
        if flops:
            row["gflops"] = round(flops / median / 1e6, 1)
        self._print(row)

    def try_row(self, row_id, peer, measure, *arguments, flops=None):
        """The row of what `measure(*arguments)` finds. A row that fails says so, and the rest still run."""
        try:
            self.timed(row_id, peer, measure(*arguments), flops)
        except Exception as error:  # whatever a peer raises is the answer for this row
            reason = " ".join(str(error).split())[:300]
            self.skipped(row_id, peer, f"failed: {type(error).__name__}: {reason}")

    def _print(self, row):
        print(json.dumps(row | self.common), flush=True)


def measure(step, wait, steps, run, warm_up):
    """Times `step(number)`: the first run's milliseconds, milliseconds a step of each run, the run's length."""
    number = 0
    first_ms, times = None, []
    for _ in range(1 + -(-warm_up // run) + max(steps // run, 3)):
        start = time.perf_counter()
        for _ in range(run):
            step(number)
            number += 1
        wait()
        milliseconds = 1e3 * (time.perf_counter() - start)
        first_ms = first_ms or milliseconds
        times.append(milliseconds / run)
    return first_ms, times[1 + -(-warm_up // run) :], run


def cpu_count():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def parser(description):
    """The options that all the Python peers have."""
    options = argparse.ArgumentParser(description=description)
    options.add_argument("--device", choices=["cpu", "gpu"], default="cpu")
    options.add_argument("--batch", type=numbers, default=[256], help="batch sizes, comma separated")
    options.add_argument("--optimizer", choices=["adam", "sgd", "both"], default="both")
    options.add_argument("--steps", type=int, default=200, help="measured steps of each row")
    options.add_argument("--warm-up", type=int, default=20)
    options.add_argument("--run", type=int, default=1, help="steps queued before the device is waited for")
    options.add_argument("--threads", type=int, default=cpu_count())
    return options


def numbers(text):
    return [int(part) for part in text.split(",")]


def optimisers(choice):
    return ["adam", "sgd"] if choice == "both" else [choice]


def learning_rate(workload, optimiser):
    """As on the other side: the paper's network trains with these."""
    if workload == "dec":
        return 0.01
    return 1e-3 if optimiser == "adam" else 0.1


def autoencoder_id(optimiser, batch):
    return f"step_autoencoder_{optimiser}_b{batch}"


def dec_id(batch):
    return f"step_dec_sgd_b{batch}"

#!/usr/bin/env python3
"""Reads a run's TensorBoard folder with TensorBoard itself and compares it with history.jsonl.

    pip install tensorboard
    dec-gpu train --out run --tensorboard board
    python tests/tensorboard/check.py run board

Everything must be equal to the last bit of a 32-bit float. The server is started too, and its answers to a browser
are compared.
"""

import json
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

import numpy as np
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.projector import projector_config_pb2
from google.protobuf import text_format

PORT = 6123
CLUSTER = ["loss", "learning_rate", "label_change", "acc", "nmi", "ari"]


def history(run):
    """Tag -> [(step, value)], from history.jsonl."""
    series = {}
    for line in (run / "history.jsonl").read_text().splitlines():
        record = json.loads(line)
        phase = record["phase"]
        if phase == "held_out":
            names = {"loss": "pretrain/held_out_loss"}
        else:
            group = record.get("stage", "cluster")
            if group not in ("pretrain", "cluster"):
                group = "pretrain/" + group.replace(" ", "_")
            keys = CLUSTER if phase == "cluster" else ["loss", "learning_rate"]
            names = {key: f"{group}/{key}" for key in keys}
        for key, tag in names.items():
            if key in record:
                series.setdefault(tag, []).append((record["step"], np.float32(record[key])))
    return series


def check_events(run, board):
    expected = history(run)
    events = EventAccumulator(str(board), size_guidance={"scalars": 0, "histograms": 0}).Reload()
    tags = events.Tags()
    assert sorted(tags["scalars"]) == sorted(expected), (tags["scalars"], sorted(expected))
    for tag, values in expected.items():
        found = [(e.step, np.float32(e.value)) for e in events.Scalars(tag)]
        assert found == values, (tag, found, values)
    assert tags["histograms"] == ["cluster/sizes"], tags["histograms"]
    histograms = events.Histograms("cluster/sizes")
    assert [e.step for e in histograms] == [step for step, _ in expected["cluster/label_change"]]
    metrics = json.loads((run / "metrics.json").read_text())
    n, k = metrics["n_samples"], metrics["n_clusters"]
    for event in histograms:
        value = event.histogram_value
        assert list(value.bucket_limit) == [j + 0.5 for j in range(k)] and sum(value.bucket) == n
    if metrics["stop_reason"] != "rolled_back":
        assert list(histograms[-1].histogram_value.bucket) == metrics["cluster_sizes"]
    count = sum(len(values) for values in expected.values())
    print(f"{count} scalars under {len(expected)} tags and {len(histograms)} histograms are equal")


def check_projector(run, board):
    config = text_format.Parse(
        (board / "projector_config.pbtxt").read_text(), projector_config_pb2.ProjectorConfig()
    )
    entry = config.embeddings[-1]
    tensors = np.loadtxt(board / entry.tensor_path, delimiter="\t", dtype=np.float32, ndmin=2)
    rows = [line.split("\t") for line in (board / entry.metadata_path).read_text().split("\n")[1:-1]]
    assert len(rows) == len(tensors)
    shown = np.array([int(row[0]) for row in rows])
    assert np.array_equal(tensors, np.load(run / "embedding.npy")[shown])
    labels = np.loadtxt(run / "labels.csv", delimiter=",", skiprows=1, usecols=1, dtype=int)
    assert [int(row[1]) for row in rows] == labels[shown].tolist()
    print(f"{len(rows)} points of the projector are equal")


def ask(path):
    with urllib.request.urlopen(f"http://localhost:{PORT}/data/plugin/{path}") as answer:
        return answer.read()


def check_server(run, board):
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(board), "--port", str(PORT)]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        expected = history(run)
        for _ in range(120):
            time.sleep(0.5)
            try:
                tags = json.loads(ask("scalars/tags"))
                if "." in tags:
                    break
            except OSError:
                continue
        assert sorted(tags["."]) == sorted(expected), tags
        query = urllib.parse.urlencode({"run": ".", "tag": "cluster/label_change"})
        points = json.loads(ask(f"scalars/scalars?{query}"))
        values = [(step, np.float32(value)) for _, step, value in points]
        assert values == expected["cluster/label_change"], values
        query = urllib.parse.urlencode({"run": ".", "tag": "cluster/sizes"})
        _, _, buckets = json.loads(ask(f"histograms/histograms?{query}"))[-1]
        metrics = json.loads((run / "metrics.json").read_text())
        assert sum(count for _, _, count in buckets) == metrics["n_samples"], buckets
        print("scalars/tags:", json.dumps({run: sorted(found) for run, found in tags.items()}))
        print("projector/runs:", ask("projector/runs").decode())
        query = urllib.parse.urlencode({"run": ".", "name": "embedding"})
        print("projector/info:", ask("projector/info?" + urllib.parse.urlencode({"run": "."})).decode())
        size = len(ask(f"projector/tensor?{query}"))
        assert size == 4 * np.load(run / "embedding.npy")[:10_000].size, size
        print("the server's answers are equal")
    finally:
        server.terminate()
        server.wait()


def main():
    run, board = (Path(argument).resolve() for argument in sys.argv[1:3])
    check_events(run, board)
    check_projector(run, board)
    check_server(run, board)


main()

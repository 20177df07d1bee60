"""Compares an exported model with `dec-gpu predict` on real data.

usage: check.py encoder.onnx DATA.npz|DATA.npy PREDICTIONS_FOLDER

PREDICTIONS_FOLDER is what `dec-gpu predict MODEL DATA --backend cpu --out PREDICTIONS_FOLDER` wrote. Needs numpy,
onnx and onnxruntime. Exits with 1 if an output differs by more than 1e-5 (the embedding: relative to its largest
value), or a label differs where the two largest shares are further apart than that.
"""

import csv
import sys

import numpy
import onnx
import onnxruntime

TOLERANCE = 1e-5
BATCH = 1000  # does not divide the sets, so that the last batch has another size


def run(session, inputs):
    parts = [
        session.run(None, {"inputs": inputs[i : i + BATCH]})
        for i in range(0, len(inputs), BATCH)
    ]
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, map(numpy.concatenate, zip(*parts))))


def main(model, data, folder):
    onnx.checker.check_model(model, full_check=True)
    loaded = numpy.load(data)
    x = loaded if isinstance(loaded, numpy.ndarray) else loaded["x"]
    inputs = x.reshape(len(x), -1).astype(numpy.float32)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    found = run(session, inputs)
    failed = False
    for name in ["embedding", "soft_assignment"]:
        if name not in found:
            continue
        want = numpy.load(f"{folder}/{name}.npy").astype(numpy.float64)
        assert found[name].shape == want.shape, (name, found[name].shape, want.shape)
        difference = numpy.abs(found[name] - want).max()
        relative = difference / numpy.abs(want).max()
        print(f"{name}: largest difference {difference:.2e}, of the largest value {relative:.2e}")
        failed |= not relative <= TOLERANCE
    if "assignment" in found:
        assert found["assignment"].dtype == numpy.int64
        with open(f"{folder}/labels.csv") as file:
            labels = numpy.array([int(row["label"]) for row in csv.DictReader(file)])
        q = numpy.sort(numpy.load(f"{folder}/soft_assignment.npy"), axis=1)
        clear = q[:, -1] - q[:, -2] > TOLERANCE
        wrong = found["assignment"] != labels
        print(f"assignment: {wrong.sum()} of {len(wrong)} differ, {(wrong & clear).sum()} of them clear")
        failed |= bool((wrong & clear).any())
    print(f"onnx {onnx.__version__}, onnxruntime {onnxruntime.__version__}:", "FAILED" if failed else "ok")
    return failed


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

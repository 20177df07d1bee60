"""Folders of IDX files: reading MNIST's, writing one that `dec-gpu train` takes."""

import gzip
import pathlib

import numpy

HEADER = {"images": 16, "labels": 8}


def values(folder, kind):
    """The bytes of a folder's train and t10k files of a kind, one below the other."""
    parts = []
    for part in ("train", "t10k"):
        path = next(pathlib.Path(folder).glob(f"{part}-{kind}-*"))
        with gzip.open(path) as file:
            parts.append(numpy.frombuffer(file.read(), numpy.uint8, offset=HEADER[kind]))
    return numpy.concatenate(parts)


def read(folder):
    """(images (n, 28, 28), labels (n)), both u8."""
    return values(folder, "images").reshape(-1, 28, 28), values(folder, "labels")


def write(folder, images, labels):
    """images-idx3-ubyte and labels-idx1-ubyte in a new folder."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in (("images-idx3-ubyte", images), ("labels-idx1-ubyte", labels)):
        header = bytes([0, 0, 8, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
        (folder / name).write_bytes(header + array.tobytes())

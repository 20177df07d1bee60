"""Makes the small files that `tests/features` reads, with the libraries that users' files are made with.

    python tests/features/files/make.py tests/features/files

They were made with anndata 0.12.19, h5py 3.16.0, pandas and pyarrow 26.0.1. The h5ad files, which are kept packed
because HDF5 leaves much room, hold the matrix X: 4 samples x 3 columns. The Parquet files hold the table below: the same
rows in every packing.
"""

import gzip
import sys
import tempfile
from pathlib import Path

import anndata
import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import scipy.sparse as sp

X = np.array([[0, 1.5, 0], [2, 0, 0], [0, 0, 0], [0, 4, -3]], dtype="float32")
NAMES = ["cell a", "cell b", "Zelle ü", "cell d"]
GENES = ["Xkr4", "Rp1", "Sox17"]


def frame(x):
    obs = pd.DataFrame(index=pd.Index(NAMES, dtype=object))
    obs["kind"] = pd.Categorical(["T", "B", "T", "NK"])
    obs["batch"] = np.array([2, 10, 2, 2], dtype="int32")
    obs["good"] = np.array([True, False, True, True])
    obs["score"] = np.array([0.5, 1, 2, 3])
    var = pd.DataFrame(index=pd.Index(GENES, dtype=object))
    return anndata.AnnData(x, obs=obs, var=var)


def h5ad(folder):
    dense = frame(X)
    dense.layers["counts"] = sp.csr_matrix(X * 2)
    dense.write_h5ad(folder / "dense.h5ad", compression="gzip")

    # Indices of a row may stand in any order.
    rows = sp.csr_matrix(X.astype("float64"))
    rows.indices[-2:] = rows.indices[-2:][::-1]
    rows.data[-2:] = rows.data[-2:][::-1]
    frame(rows).write_h5ad(folder / "csr.h5ad")

    frame(sp.csc_matrix(X)).write_h5ad(folder / "csc.h5ad", compression="lzf")

    # As anndata 0.7 wrote it: no encodings, categories aside, text of a fixed length.
    with h5py.File(folder / "old.h5ad", "w") as file:
        file["X"] = X.astype("int16")
        obs = file.create_group("obs")
        obs.attrs["_index"] = "index"
        obs["index"] = np.array([name.encode() for name in NAMES])
        obs["__categories/kind"] = np.array([b"B", b"NK", b"T"])
        obs["kind"] = np.array([2, 0, 2, 1], dtype="int8")
        obs["kind"].attrs["categories"] = obs["__categories/kind"].ref
        var = file.create_group("var")
        var.attrs["_index"] = "index"
        var["index"] = np.array([name.encode() for name in GENES])


def parquet(folder):
    n = 100
    i = np.arange(n)
    table = pa.table(
        {
            "name": [f"s{j}" for j in i],
            "f32": (i * 0.25).astype("float32"),
            "f64": i / 3.0,
            "f16": (i % 7).astype("float16"),
            "i8": (i % 5 - 2).astype("int8"),
            "u32": (i + 4_294_967_000).astype("uint32"),
            "u64": i.astype("uint64") + np.uint64(18_446_744_073_709_500_000),
            "bool": i % 3 == 0,
            "label": [["b", "a", "c"][j % 3] for j in i],
        }
    )
    for codec in ["none", "snappy", "gzip", "zstd", "lz4", "brotli"]:
        pq.write_table(table, folder / f"{codec}.parquet", compression=codec, row_group_size=40)
    pq.write_table(table, folder / "v2.parquet", compression="snappy", data_page_version="2.0", row_group_size=64)
    floats = ["f32", "f64"]
    pq.write_table(
        table,
        folder / "split.parquet",
        compression="zstd",
        use_dictionary=["name", "label"],
        column_encoding={name: "BYTE_STREAM_SPLIT" for name in floats}
        | {name: "DELTA_BINARY_PACKED" for name in ["i8", "u32", "u64"]},
    )
    rows = table.select(["f32", "i8"]).to_pandas()
    rows.index = [f"row {j}" for j in i]
    rows.to_parquet(folder / "pandas.parquet")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        h5ad(Path(folder))
        for file in Path(folder).iterdir():
            packed = gzip.compress(file.read_bytes(), mtime=0)
            Path(sys.argv[1], file.name + ".gz").write_bytes(packed)
    parquet(Path(sys.argv[1]))

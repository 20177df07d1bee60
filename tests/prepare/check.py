"""Compares prepared counts with scanpy and scikit-learn.

usage: check.py MATRIX.mtx.gz COUNTS.npy CHOSEN.npy WORDS.npy

MATRIX has a sample in each column. The others are what `examples/prepare_counts.rs` wrote of it: COUNTS with
`library-size,log1p all`, CHOSEN with `library-size,log1p N`, WORDS with `tf-idf all`. Needs numpy, scipy, scanpy and
scikit-learn. scanpy is given f64, as the counts in f32 cost it digits. Exits with 1 if a value differs by more than
2e-7 of the larger one, or other columns are chosen.
"""

import sys

import anndata
import numpy
import scanpy
import scipy.io
from sklearn.feature_extraction.text import TfidfTransformer

TOLERANCE = 2e-7


def difference(found, expected):
    """The largest difference, as a share of the value."""
    larger = numpy.maximum(numpy.abs(found), numpy.abs(expected))
    return float((numpy.abs(found - expected) / numpy.where(larger > 0, larger, 1)).max())


def main(matrix, counts, chosen, words):
    raw = scipy.io.mmread(matrix).T.tocsr().astype(numpy.float64)
    set = anndata.AnnData(raw.copy())
    scanpy.pp.normalize_total(set)
    scanpy.pp.log1p(set)
    normalised = set.X.toarray()
    failed = False
    pairs = [
        ("scanpy normalize_total, log1p", counts, normalised),
        ("scikit-learn TfidfTransformer", words, TfidfTransformer().fit_transform(raw).toarray()),
    ]
    for name, file, expected in pairs:
        found = numpy.load(file).astype(numpy.float64)
        share = difference(found, expected)
        print(f"{name}: {found.shape}, largest difference {share:.1e} of the value")
        failed |= found.shape != expected.shape or share > TOLERANCE
    found = numpy.load(chosen)
    order = numpy.argsort(-normalised.var(axis=0), kind="stable")[: found.shape[1]]
    same = numpy.array_equal(found, numpy.load(counts)[:, numpy.sort(order)])
    print(f"columns of largest variance: {found.shape[1]}, {'the same' if same else 'others'}")
    return int(failed or not same)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

"""What the scripts that cluster real data share: reading a data set, normalising it, scoring labels."""

import gzip

import numpy
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score
from sklearn.metrics.cluster import contingency_matrix

IDX_HEADER = {"images": 16, "labels": 8}

# The constants of crates/data/src/profile.rs.
SAME_UNIT, SAME_UNIT_WIDE, WIDE, DROWNS, MOSTLY_ZEROS = 10, 5, 50, 100, 0.9


def idx(folder, kind):
    """The rows of an IDX folder's train and test files of a kind, one below the other."""
    parts = []
    for part in ("train", "t10k"):
        path = next(folder.glob(f"{part}-{kind}-*"))
        with gzip.open(path) as file:
            parts.append(numpy.frombuffer(file.read(), numpy.uint8, offset=IDX_HEADER[kind]))
    return numpy.concatenate(parts)


def read(path):
    """(x (n, d), bytes of an IDX folder or float32 of an .npz file; y (n))."""
    if path.is_dir():
        y = idx(path, "labels").astype(int)
        return idx(path, "images").reshape(len(y), -1), y
    arrays = numpy.load(path)
    return arrays["x"].astype(numpy.float32), arrays["y"]


def load(path):
    """(x (n, d), float32, scaled as the DEC paper does; y (n))."""
    x, y = read(path)
    if x.dtype == numpy.uint8:
        return x.astype(numpy.float32) / 255, y
    return x / numpy.sqrt(numpy.mean(numpy.square(x, dtype=float))).astype(numpy.float32), y


def normalised(x):
    """x as dec-gpu normalises it without an option, float32: `columns` in crates/data/src/profile.rs chooses how,
    crates/data/src/normalise.rs does it."""
    bounded = x.dtype == numpy.uint8 or (x.min() >= 0 and x.max() <= 1)
    x = x.astype(float)
    if bounded:
        shift, spread = x.min(), x.max() - x.min()
    elif mixed(x):
        shift, spread = x.mean(axis=0), x.std(axis=0)
    else:
        shift, spread = 0, numpy.sqrt(numpy.mean(numpy.square(x)))
    return ((x - shift) / numpy.where(spread > 0, spread, 1)).astype(numpy.float32)


def mixed(x):
    """Whether the columns are of different units. Constant columns say nothing and are left out."""
    ranges = numpy.sort(numpy.ptp(x, axis=0))
    ranges = ranges[ranges > 0]
    if not len(ranges):
        return False
    # Rust rounds halves up, Python's round to the even number.
    small, median, large = (ranges[int(share * (len(ranges) - 1) + 0.5)] for share in (0.1, 0.5, 0.9))
    mostly_zeros = (x == 0).mean() > MOSTLY_ZEROS
    if not mostly_zeros and ranges[-1] > DROWNS * median:
        return True
    wide = x.shape[1] > WIDE and not mostly_zeros
    return bool(large > (SAME_UNIT_WIDE if wide else SAME_UNIT) * small)


def scores(labels, truth):
    """Accuracy under the best one-to-one assignment, NMI (arithmetic mean), ARI."""
    table = contingency_matrix(truth, labels)
    rows, columns = linear_sum_assignment(-table)
    return {
        "acc": table[rows, columns].sum() / len(truth),
        "nmi": normalized_mutual_info_score(truth, labels),
        "ari": adjusted_rand_score(truth, labels),
    }

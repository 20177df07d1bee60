"""MNIST with classes of unequal sizes (Xie et al. 2016, §5.4): an image of class 0 is kept with probability r_min, one of
class 9 always, those between with what lies between.

    python imbalanced.py MNIST R_MIN OUT [SEED]

Writes a folder of IDX files.
"""

import sys

import numpy

import idx


def main():
    source, r_min, out = sys.argv[1], float(sys.argv[2]), sys.argv[3]
    rng = numpy.random.default_rng(int(sys.argv[4]) if len(sys.argv) > 4 else 0)
    images, labels = idx.read(source)
    keep = rng.random(len(labels)) < r_min + (1 - r_min) * labels / 9
    idx.write(out, images[keep], labels[keep])
    print(f"r_min {r_min}: {keep.sum()} of {len(labels)} images, by class {numpy.bincount(labels[keep])}")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Lines of the Rust and WGSL sources by part, and the types with most `impl` blocks.

    tests/shape/count.py [FOLDER]      of a checkout; of this one if none is given

Code, tests and comments are lines that are not blank; what stands in a module `tests` or a file of that name is test.
"""

import collections
import pathlib
import re
import sys

TESTS = "#[cfg(test)]\nmod tests {"


def counted(text, is_test):
    """(code, tests, comments) of a text."""
    code, _, tests = ("", "", text) if is_test else text.partition(TESTS)
    lines = [[line.strip() for line in part.splitlines() if line.strip()] for part in (code, tests)]
    comments = sum(line.startswith("//") for part in lines for line in part)
    plain = [sum(not line.startswith("//") for line in part) for part in lines]
    return plain[0], plain[1], comments


def part_of(path):
    """The room a file is in: a folder of src, or what its name says."""
    if path.parts[0] == "crates":
        return f"crates/{path.parts[1]}"
    if path.parts[0] == "src":
        return f"src/{path.parts[1].removesuffix('.rs')}"
    return path.parts[0]


def main():
    root = pathlib.Path(sys.argv[1] if sys.argv[1:] else pathlib.Path(__file__).parents[2])
    parts, blocks = collections.defaultdict(lambda: [0, 0, 0]), collections.Counter()
    for folder, suffix in (("src", "rs"), ("crates", "rs"), ("shaders", "wgsl"), ("tests", "rs"), ("examples", "rs")):
        for path in sorted((root / folder).rglob(f"*.{suffix}")):
            here = path.relative_to(root)
            if "target" in here.parts:
                continue
            text = path.read_text()
            is_test = here.parts[0] == "tests" or path.name == "tests.rs" or "tests" in here.parts[:-1]
            for i, lines in enumerate(counted(text, is_test)):
                parts[part_of(here)][i] += lines
            if not is_test:
                blocks.update(re.findall(r"(?m)^impl(?:<[^{]*?>)? (?:\w+::)*(\w+)(?:<[^{]*?>)? (?:where[^{]*)?\{", text))
    print(f"{'part':24} {'code':>7} {'tests':>7} {'comments':>9}")
    for part, lines in sorted(parts.items()):
        print(f"{part:24} {lines[0]:7} {lines[1]:7} {lines[2]:9}")
    of_rust = [lines for part, lines in parts.items() if part.startswith(("src", "crates"))]
    print(f"{'src and crates':24} {sum(l[0] for l in of_rust):7} {sum(l[1] for l in of_rust):7} {sum(l[2] for l in of_rust):9}")
    print("impl blocks:", ", ".join(f"{name} {count}" for name, count in blocks.most_common(5)))


if __name__ == "__main__":
    main()

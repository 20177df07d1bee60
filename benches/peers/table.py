"""Prints the ratio table of `run_all.sh` in Markdown.

    python table.py ROWS.jsonl

A ratio above 1 means that the peer took longer than dec-gpu for the same id.
"""

import json
import statistics
import sys

OURS = "dec-gpu"


def read(path):
    """Measured rows as `{(id, peer): [row, …]}`, one for each round, and the skipped ones in order."""
    measured, skipped = {}, []
    with open(path) as lines:
        for row in map(json.loads, lines):
            row.setdefault("peer", OURS)
            if "median_ms" in row:
                measured.setdefault((row["id"], row["peer"]), []).append(row)
            else:
                skipped.append(row)
    return measured, skipped


def by_round(rows):
    return {row.get("round"): row["median_ms"] for row in rows}


def ratios(rows, ours):
    """The ratio of the medians, and the ratio in each round that both sides finished."""
    if not ours:
        return "", ""
    a, b = by_round(ours), by_round(rows)
    whole = statistics.median(b.values()) / statistics.median(a.values())
    return f"{whole:.2f}", " ".join(f"{b[number] / a[number]:.2f}" for number in a if number in b)


def print_measured(measured):
    print("| id | program | median ms | best ms | first run ms | ratio to dec-gpu | per round |")
    print("|---|---|---|---|---|---|---|")
    ids = dict.fromkeys(row_id for row_id, _ in measured)
    compared = {row_id for row_id, peer in measured if peer != OURS}
    for row_id in ids:
        if row_id not in compared:
            continue
        ours = measured.get((row_id, OURS))
        peers = sorted((peer for name, peer in measured if name == row_id), key=lambda p: (p != OURS, p))
        for peer in peers:
            rows = measured[row_id, peer]
            median = statistics.median(row["median_ms"] for row in rows)
            best = min(row["min_ms"] for row in rows)
            # Later rounds may find compiled kernels in a cache on disk: the user's wait is the first round's.
            first = rows[0].get("first_ms")
            whole, each = ("1", "") if peer == OURS else ratios(rows, ours)
            first = f"{first:.0f}" if first else ""
            print(f"| {row_id} | {peer} | {median:.3f} | {best:.3f} | {first} | {whole} | {each} |")


def print_skipped(skipped):
    reasons = {}
    for row in skipped:
        reasons.setdefault((row["peer"], row["skipped"]), {})[row["id"]] = None
    if reasons:
        print("\nNot measured:\n")
    for (peer, reason), ids in reasons.items():
        which = "" if "*" in ids else f" ({', '.join(ids)})"
        print(f"- {peer}: {reason}{which}")


def print_alone(measured):
    peers = {}
    for row_id, peer in measured:
        peers.setdefault(row_id, set()).add(peer)
    alone = [row_id for row_id, found in peers.items() if found == {OURS}]
    if alone:
        print(f"\nRows of {OURS} without a peer, in the JSON lines only: {', '.join(alone)}")


def print_versions(measured):
    seen = {}
    for rows in measured.values():
        for row in rows:
            cores = f"{row['threads']} threads" if "threads" in row else ""
            what = (row.get("version"), row.get("device"), cores)
            seen[", ".join(part for part in what if part)] = None
    print("\n" + "\n".join(f"- {line}" for line in seen))


def main():
    measured, skipped = read(sys.argv[1])
    print_measured(measured)
    print_skipped(skipped)
    print_alone(measured)
    print_versions(measured)


if __name__ == "__main__":
    main()

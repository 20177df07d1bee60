"""Runs a `dec-gpu bench -o json` and prints its rows in the peers' form (see rows.py).

python from_bench.py dec-gpu bench -o json [OPTIONS]
"""

import json
import subprocess
import sys

MILLISECONDS = {"us": 1e-3, "ms": 1.0, "s": 1e3}


def main():
    finished = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE)
    if finished.returncode:
        sys.exit(finished.returncode)
    results = json.loads(finished.stdout)
    for row in results["rows"]:
        scale = MILLISECONDS[row["unit"]]
        line = {
            "id": row["id"],
            "peer": "dec-gpu",
            "median_ms": row["median"] * scale,
            "min_ms": row["min"] * scale,
            "steps": row["repetitions"] * row["calls"],
            "run": row["calls"],
            "version": f"dec-gpu {row['version']} ({row['commit']})",
            "device": f"{row['adapter']}, {row['backend']}",
        }
        if row.get("gflops"):
            line["gflops"] = row["gflops"]
        print(json.dumps(line))
    for row in results["skipped"]:
        reason = f"would take about {row['predicted_seconds']:.0f} s"
        print(json.dumps({"id": row["id"], "peer": "dec-gpu", "skipped": reason}))


if __name__ == "__main__":
    main()

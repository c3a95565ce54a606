#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns the demo's raw.csv into a table, result.json and a verdict: report.py DIRECTORY."""

import csv
import json
import pathlib
import statistics
import sys

ROWS = [
    ("eevdf-idle", "EEVDF, idle node"),
    ("eevdf-noise", "EEVDF, stress-ng --cpu 6"),
    ("mus-idle", "mus, idle node"),
    ("mus-noise", "mus, stress-ng --cpu 6"),
    ("mus-boosted", "mus, stress-ng, POST /prioritize?pod=redis"),
    ("mus-reset", "mus, stress-ng, after DELETE"),
]
COLUMNS = ["ops_per_s", "p50_ms", "p99_ms", "redis_cpus"]
BOOST_AT_LEAST = 1.5
IDLE_AT_LEAST = 0.9


def read(path):
    """For each row and column one value per round: the median of those of the round."""
    turns = {name: {} for name, _ in ROWS}
    with path.open(newline="") as file:
        for line in csv.DictReader(file):
            turns[line["row"]].setdefault(line["round"], []).append([float(line[column]) for column in COLUMNS])
    rounds = {tuple(of_row) for of_row in turns.values()}
    uneven = [name for name, of_row in turns.items() if len({len(lines) for lines in of_row.values()}) != 1]
    if len(rounds) != 1 or uneven:
        sys.exit(f"demo: error: {path} does not hold every row equally often in every round")
    cells = {}
    for name, of_row in turns.items():
        medians = [[statistics.median(column) for column in zip(*lines)] for lines in of_row.values()]
        cells[name] = dict(zip(COLUMNS, zip(*medians)))
    return cells, len(rounds.pop())


def summary(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values), "values": values}


def counters(directory, rounds):
    """Of each of our measurements: what the scheduler counted since it was attached."""
    found = {}
    for name, _ in ROWS:
        for number in range(1, rounds + 1):
            path = directory / f"status-{number}-{name}.json"
            if path.exists():
                found.setdefault(name, []).append(json.loads(path.read_text()).get("counters", {}))
    return found


def table(result):
    width = max(len(text) for _, text in ROWS)
    print(f"\n{'median (lowest - highest)':<{width}}  {'ops/s':>23}  {'p50 ms':>8}  {'p99 ms':>8}  {'CPUs':>5}")
    for name, text in ROWS:
        row = result["rows"][name]
        ops = row["ops_per_s"]
        spread = f"{ops['median']:,.0f} ({ops['min']:,.0f} - {ops['max']:,.0f})"
        print(
            f"{text:<{width}}  {spread:>23}  {row['p50_ms']['median']:8.2f}  {row['p99_ms']['median']:8.2f}"
            f"  {row['redis_cpus']['median']:5.2f}"
        )
    print("CPUs: what Redis' container used, of the machine's.\n")


def main():
    directory = pathlib.Path(sys.argv[1])
    cells, rounds = read(directory / "raw.csv")
    rows = {name: {column: summary(values) for column, values in columns.items()} for name, columns in cells.items()}
    ops = {name: row["ops_per_s"]["median"] for name, row in rows.items()}
    noise = max(ops["eevdf-noise"], ops["mus-noise"])
    ratio = ops["mus-boosted"] / noise
    idle_ratio = ops["mus-idle"] / ops["eevdf-idle"]
    result = {
        "kernel": (directory / "kernel.txt").read_text().strip(),
        "rounds": rounds,
        "boosted_to_noise": ratio,
        "idle_to_eevdf_idle": idle_ratio,
        "rows": rows,
        "counters_since_attach": counters(directory, rounds),
    }
    (directory / "result.json").write_text(json.dumps(result, indent=2) + "\n")
    table(result)
    print("To repeat it by hand: './dev vm --share bench/demo', in it './scene.sh up', then for example")
    for line in (directory / "commands.txt").read_text().splitlines()[1:]:
        print(f"  {line}")
    print("  ./scene.sh load")
    print(f"Every figure: {directory}/raw.csv and {directory}/result.json\n")
    failures = []
    if ratio < BOOST_AT_LEAST:
        failures.append(
            f"boosted, Redis does {ratio:.2f} times the better of the two noise rows; {BOOST_AT_LEAST} are wanted"
        )
    if idle_ratio < IDLE_AT_LEAST:
        failures.append(f"on an idle node Redis does {idle_ratio:.2f} of what it does under EEVDF; {IDLE_AT_LEAST} are wanted")
    for failure in failures:
        print(f"demo: failed: {failure}")
    if failures:
        print("demo: is the machine busy with something else? The spread above tells; run it again when it is quiet")
    print(
        f"demo: idle={ops['mus-idle']:.0f} noise={noise:.0f} boosted={ops['mus-boosted']:.0f} ops/s"
        f" boosted/noise={ratio:.2f}"
    )
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

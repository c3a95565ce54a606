# SPDX-License-Identifier: Apache-2.0
"""The prototype's file of Redis results: 25 columns, one file for each scenario, so that its data and ours load alike.

Theirs is memtier_benchmark's; ours is redis-benchmark's, mapped: `sets` and `gets` are its two runs, `tot` both together,
hits and misses come from Redis' own counters, kb from the bytes that Redis received and sent. What cannot be told stays
empty: percentiles beyond what the number of requests carries.
"""

import csv
import pathlib
from statistics import median

from . import parse

FIGURES = ["ops", "hits", "misses", "avg_lat", "p50", "p99", "p999", "kb"]
COLUMNS = ["run"] + [f"{kind}_{figure}" for kind in ("sets", "gets", "tot") for figure in FIGURES]

# The prototype's file names, and what they hold. CFS is what its authors called the kernel's scheduler.
PUBLISHED = {
    "results_CFS_normal": ("CFS, idle node", "#555555"),
    "results_CFS_stress": ("CFS, stress", "#1f77b4"),
    "results_CFS_redis_priority-17": ("CFS, stress, Redis nice -17", "#17a2c4"),
    "results_EXT_normal": ("prototype, idle node", "#000000"),
    "results_EXT_stress": ("prototype, stress, boosted", "#8c564b"),
}


def _figures(kind: str, run: parse.RedisRun) -> dict:
    extra = run.extra
    row = {"ops": run.ops, "avg_lat": run.avg_ms, "p50": run.p50_ms, "p99": run.p99_ms, "p999": run.p999_ms}
    if extra:
        row["hits"] = extra["hits"] / run.seconds
        row["misses"] = extra["misses"] / run.seconds
        row["kb"] = extra["bytes"] / 1024 / run.seconds
    return {f"{kind}_{figure}": row.get(figure) for figure in FIGURES}


def row_of(number: int, sets: parse.RedisRun, gets: parse.RedisRun) -> dict:
    both = [sets, gets]
    requests = sets.requests + gets.requests
    seconds = sets.seconds + gets.seconds
    row = {"run": number, **_figures("sets", sets), **_figures("gets", gets)}
    total = {
        "ops": requests / seconds,
        "avg_lat": (sets.avg_ms * sets.requests + gets.avg_ms * gets.requests) / requests,
        "p50": parse.steps_quantile(both, 0.5),
        "p99": parse.steps_quantile(both, 0.99),
        "p999": parse.steps_quantile(both, 0.999) if requests >= parse.FEWEST_FOR_P999 else None,
    }
    if sets.extra and gets.extra:
        for figure, name, unit in (("hits", "hits", 1), ("misses", "misses", 1), ("kb", "bytes", 1024)):
            total[figure] = (sets.extra[name] + gets.extra[name]) / unit / seconds
    row.update({f"tot_{figure}": total.get(figure) for figure in FIGURES})
    return row


def write(path: pathlib.Path, rows: list[dict]):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({name: _text(row.get(name)) for name in COLUMNS})


def _text(value):
    if value is None:
        return ""
    return value if isinstance(value, int) else f"{value:.3f}"


def read(path: pathlib.Path) -> list[dict]:
    with path.open(newline="") as file:
        lines = list(csv.DictReader(file))
    if not lines or set(COLUMNS) - lines[0].keys():
        raise parse.Unreadable(f"{path.name} does not have the prototype's 25 columns")
    return [{name: float(line[name]) if line[name] else None for name in COLUMNS} for line in lines]


def published(directory: pathlib.Path) -> dict[str, list[dict]]:
    """By the name of the file; other files with these columns are taken too."""
    found = {}
    for path in sorted(directory.glob("*.csv")):
        try:
            found[path.stem] = read(path)
        except parse.Unreadable:
            continue
    if not found:
        raise parse.Unreadable(f"{directory} holds no CSV file with the prototype's columns")
    known = [name for name in PUBLISHED if name in found]
    return {name: found[name] for name in known + [name for name in found if name not in PUBLISHED]}


def medians(rows: list[dict]) -> dict:
    columns = ["tot_ops", "gets_avg_lat", "tot_p50", "tot_p99", "tot_p999", "tot_kb"]
    return {name: median(row[name] for row in rows if row[name] is not None) for name in columns}

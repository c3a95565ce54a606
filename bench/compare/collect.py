# SPDX-License-Identifier: Apache-2.0
"""From a directory of raw output to figures, and to the CSV files beside it."""

import csv
import pathlib
from collections import defaultdict
from dataclasses import dataclass, field

from . import parse, prototype_csv, shares, stats
from .catalogue import SCENARIO, in_order
from .shares import ShareCell

WORKLOADS = ["redis", "wake", "pipe", "hackbench"]


@dataclass
class Results:
    directory: pathlib.Path
    conditions: dict[str, str] = field(default_factory=dict)
    # By metric and scenario: the value of each round.
    values: dict[tuple[str, str], dict[int, float]] = field(default_factory=lambda: defaultdict(dict))
    late_us: dict[str, dict[int, list[int]]] = field(default_factory=lambda: defaultdict(dict))
    redis: dict[str, list[dict]] = field(default_factory=lambda: defaultdict(list))
    boosts: dict[str, dict] = field(default_factory=dict)
    # By scenario, workload and counter: the value of each round.
    counters: dict[tuple[str, str, str], dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    shares: list[ShareCell] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    # Cells in which the kernel took our scheduler off; they are not among the values.
    ejections: list[str] = field(default_factory=list)

    def scenarios(self, metric: str) -> list[str]:
        return in_order(scenario for name, scenario in self.values if name == metric)


def _cells(directory: pathlib.Path, ending: str):
    """(round, scenario, text) of the files ROUND-SCENARIO+ending."""
    found = []
    for path in directory.glob(f"*{ending}"):
        number, _, scenario = path.name.removesuffix(ending).partition("-")
        if number.isdigit() and scenario in SCENARIO:
            found.append((int(number), scenario, path))
    return sorted(found, key=lambda cell: cell[:2])


def _each(results: Results, workload: str, ending: str, take):
    for number, scenario, path in _cells(results.directory / "raw" / workload, ending):
        try:
            take(number, scenario, path.read_text())
        except (parse.Unreadable, ValueError, OSError) as error:
            results.unreadable.append(f"{workload}/{path.name}: {error}")


def _redis(results: Results):
    sets = {}

    def take_sets(number, scenario, text):
        sets[number, scenario] = parse.redis_benchmark(text)

    def take_gets(number, scenario, text):
        if (number, scenario) not in sets:
            raise parse.Unreadable("its SETs are missing")
        first, second = sets[number, scenario], parse.redis_benchmark(text)
        row = prototype_csv.row_of(number, first, second)
        results.redis[scenario].append(row)
        for metric, column in (("ops", "tot_ops"), ("p50_ms", "tot_p50"), ("p99_ms", "tot_p99"), ("p999_ms", "tot_p999")):
            if row[column] is not None:
                results.values[f"redis_{metric}", scenario][number] = row[column]
        if second.extra:
            results.values["redis_cpus", scenario][number] = second.extra["redis_usec"] / 1e6 / second.seconds

    _each(results, "redis", "-set.txt", take_sets)
    _each(results, "redis", "-get.txt", take_gets)


def _wake(results: Results):
    def take(number, scenario, text):
        late = parse.late_us(text)
        results.late_us[scenario][number] = late
        for metric, share in (("p50", 0.5), ("p99", 0.99), ("p999", 0.999), ("max", 1.0)):
            results.values[f"wake_{metric}_us", scenario][number] = stats.quantile(late, share)

    _each(results, "wake", ".txt", take)


def _pairs(results: Results):
    for workload, metric, read in (("pipe", "pipe_us", parse.pipe_us), ("hackbench", "hackbench_s", parse.hackbench_s)):

        def take(number, scenario, text, metric=metric, read=read):
            results.values[metric, scenario][number] = read(text)

        def take_stat(number, scenario, text, workload=workload):
            found = parse.perf_stat(text)
            for name, value in found.items():
                results.counters[scenario, workload, f"{name}_counted"][number] = value
            if found.get("context_switches") and "instructions" in found:
                per_switch = found["instructions"] // found["context_switches"]
                results.counters[scenario, workload, "instructions_per_switch"][number] = per_switch

        _each(results, workload, ".txt", take)
        _each(results, workload, "-stat.txt", take_stat)


def _counters(results: Results):
    path = results.directory / "raw" / "counters.csv"
    if path.exists():
        with path.open(newline="") as file:
            for line in csv.DictReader(file):
                key = (line["scenario"], line["workload"], line["counter"])
                results.counters[key][int(line["round"])] = int(line["value"])
    # The daemon's counters run on since it attached: each workload's are what it added.
    last: dict[tuple[int, str], dict] = {}
    for workload in ["start", *WORKLOADS]:

        def take(number, scenario, text, workload=workload):
            now = parse.status_counters(text)
            before = last.get((number, scenario))
            last[number, scenario] = now
            for name in now if before else ():
                results.counters[scenario, workload, name][number] = now[name] - before.get(name, 0)

        _each(results, "status", f"-{workload}.json", take)


def _boosts(results: Results):
    path = results.directory / "raw" / "boosts.csv"
    if not path.exists():
        return
    with path.open(newline="") as file:
        for line in csv.DictReader(file):
            boost = {name: float(value) for name, value in line.items() if name not in ("scenario", "model")}
            boost["weight"] = int(boost["weight"])
            boost["model"] = line["model"]
            boost["as_wanted"] = boost["entitlement_cpus"] >= boost["wanted_cpus"]
            results.boosts[line["scenario"]] = boost


def collect(directory: pathlib.Path) -> Results:
    results = Results(directory)
    raw = directory / "raw"
    if not (raw / "conditions.txt").exists():
        raise parse.Unreadable(f"{directory} holds no measurements of ./dev bench (raw/conditions.txt)")
    results.conditions = parse.settings((raw / "conditions.txt").read_text())
    if (raw / "rounds.txt").exists():
        results.conditions["rounds_done"] = parse.settings((raw / "rounds.txt").read_text()).get("rounds", "0")
    _redis(results)
    _wake(results)
    _pairs(results)
    _counters(results)
    _boosts(results)
    if (raw / "ejections.csv").exists():
        with (raw / "ejections.csv").open(newline="") as file:
            results.ejections = [f"round {line['round']} {line['scenario']} {line['workload']}" for line in csv.DictReader(file)]
    results.shares = shares.read(raw / "shares.csv")
    for cell in results.shares:
        # Every cell counts; "round" is only its number.
        known = results.values["share_error_points", cell.scenario]
        known[len(known) + 1] = cell.error_points
    return results


def write_csv(results: Results):
    directory = results.directory
    for scenario, rows in results.redis.items():
        prototype_csv.write(directory / f"redis-{scenario}.csv", rows)
    for metric in sorted({name for name, _ in results.values if not name.startswith("redis_")}):
        with (directory / f"{metric}.csv").open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["kernel", "scenario", "round", metric])
            for scenario in results.scenarios(metric):
                for number, value in sorted(results.values[metric, scenario].items()):
                    writer.writerow([results.conditions.get("kernel", ""), scenario, number, f"{value:g}"])
    with (directory / "counters.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["scenario", "workload", "counter", "round", "value"])
        for key, rounds in sorted(results.counters.items()):
            for number, value in sorted(rounds.items()):
                writer.writerow([*key, number, value])

# SPDX-License-Identifier: Apache-2.0
"""Reads what the tools printed: redis-benchmark, mus-probe, perf, hackbench, and the daemon's /status."""

import json
import re
from dataclasses import dataclass, field

STEP = re.compile(r"^\s*([\d.]+)% <= ([\d.]+) milliseconds \(cumulative count (\d+)\)")
FEWEST_FOR_P999 = 1000


class Unreadable(Exception):
    """A tool's output is not what we know."""


@dataclass
class RedisRun:
    """One run of redis-benchmark, all requests of one kind."""

    requests: int
    seconds: float
    ops: float
    avg_ms: float
    p50_ms: float
    p99_ms: float
    # Pairs of a latency in ms and how many requests took at most that long.
    steps: list[tuple[float, int]]
    extra: dict[str, int] = field(default_factory=dict)

    @property
    def p999_ms(self):
        return steps_quantile([self], 0.999) if self.requests >= FEWEST_FOR_P999 else None


def redis_benchmark(text: str) -> RedisRun:
    # The percentiles are close where the tail is; the cumulative list is in steps of 0.1 or 1 ms.
    percentiles = text.partition("Latency by percentile distribution")[2].partition("Cumulative distribution")[0]
    steps = [(float(m[2]), int(m[3])) for m in map(STEP.match, percentiles.splitlines()) if m]
    completed = re.search(r"(\d+) requests completed in ([\d.]+) seconds", text)
    throughput = re.search(r"throughput summary: ([\d.]+) requests per second", text)
    latency = re.search(r"avg\s+min\s+p50\s+p95\s+p99\s+max\s+([\d.\s]+)", text)
    if not (completed and throughput and latency and steps):
        raise Unreadable("no output of redis-benchmark 7")
    values = [float(word) for word in latency[1].split()[:6]]
    extra = {}
    for line in text.splitlines():
        if line.startswith("# redis_usec="):
            extra = {name: int(value) for name, value in (word.split("=") for word in line[2:].split())}
    ops = float(throughput[1])
    requests = int(completed[1])
    # "completed in" has two digits only, too few for a short run.
    return RedisRun(requests, requests / ops, ops, values[0], values[2], values[4], steps, extra)


def steps_quantile(runs: list[RedisRun], share: float) -> float:
    """Over several runs: the smallest printed latency that this share of all requests surely did not exceed."""
    wanted = share * sum(run.requests for run in runs)
    for latency in sorted({latency for run in runs for latency, _ in run.steps}):
        if sum(_count_up_to(run, latency) for run in runs) >= wanted - 1e-9:
            return latency
    return max(run.steps[-1][0] for run in runs)


def _count_up_to(run, latency):
    return max((count for value, count in run.steps if value <= latency), default=0)


def late_us(text: str) -> list[int]:
    values = sorted(int(line) for line in text.split())
    if not values:
        raise Unreadable("no wakeups")
    return values


def pipe_us(text: str) -> float:
    found = re.search(r"([\d.]+) usecs/op", text)
    if not found:
        raise Unreadable("no output of perf bench sched pipe")
    return float(found[1])


def hackbench_s(text: str) -> float:
    found = re.search(r"^Time: ([\d.]+)", text, re.MULTILINE)
    if not found:
        raise Unreadable("no output of hackbench")
    return float(found[1])


def perf_stat(text: str) -> dict[str, int]:
    """Of 'perf stat -x ,': what this processor cannot count is left out."""
    found = {}
    for line in text.splitlines():
        fields = line.split(",")
        if len(fields) > 2 and fields[0].isdigit():
            found[fields[2].replace("cpu-migrations", "migrations").replace("-", "_")] = int(fields[0])
    return found


def status_counters(text: str) -> dict[str, int]:
    counters = json.loads(text).get("counters", {})
    return {name: value for name, value in counters.items() if isinstance(value, int)}


def settings(text: str) -> dict[str, str]:
    """NAME=VALUE lines."""
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)

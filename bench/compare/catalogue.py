# SPDX-License-Identifier: Apache-2.0
"""The scenarios and metrics: their names, order, words and colours. What a scenario does is in bench/guest/scenarios.sh."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scenario:
    name: str
    text: str
    colour: str
    boosted: bool = False


@dataclass(frozen=True)
class Metric:
    name: str
    text: str
    unit: str
    higher_is_better: bool = False


# One hue for each policy; the idle node in grey and black tones.
SCENARIOS = [
    Scenario("eevdf-idle", "EEVDF, idle node", "#555555"),
    Scenario("eevdf-idle-again", "EEVDF, idle node, once more", "#aaaaaa"),
    Scenario("mus-idle", "mus, idle node", "#000000"),
    Scenario("eevdf-stress", "EEVDF, Kubernetes' weights", "#1f77b4"),
    Scenario("eevdf-tuned", "EEVDF, weights 10000 : 1", "#17a2c4"),
    Scenario("eevdf-cpuidle", "EEVDF, noise in cpu.idle, slice 0.1 ms", "#2ca02c"),
    Scenario("fifo-stress", "Redis as SCHED_FIFO", "#9467bd"),
    Scenario("prototype-stress", "the prototype's policy, boosted", "#8c564b", boosted=True),
    Scenario("mus-stress", "mus, no boost", "#ff9f40"),
    Scenario("mus-boosted", "mus, boosted", "#d62728", boosted=True),
    Scenario("mus-boosted-default", "mus, boosted by default (4096)", "#e377c2", boosted=True),
    Scenario("eevdf-shares", "EEVDF, cpu.weight 1 : 2 : 4 : 8", "#1f77b4"),
    Scenario("mus-shares", "mus, weights 1 : 2 : 4 : 8", "#d62728"),
]
SCENARIO = {scenario.name: scenario for scenario in SCENARIOS}

METRICS = [
    Metric("redis_ops", "Redis throughput", "ops/s", higher_is_better=True),
    Metric("redis_p50_ms", "Redis latency, median", "ms"),
    Metric("redis_p99_ms", "Redis latency, p99", "ms"),
    Metric("redis_p999_ms", "Redis latency, p99.9", "ms"),
    Metric("redis_cpus", "CPUs that Redis used", "CPUs", higher_is_better=True),
    Metric("wake_p50_us", "wakeup latency, median", "us"),
    Metric("wake_p99_us", "wakeup latency, p99", "us"),
    Metric("wake_p999_us", "wakeup latency, p99.9", "us"),
    Metric("wake_max_us", "wakeup latency, largest", "us"),
    Metric("pipe_us", "request and answer over pipes", "us"),
    Metric("hackbench_s", "hackbench", "s"),
    Metric("share_error_points", "CPU share, furthest from its expectation", "points"),
]
METRIC = {metric.name: metric for metric in METRICS}

# The best that the kernel's own means can do on a stressed node, of which the better one is "the reference".
BEST_OF = ["eevdf-tuned", "eevdf-cpuidle", "fifo-stress"]
BEST = "best"
REFERENCES = ["eevdf-idle", "eevdf-stress", *BEST_OF, "prototype-stress", "eevdf-idle-again"]


def in_order(names):
    """Known scenarios, in the order of the catalogue."""
    wanted = set(names)
    return [scenario.name for scenario in SCENARIOS if scenario.name in wanted]

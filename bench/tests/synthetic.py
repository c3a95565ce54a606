#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Made-up raw output of ./dev bench, for the tests and for looking at the pictures: synthetic.py DIRECTORY [ROUNDS]."""

import pathlib
import random
import sys

# redis ops/s, median and tail of a wakeup in us.
NODE = {
    "eevdf-stress": (640, 250, 5400),
    "eevdf-tuned": (2600, 255, 4300),
    "eevdf-cpuidle": (5900, 230, 2100),
    "fifo-stress": (5600, 210, 1700),
    "prototype-stress": (1000, 11000, 12500),
    "eevdf-idle": (9000, 240, 1350),
    "eevdf-idle-again": (9000, 240, 1350),
    "mus-idle": (8900, 245, 1400),
    "mus-stress": (1500, 270, 5600),
    "mus-boosted": (5500, 235, 2000),
    "mus-boosted-default": (4700, 240, 2600),
}

REDIS = """
====== {name} ======
  {requests} requests completed in {seconds:.2f} seconds
  10 parallel clients
  128 bytes payload
  keep alive: 1

Latency by percentile distribution:
0.000% <= {p0:.3f} milliseconds (cumulative count 1)
50.000% <= {p50:.3f} milliseconds (cumulative count {c50})
99.000% <= {p99:.3f} milliseconds (cumulative count {c99})
99.902% <= {p999:.3f} milliseconds (cumulative count {c999})
100.000% <= {top:.3f} milliseconds (cumulative count {requests})

Cumulative distribution of latencies:
100.000% <= {top:.3f} milliseconds (cumulative count {requests})

Summary:
  throughput summary: {ops:.2f} requests per second
  latency summary (msec):
          avg       min       p50       p95       p99       max
        {avg:.3f}     {p0:.3f}     {p50:.3f}     {p95:.3f}     {p99:.3f}     {top:.3f}
# redis_usec={redis_usec} load_usec={load_usec} hits={hits} misses=0 bytes={bytes}
"""


def redis_text(name: str, ops: float, requests: int) -> str:
    average = 10_000 / ops  # ten clients, each waiting
    seconds = requests / ops
    return REDIS.format(
        name=name,
        requests=requests,
        seconds=seconds,
        ops=ops,
        avg=average,
        p0=average / 4,
        p50=average * 0.8,
        p95=average * 2,
        p99=average * 4,
        p999=average * 8,
        top=average * 10,
        c50=requests // 2,
        c99=requests * 99 // 100,
        c999=requests * 999 // 1000 + 1,
        redis_usec=int(seconds * 0.9e6),
        load_usec=int(seconds * 0.8e6),
        hits=requests if name == "GET" else 0,
        bytes=requests * 180,
    )


def wake_text(chance: random.Random, middle: float, tail: float, count: int) -> str:
    late = [middle * chance.lognormvariate(0, 0.25) for _ in range(count)]
    late = [value + (chance.uniform(0.2, 1.1) * tail if chance.random() < 0.03 else 0) for value in late]
    return "\n".join(f"{int(value)}" for value in sorted(late)) + "\n"


def shares_text() -> str:
    lines = ["scenario,cpus,threads,weight,usec,wall_usec"]
    for scenario in ("eevdf-shares", "mus-shares"):
        for cpus in (1, 2):
            for threads in (1, 3, 16):
                parts = [1, 2, 4, 8]
                if cpus == 2 and threads == 1:
                    parts = [1 / 7, 2 / 7, 4 / 7, 1]
                parts = [part * cpus * 1e7 / sum(parts) for part in parts]
                parts[0] *= 1.2
                for weight, usec in zip((1, 2, 4, 8), parts, strict=True):
                    lines.append(f"{scenario},{cpus},{threads},{weight},{usec:.0f},10000000")
    return "\n".join(lines) + "\n"


def write(directory: pathlib.Path, rounds: int = 6, seed: int = 1):
    chance = random.Random(seed)
    raw = directory / "raw"
    for name in ("redis", "wake", "pipe", "hackbench", "status"):
        (raw / name).mkdir(parents=True, exist_ok=True)
    counters = ["round,scenario,workload,counter,value"]
    for number in range(1, rounds + 1):
        machine = chance.uniform(0.85, 1.15)  # what a round has in common
        for scenario, (ops, middle, tail) in NODE.items():
            name = f"{number}-{scenario}"
            rate = ops * machine * chance.uniform(0.92, 1.08)
            (raw / "redis" / f"{name}-set.txt").write_text(redis_text("SET", rate, max(int(rate), 250)))
            (raw / "redis" / f"{name}-get.txt").write_text(redis_text("GET", rate * 1.03, max(int(rate * 4), 1000)))
            (raw / "wake" / f"{name}.txt").write_text(wake_text(chance, middle / machine, tail / machine, 1300))
            counters.append(f"{number},{scenario},redis,context_switches,{int(rate * 8)}")
            counters.append(f"{number},{scenario},redis,redis_migrations,{chance.randrange(5, 40)}")
            if scenario.startswith("mus"):
                for step, workload in enumerate(("start", "redis", "wake", "pipe", "hackbench")):
                    text = f'{{"counters": {{"wakeups": {1000 * step}, "direct_dispatches": {900 * step}, "steals": {10 * step}}}}}'
                    (raw / "status" / f"{name}-{workload}.json").write_text(text)
            if "-idle" in scenario:
                us = 95 / machine * chance.uniform(0.95, 1.06)
                (raw / "pipe" / f"{name}.txt").write_text(f"\n     Total time: 0.9 [sec]\n\n      {us:.6f} usecs/op\n")
                stat = "# started\n\n5000,,context-switches,1,100.00,,\n12,,cpu-migrations,1,100.00,,\n<not supported>,,instructions,0,100.00,,\n"
                (raw / "pipe" / f"{name}-stat.txt").write_text(stat)
                (raw / "hackbench" / f"{name}.txt").write_text(f"Running\nTime: {us / 60:.3f}\n")
                (raw / "hackbench" / f"{name}-stat.txt").write_text(stat)
    (raw / "counters.csv").write_text("\n".join(counters) + "\n")
    (raw / "shares.csv").write_text(shares_text())
    (raw / "boosts.csv").write_text(
        "scenario,weight,model,idle_cpus,wanted_cpus,available_cpus,entitlement_cpus\n"
        "mus-boosted,16384,cgroup,0.900,1.080,1.200,1.129\n"
        "mus-boosted-default,4096,cgroup,0.900,1.080,1.200,0.960\n"
        "prototype-stress,4096,cgroup,0.900,1.080,1.200,0.960\n"
    )
    (raw / "rounds.txt").write_text(f"rounds={rounds}\n")
    (raw / "conditions.txt").write_text(
        "kernel=7.3.4-synthetic\ncpus=2\nnoise=stress-ng --cpu 6\nclients=10\nseconds=5\nscheduler=mus-scheduler 0.0\n"
        "prototype_policy=--slice 10ms\nprototype_options_missing=--queues one\nredis=7.0.15\naccelerator=tcg\n"
        "host_cpus=2\nhost_other_cpus=0.02\ndate=2026-01-01T00:00Z\nrevision=synthetic\n"
    )


if __name__ == "__main__":
    write(pathlib.Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 6)

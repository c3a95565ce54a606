#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long POST /prioritize takes, from the first byte on the unix socket to the policy map.

On a made-up node of 250 pods, whose list is warm: the daemon has asked once before the clock starts. Every request
names another pod and comes over a connection of its own; each is on the disk (--state-dir: which one) before it is
answered. What the disk alone takes for that is measured beside it: as many bytes into a file that is fsynced, renamed,
and its directory fsynced.

usage: post_latency.py MUS-SCHEDULER [--requests N] [--limit-ms MS] [--p99-ms MS] [--state-dir DIR] [--json FILE]
"""

import argparse
import json
import os
import pathlib
import statistics
import sys
import time

from made_up_node import Node

PODS = 250
LIMIT_MS = 10.0


def percentile(times, part):
    return sorted(times)[int(len(times) * part)]


def measure(node, requests):
    times = []
    for number in range(requests):
        start = time.perf_counter()
        status, body = node.ask("POST", f"/prioritize?pod=app-{number % PODS}&weight={2048 + number % 1000}")
        times.append((time.perf_counter() - start) * 1e3)
        if status != 200 or len(json.loads(body)["boost"]["applied"]) != 1:
            sys.exit(f"post_latency: a boost was refused: {status} {body[:300]!r}")
    return times


def measure_disk(directory, size, times=200):
    """What it takes to replace a file of that size, in milliseconds."""
    text, took = b"x" * size, []
    for _ in range(times):
        start = time.perf_counter()
        with (directory / "probe.new").open("wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        (directory / "probe.new").rename(directory / "probe")
        parent = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        os.fsync(parent)
        os.close(parent)
        took.append((time.perf_counter() - start) * 1e3)
    (directory / "probe").unlink()
    return took


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("binary")
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--limit-ms", type=float, default=LIMIT_MS)
    parser.add_argument("--p99-ms", type=float)
    parser.add_argument("--state-dir", type=pathlib.Path)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()

    with Node(options.binary, PODS, options.state_dir) as node:
        times = measure(node, options.requests)
        size = (node.state / "boosts.json").stat().st_size
        disk = measure_disk(node.state, size)
        asked = node.kubelet.asked
    median, p99 = statistics.median(times), percentile(times, 0.99)
    result = {
        "requests": len(times),
        "median_ms": median,
        "p99_ms": p99,
        "max_ms": max(times),
        "pod_lists": asked,
        "file_bytes": size,
        "disk_median_ms": statistics.median(disk),
        "disk_p99_ms": percentile(disk, 0.99),
    }
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")
    print(
        f"POST /prioritize, {PODS} pods, unix socket to policy map: median {median:.2f} ms, p99 {p99:.2f} ms,"
        f" max {max(times):.2f} ms ({len(times)} requests, the pod list was fetched {asked} times); the disk alone:"
        f" median {result['disk_median_ms']:.2f} ms, p99 {result['disk_p99_ms']:.2f} ms for {size} bytes"
    )
    if median > options.limit_ms:
        sys.exit(f"post_latency: the median is above {options.limit_ms:.0f} ms")
    if options.p99_ms and p99 > options.p99_ms:
        sys.exit(f"post_latency: the 99th percentile is above {options.p99_ms:.0f} ms")


if __name__ == "__main__":
    main()

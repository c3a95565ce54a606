#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the daemon costs a node where nobody asks it for anything: memory, CPU time and how often it wakes.

On a made-up node, without a boost and without a reader, after the list of pods has been asked for once.

usage: footprint.py MUS-SCHEDULER --pods N [--seconds S] [--rss-mb MB] [--cpu-percent P] [--json FILE]
"""

import argparse
import json
import pathlib
import sys
import time

from made_up_node import Node

SETTLE_SECONDS = 3


def memory_kb(pid, field):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1])
    sys.exit(f"footprint: no {field} of process {pid}")


def used(pid):
    """CPU time in ns, and how often its threads got a CPU: /proc/PID/task/TID/schedstat."""
    nanoseconds = turns = 0
    for file in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat"):
        ran, _, count = file.read_text().split()
        nanoseconds += int(ran)
        turns += int(count)
    return nanoseconds, turns


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("binary")
    parser.add_argument("--pods", type=int, required=True)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rss-mb", type=float)
    parser.add_argument("--cpu-percent", type=float)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()

    with Node(options.binary, options.pods) as node:
        time.sleep(SETTLE_SECONDS)
        pid, before, start = node.daemon.pid, used(node.daemon.pid), time.monotonic()
        time.sleep(options.seconds)
        after, seconds = used(pid), time.monotonic() - start
        rss, most = memory_kb(pid, "VmRSS") / 1024, memory_kb(pid, "VmHWM") / 1024
    percent = (after[0] - before[0]) / (seconds * 1e9) * 100
    turns = (after[1] - before[1]) / seconds
    result = {"pods": options.pods, "rss_mb": rss, "most_mb": most, "cpu_percent": percent, "turns_per_second": turns}
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")
    print(
        f"idle on a node of {options.pods} pods: {rss:.1f} MB resident ({most:.1f} MB at most),"
        f" {percent:.3f} % of a CPU, {turns:.1f} turns a second in {seconds:.0f} s"
    )
    if options.rss_mb and most > options.rss_mb:
        sys.exit(f"footprint: more than {options.rss_mb:.0f} MB")
    if options.cpu_percent and percent > options.cpu_percent:
        sys.exit(f"footprint: more than {options.cpu_percent} % of a CPU")


if __name__ == "__main__":
    main()

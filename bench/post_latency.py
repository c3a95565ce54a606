#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long POST /prioritize takes, from the first byte on the unix socket to the policy map.

The daemon is the real one with an in-memory scheduler (run --dry-run); the node is made up: 250 pods of two containers
in a kubepods tree of plain directories, and a kubelet that answers with their list. The list is warm: the daemon has
asked once before the clock starts. Every request names another pod and comes over a connection of its own; each is on
the disk (--state-dir: which one) before it is answered. What the disk alone takes for that is measured beside it: as
many bytes into a file that is fsynced, renamed, and its directory fsynced.

usage: post_latency.py MUS-SCHEDULER [--requests N] [--limit-ms MS] [--p99-ms MS] [--state-dir DIR] [--json FILE]
"""

import argparse
import http.server
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

PODS = 250
LIMIT_MS = 10.0


def uid(number):
    return f"00000000-0000-4000-8000-{number:012x}"


def container_id(number, container):
    return f"{number:032x}{container:032x}"


def pod(number):
    names = ["server", "sidecar"]
    return {
        "metadata": {
            "name": f"app-{number}-7c9d8f6b5-x2x9k",
            "namespace": "default",
            "uid": uid(number),
            "labels": {"app": f"app-{number}", "pod-template-hash": "7c9d8f6b5"},
        },
        "spec": {"nodeName": "node", "containers": [{"name": name} for name in names]},
        "status": {
            "containerStatuses": [
                {"name": name, "containerID": f"containerd://{container_id(number, index)}", "state": {"running": {}}}
                for index, name in enumerate(names)
            ]
        },
    }


def make_cgroups(root):
    for number in range(PODS):
        slice_name = f"kubepods-burstable-pod{uid(number).replace('-', '_')}.slice"
        for container in range(2):
            scope = f"cri-containerd-{container_id(number, container)}.scope"
            (root / "kubepods.slice" / "kubepods-burstable.slice" / slice_name / scope).mkdir(parents=True)


class Kubelet(http.server.BaseHTTPRequestHandler):
    body = b""
    asked = 0

    def do_GET(self):
        type(self).asked += 1
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_):
        pass


def ask(path, method, target):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(path)
        connection.sendall(f"{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


def wait_until_ready(path, daemon):
    for _ in range(200):
        if daemon.poll() is not None:
            sys.exit("post_latency: the daemon ended at once")
        try:
            if ask(path, "GET", "/readyz")[0] == 200:
                return
        except (OSError, IndexError):
            pass
        time.sleep(0.05)
    sys.exit("post_latency: the daemon does not become ready")


def measure(path, requests):
    status, body = ask(path, "GET", "/pods")  # warms the list
    if status != 200 or len(json.loads(body)["pods"]) != 2 * PODS:
        sys.exit(f"post_latency: the daemon does not see the pods: {status} {body[:300]!r}")
    times = []
    for number in range(requests):
        start = time.perf_counter()
        status, body = ask(path, "POST", f"/prioritize?pod=app-{number % PODS}&weight={2048 + number % 1000}")
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
    took.sort()
    return statistics.median(took), took[int(len(took) * 0.99)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("binary")
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--limit-ms", type=float, default=LIMIT_MS)
    parser.add_argument("--p99-ms", type=float)
    parser.add_argument("--state-dir", type=pathlib.Path)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()

    Kubelet.body = json.dumps({"kind": "PodList", "items": [pod(number) for number in range(PODS)]}).encode()
    kubelet = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Kubelet)
    threading.Thread(target=kubelet.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="mus-post.") as name:
        work = pathlib.Path(name)
        make_cgroups(work / "cgroup")
        (work / "proc").mkdir()
        path = str(work / "api.sock")
        state = options.state_dir or work / "state"
        state.mkdir(exist_ok=True)
        with (work / "daemon.log").open("w") as log:
            daemon = subprocess.Popen(
                [options.binary, "run", "--dry-run", "--socket", path, "--listen", "off"]
                + ["--state-dir", str(state), "--log-level", "warn"]
                + ["--cgroup-root", str(work / "cgroup"), "--proc-root", str(work / "proc")]
                + ["--kubelet-url", f"http://127.0.0.1:{kubelet.server_port}", "--kubelet-readonly"],
                stderr=log,
                stdout=log,
            )
        try:
            wait_until_ready(path, daemon)
            times = measure(path, options.requests)
            size = (state / "boosts.json").stat().st_size
            disk_median, disk_p99 = measure_disk(state, size)
        finally:
            daemon.terminate()
            daemon.wait(10)
    times.sort()
    median, p99 = statistics.median(times), times[int(len(times) * 0.99)]
    result = {
        "requests": len(times),
        "median_ms": median,
        "p99_ms": p99,
        "max_ms": times[-1],
        "pod_lists": Kubelet.asked,
        "file_bytes": size,
        "disk_median_ms": disk_median,
        "disk_p99_ms": disk_p99,
    }
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")
    print(
        f"POST /prioritize, {PODS} pods, unix socket to policy map: median {median:.2f} ms, p99 {p99:.2f} ms,"
        f" max {times[-1]:.2f} ms ({len(times)} requests, the pod list was fetched {Kubelet.asked} times); the disk alone:"
        f" median {disk_median:.2f} ms, p99 {disk_p99:.2f} ms for {size} bytes"
    )
    if median > options.limit_ms:
        sys.exit(f"post_latency: the median is above {options.limit_ms:.0f} ms")
    if options.p99_ms and p99 > options.p99_ms:
        sys.exit(f"post_latency: the 99th percentile is above {options.p99_ms:.0f} ms")


if __name__ == "__main__":
    main()

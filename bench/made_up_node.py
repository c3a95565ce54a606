# SPDX-License-Identifier: Apache-2.0
"""A node that does not exist, for measuring the real daemon with its in-memory scheduler (run --dry-run): pods of three
containers in a kubepods tree of plain directories, and a kubelet that answers with their list."""

import http.server
import json
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

CONTAINERS = 3
SANDBOX = CONTAINERS  # in the place of a container's number


def uid(number):
    return f"00000000-0000-4000-8000-{number:012x}"


def container_id(number, container):
    return f"{number:032x}{container:032x}"


def spec_of(name):
    variables = [{"name": f"SETTING_{number}", "value": "a value of usual length"} for number in range(8)]
    return {
        "name": name,
        "image": f"registry.example/team/{name}:1.2.3",
        "env": variables,
        "resources": {"requests": {"cpu": "150m", "memory": "64Mi"}},
        "volumeMounts": [{"name": "token", "readOnly": True, "mountPath": "/var/run/secrets/kubernetes.io"}],
        "terminationMessagePath": "/dev/termination-log",
        "imagePullPolicy": "IfNotPresent",
    }


def status_of(name, number, index):
    return {
        "name": name,
        "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}},
        "ready": True,
        "restartCount": 0,
        "image": f"registry.example/team/{name}:1.2.3",
        "imageID": f"sha256:{number:064x}",
        "containerID": f"containerd://{container_id(number, index)}",
    }


def pod(number):
    """One as a kubelet tells it, of about 4 kB."""
    names = ["server", "sidecar", "exporter"]
    return {
        "metadata": {
            "name": f"app-{number}-7c9d8f6b5-x2x9k",
            "namespace": "default",
            "uid": uid(number),
            "labels": {"app": f"app-{number}", "pod-template-hash": "7c9d8f6b5"},
            "annotations": {"kubernetes.io/config.source": "api", "prometheus.io/scrape": "true"},
        },
        "spec": {"nodeName": "node", "containers": [spec_of(name) for name in names]},
        "status": {
            "phase": "Running",
            "conditions": [
                {"type": kind, "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}
                for kind in ("Initialized", "Ready", "ContainersReady", "PodScheduled")
            ],
            "containerStatuses": [status_of(name, number, index) for index, name in enumerate(names)],
            "qosClass": "Burstable",
        },
    }


def pod_list(pods):
    """Of so many, or of these."""
    items = [pod(number) for number in range(pods)] if isinstance(pods, int) else pods
    return json.dumps({"kind": "PodList", "apiVersion": "v1", "items": items}).encode()


def make_cgroups(root, pods):
    for number in range(pods):
        slice_name = f"kubepods-burstable-pod{uid(number).replace('-', '_')}.slice"
        for container in (*range(CONTAINERS), SANDBOX):
            scope = f"cri-containerd-{container_id(number, container)}.scope"
            (root / "kubepods.slice" / "kubepods-burstable.slice" / slice_name / scope).mkdir(parents=True)


def kubelet(body):
    """A server on a port of its own; its `asked` counts the requests."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.asked += 1
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked = 0
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


class Node:
    """With a daemon that is ready and has seen all pods, as a context manager. `pods` says how many, or is a list of
    them as pod() makes them, by their numbers. `port` is the daemon's where it listens on TCP."""

    def __init__(self, binary, pods, state_dir=None, listen="off"):
        self.binary, self.list, self.listen, self.port = binary, pod_list(pods), listen, None
        self.pods = pods if isinstance(pods, int) else len(pods)
        self.directory = tempfile.TemporaryDirectory(prefix="mus-node.")
        self.work = pathlib.Path(self.directory.name)
        self.socket = str(self.work / "api.sock")
        self.state = state_dir or self.work / "state"
        self.kubelet = self.daemon = None

    def __enter__(self):
        self.kubelet = kubelet(self.list)
        make_cgroups(self.work / "cgroup", self.pods)
        (self.work / "proc").mkdir()
        self.state.mkdir(exist_ok=True)
        with (self.work / "daemon.log").open("w") as log:
            self.daemon = subprocess.Popen(
                [self.binary, "run", "--dry-run", "--socket", self.socket, "--listen", self.listen]
                + ["--state-dir", str(self.state), "--log-level", "warn" if self.listen == "off" else "info"]
                + ["--cgroup-root", str(self.work / "cgroup"), "--proc-root", str(self.work / "proc")]
                + ["--kubelet-url", f"http://127.0.0.1:{self.kubelet.server_port}", "--kubelet-readonly"],
                stderr=log,
                stdout=log,
            )
        try:
            self.wait_until_ready()
            status, body = self.ask("GET", "/pods")
            if status != 200 or len(json.loads(body)["pods"]) != CONTAINERS * self.pods:
                sys.exit(f"the daemon does not see the pods: {status} {body[:300]!r}")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.daemon.terminate()
        self.daemon.wait(10)
        self.kubelet.shutdown()
        self.kubelet.server_close()
        self.directory.cleanup()

    def ask(self, method, target):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.connect(self.socket)
            connection.sendall(f"{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            answer = b""
            while chunk := connection.recv(65536):
                answer += chunk
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]), body

    def wait_until_ready(self):
        for _ in range(200):
            if self.daemon.poll() is not None:
                sys.exit("the daemon ended at once: " + (self.work / "daemon.log").read_text())
            try:
                log = (self.work / "daemon.log").read_text()
                told = re.search(r"listening on .* and \S+:(\d+)$", log, re.MULTILINE)
                self.port = int(told[1]) if told else None
                if self.ask("GET", "/readyz")[0] == 200 and (told or self.listen == "off"):
                    return
            except (OSError, IndexError):
                pass
            time.sleep(0.05)
        sys.exit("the daemon does not become ready: " + (self.work / "daemon.log").read_text())

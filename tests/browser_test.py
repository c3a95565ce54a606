#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""No web page changes anything: real pages in real Chromium, against the real daemon on a made-up node.

The pages are at another port, at another name, and at a name that was rebound to the daemon (DNS rebinding). For the
last one a relay stands for the name server's trick: it serves the page, and from then on is the daemon, byte for byte.
The pages even know the daemon's token. What reached the daemon, and how it was answered, is in its log.

usage: browser_test.py ROOT MUS-SCHEDULER
Ends with 77 where there is no chromium.
"""

import json
import pathlib
import queue
import re
import shutil
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.request

ROOT, BINARY = pathlib.Path(sys.argv[1]), sys.argv[2]
sys.path.insert(0, str(ROOT / "bench"))
from made_up_node import Node, pod  # noqa: E402

CHROMIUM = shutil.which("chromium")
PATIENCE = 60  # seconds
# What it would look for on the internet, it does not find here, and is slow to give up.
QUIET = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
QUIET += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]

PAGE = """<!doctype html><meta charset="utf-8"><title>page</title><iframe name="frame"></iframe><script>
const daemon = DAEMON, bearer = {Authorization: "Bearer " + TOKEN}, said = {};
const boost = daemon + "/prioritize?pod=app-1", other = daemon + "/prioritize?pod=app-0";
async function attempt(name, what) {
  try { said[name] = (await what()).status; } catch { said[name] = "blocked"; }
}
async function form() {
  const form = Object.assign(document.createElement("form"), {method: "POST", action: boost, target: "frame"});
  document.body.append(form);
  const loaded = new Promise(done => document.querySelector("iframe").addEventListener("load", done, {once: true}));
  form.submit();
  await loaded;
  return {status: "sent"};
}
async function all() {
  await attempt("simple", () => fetch(boost, {method: "POST", mode: "no-cors"}));
  await attempt("form", form);
  await attempt("beacon", async () => ({status: navigator.sendBeacon(boost) ? "sent" : "no"}));
  await attempt("json", () => fetch(daemon + "/prioritize", {
    method: "POST", headers: {"Content-Type": "application/json"}, body: '{"pod": "app-1"}'}));
  await attempt("token", () => fetch(boost, {method: "POST", headers: bearer}));
  await attempt("delete", () => fetch(other, {method: "DELETE", headers: bearer}));
  await attempt("read", () => fetch(daemon + "/priorities", {headers: bearer}));
  await fetch("/report", {method: "POST", body: JSON.stringify(said)});
}
addEventListener("load", all);
</script>"""


class Host(socketserver.ThreadingTCPServer):
    """Serves the page at "/" and takes its report; where `relays_to` is a port, everything else is answered there."""

    daemon_threads = True

    def __init__(self, relays_to=None):
        super().__init__(("127.0.0.1", 0), Visit)
        self.page, self.relays_to, self.reports = "", relays_to, queue.Queue()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    @property
    def port(self):
        return self.server_address[1]


class Visit(socketserver.StreamRequestHandler):
    def handle(self):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self.rfile.readline()
            if not line:
                return
            head += line
        length = re.search(rb"^content-length: *(\d+)", head, re.IGNORECASE | re.MULTILINE)
        body = self.rfile.read(int(length[1])) if length else b""
        path = head.split()[1]
        if path == b"/":
            self.answer("200 OK", self.server.page)
        elif path == b"/report":
            self.server.reports.put(json.loads(body))
            self.answer("204 No Content", "")
        elif self.server.relays_to is None:
            self.answer("404 Not Found", "")
        else:
            self.relay(head + body)

    def answer(self, status, text):
        head = f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {len(text)}\r\nConnection: close\r\n\r\n"
        self.wfile.write((head + text).encode())

    def relay(self, request):
        with socket.create_connection(("127.0.0.1", self.server.relays_to)) as daemon:
            daemon.sendall(request)
            daemon.shutdown(socket.SHUT_WR)
            while part := daemon.recv(65536):
                self.wfile.write(part)


class Browser:
    """Chromium at a page."""

    def __init__(self, url, rules=""):
        self.profile = tempfile.TemporaryDirectory(prefix="mus-browser.", ignore_cleanup_errors=True)
        arguments = [CHROMIUM, *QUIET, f"--user-data-dir={self.profile.name}", "--remote-debugging-port=0"]
        arguments += [f"--host-resolver-rules={rules}"] if rules else []
        self.process = subprocess.Popen([*arguments, url], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(PATIENCE)
        self.profile.cleanup()


class APage(unittest.TestCase):
    def setUp(self):
        self.node = self.enterContext(Node(BINARY, [pod(0), pod(1)], listen="127.0.0.1:0"))
        self.token = (self.node.state / "token").read_text().strip()
        self.assertEqual(self.node.ask("POST", "/prioritize?pod=app-0")[0], 200)
        self.before = self.boosts()

    def boosts(self):
        return [(one["id"], one["weight"]) for one in json.loads(self.node.ask("GET", "/priorities")[1])["boosts"]]

    def told(self, status, method):
        """How often the log says that such a request came over TCP and was answered so."""
        log = (self.node.work / "daemon.log").read_text()
        return len(re.findall(rf"audit: (?:\(.*?\) )?{status} tcp {method} /prioritize", log))

    def visit(self, host, url, daemon, rules=""):
        """What the page there says came of its attempts."""
        host.page = PAGE.replace("DAEMON", json.dumps(daemon)).replace("TOKEN", json.dumps(self.token))
        with Browser(url, rules):
            return host.reports.get(timeout=PATIENCE)

    def check_other_origin(self, said):
        for name in ("json", "token", "delete", "read"):  # the browser asks the daemon first, which does not agree
            self.assertEqual(said[name], "blocked", said)
        self.assertEqual(self.told(403, "POST"), 3, said)  # simple, form and beacon: these go out unasked
        self.assertEqual(self.told("2..", r"\w+"), 0)
        self.assertEqual(self.boosts(), self.before)

    def test_at_another_port_changes_nothing(self):
        with Host() as host:
            there = f"http://127.0.0.1:{host.port}/"
            self.check_other_origin(self.visit(host, there, f"http://127.0.0.1:{self.node.port}"))

    def test_of_another_site_changes_nothing(self):
        with Host() as host:
            there = f"http://elsewhere.test:{host.port}/"
            rules = "MAP elsewhere.test 127.0.0.1"
            self.check_other_origin(self.visit(host, there, f"http://127.0.0.1:{self.node.port}", rules))

    def test_whose_name_was_rebound_to_the_daemon_changes_nothing(self):
        with Host(relays_to=self.node.port) as host:
            rules = f"MAP rebound.test 127.0.0.1:{host.port}"
            said = self.visit(host, f"http://rebound.test:{self.node.port}/", "", rules)
        # To the browser all this is one origin: it sends everything, and shows the page the answers.
        for name in ("simple", "json", "token", "delete", "read"):
            self.assertEqual(said[name], 421, said)
        # Each comes twice: after a 421 a browser tries another connection (RFC 9110, 15.5.20).
        self.assertEqual(self.told(421, "POST"), 2 * 5, said)
        self.assertEqual(self.told(421, "DELETE"), 2 * 1, said)
        self.assertEqual(self.boosts(), self.before)

    def test_has_the_right_token(self):
        """What the pages were refused is granted to who comes from no page."""
        boost = f"http://127.0.0.1:{self.node.port}/prioritize?pod=app-1"
        asked = urllib.request.Request(boost, method="POST", headers={"Authorization": f"Bearer {self.token}"})
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(asked, timeout=PATIENCE) as answer:
            self.assertEqual(answer.status, 200)
        self.assertEqual(self.told(200, "POST"), 1)
        self.assertEqual(len(self.boosts()), 2)


if __name__ == "__main__":
    if CHROMIUM is None:
        print("skipped: there is no chromium; ./dev test --full installs it")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Metrics of a live daemon, and the alerts and the dashboard that are made of them, in promtool's opinion.

usage: monitoring_test.py ROOT MUS-SCHEDULER; $MUS_PROMTOOL, or promtool in the PATH. Exit status 77: there is none.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT, BINARY = pathlib.Path(sys.argv[1]), sys.argv[2]
sys.path.insert(0, str(ROOT / "bench"))
from made_up_node import Node  # noqa: E402

PROMTOOL = shutil.which(os.environ.get("MUS_PROMTOOL", "promtool"))
RULES = ROOT / "manifests/prometheus/rules.yaml"
DASHBOARD = json.loads((ROOT / "manifests/prometheus/dashboard.json").read_text())


def promtool(*words, text=None, directory=None):
    done = subprocess.run([PROMTOOL, *map(str, words)], input=text, capture_output=True, text=True, cwd=directory)
    return done.returncode, done.stdout + done.stderr


def expressions():
    """The dashboard's, with values for its variables."""
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            yield target["expr"].replace("$__rate_interval", "5m").replace("$instance", ".*")


def metrics_of(text):
    return set(re.findall(r"\bmus_[a-z_]+\b", text))


class Monitoring(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with Node(BINARY, 2) as node:
            status, _ = node.ask("POST", "/prioritize?pod=app-0")
            assert status == 200
            status, body = node.ask("GET", "/metrics")
            assert status == 200
            cls.metrics = body.decode()
        cls.families = set()
        for name, kind in re.findall(r"^# TYPE (\S+) (\S+)", cls.metrics, re.MULTILINE):
            cls.families |= {name + end for end in ("_bucket", "_sum", "_count")} if kind == "histogram" else {name}

    def test_metrics_are_as_prometheus_wants_them(self):
        self.assertEqual(promtool("check", "metrics", text=self.metrics), (0, ""))

    def test_rules_are_rules_and_fire_when_they_should(self):
        code, said = promtool("check", "rules", RULES)
        self.assertEqual(code, 0, said)
        with tempfile.TemporaryDirectory() as directory:
            shutil.copy(RULES, directory)
            shutil.copy(ROOT / "tests/prometheus_rules_test.yaml", directory)
            code, said = promtool("test", "rules", "prometheus_rules_test.yaml", directory=directory)
        self.assertEqual(code, 0, said)

    def test_rules_and_dashboard_are_made_of_metrics_that_there_are(self):
        rules = re.findall(r"^ *expr: (.*)$", RULES.read_text(), re.MULTILINE)
        self.assertGreater(len(rules), 5)
        used = metrics_of("\n".join([*rules, *expressions()]))
        self.assertGreater(len(used), 10)
        self.assertLessEqual(used, self.families)

    def test_the_dashboards_expressions_are_promql(self):
        rules = [{"record": f"panel:{number}", "expr": text} for number, text in enumerate(expressions())]
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            json.dump({"groups": [{"name": "dashboard", "rules": rules}]}, file)  # JSON is YAML
            file.flush()
            code, said = promtool("check", "rules", file.name)
        self.assertEqual(code, 0, said)

    def test_the_dashboards_panels_have_titles_words_and_places_of_their_own(self):
        taken = set()
        for panel in DASHBOARD["panels"]:
            self.assertTrue(panel["title"] and panel["description"], panel["id"])
            place = panel["gridPos"]
            cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
            self.assertFalse(cells & taken, panel["title"])
            self.assertLessEqual(place["x"] + place["w"], 24, panel["title"])
            taken |= cells


if __name__ == "__main__":
    if not PROMTOOL:
        print("monitoring: skipped: there is no promtool here; ./dev test fetches it")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The dashboard as the daemon serves it, without a browser: dashboard_test.py has one.

usage: page_test.py ROOT MUS-SCHEDULER
"""

import base64
import hashlib
import pathlib
import re
import sys
import unittest
import urllib.error
import urllib.request

ROOT, BINARY = pathlib.Path(sys.argv[1]), sys.argv[2]
sys.path.insert(0, str(ROOT / "bench"))
from made_up_node import Node  # noqa: E402

LARGEST = 128 * 1024


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.node = Node(BINARY, 1, listen="127.0.0.1:0").__enter__()
        with urllib.request.urlopen(f"http://127.0.0.1:{cls.node.port}/") as answer:
            cls.headers, cls.text = answer.headers, answer.read().decode()

    @classmethod
    def tearDownClass(cls):
        cls.node.__exit__()

    def test_needs_no_token_while_what_it_asks_for_does(self):
        self.assertEqual(self.headers.get_content_type(), "text/html")
        for path in ("/status", "/pods"):
            with self.assertRaises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(f"http://127.0.0.1:{self.node.port}{path}")
            self.assertEqual(refused.exception.code, 401)

    def test_policy_lets_its_own_script_and_style_run_and_nothing_else(self):
        policy = self.headers["Content-Security-Policy"]
        for tag in ("script", "style"):
            (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", self.text, re.DOTALL)
            digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            self.assertIn(f"{tag}-src 'sha256-{digest}'", policy)
        for part in ("default-src 'none'", "connect-src 'self'", "frame-ancestors 'none'"):
            self.assertIn(part, policy)
        self.assertNotIn("unsafe", policy)

    def test_asks_nobody_else_and_holds_nothing_of_the_node(self):
        addresses = set(re.findall(r"(?:https?:)?//[a-z0-9][a-z0-9.-]*\.[a-z]+", self.text))
        self.assertLessEqual(addresses, {"http://www.w3.org"})  # the name space of SVG
        self.assertNotIn("app-0", self.text)
        self.assertNotRegex(self.text, r"@[A-Z_]+@")

    def test_is_small(self):
        self.assertLess(len(self.text), LARGEST)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])

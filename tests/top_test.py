#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`mus-scheduler top` in a real terminal (tmux), against the real daemon on a made-up node.

usage: top_test.py ROOT MUS-SCHEDULER
"""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ROOT, BINARY = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
sys.path.insert(0, str(ROOT / "bench"))
from made_up_node import Node  # noqa: E402

PATIENCE = 30  # seconds
PODS = 40
PROMPT = "ready>"


class Terminal:
    """A shell in a tmux of its own."""

    def __init__(self, columns=80, rows=24):
        self.directory = tempfile.TemporaryDirectory(prefix="mus-top.")
        self.socket = str(pathlib.Path(self.directory.name) / "tmux")
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": self.directory.name}
        shell = ["env", f"PS1={PROMPT} ", "HISTFILE=", "bash", "--norc", "--noprofile", "-i"]
        size = ["-x", str(columns), "-y", str(rows)]
        subprocess.run(
            ["tmux", "-S", self.socket, "-f", "/dev/null", "new-session", "-d", *size, *shell],
            check=True,
            env=environment,
        )
        self.tmux("set-option", "-g", "status", "off")
        self.tmux("set-option", "-g", "escape-time", "0")
        self.tmux("resize-window", *size)
        self.await_text(PROMPT)

    def tmux(self, *command):
        return subprocess.run(["tmux", "-S", self.socket, *command], check=True, capture_output=True, text=True).stdout

    def close(self):
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], check=False)
        self.directory.cleanup()

    def screen(self):
        return self.tmux("capture-pane", "-p")

    def lines(self):
        return self.screen().split("\n")

    def keys(self, *keys):
        self.tmux("send-keys", *keys)

    def type(self, text):
        self.tmux("send-keys", "-l", text)

    def command(self, text):
        self.type(text)
        self.keys("Enter")

    def resize(self, columns, rows):
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def state(self, variable):
        return self.tmux("display-message", "-p", "#{" + variable + "}").strip()

    def await_that(self, test, what):
        until = time.monotonic() + PATIENCE
        while not test():
            if time.monotonic() > until:
                raise AssertionError(f"{what} does not come; on the screen:\n{self.screen()}")
            time.sleep(0.05)

    def await_text(self, pattern):
        self.await_that(lambda: re.search(pattern, self.screen()), pattern)

    def await_no_text(self, pattern):
        self.await_that(lambda: not re.search(pattern, self.screen()), f"the end of {pattern}")


class Top(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.node = Node(str(BINARY), PODS).__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.node.__exit__()

    def tearDown(self):
        self.node.ask("DELETE", "/prioritize?all=true")

    def terminal(self, columns=80, rows=24):
        terminal = Terminal(columns, rows)
        self.addCleanup(terminal.close)
        return terminal

    def top(self, columns=80, rows=24, before=""):
        terminal = self.terminal(columns, rows)
        terminal.command(f"{before} {BINARY} top --socket {self.node.socket}")
        terminal.await_text("CONTAINER")
        terminal.await_text("app-0")
        return terminal

    def boosts(self):
        return json.loads(self.node.ask("GET", "/priorities")[1])["boosts"]

    def assert_in_order(self, terminal):
        """Echo and line editing are on, the cursor is there, and the alternate screen is left."""
        terminal.await_that(lambda: terminal.state("alternate_on") == "0", "the end of the alternate screen")
        terminal.await_that(lambda: terminal.state("cursor_flag") == "1", "the cursor")
        terminal.command("stty -a | grep -o -w -e '-*icanon' -e '-*echo' -e '-*isig' | tr '\\n' ,")
        terminal.await_text(r"^isig,icanon,echo,|^icanon,echo,|isig,icanon,echo")
        self.assertNotIn("-icanon,", terminal.screen().replace("'-*icanon'", ""))

    def processes(self):
        """The view's two: parent first."""
        found = subprocess.run(
            ["pgrep", "-f", f"top --socket {self.node.socket}$"], check=True, capture_output=True, text=True
        )
        return [int(line) for line in found.stdout.split()]

    def boost_and_reset(self, columns, rows):
        terminal = self.top(columns, rows)
        self.assertEqual(len(terminal.lines()) - 1, rows)
        terminal.keys("/")
        terminal.type("app-7-")
        terminal.await_text(r"/app-7-_")
        terminal.keys("Enter")
        terminal.await_text("3 of 120 containers")
        terminal.keys("Down", "b")
        terminal.await_text("Boost default/app-7-7c9d8f6b5-x2x9k/")
        # In memory nothing is divided, and it says so; that is an answer, too.
        terminal.await_text("what it would get is not known")
        terminal.type("2048")
        terminal.await_text("weight +2048")
        terminal.keys("Tab")
        terminal.type("5m")
        terminal.await_text("ttl +5m")
        terminal.await_no_text("asking what")
        terminal.keys("Enter")
        terminal.await_text("boosted pod=app-7-7c9d8f6b5-x2x9k")
        terminal.await_text(r"2048\*")
        (boost,) = self.boosts()
        self.assertEqual((boost["weight"], boost["ttl_seconds"]), (2048, 300))
        if columns >= 100:
            terminal.await_text("4m5[0-9]s")
        terminal.keys("r")
        terminal.await_text("> b[0-9]+  pod=app-7-")
        terminal.keys("Enter")
        terminal.await_text("took back b[0-9]+")
        terminal.await_no_text(r"2048\*")
        self.assertEqual(self.boosts(), [])

    def test_boosts_and_takes_back_in_80x24(self):
        self.boost_and_reset(80, 24)

    def test_boosts_and_takes_back_in_200x50(self):
        self.boost_and_reset(200, 50)

    def test_a_filter_shows_only_what_it_names_and_escape_shows_all_again(self):
        terminal = self.top()
        terminal.keys("/")
        terminal.type("APP-12-")
        terminal.await_no_text(r"app-0\b")
        terminal.await_text(r"app-12\b")
        terminal.keys("Escape")
        terminal.await_text("120 containers")

    def test_explains_and_comes_back(self):
        terminal = self.top()
        terminal.keys("e")
        terminal.await_text("Explain default/app-")
        terminal.await_text("LEVEL")
        terminal.keys("Escape")
        terminal.await_text("CONTAINER")

    def test_fills_the_terminal_again_after_a_resize_in_both_directions(self):
        terminal = self.top()
        for columns, rows in ((200, 50), (80, 24), (40, 10), (120, 30)):
            terminal.resize(columns, rows)
            bottom = "b boost  r reset"
            terminal.await_that(lambda: bottom in terminal.lines()[rows - 1], f"the last line of {columns}x{rows}")
            self.assertTrue(all(len(line) <= columns for line in terminal.lines()))
        terminal.await_text("LEFT")

    def test_a_daemon_that_goes_is_told_and_one_that_is_back_is_shown(self):
        terminal = self.top()
        self.node.daemon.kill()
        self.node.daemon.wait()
        terminal.await_text("the daemon does not answer, for")
        self.assertIn("app-0", terminal.screen())
        self.node.daemon = subprocess.Popen(self.node.daemon.args, stderr=subprocess.DEVNULL)
        terminal.await_no_text("does not answer")
        terminal.await_text("120 containers")

    def test_q_ctrl_c_and_sigterm_leave_the_terminal_in_order(self):
        for how in ("q", "C-c", signal.SIGTERM):
            with self.subTest(how=how):
                terminal = self.top()
                if isinstance(how, str):
                    terminal.keys(how)
                else:
                    os.kill(self.processes()[0], how)
                self.assert_in_order(terminal)

    def test_a_view_killed_by_sigkill_leaves_the_terminal_in_order_and_says_so(self):
        terminal = self.top()
        os.kill(self.processes()[1], signal.SIGKILL)
        terminal.await_text("ended by signal 9")
        self.assert_in_order(terminal)

    def test_a_view_that_crashes_leaves_the_terminal_in_order(self):
        terminal = self.top()
        os.kill(self.processes()[1], signal.SIGSEGV)
        terminal.await_text("ended by signal 11")
        self.assert_in_order(terminal)

    def test_the_view_ends_in_order_when_its_parent_is_killed_by_sigkill(self):
        terminal = self.top()
        parent, view = self.processes()
        os.kill(parent, signal.SIGKILL)
        terminal.await_that(lambda: not pathlib.Path(f"/proc/{view}").exists(), "the view's end")
        self.assert_in_order(terminal)

    def test_is_stopped_by_ctrl_z_and_goes_on_in_the_foreground(self):
        terminal = self.top()
        terminal.keys("C-z")
        terminal.await_text("Stopped")
        terminal.command("fg")
        terminal.await_text("b boost  r reset")
        terminal.keys("q")
        self.assert_in_order(terminal)

    def test_works_on_a_terminal_without_colour_and_on_one_that_nobody_knows(self):
        for term in ("vt100", "dumbest-of-all"):
            with self.subTest(term=term):
                terminal = self.top(before=f"TERM={term}")
                terminal.keys("Down", "b")
                terminal.await_text("Enter: boost")

    @unittest.skipIf(os.geteuid() != 0, "chroot needs root")
    def test_works_where_there_is_no_file_but_the_program(self):
        with tempfile.TemporaryDirectory(dir=self.node.work) as root:
            shutil.copy(BINARY, root)
            os.link(self.node.socket, f"{root}/api.sock")
            terminal = self.terminal()
            terminal.command(f"chroot {root} /mus-scheduler top --socket /api.sock")
            terminal.await_text("app-0")
            terminal.keys("b")
            terminal.await_text("Enter: boost")

    def test_without_a_terminal_it_names_the_command_that_needs_none(self):
        ended = subprocess.run(
            [BINARY, "top", "--socket", self.node.socket], stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        self.assertEqual(ended.returncode, 1)
        self.assertIn("mus-scheduler pods", ended.stderr)

    def test_prioritize_without_a_target_asks_which_one(self):
        terminal = self.terminal()
        terminal.command(f"{BINARY} prioritize --socket {self.node.socket} --ttl 1m")
        terminal.await_text("Which one")
        terminal.command("app-3-7c9d8f6b5-x2x9k/server")
        terminal.await_text("boosted pod=app-3-")
        (boost,) = self.boosts()
        self.assertEqual(boost["target"]["container"], "server")


if __name__ == "__main__":
    if shutil.which("tmux") is None:
        sys.exit("top_test: tmux is missing; ./dev setup installs it")
    unittest.main(argv=sys.argv[:1] + sys.argv[3:])

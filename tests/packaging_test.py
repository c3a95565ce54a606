#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What goes into the packages beside the program: packaging_test.py ROOT BUILD-DIR DEPS"""

import json
import os
import pathlib
import re
import subprocess
import sys
import unittest

ROOT, BUILD, DEPS = (pathlib.Path(word) for word in sys.argv[1:4])
PROGRAM = BUILD / "mus-scheduler"


def output(*command, **more):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True, **more).stdout


def commands():
    return re.findall(r"^  ([a-z-]+) ", output(PROGRAM, "--help").partition("Subcommands:")[2], re.MULTILINE)


class ManualPage(unittest.TestCase):
    def test_has_every_command_and_every_option_of_its_help(self):
        page = output("python3", ROOT / "scripts/man_page.py", PROGRAM).replace("\\-", "-")
        self.assertIn("prioritize", commands())
        for command in commands():
            _, found, rest = page.partition(f"\n.SS mus-scheduler {command}")
            self.assertTrue(found, command)
            part = rest.partition("\n.S")[0]
            for option in re.findall(r"^  (?:-[a-z],)?(--[a-z-]+)", output(PROGRAM, command, "--help"), re.MULTILINE):
                self.assertRegex(part, rf"\n\.B (-[a-z],)?{option}\b", command)

    def test_keeps_lines_that_look_like_requests_from_being_any(self):
        page = output("python3", ROOT / "scripts/man_page.py", PROGRAM)
        requests = set(re.findall(r"^[.'](\S+)", page, re.MULTILINE))
        self.assertLessEqual(requests, {"TH", "SH", "SS", "TP", "PP", "B", "BR", "I", "nf", "fi", '\\"'})


class BillOfMaterials(unittest.TestCase):
    def test_has_what_the_linker_was_given(self):
        document = json.loads(output("python3", ROOT / "scripts/sbom.py", BUILD, DEPS))
        self.assertEqual((document["bomFormat"], document["specVersion"]), ("CycloneDX", "1.5"))
        names = {component["name"] for component in document["components"]}
        self.assertLessEqual({"openssl", "libbpf", "zlib", "zstd", "elfutils (libelf)", "glibc", "cpp-httplib"}, names)
        for component in document["components"]:
            self.assertRegex(component["version"], r"\d", component["name"])
            self.assertTrue(component["licenses"][0]["expression"], component["name"])

    def test_has_every_library_that_the_build_knows(self):
        listed = (ROOT / "scripts/sbom.py").read_text().lower()
        for name in re.findall(r"mus_imported\((\w+)\)", (ROOT / "cmake/dependencies.cmake").read_text()):
            if name != "catch2":  # tests only
                self.assertIn(name.replace("json", "nlohmann-json"), listed)


class Completion(unittest.TestCase):
    def complete(self, *words):
        quoted = " ".join(f"'{word}'" for word in words)
        script = f"""
            . '{ROOT}/packaging/completion.bash'
            COMP_WORDS=({quoted}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
            _mus_scheduler; printf '%s\\n' "${{COMPREPLY[@]}}"
        """
        path = f"{BUILD}:{os.environ['PATH']}"
        return set(output("bash", "-c", script, env={"PATH": path, "MUS_SOCKET": "/nowhere"}).split())

    def test_knows_all_commands(self):
        self.assertEqual(self.complete("mus-scheduler", ""), set(commands()))
        self.assertEqual(self.complete("mus-scheduler", "pri"), {"prioritize"})

    def test_knows_a_commands_own_options(self):
        self.assertEqual(self.complete("mus-scheduler", "prioritize", "--w"), {"--weight", "--wait"})
        self.assertEqual(self.complete("mus-scheduler", "run", "--kubelet-c"),
                         {"--kubelet-ca", "--kubelet-client-cert", "--kubelet-client-key"})
        self.assertEqual(self.complete("mus-scheduler", "status", "--w"), set())

    def test_says_nothing_where_no_daemon_answers(self):
        self.assertEqual(self.complete("mus-scheduler", "prioritize", "re"), set())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The curl lines of README and docs do what is written there: each is run by bash, with the real curl, against a daemon
with an in-memory scheduler on a made-up node that has what the examples name.

What counts is in fenced blocks: lines that begin with curl, or with a shell function around it that the document
defines, also after a prompt, "sudo" and "# or:". The lines of one document are run in their order. Each has to be
answered, below 400; or, where the block goes on with "HTTP/1.1 N" or with a problem document, with just that status.
Where it goes on with a JSON document, the answer has to have its keys.

usage: docs_curl_test.py ROOT MUS-SCHEDULER
"""

import contextlib
import dataclasses
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import unittest

ROOT, BINARY = pathlib.Path(sys.argv[1]), sys.argv[2]
sys.path.insert(0, str(ROOT / "bench"))
from made_up_node import Node, pod  # noqa: E402

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PODS = [("shop", "redis"), ("default", "noise"), ("shop", "batch")]  # a namespace; a name, label and container
FILTERS = [name for name in ("grep", "head", "jq", "tail") if shutil.which(name)]  # what else is piped to is cut off

COMMENTED = re.compile(r".*# or: (?=curl )")
PROMPT = re.compile(r" *[$#] (?:sudo )?| *sudo | *")
FUNCTION = re.compile(r"(\w+) *\(\) *\{.*\bcurl\b.*\}")
ASSIGNMENT = re.compile(r"""(?:export )?\w+=(?:\$\([^)]*\)|"[^"]*"|'[^']*'|\S+) *(?:#.*)?$""")
CURL = """curl() {
  command curl -q --noproxy '*' --max-time "$LONGEST" --dump-header "$WORK/head" "$@"
  echo $? >"$WORK/code"
}
"""


@dataclasses.dataclass
class Line:
    number: int
    text: str
    before: list  # functions and variables that it may use
    shown: str = ""  # what the block goes on with, up to the next prompt or curl line


def blocks(text):
    """Of the document: the lines of each fenced block, with their numbers."""
    block = None
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            if block is not None:
                yield block
            block = [] if block is None else None
        elif block is not None:
            block.append((number, line))


def is_open(text):
    """It ends within a quotation, or with a backslash."""
    with contextlib.suppress(ValueError):
        shlex.split(text, comments=True)
        return False
    return True


def curl_lines(text):
    before, names, found = [], ["curl"], []
    for block in blocks(text):
        last, rest = None, iter(block)
        for number, line in rest:
            commented = COMMENTED.match(line)
            start = commented or PROMPT.match(line)
            command = line[start.end() :]
            if function := FUNCTION.match(command):
                before.append(command)
                names.append(function[1])
            elif ASSIGNMENT.match(command):
                before.append(command)
            elif command.split(" ")[0] in names:
                while is_open(command) and (following := next(rest, None)):
                    command += "\n" + (following[1].lstrip(" #") if commented else following[1])
                last = Line(number, command, before.copy())
                found.append(last)
            elif start[0].strip():
                last = None
            elif last:
                last.shown += line + "\n"
    return found


def shown_document(shown):
    """The JSON document that is shown, with "..." taken out; or None."""
    text = re.search(r"^\{(?:[^\n]*\}$|.*?^\}$)", shown, re.MULTILINE | re.DOTALL)
    if not text:
        return None
    text = re.sub(r"^ *\.\.\.,? *$|, *\.\.\.(?= *[}\]])|(?<=[{\[])\.\.\.(?=[}\]])", "", text[0], flags=re.MULTILINE)
    return json.loads(re.sub(r",(\s*[}\]])", r"\1", text))


def missing(shown, real, path=""):
    """Where keys of what is shown are not in what was answered. Under a null or an empty list nothing can be told."""
    if isinstance(shown, dict) and isinstance(real, dict):
        for key, value in shown.items():
            if key not in real:
                yield path + key
            else:
                yield from missing(value, real[key], f"{path}{key}.")
    elif isinstance(shown, list) and isinstance(real, list) and real:
        for item in shown:
            yield from missing(item, real[0], path)


def statuses(heads):
    return [int(status) for status in re.findall(r"^HTTP/[\d.]+ (\d{3})", heads, re.MULTILINE)]


def defaults():
    """What documents say that the daemon's socket, address and directory are: what it says itself."""
    text = subprocess.run([BINARY, "run", "--help"], check=True, capture_output=True, text=True).stdout
    return {name: re.search(rf"--{name} TEXT=(\S+)", text)[1] for name in ("socket", "listen", "state-dir")}


@contextlib.contextmanager
def documented_node():
    items = []
    for number, (namespace, name) in enumerate(PODS):
        item = pod(number)
        item["metadata"] |= {"namespace": namespace, "name": f"{name}-7c9d8f6b5-x2x9k"}
        item["metadata"]["labels"] = {"app": name, "app.kubernetes.io/name": name}
        item["spec"]["containers"][0]["name"] = item["status"]["containerStatuses"][0]["name"] = name
        items.append(item)
    with Node(BINARY, items, listen="127.0.0.1:0") as node:
        for unit in ("redis-server.service", "redis.service"):
            (node.work / "cgroup/system.slice" / unit).mkdir(parents=True)
        yield node


class Reader:
    """Who does what a document says."""

    def __init__(self, node):
        self.node = node
        there, token = defaults(), f"{node.state}/token"
        self.instead = {there["socket"]: node.socket, "TOKEN_FILE": token, f"{there['state-dir']}/token": token}
        for name in ("127.0.0.1", "localhost"):
            self.instead[there["listen"].replace("127.0.0.1", name)] = f"{name}:{node.port}"

    def run(self, line):
        """-> curl's exit status, the heads that it got, and the output in one line."""
        text = re.sub(rf"^([^|]*)\|\s*(?!(?:{'|'.join(FILTERS)})\b)\w.*", r"\1", line.text, flags=re.DOTALL)
        text = "\n".join([*line.before, text]).replace("sudo ", "")
        for documented, ours in self.instead.items():
            text = text.replace(documented, ours)
        head, code = self.node.work / "head", self.node.work / "code"
        head.write_text("")
        code.write_text("null")
        there = os.environ | {"WORK": str(self.node.work), "LONGEST": "1" if "/events" in line.text else "20"}
        bash = ["bash", "-c", CURL + text]
        done = subprocess.run(bash, env=there, cwd=self.node.work, capture_output=True, text=True, timeout=60)
        return json.loads(code.read_text()), head.read_text(), " ".join((done.stdout or done.stderr).split())

    def complaints(self, line):
        """What is not as it is written, as sentences."""
        code, heads, said = self.run(line)
        try:
            document = shown_document(line.shown)
        except ValueError as error:
            return [f"what is shown is no JSON: {error}"]
        problem = document if document and {"type", "title", "status"} <= document.keys() else {}
        expected = next(iter(statuses(line.shown)), problem.get("status"))
        if code is None or not statuses(heads):
            return [f"curl got no answer (exit status {code}): {said}"]
        status = statuses(heads)[-1]
        if status != expected if expected else status >= 400:
            return [f"answered {status} instead of {expected or 'a success'}: {said}"]
        # A stream does not end by itself; --fail says so; whoever is at the end of a pipe may have had enough.
        good = {0: True, 28: "text/event-stream" in heads.lower(), 22: status >= 400, 23: "|" in line.text}
        if not good.get(code):
            return [f"curl's exit status is {code}: {said}"]
        if document is None:
            return []
        try:
            real, _ = json.JSONDecoder().raw_decode(said, said.index("{"))
        except ValueError:
            return [f"the answer is no JSON: {said}"]
        return [f"the answer has no '{path}'" for path in missing(document, real)]


class TheCurlLines(unittest.TestCase):
    executed = 0

    def test_of_each_document_do_what_is_written_there(self):
        wrong = []
        for path in DOCUMENTS:
            lines = curl_lines(path.read_text())
            if not lines:
                continue
            with documented_node() as node:
                reader = Reader(node)
                for line in lines:
                    wrong += [f"{path.relative_to(ROOT)}:{line.number}: {one}" for one in reader.complaints(line)]
            TheCurlLines.executed += len(lines)
        self.assertGreater(self.executed, 0, "there are no curl lines, or they are not found any more")
        if wrong:
            self.fail("\n".join(["", *wrong]))


class WhatIsWrongWithALine(unittest.TestCase):
    def complaints(self, *block):
        (line,) = curl_lines("\n".join(["```sh", *block, "```"]))
        return " ".join(self.reader.complaints(line))

    @classmethod
    def setUpClass(cls):
        cls.reader = Reader(cls.enterClassContext(documented_node()))
        cls.curl = f"curl -sS --unix-socket {defaults()['socket']}"
        cls.nobody = f"{cls.curl} -X POST 'http://localhost/prioritize?pod=nobody'"

    def test_an_unknown_pod_is_reported(self):
        self.assertIn("answered 404", self.complaints("$ " + self.nobody))

    def test_a_refusal_that_is_shown_is_expected(self):
        self.assertEqual(self.complaints(self.nobody, '{"type": "urn:...", "title": "...", "status": 404, ...}'), "")
        self.assertIn("answered 404 instead of 409", self.complaints(self.nobody, "HTTP/1.1 409 Conflict"))

    def test_an_unknown_option_or_socket_is_reported(self):
        self.assertIn("no answer", self.complaints(f"{self.curl} --no-such-option http://localhost/version"))
        self.assertIn("no answer", self.complaints("curl --unix-socket /run/no-such.sock http://localhost/version"))

    def test_a_key_that_is_not_answered_is_reported(self):
        shown = ["{", '  "version": "9.9.9",', '  "colour": "red",', "  ...", "}"]
        said = self.complaints(f"# sudo {self.curl} \\", "    http://localhost/version", *shown)
        self.assertEqual(said, "the answer has no 'colour'")

    def test_prose_and_other_commands_are_no_curl_lines(self):
        self.assertEqual(curl_lines("curl it\n```\ngraph: curl --> api\nkubectl get pods\n```\n"), [])


if __name__ == "__main__":
    result = unittest.main(argv=sys.argv[:1], exit=False).result
    print(f"{TheCurlLines.executed} curl lines of README and docs were run")
    sys.exit(not result.wasSuccessful())

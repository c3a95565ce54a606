#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Requests made up from the API's description, right and wrong ones, to a daemon with an in-memory scheduler: each
answer has a status, a type and a document as described, none is the daemon's own mistake, and it lives on.

usage: openapi_test.py MUS-SCHEDULER [REQUESTS]
"""

import http.client
import json
import pathlib
import socket
import sys
import tempfile
import unittest
import urllib.parse

import jsonschema
import hypothesis.configuration
from hypothesis import HealthCheck, given, settings, strategies

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "bench"))
from made_up_node import Node, uid  # noqa: E402

BINARY = sys.argv[1]
REQUESTS = int(sys.argv[2]) if len(sys.argv) > 2 else 300
PODS = 3
STREAMS = ("events",)  # does not end: only what is refused of it can be compared

POD_CGROUP = f"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{uid(0).replace('-', '_')}.slice"

# Names of the made-up node, so that some of what is asked for exists.
KNOWN = {
    "pod": ["app-0", "app-1-7c9d8f6b5-x2x9k", "app-2"],
    "namespace": ["default"],
    "container": ["server", "sidecar"],
    "uid": [uid(0)],
    "label": ["app=app-1", "app=app-9"],
    "cgroup": [POD_CGROUP, "/kubepods.slice"],
}
SHORT = ["0", "10ms", "0.05"]  # for wait: nobody has 30 s


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=20)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def ask(node, method, target, body=None):
    connection = UnixConnection(node.socket)
    headers = {} if body is None else {"Content-Type": "application/json"}
    connection.request(method, target, body, headers)
    answer = connection.getresponse()
    stream = answer.headers.get_content_type() == "text/event-stream"
    text = b"" if stream else answer.read()
    connection.close()
    return answer.status, answer.headers.get_content_type(), text


def resolved(document, value):
    while "$ref" in value:
        found = document
        for part in value["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        value = found
    return value


def right(document, name, schema):
    """A strategy for what the schema allows."""
    schema = resolved(document, schema)
    if name == "wait":
        return strategies.sampled_from(SHORT)
    for several in ("anyOf", "allOf"):
        if several in schema:
            return strategies.one_of(right(document, name, one) for one in schema[several])
    if "enum" in schema:
        return strategies.sampled_from(schema["enum"])
    kind = schema["type"]
    if kind == "boolean":
        return strategies.booleans()
    if kind == "array":
        return strategies.lists(right(document, "", schema["items"]), min_size=1, max_size=3)
    if kind in ("integer", "number"):
        return strategies.integers(schema.get("minimum", 0), schema.get("maximum", 2**31))
    made_up = strategies.from_regex(schema.get("pattern", "^[a-z]+$"), fullmatch=True)
    made_up = made_up.filter(lambda text: len(text) <= schema.get("maxLength", 1000))
    return strategies.one_of(strategies.sampled_from(KNOWN[name]), made_up) if name in KNOWN else made_up


WRONG = strategies.one_of(
    strategies.sampled_from(["", " ", "-1", "1e9", "null", "../..", "a" * 300, "%00", "2147483648", "NaN", [1], {"a": {}}]),
    strategies.text(max_size=40),
    strategies.none(),
    strategies.floats(),
    strategies.integers(),
)


@strategies.composite
def requests(draw, document, operations):
    path, method, operation = draw(strategies.sampled_from(operations))
    described = [resolved(document, one) for one in operation.get("parameters", [])]
    described = {one["name"]: one["schema"] for one in described if one["in"] == "query"}
    values = {}
    if described:
        for name in draw(strategies.lists(strategies.sampled_from(sorted(described)), max_size=3, unique=True)):
            wrong = draw(strategies.integers(0, 3)) == 0
            values[name] = draw(WRONG if wrong else right(document, name, described[name]))
    if "requestBody" in operation and draw(strategies.booleans()):
        return operation, method, path, json.dumps(values)
    return operation, method, path + in_query(values.items()), None


def in_query(parameters):
    flat = []
    for name, value in parameters:
        if isinstance(value, list):
            value = ",".join(str(item) for item in value)
        flat.append((name, json.dumps(value) if isinstance(value, bool) else str(value)))
    return "?" + urllib.parse.urlencode(flat) if flat else ""


class TheDescription(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.node = Node(BINARY, PODS).__enter__()
        status, kind, text = ask(cls.node, "GET", "/openapi.json")
        assert (status, kind) == (200, "application/json")
        cls.document = json.loads(text)

    @classmethod
    def tearDownClass(cls):
        cls.node.__exit__()

    def setUp(self):
        ask(self.node, "POST", "/attach")  # whatever the test before has done

    def operations(self):
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                yield path, method.upper(), operation

    def check(self, operation, status, kind, text, what):
        responses = operation["responses"]
        response = resolved(self.document, responses.get(str(status), responses["default"]))
        self.assertIn(kind, response["content"], what)
        if str(status) not in responses:
            self.assertGreaterEqual(status, 400, what)
        self.assertNotEqual(status, 500, (what, text))
        if kind.endswith("json"):
            value = json.loads(text)
            schema = dict(response["content"][kind]["schema"], components=self.document["components"])
            jsonschema.Draft202012Validator(schema).validate(value)
            if kind == "application/problem+json":
                self.assertEqual(value["status"], status, what)
        elif kind == "text/plain" and "const" in response["content"][kind]["schema"]:
            self.assertEqual(text.decode(), response["content"][kind]["schema"]["const"], what)

    def test_has_schemas_that_are_schemas(self):
        for schema in self.document["components"]["schemas"].values():
            jsonschema.Draft202012Validator.check_schema(schema)

    def test_has_examples_that_are_right(self):
        for body in self.document["components"]["requestBodies"].values():
            media = body["content"]["application/json"]
            schema = dict(media["schema"], components=self.document["components"])
            jsonschema.Draft202012Validator(schema).validate(media["example"])

    def test_tells_what_each_call_answers(self):
        for path, method, operation in self.operations():
            if operation["operationId"] in STREAMS:
                continue
            with self.subTest(f"{method} {path}"):
                self.check(operation, *ask(self.node, method, path), f"{method} {path}")

    def test_tells_what_boosts_look_like(self):
        operations = {operation["operationId"]: operation for _, _, operation in self.operations()}
        for call, method, target in (
            ("prioritize", "POST", "/prioritize?pod=app-0&ttl=1m"),
            ("prioritize", "POST", f"/prioritize?cgroup={POD_CGROUP}&weight=16"),
            ("explain", "GET", "/explain?pod=app-0&container=server&weight=4096"),
            ("explain", "GET", f"/explain?cgroup={POD_CGROUP}"),
            ("priorities", "GET", "/priorities"),
            ("status", "GET", "/status"),
            ("reset", "DELETE", "/prioritize?pod=app-0"),
            ("reset", "DELETE", "/prioritize?all=true"),
        ):
            with self.subTest(target):
                status, kind, text = ask(self.node, method, target)
                self.assertEqual(status, 200, text)
                self.check(operations[call], status, kind, text, target)

    def test_holds_for_requests_made_up_from_it(self):
        statuses = set()

        @settings(max_examples=REQUESTS, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(requests(self.document, list(self.operations())))
        def try_one(request):
            operation, method, target, body = request
            status, kind, text = ask(self.node, method, target, body)
            self.check(operation, status, kind, text, f"{method} {target} {body}")
            statuses.add(status)

        try_one()
        self.assertLessEqual({200, 400, 404}, statuses)  # neither all refused nor all let pass
        self.assertEqual(ask(self.node, "GET", "/livez")[0], 200)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        hypothesis.configuration.set_hypothesis_home_dir(home)
        unittest.main(argv=sys.argv[:1])

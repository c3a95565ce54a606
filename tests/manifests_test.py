#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The manifests are what docs and demo say, and the daemon accepts what they pass: manifests_test.py ROOT [BINARY]."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import yaml

MANIFESTS = pathlib.Path(sys.argv[1]) / "manifests"
BINARY = sys.argv[2] if len(sys.argv) > 2 else None


def read(name):
    return list(yaml.safe_load_all((MANIFESTS / name).read_text()))


def kinds(name):
    return {document["kind"]: document for document in read(name)}


def pod_spec(document):
    return document["spec"]["template"]["spec"]


def only_container(document):
    (container,) = pod_spec(document)["containers"]
    return container


def environment(container):
    return {item["name"]: item.get("value") for item in container["env"]}


def overlays():
    return sorted(path.name for path in (MANIFESTS / "overlays").iterdir())


def patches(overlay):
    (kustomization,) = read(f"overlays/{overlay}/kustomization.yaml")
    for patch in kustomization["patches"]:
        yield from read(f"overlays/{overlay}/{patch['path']}")


def merged(base, patch):
    """A strategic merge, as far as the patches need it: null takes away, and lists of what has names merge by them."""
    if isinstance(base, dict) and isinstance(patch, dict):
        left = {key: value for key, value in base.items() if patch.get(key, value) is not None}
        return left | {key: merged(base.get(key), value) for key, value in patch.items() if value is not None}
    if isinstance(base, list) and all(isinstance(item, dict) and "name" in item for item in [*base, *patch]):
        there = {item["name"]: item for item in base}
        return list((there | {item["name"]: merged(there.get(item["name"], {}), item) for item in patch}).values())
    return patch


def overlaid(overlay):
    """The base's DaemonSet with the overlay's patches."""
    document = kinds("base/daemonset.yaml")["DaemonSet"]
    for patch in patches(overlay):
        document = merged(document, patch)
    return document


class EveryManifest(unittest.TestCase):
    def test_is_kubernetes(self):
        for path in MANIFESTS.glob("*.yaml"):
            if path.name.endswith(".patch.yaml"):
                continue
            for document in read(path.name):
                self.assertIn("apiVersion", document, path)
                self.assertIn("kind", document, path)
                self.assertIn("name", document["metadata"], path)
                self.assertIn("app.kubernetes.io/name", document["metadata"]["labels"], path)

    def test_pins_images_by_a_tag(self):
        for name in ("redis.yaml", "noise.yaml", "daemonset.yaml"):
            for document in read(name):
                if "template" not in document.get("spec", {}):
                    continue
                image = only_container(document)["image"]
                _, _, tag = image.rpartition("/")[2].partition(":")
                self.assertTrue(tag and tag not in ("latest", "master"), image)

    def test_selectors_match_the_pods(self):
        for name in ("redis.yaml", "noise.yaml", "daemonset.yaml"):
            for document in read(name):
                if "template" not in document.get("spec", {}):
                    continue
                labels = document["spec"]["template"]["metadata"]["labels"]
                self.assertLessEqual(document["spec"]["selector"]["matchLabels"].items(), labels.items())


class Workload(unittest.TestCase):
    def test_redis(self):
        documents = kinds("redis.yaml")
        container = only_container(documents["Deployment"])
        labels = documents["Deployment"]["spec"]["template"]["metadata"]["labels"]
        self.assertEqual(labels, {"app": "redis", "app.kubernetes.io/name": "redis"})
        self.assertEqual(container["resources"]["requests"]["cpu"], "100m")
        self.assertNotIn("cpu", container["resources"]["limits"])
        service = documents["Service"]["spec"]
        self.assertEqual(service["type"], "NodePort")
        self.assertEqual(service["ports"][0]["nodePort"], 30001)
        self.assertLessEqual(service["selector"].items(), labels.items())
        self.assertEqual(service["ports"][0]["targetPort"], container["ports"][0]["name"])

    def test_noise(self):
        container = only_container(kinds("noise.yaml")["Deployment"])
        self.assertEqual(container["args"][:2], ["--cpu", "6"])
        self.assertEqual(container["resources"]["requests"]["cpu"], "500m")
        self.assertNotIn("cpu", container["resources"]["limits"])


class Daemon(unittest.TestCase):
    def setUp(self):
        self.documents = kinds("daemonset.yaml")
        self.spec = pod_spec(self.documents["DaemonSet"])
        self.container = only_container(self.documents["DaemonSet"])

    def test_has_the_least_privilege(self):
        security = self.container["securityContext"]
        self.assertIs(security["privileged"], False)
        self.assertIs(security["allowPrivilegeEscalation"], False)
        self.assertIs(security["readOnlyRootFilesystem"], True)
        self.assertEqual(security["capabilities"], {"drop": ["ALL"], "add": ["BPF", "PERFMON"]})
        self.assertNotIn("hostNetwork", self.spec)
        writable = {mount["name"] for mount in self.container["volumeMounts"] if not mount.get("readOnly")}
        host = {volume["name"]: volume["hostPath"]["path"] for volume in self.spec["volumes"] if "hostPath" in volume}
        self.assertEqual(
            sorted(host[name] for name in writable if name in host), ["/run/mus-scheduler", "/var/lib/mus-scheduler"]
        )

    def test_asks_for_nothing_but_the_pod_list(self):
        self.assertEqual(
            self.documents["ClusterRole"]["rules"], [{"apiGroups": [""], "resources": ["nodes/pods"], "verbs": ["get"]}]
        )
        for name in ("daemonset.yaml", "rbac-nodes-proxy.yaml"):
            documents = kinds(name)
            binding = documents["ClusterRoleBinding"]
            self.assertEqual(binding["roleRef"]["name"], documents["ClusterRole"]["metadata"]["name"])
            (subject,) = binding["subjects"]
            account = self.documents["ServiceAccount"]["metadata"]
            self.assertEqual((subject["name"], subject["namespace"]), (account["name"], account["namespace"]))
        self.assertEqual(self.spec["serviceAccountName"], account["name"])

    def test_does_not_mount_the_runtime_s_socket(self):
        for volume in self.spec["volumes"]:
            path = volume.get("hostPath", {}).get("path", "")
            self.assertNotIn(path.rstrip("/"), ("/", "/run", "/var/run", "/run/containerd", "/run/k3s", "/run/k3s/containerd"))

    def test_mounts_what_is_read_below_the_host_root(self):
        root = environment(self.container)["MUS_HOST_ROOT"]
        host = {volume["name"]: volume["hostPath"]["path"] for volume in self.spec["volumes"] if "hostPath" in volume}
        below = {m["mountPath"]: host[m["name"]] for m in self.container["volumeMounts"] if m["mountPath"].startswith(root)}
        self.assertEqual({root + path for path in below.values()}, set(below))
        self.assertIn("/var/log/containers", below.values())
        self.assertTrue(any("io.containerd.runtime.v2.task" in path for path in below.values()))
        for name in ("MUS_NODE_IP", "MUS_NODE_NAME"):
            (item,) = (item for item in self.container["env"] if item["name"] == name)
            self.assertIn("fieldRef", item["valueFrom"])

    def test_mounts_what_it_names(self):
        volumes = {volume["name"] for volume in self.spec["volumes"]}
        paths = {mount["mountPath"]: mount for mount in self.container["volumeMounts"]}
        self.assertEqual({mount["name"] for mount in paths.values()}, volumes)
        self.assertIn(environment(self.container)["MUS_CGROUP_ROOT"], paths)

    def patched(self):
        (patch,) = read("kubelet-pin.patch.yaml")
        container = only_container(patch)
        self.assertEqual(container["name"], self.container["name"])
        self.assertIn(environment(container)["MUS_KUBELET_PIN"], {m["mountPath"] for m in container["volumeMounts"]})
        return environment(self.container) | environment(container)

    def variants(self):
        """What the DaemonSet's containers may be given: as it is, with a pinned kubelet, and by each overlay."""
        overlaid_ones = [environment(only_container(overlaid(overlay))) for overlay in overlays()]
        return [environment(self.container), self.patched(), *overlaid_ones]

    @unittest.skipUnless(BINARY, "no binary given")
    def test_settings_are_the_daemon_s(self):
        settings = subprocess.run([BINARY, "run", "--help"], check=True, capture_output=True, text=True).stdout
        for name in set().union(*self.variants()):
            if name.startswith("MUS_"):
                self.assertIn(f"(Env:{name})", settings)

    @unittest.skipUnless(BINARY, "no binary given")
    def test_the_daemon_starts_with_them(self):
        for settings in self.variants():
            with tempfile.TemporaryDirectory() as work:
                variables = {key: value for key, value in settings.items() if value is not None}
                variables |= {"MUS_NODE_IP": "192.0.2.7", "MUS_NODE_NAME": "node-1"}
                variables |= {"MUS_SOCKET": f"{work}/api.sock", "MUS_STATE_DIR": work, "MUS_CGROUP_ROOT": work}
                dry = [] if "MUS_DRY_RUN" in settings else ["--dry-run"]
                daemon = subprocess.Popen(
                    [BINARY, *self.container["args"], *dry],
                    env=os.environ | variables,
                    stderr=subprocess.PIPE,
                    text=True,
                )
                for _ in range(200):
                    if daemon.poll() is not None or os.path.exists(f"{work}/api.sock"):
                        break
                    time.sleep(0.05)
                status = subprocess.run(
                    [BINARY, "status", "--json", "--socket", f"{work}/api.sock"], capture_output=True, text=True
                )
                daemon.send_signal(signal.SIGTERM)
                _, said = daemon.communicate(timeout=20)
                self.assertEqual(daemon.returncode, 0, said)
                self.assertIs(json.loads(status.stdout)["scheduler"]["dry_run"], True)


class Overlays(unittest.TestCase):
    def test_stand_on_the_base_which_is_daemonset_yaml(self):
        self.assertEqual(overlays(), ["read-only", "with-annotations"])
        (base,) = read("base/kustomization.yaml")
        self.assertEqual(base["resources"], ["daemonset.yaml"])
        self.assertEqual(read("base/daemonset.yaml"), read("daemonset.yaml"))
        for overlay in overlays():
            (kustomization,) = read(f"overlays/{overlay}/kustomization.yaml")
            self.assertEqual(kustomization["resources"], ["../../base"])

    def test_patch_what_the_base_has(self):
        def key(document):
            return document["kind"], document["metadata"]["namespace"], document["metadata"]["name"]

        daemon_set = kinds("base/daemonset.yaml")["DaemonSet"]
        volumes = {volume["name"] for volume in pod_spec(daemon_set)["volumes"]}
        for overlay in overlays():
            for patch in patches(overlay):
                self.assertEqual(key(patch), key(daemon_set), overlay)
                self.assertEqual(only_container(patch)["name"], only_container(daemon_set)["name"], overlay)
                self.assertLessEqual({one["name"] for one in pod_spec(patch).get("volumes", [])}, volumes, overlay)

    def test_read_only_changes_nothing_on_the_node(self):
        document = overlaid("read-only")
        container = only_container(document)
        self.assertEqual(environment(container)["MUS_DRY_RUN"], "true")
        self.assertEqual(container["securityContext"]["capabilities"], {"drop": ["ALL"]})
        host = {v["name"]: v["hostPath"]["path"] for v in pod_spec(document)["volumes"] if "hostPath" in v}
        writable = {mount["name"] for mount in container["volumeMounts"] if not mount.get("readOnly")}
        self.assertEqual([host[name] for name in writable if name in host], ["/run/mus-scheduler"])

    def test_with_annotations_names_namespaces_and_a_ceiling(self):
        settings = environment(only_container(overlaid("with-annotations")))
        self.assertRegex(settings["MUS_ANNOTATION_NAMESPACES"], r"^[a-z0-9,-]+$")  # those that opt in: not all
        self.assertIn(int(settings["MUS_ANNOTATION_CEILING"]), range(1024, 4097))  # at most the default

    @unittest.skipUnless(shutil.which("kubectl"), "no kubectl to ask")
    def test_kustomize_says_the_same(self):
        def by_name(value):  # in which order it merges is its own affair
            if isinstance(value, list):
                return sorted(map(by_name, value), key=lambda one: str(one.get("name") if isinstance(one, dict) else one))
            return {key: by_name(item) for key, item in value.items()} if isinstance(value, dict) else value

        for overlay in overlays():
            kustomize = ["kubectl", "kustomize", MANIFESTS / "overlays" / overlay]
            made = subprocess.run(kustomize, check=True, capture_output=True, text=True).stdout
            made = {document["kind"]: document for document in yaml.safe_load_all(made)}
            expected = kinds("base/daemonset.yaml") | {"DaemonSet": overlaid(overlay)}
            self.assertEqual(by_name(made), by_name(expected), overlay)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

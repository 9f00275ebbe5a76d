#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""integrations/kubernetes: the parts fit each other, and the server starts with the manifest's arguments."""
import json
import os
import pathlib
import re
import select
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest

import yaml

SLUICE = os.path.abspath(os.environ["SLUICE"])
FOLDER = pathlib.Path(__file__).resolve().parent.parent / "integrations" / "kubernetes"
NAME = "sluice.sluice-system.svc"


def documents(name):
    return [each for each in yaml.safe_load_all((FOLDER / name).read_text(encoding="utf-8")) if each]


def one(kind):
    found = [each for each in documents("sluice.yaml") if each["kind"] == kind]
    assert len(found) == 1, f"one {kind} is expected"
    return found[0]


def make_certificate(folder):
    subprocess.run([str(FOLDER / "certificate.sh"), folder], check=True, capture_output=True)


class Manifest(unittest.TestCase):
    def setUp(self):
        self.deployment = one("Deployment")
        self.pod = self.deployment["spec"]["template"]["spec"]
        self.container = self.pod["containers"][0]
        self.webhook = one("ValidatingWebhookConfiguration")["webhooks"][0]

    def test_everything_is_in_its_namespace_and_found_by_its_labels(self):
        labels = self.deployment["spec"]["template"]["metadata"]["labels"]
        for document in documents("sluice.yaml") + documents("cert-manager.yaml"):
            if document["kind"] not in ("Namespace", "ValidatingWebhookConfiguration"):
                self.assertEqual(document["metadata"]["namespace"], "sluice-system", document["kind"])
        self.assertEqual(self.deployment["spec"]["selector"]["matchLabels"], labels)
        self.assertEqual(one("Service")["spec"]["selector"], labels)
        self.assertEqual(one("PodDisruptionBudget")["spec"]["selector"]["matchLabels"], labels)
        self.assertEqual(one("NetworkPolicy")["spec"]["podSelector"]["matchLabels"], labels)
        self.assertEqual(self.pod["serviceAccountName"], one("ServiceAccount")["metadata"]["name"])
        self.assertLess(one("PodDisruptionBudget")["spec"]["minAvailable"], self.deployment["spec"]["replicas"])

    def test_the_ports_lead_from_the_webhook_to_the_server(self):
        service, client = one("Service"), self.webhook["clientConfig"]["service"]
        self.assertEqual((client["name"], client["namespace"]),
                         (service["metadata"]["name"], service["metadata"]["namespace"]))
        port = service["spec"]["ports"][0]
        self.assertEqual(client["port"], port["port"])
        (target,) = [each for each in self.container["ports"] if each["name"] == port["targetPort"]]
        self.assertIn(f"--listen=0.0.0.0:{target['containerPort']}", self.container["args"])
        self.assertEqual(one("NetworkPolicy")["spec"]["ingress"][0]["ports"][0]["port"], target["name"])
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            self.assertEqual(self.container[probe]["httpGet"]["port"], target["name"])

    def test_files_of_the_arguments_are_mounted(self):
        sources = {each["name"]: each for each in self.pod["volumes"]}
        mounts = {each["mountPath"]: each for each in self.container["volumeMounts"]}
        for argument in self.container["args"]:
            path = argument.partition("=")[2]
            if not path.startswith("/"):
                continue
            folder = path if path in mounts else os.path.dirname(path)
            self.assertTrue(mounts[folder]["readOnly"])
            source = sources[mounts[folder]["name"]]
            if "configMap" in source and folder != path:
                (values,) = [each["data"] for each in documents("sluice.yaml")
                             if each["kind"] == "ConfigMap" and each["metadata"]["name"] == source["configMap"]["name"]]
                self.assertIn(os.path.basename(path), values)
        self.assertEqual(documents("cert-manager.yaml")[1]["spec"]["secretName"],
                         sources["tls"]["secret"]["secretName"])

    def test_it_is_closed_and_takes_no_rights(self):
        self.assertEqual((self.webhook["failurePolicy"], self.webhook["matchPolicy"], self.webhook["sideEffects"]),
                         ("Fail", "Equivalent", "None"))
        self.assertEqual(self.webhook["timeoutSeconds"], 5)
        resources = {each for rule in self.webhook["rules"] for each in rule["resources"]}
        self.assertLessEqual({"pods", "pods/ephemeralcontainers", "podtemplates", "replicationcontrollers",
                              "deployments", "replicasets", "statefulsets", "daemonsets", "jobs", "cronjobs"}, resources)
        self.assertIn("kube-system", self.webhook["namespaceSelector"]["matchExpressions"][0]["values"])
        self.assertIs(one("ServiceAccount")["automountServiceAccountToken"], False)
        self.assertIs(self.pod["automountServiceAccountToken"], False)
        kinds = {each["kind"] for each in documents("sluice.yaml")}
        self.assertFalse({kind for kind in kinds if "Role" in kind}, "it needs no role")


class Server(unittest.TestCase):
    """The manifest's own arguments, with its paths below a folder of the test's."""

    def setUp(self):
        temp = tempfile.TemporaryDirectory()
        self.addCleanup(temp.cleanup)
        self.root = temp.name
        self.container = one("Deployment")["spec"]["template"]["spec"]["containers"][0]
        make_certificate(self.path("/etc/sluice/tls"))
        self.config = [each for each in documents("sluice.yaml") if each["kind"] == "ConfigMap"][0]["data"]
        self.mount("/etc/sluice/policy", self.config)
        self.mount("/etc/sluice/evidence", {})

    def path(self, path):
        return self.root + path

    def mount(self, path, files):
        """A folder as the kubelet makes it of a ConfigMap: through links."""
        folder = pathlib.Path(self.path(path))
        (folder / "..2026").mkdir(parents=True)
        (folder / "..data").symlink_to("..2026")
        for name, text in files.items():
            (folder / "..2026" / name).write_text(text, encoding="utf-8")
            (folder / name).symlink_to(pathlib.Path("..data", name))

    def start(self):
        arguments = []
        for each in self.container["args"]:
            name, equals, value = each.partition("=")
            if name == "--listen":
                value = "127.0.0.1:0"
            arguments.append(name + equals + (self.path(value) if value.startswith("/") else value))
        server = subprocess.Popen([SLUICE, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE, env={"PATH": os.environ["PATH"], "HOME": self.root})
        self.addCleanup(server.stderr.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)
        return server

    def said(self, server):
        """What it said until it was ready or gone."""
        text, until = "", time.monotonic() + 20
        while time.monotonic() < until and "certificate  until" not in text:
            if select.select([server.stderr], [], [], 0.2)[0]:
                more = os.read(server.stderr.fileno(), 65536).decode()
                if not more:
                    break
                text += more
        return text

    def ask(self, port, method, path, body=b""):
        context = ssl.create_default_context(cafile=self.path("/etc/sluice/tls/ca.crt"))
        with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
            with context.wrap_socket(plain, server_hostname=NAME) as connection:
                connection.sendall((f"{method} {path} HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n"
                                    f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n").encode()
                                   + body)
                answer = b""
                while more := connection.recv(65536):
                    answer += more
        head, _, rest = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]), rest

    def test_every_option_is_one_of_the_servers(self):
        help_text = subprocess.run([SLUICE, "serve", "--help"], check=True, capture_output=True, text=True).stdout
        options = set(re.findall(r"--[a-z-]+", help_text))
        self.assertEqual(self.container["args"][0], "serve")
        for each in self.container["args"][1:]:
            self.assertIn(each.partition("=")[0], options)
        path = one("ValidatingWebhookConfiguration")["webhooks"][0]["clientConfig"]["service"]["path"]
        for each in (path, "/healthz", "/readyz"):
            self.assertIn(each, help_text)

    def test_without_a_key_it_does_not_start(self):
        server = self.start()
        text = self.said(server)
        self.assertIn("gate.pub", text)
        self.assertNotEqual(server.wait(timeout=20), 0)

    def test_with_a_key_it_is_ready_and_admits_nothing_that_is_not_signed(self):
        subprocess.run([SLUICE, "key", "generate", "--out-prefix", "gate"], cwd=self.root, check=True,
                       capture_output=True, env={"PATH": os.environ["PATH"], "SLUICE_PASSWORD": "correct horse"})
        key = pathlib.Path(self.root, "gate.pub").read_text(encoding="utf-8")
        pathlib.Path(self.path("/etc/sluice/policy/..2026/gate.pub")).write_text(key, encoding="utf-8")
        text = self.said(self.start())
        match = re.search(r"port (\d+)", text)
        self.assertTrue(match, text)
        port = int(match[1])
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            status, body = self.ask(port, "GET", self.container[probe]["httpGet"]["path"])
            self.assertEqual(status, 200, body)
        review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
            "uid": "1", "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"}, "name": "x", "namespace": "shop",
            "operation": "CREATE", "userInfo": {}, "object": {
                "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"},
                "spec": {"containers": [{"name": "a", "image": "nginx@sha256:" + "5" * 64}]}},
            "oldObject": None, "dryRun": False, "options": None}}
        path = one("ValidatingWebhookConfiguration")["webhooks"][0]["clientConfig"]["service"]["path"]
        status, body = self.ask(port, "POST", path + "?timeout=5s", json.dumps(review).encode())
        self.assertEqual(status, 200, body)
        response = json.loads(body)["response"]
        self.assertEqual((response["uid"], response["allowed"]), ("1", False))
        review["request"]["namespace"] = "sluice-system"
        _, body = self.ask(port, "POST", path, json.dumps(review).encode())
        self.assertTrue(json.loads(body)["response"]["allowed"], "its own namespace is exempt")


if __name__ == "__main__":
    if subprocess.run([SLUICE, "serve", "--help"], capture_output=True, check=False).returncode != 0:
        failed = unittest.main(exit=False, argv=[sys.argv[0], "Manifest"]).result.wasSuccessful() is False
        if failed:
            sys.exit(1)
        print("SKIP: this sluice has no server to start")
        sys.exit(77)
    unittest.main()

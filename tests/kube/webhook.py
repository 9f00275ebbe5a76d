#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Registers sluice with the cluster of tools/kube-lab, and asks for workloads of every kind."""
import base64
import datetime
import http.client
import json
import os
import pathlib
import ssl
import subprocess
import sys
import time

SLUICE = os.path.abspath(os.environ["SLUICE"])
LAB = pathlib.Path(os.environ["LAB"])
WORK = LAB / "sluice"
ENVIRONMENT = {**os.environ, "XDG_STATE_HOME": str(WORK), "SLUICE_PASSWORD": "not secret", "HOME": str(WORK)}
DIGESTS = {name: "sha256:" + os.urandom(32).hex() for name in ("web", "init", "staging", "old", "blocked", "late", "new")}
POLICY = """apiVersion: sluice/v1
kind: Policy
verifier: https://gate.example.org/web
signals: {risk: {asserted: accept}}
environments:
  production: {signals: [risk]}
  staging: {signals: [risk]}
keys: [{file: gate.pub}]
"""
failures = 0
checks = 0


def expect(what, holds, found=""):
    global failures, checks
    checks += 1
    if not holds:
        failures += 1
        print(f"FAILED: {what}\n{found}", flush=True)


def sluice(*words, **more):
    done = subprocess.run([SLUICE, *words], cwd=WORK, env=ENVIRONMENT, capture_output=True, text=True, **more)
    return done.returncode, done.stdout + done.stderr


def decide(name, environment="production", level="low", at=None, key="gate"):
    """A signed decision about an image, into the folder of evidence."""
    now = at or datetime.datetime.now(datetime.timezone.utc)
    signal = {"kind": "sluice.signal/v1", "signal": "risk", "level": level, "observed_at": now.strftime("%Y-%m-%dT%H:%M:%SZ")}
    (WORK / "risk.json").write_text(json.dumps(signal))
    command = [SLUICE, "gate", "check", "--policy-file", "sluice.yaml", "--env", environment, "--signal", "risk.json",
               "--digest", DIGESTS[name], "--resource", f"registry.example/{name}",
               "--key", f"{key}.key", "--bundle", f"evidence/{name}.json"]
    if at:
        command = ["faketime", at.strftime("%Y-%m-%d %H:%M:%S"), *command]
    done = subprocess.run(command, cwd=WORK, env={**ENVIRONMENT, "TZ": "UTC"}, capture_output=True, text=True)
    expected = {"low": 0, "high": 1}[level]
    expect(f"deciding about {name}", done.returncode == expected, done.stdout + done.stderr)


def image(name):
    return f"registry.example/{name}@{DIGESTS[name]}"


def kubectl(*words, manifest=None):
    done = subprocess.run(["kubectl", *words], input=json.dumps(manifest) if manifest else None,
                          capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def pod_spec(*images, **more):
    return {"containers": [{"name": f"c{i}", "image": one} for i, one in enumerate(images)], **more}


def pod(name, spec):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


def workload(kind, name, spec):
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": spec}
    base = {"kind": kind, "metadata": {"name": name}}
    if kind == "Pod":
        return pod(name, spec)
    if kind == "PodTemplate":
        return {"apiVersion": "v1", **base, "template": template}
    if kind == "ReplicationController":
        return {"apiVersion": "v1", **base, "spec": {"selector": labels, "template": template}}
    if kind in ("Job", "CronJob"):
        job = {"template": {**template, "spec": {**spec, "restartPolicy": "Never"}}}
        if kind == "CronJob":
            job = {"schedule": "0 3 * * *", "jobTemplate": {"spec": job}}
        return {"apiVersion": "batch/v1", **base, "spec": job}
    out = {"apiVersion": "apps/v1", **base, "spec": {"selector": {"matchLabels": labels}, "template": template}}
    if kind == "StatefulSet":
        out["spec"]["serviceName"] = name
    return out


def create(manifest, namespace="default", *more):
    return kubectl("create", "-n", namespace, *more, "-f", "-", manifest=manifest)


def admitted(what, result):
    expect(f"{what} is admitted", result[0] == 0, result[1])


def denied(what, result, *texts):
    expect(f"{what} is denied", result[0] != 0, result[1])
    for text in texts:
        expect(f"the denial of {what} says {text!r}", text in result[1], result[1])


class Server:
    def __init__(self, *more):
        self.log = open(WORK / "server.log", "ab")
        self.process = subprocess.Popen(
            [SLUICE, "serve", "--listen", "127.0.0.1:0", "--cert", LAB / "webhook.crt", "--key", LAB / "webhook.key",
             "--policy-file", "sluice.yaml", "--evidence", "evidence", "--revoked", "revoked.yaml",
             "--client-ca", LAB / "ca.crt", "--environment", "production", "--namespace", "staging=staging", *more],
            cwd=WORK, env=ENVIRONMENT, stderr=subprocess.PIPE)
        words = self.process.stderr.readline().decode().split("port ")
        self.port = int(words[1]) if len(words) > 1 else 0
        expect("the server starts", self.port != 0, words)
        # What it tells from now on goes to a file: a full pipe would hold it up.
        self.pump = subprocess.Popen(["cat"], stdin=self.process.stderr, stdout=self.log)

    def stop(self):
        self.process.terminate()
        expect("the server ends with 0", self.process.wait(20) == 0)
        self.process.stderr.close()
        self.pump.wait(20)


def register(port):
    authority = base64.b64encode((LAB / "ca.crt").read_bytes()).decode()
    rules = [{"apiGroups": ["", "apps", "batch"], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"],
              "resources": ["pods", "pods/ephemeralcontainers", "podtemplates", "replicationcontrollers", "deployments",
                            "replicasets", "statefulsets", "daemonsets", "jobs", "cronjobs"]}]
    webhook = {"name": "admission.sluice.example.org", "admissionReviewVersions": ["v1"], "sideEffects": "None",
               "failurePolicy": "Fail", "timeoutSeconds": 5, "rules": rules,
               "clientConfig": {"url": f"https://127.0.0.1:{port}/v1/admission", "caBundle": authority}}
    result = kubectl("apply", "-f", "-", manifest={
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "sluice"}, "webhooks": [webhook]})
    expect("the webhook is registered", result[0] == 0, result[1])
    # The API server takes a moment to notice.
    for _ in range(200):
        if create(pod("probe", pod_spec("registry.example/probe:1")), "default", "--dry-run=server")[0] != 0:
            return
        time.sleep(0.1)
    expect("the API server asks", False)


def check_kinds():
    for kind in ("Pod", "PodTemplate", "ReplicationController", "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet",
                 "Job", "CronJob"):
        name = kind.lower()
        admitted(f"a signed {kind}", create(workload(kind, f"good-{name}", pod_spec(image("web")))))
        denied(f"a {kind} without a decision", create(workload(kind, f"bad-{name}", pod_spec(image("new")))),
               "denied the request: sluice:", f"registry.example/new@{DIGESTS['new']}", "no decision about it was found",
               "sluice gate check --env production --resource registry.example/new --digest")
        denied(f"a {kind} with a tag", create(workload(kind, f"tag-{name}", pod_spec("registry.example/web:1"))),
               "not pinned by a digest")


def check_places():
    admitted("a signed init container", create(pod("init", pod_spec(image("web"), initContainers=[{"name": "i", "image": image("init")}]))))
    denied("an init container without a decision",
           create(pod("init2", pod_spec(image("web"), initContainers=[{"name": "i", "image": image("new")}]))), 'initContainers "i"')
    volume = {"name": "model", "image": {"reference": "registry.example/model:1"}}
    denied("an image volume with a tag", create(pod("volume", pod_spec(image("web"), volumes=[volume]))), 'volumes "model"')
    volume["image"]["reference"] = image("init")
    admitted("a signed image volume", create(pod("volume2", pod_spec(image("web"), volumes=[volume]))))


def check_decisions():
    denied("an expired decision", create(pod("old", pod_spec(image("old")))), "held until")
    denied("a block", create(pod("blocked", pod_spec(image("blocked")))), "says block")
    denied("a decision for staging", create(pod("st", pod_spec(image("staging")))), "is for staging")
    admitted("a decision for staging, in staging", create(pod("st", pod_spec(image("staging"))), "staging"))
    denied("a decision for production, in staging", create(pod("web", pod_spec(image("web"))), "staging"), "is for production")
    admitted("anything, in kube-system", create(pod("any", pod_spec("registry.example/any:1")), "kube-system"))
    denied("a decision that comes later", create(pod("late", pod_spec(image("late")))), "no decision")
    decide("late")
    admitted("a decision that came just now", create(pod("late", pod_spec(image("late")))))
    dry = create(pod("dry", pod_spec(image("new"))), "default", "--dry-run=server")
    denied("a dry run without a decision", dry, "no decision")


def check_updates():
    admitted("a label", kubectl("label", "pod", "good-pod", "tier=front"))
    denied("another image", kubectl("set", "image", "pod/good-pod", "c0=registry.example/web:2"), "not pinned")
    denied("another image of a Deployment", kubectl("set", "image", "deployment/good-deployment", f"c0={image('new')}"), "no decision")
    admitted("a signed image of a Deployment", kubectl("set", "image", "deployment/good-deployment", f"c0={image('init')}"))
    admitted("a scale", kubectl("scale", "deployment/good-deployment", "--replicas=3"))
    container = {"spec": {"ephemeralContainers": [{"name": "debug", "image": "registry.example/busybox:1"}]}}
    patch = ("patch", "pod", "good-pod", "--subresource=ephemeralcontainers", "--type=strategic", "-p")
    denied("an ephemeral container with a tag", kubectl(*patch, json.dumps(container)), 'ephemeralContainers "debug"', "not pinned")
    container["spec"]["ephemeralContainers"][0]["image"] = image("init")
    admitted("a signed ephemeral container", kubectl(*patch, json.dumps(container)))


def check_revocation():
    (WORK / "revoked.yaml").write_text(f"apiVersion: sluice/v1\nkind: Revocations\nimages: ['{DIGESTS['web']}']\n")
    result = (0, "")
    for _ in range(100):
        result = create(pod("revoked", pod_spec(image("web"))), "default", "--dry-run=server")
        if result[0] != 0:
            break
        time.sleep(0.1)
    denied("a revoked image", result, "this image is revoked")
    admitted("a label on what runs with it", kubectl("label", "pod", "good-pod", "tier=back", "--overwrite"))
    finalizers = {"metadata": {"finalizers": ["example.org/wait"]}}
    admitted("a finalizer", kubectl("patch", "pod", "good-pod", "-p", json.dumps(finalizers)))
    admitted("an end", kubectl("delete", "pod", "good-pod", "--wait=false", "--grace-period=0", "--force"))
    admitted("the end of a finalizer", kubectl("patch", "pod", "good-pod", "-p", '{"metadata":{"finalizers":null}}'))


def check_large():
    spec = pod_spec(*[image("init")] * 1000)
    manifest = pod("large", spec)
    manifest["metadata"]["annotations"] = {"filler": "x" * 200_000}
    began = time.monotonic()
    admitted("a pod with 1,000 containers", create(manifest, "default", "--dry-run=server"))
    expect("it does not take long", time.monotonic() - began < 10)


def check_what_a_user_can_make_large():
    """As large and as deep as an API server takes it: the verdict comes, and is about the image."""
    lesser = pod("lesser", pod_spec("registry.example/web:1"))
    lesser["spec"]["containers"][0]["env"] = [{"name": "A", "value": "<" * 1_420_000}]
    # As it is: kubectl itself would write each "<" as six bytes, and be over the API server's limit.
    raw = kubectl("create", "--raw", "/api/v1/namespaces/default/pods", "-f", "-", manifest=lesser)
    denied("a value of 1.4 MB that is six times as long on the way", raw, "not pinned by a digest")
    fields = {}
    for _ in range(70):
        fields = {"f:a": fields}
    deep = pod("deep", pod_spec("registry.example/web:1"))
    deep["metadata"]["managedFields"] = [{"manager": "x", "operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1",
                                          "time": "2026-01-01T00:00:00Z", "fieldsV1": fields}]
    denied("fields 70 deep", create(deep), "not pinned by a digest")


def check_strangers(port):
    """The API server shows its certificate, so all of the above was answered; others are not."""
    context = ssl.create_default_context(cafile=LAB / "ca.crt")
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=context)
    connection.request("POST", "/v1/admission?timeout=5s", "{}", {"Content-Type": "application/json"})
    expect("a stranger is refused", connection.getresponse().status == 403)
    connection.close()


def main():
    WORK.mkdir()
    (WORK / "evidence").mkdir()
    (WORK / "sluice.yaml").write_text(POLICY)
    (WORK / "revoked.yaml").write_text("apiVersion: sluice/v1\nkind: Revocations\n")
    expect("a key", sluice("key", "generate", "--out-prefix", "gate")[0] == 0)
    expect("a namespace", kubectl("create", "namespace", "staging")[0] == 0)
    kubectl("create", "namespace", "kube-system")
    now = datetime.datetime.now(datetime.timezone.utc)
    decide("web")
    decide("init")
    decide("staging", environment="staging")
    decide("blocked", level="high")
    decide("old", at=now - datetime.timedelta(hours=2))
    server = Server()
    register(server.port)
    for check in (check_kinds, check_places, check_decisions, check_updates, check_large,
                  check_what_a_user_can_make_large, check_revocation):
        check()
    check_strangers(server.port)
    server.stop()
    denied("everything while the server is down", create(pod("down", pod_spec(image("init")))), "failed calling webhook")
    print(f"{checks} checks, {failures} failed", flush=True)
    sys.exit(1 if failures else 0)


main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""sluice serve as an operator meets it: wrong calls, files that change, its health, its end."""
import datetime
import hashlib
import http.client
import json
import os
import pathlib
import signal
import ssl
import subprocess
import sys
import tempfile
import time

SLUICE = os.path.abspath(os.environ["SLUICE"])
DIGEST = "sha256:" + "5" * 64
POLICY = """apiVersion: sluice/v1
kind: Policy
verifier: https://gate.example.org/web
signals: {risk: {asserted: accept}}
environments:
  production: {signals: [risk]}
keys: [{file: gate.pub}]
"""
failures = []
checks = 0


def expect(what, holds, found=""):
    global checks
    checks += 1
    if not holds:
        failures.append(what)
        print(f"FAILED: {what}\n{found}", flush=True)


def soon(what, holds, within=15):
    until = time.monotonic() + within
    while time.monotonic() < until:
        if holds():
            return expect(what, True)
        time.sleep(0.05)
    return expect(what, False)


class Place:
    """A folder with a policy, a key, a certificate and evidence."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.environment = {"PATH": os.environ["PATH"], "HOME": folder, "XDG_STATE_HOME": folder, "SLUICE_PASSWORD": "not secret"}
        (self.folder / "evidence").mkdir()
        self.write("sluice.yaml", POLICY)
        self.certificate("server")
        self.run("key", "generate", "--out-prefix", "gate")
        self.run("key", "generate", "--out-prefix", "other")

    def write(self, name, text):
        (self.folder / name).write_text(text)

    def certificate(self, name):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", f"{name}.key", "-out", f"{name}.crt", "-days", "2", "-subj", "/CN=test",
                        "-addext", "subjectAltName=IP:127.0.0.1"], cwd=self.folder, check=True, capture_output=True)

    def run(self, *words):
        done = subprocess.run([SLUICE, *words], cwd=self.folder, env=self.environment, capture_output=True, text=True,
                              timeout=60)
        return done.returncode, done.stdout + done.stderr

    def serve(self, *words):
        return self.run("serve", *words)

    def decide(self, name):
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.write("risk.json", json.dumps({"kind": "sluice.signal/v1", "signal": "risk", "level": "low", "observed_at": now}))
        code, text = self.run("gate", "check", "--policy-file", "sluice.yaml", "--signal", "risk.json", "--digest", DIGEST,
                              "--key", "gate.key", "--bundle", f"evidence/{name}.json")
        expect("a decision", code == 0, text)


COMMON = ("--listen", "127.0.0.1:0", "--cert", "server.crt", "--key", "server.key", "--policy-file", "sluice.yaml",
          "--evidence", "evidence")


class Server:
    def __init__(self, place, *more):
        self.place = place
        self.log = place.folder / "log"
        self.process = subprocess.Popen([SLUICE, "serve", *COMMON, *more], cwd=place.folder, env=place.environment,
                                        stderr=open(self.log, "wb"))
        soon("the server says where it listens", lambda: "port " in self.said() or self.process.poll() is not None)
        self.port = int(self.said().split("port ")[1].split()[0]) if "port " in self.said() else 0

    def said(self):
        return self.log.read_text()

    def connect(self, authority="server.crt"):
        context = ssl.create_default_context(cafile=self.place.folder / authority)
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=10, context=context)

    def get(self, path, authority="server.crt"):
        connection = self.connect(authority)
        connection.request("GET", path)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    def metric(self, line):
        found = [one for one in self.get("/metrics")[1].splitlines() if one.startswith(line + " ")]
        return float(found[0].split()[-1]) if found else 0.0

    def admits(self, image=f"registry.example/web@{DIGEST}"):
        review = {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": {
            "uid": "u", "kind": {"group": "", "version": "v1", "kind": "Pod"}, "namespace": "shop", "name": "web",
            "operation": "CREATE", "object": {"kind": "Pod", "spec": {"containers": [{"name": "c", "image": image}]}}}}
        connection = self.connect()
        connection.request("POST", "/v1/admission?timeout=5s", json.dumps(review), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        body = json.loads(answer.read())
        connection.close()
        return answer.status == 200 and body["response"]["allowed"]

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(20)


def check_wrong_calls(place):
    def wrong(code, text, *words):
        found = place.serve(*words)
        expect(f"{words} ends with {code}", found[0] == code and text in found[1], found)

    wrong(2, "--cert")
    wrong(2, "--listen", *COMMON, "--listen", "8443")
    place.write("several.yaml", POLICY.replace("keys:", "  staging: {signals: [risk]}\nkeys:"))
    place.write("keyless.yaml", POLICY.replace("keys: [{file: gate.pub}]", ""))
    place.write("nameless.yaml", POLICY.replace("verifier: https://gate.example.org/web\n", ""))
    base = [word for word in COMMON if word not in ("--policy-file", "sluice.yaml")]
    wrong(2, "several environments", *base, "--policy-file", "several.yaml")
    wrong(2, 'no environment "prod"', *base, "--policy-file", "several.yaml", "--environment", "prod")
    wrong(2, "no pair", *base, "--policy-file", "several.yaml", "--namespace", "shop")
    wrong(2, "stands there twice", *base, "--policy-file", "several.yaml", "--namespace", "a=staging", "--namespace", "a=staging")
    wrong(2, "names no key", *base, "--policy-file", "keyless.yaml")
    wrong(2, "whose decisions count", *base, "--policy-file", "nameless.yaml")
    wrong(2, "absent.yaml", *base, "--policy-file", "absent.yaml")
    wrong(2, "--max-connections", *COMMON, "--max-connections", "0")
    wrong(2, "--stop-within", *COMMON, "--stop-within", "soon")
    wrong(3, "absent", *[word if word != "evidence" else "absent" for word in COMMON])
    wrong(3, "no private key", *[word if word != "server.key" else "server.crt" for word in COMMON])
    wrong(3, "not that of the certificate", *[word if word != "server.key" else "stray.key" for word in COMMON])
    wrong(3, "cannot listen", *[word if word != "127.0.0.1:0" else "192.0.2.1:1" for word in COMMON])
    place.write("revoked.yaml", "kind: Revocations\n")
    wrong(3, "revoked.yaml", *COMMON, "--revoked", "revoked.yaml")


def check_health(place):
    server = Server(place)
    expect("alive", server.get("/healthz") == (200, "ok\n"))
    expect("ready", server.get("/readyz") == (200, "ready\n"))
    expect("nothing is admitted without a decision", not server.admits())
    place.decide("web")
    expect("a decision admits", server.admits())
    expect("another tag does not", not server.admits("registry.example/web:1"))
    expect("reviews are counted", server.metric('sluice_admissions_total{verdict="allowed",reason="admitted"}') == 1,
           server.get("/metrics")[1])
    expect("refusals by reason", server.metric('sluice_admissions_total{verdict="denied",reason="not-pinned"}') == 1)
    expect("requests are counted", server.metric('sluice_http_requests_total{route="/v1/admission",code="200"}') == 3)
    expect("the certificate's end", server.metric("sluice_certificate_end_seconds") > time.time() + 86400)
    expect("one line for each decision", server.said().count(" admitted ") == 1 and server.said().count(" refused ") == 2,
           server.said())
    os.rename(place.folder / "evidence", place.folder / "moved")
    soon("not ready without evidence", lambda: server.get("/readyz")[0] == 503)
    expect("what was read before counts", server.admits())
    os.rename(place.folder / "moved", place.folder / "evidence")
    soon("ready again", lambda: server.get("/readyz")[0] == 200)
    expect("ends with 0", server.stop() == 0, server.said())


def check_policy_that_changes(place):
    server = Server(place)
    expect("admitted by the first policy", server.admits())
    place.write("sluice.yaml", "apiVersion: sluice/v1\nkind: Policy\n")
    soon("a broken policy is told", lambda: server.metric('sluice_file_stale{file="policy"}') == 1)
    expect("and counted", server.metric('sluice_reload_failures_total{file="policy"}') == 1)
    expect("and in the log", "cannot be used; what was read before stays in use" in server.said(), server.said())
    expect("the first policy stays", server.admits())
    place.write("sluice.yaml", POLICY + "# changed\n")
    soon("another policy wants other decisions", lambda: not server.admits())
    expect("nothing is stale", server.metric('sluice_file_stale{file="policy"}') == 0)
    place.write("sluice.yaml", POLICY)
    soon("the first policy again", server.admits)
    gate = (place.folder / "gate.pub").read_text()
    place.write("gate.pub", (place.folder / "other.pub").read_text())
    soon("another key wants other decisions", lambda: not server.admits())
    place.write("gate.pub", gate)
    soon("the first key again", server.admits)
    expect("ends with 0", server.stop() == 0)


def check_certificate_that_changes(place):
    server = Server(place)
    place.certificate("next")
    first = {name: (place.folder / f"server.{name}").read_text() for name in ("crt", "key")}
    kept = server.connect()
    kept.request("GET", "/healthz")
    expect("a connection", kept.getresponse().read() == b"ok\n")
    place.write("server.crt", "no certificate")
    server.process.send_signal(signal.SIGHUP)
    soon("a broken certificate is told", lambda: "certificate" in server.said() and "cannot be used" in server.said())
    place.write("first.crt", first["crt"])
    expect("the first certificate stays", server.get("/healthz", "first.crt")[0] == 200)
    for name in ("key", "crt"):
        place.write(f"server.{name}", (place.folder / f"next.{name}").read_text())
    server.process.send_signal(signal.SIGHUP)

    def new_one():
        try:
            return server.get("/healthz", "next.crt")[0] == 200
        except ssl.SSLError:
            return False

    soon("the new certificate is shown", new_one)
    kept.request("GET", "/healthz")
    expect("the connection that was there goes on", kept.getresponse().read() == b"ok\n")
    kept.close()
    expect("ends with 0", server.stop(signal.SIGINT) == 0)
    for name in ("key", "crt"):
        place.write(f"server.{name}", first[name])


def check_gate(place):
    token = "a token of a pipeline"
    place.write("callers.yaml", f"""apiVersion: sluice/v1
kind: Callers
callers:
  - {{name: web-ci, token_sha256: {hashlib.sha256(token.encode()).hexdigest()}, environments: [production]}}
""")
    for words in (("--publish", "--callers", "callers.yaml"), ("--signing-key", "gate.key"), ("--store", "x.db")):
        code, text = place.serve(*COMMON, *words)
        expect(f"{words} wants more", code == 2 and "is of no use without" in text, text)
    server = Server(place, "--callers", "callers.yaml", "--signing-key", "gate.key", "--publish", "--store", "gate.db")

    def ask(level, digest, headers):
        question = {"kind": "sluice.gate-check/v1", "environment": "production", "resource": "registry.example/web",
                    "subjects": [{"name": "web", "digest": digest}],
                    "risk": {"kind": "sluice.risk/v1", "level": level, "score": 1, "changed_paths": 1}}
        connection = server.connect()
        connection.request("POST", "/v1/gate/check", json.dumps(question), {"Content-Type": "application/json", **headers})
        answer = connection.getresponse()
        body = json.loads(answer.read())
        connection.close()
        return answer.status, body

    known = {"Authorization": f"Bearer {token}"}
    digest = "sha256:" + "7" * 64
    expect("a stranger is not answered", ask("low", digest, {})[0] == 401)
    expect("nor is a guess", ask("low", digest, {"Authorization": "Bearer guess"})[0] == 401)
    status, blocked = ask("high", digest, known)
    expect("a high risk is blocked", status == 200 and blocked["verdict"] == "block" and blocked["exit_code"] == 1, blocked)
    expect("a block admits nothing", not server.admits(f"registry.example/web@{digest}"))
    status, approved = ask("low", digest, known)
    expect("a low risk is approved", status == 200 and approved["verdict"] == "approve", approved)
    expect("and what was approved is admitted", server.admits(f"registry.example/web@{digest}"), server.said())
    expect("both are stored", place.run("gate", "history", "--store", "gate.db")[1].count("production") == 2)
    place.write("callers.yaml", "apiVersion: sluice/v1\nkind: Callers\ncallers: []\n")
    soon("who was struck off is a stranger", lambda: ask("low", digest, known)[0] == 401)
    expect("the token is in no log", token not in server.said())
    expect("ends with 0", server.stop() == 0)


def main():
    with tempfile.TemporaryDirectory() as folder:
        place = Place(folder)
        subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "stray.key"],
                       cwd=folder, check=True, capture_output=True)
        for check in (check_wrong_calls, check_health, check_policy_that_changes, check_certificate_that_changes, check_gate):
            check(place)
    print(f"{checks} checks, {len(failures)} failed")
    sys.exit(1 if failures else 0)


main()

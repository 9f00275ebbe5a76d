#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""integrations/kubernetes, read by a real API server: kube-up of the lab starts one on loopback."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import yaml

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "integrations" / "kubernetes"
SHARED = pathlib.Path(os.environ.get("SLUICE_SHARED") or FOLDER.parent.parent.parent / "shared")


def skip(why):
    print(f"SKIP: {why}")
    sys.exit(77)


def check(condition, what, ran):
    if not condition:
        sys.exit(f"FAILED: {what}\n{ran.stdout}{ran.stderr}")


def main():
    lab = SHARED / "lab" / "kube-up"
    if not lab.exists() or not shutil.which("kubectl"):
        skip("no kubectl, or no lab with an API server in SLUICE_SHARED")
    with tempfile.TemporaryDirectory() as state:
        up = subprocess.run([lab, state], capture_output=True, text=True, check=False)
        try:
            if up.returncode == 77:
                skip(up.stderr.strip())
            check(up.returncode == 0, "the API server does not start", up)
            facts = dict(line.split("=", 1) for line in up.stdout.splitlines())
            checks(facts["KUBECONFIG"], state)
        finally:
            subprocess.run([lab.parent / "kube-down", state], check=False)


def checks(config, state):
    def kubectl(*arguments, text=None):
        return subprocess.run(["kubectl", "--kubeconfig", config, *arguments], input=text, capture_output=True,
                              text=True, check=False)
    manifest = str(FOLDER / "sluice.yaml")
    first = kubectl("apply", "--server-side", "-f", manifest)
    check(first.returncode == 0, "the API server takes the manifest", first)
    check("unknown field" not in first.stderr and "arning" not in first.stderr, "without a warning", first)
    again = kubectl("apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", manifest)
    check(again.returncode == 0, "and takes it again", again)

    template = next(each for each in yaml.safe_load_all(pathlib.Path(manifest).read_text(encoding="utf-8"))
                    if each["kind"] == "Deployment")["spec"]["template"]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x", "namespace": "sluice-system"},
           "spec": template["spec"]}
    allowed = kubectl("create", "--dry-run=server", "-f", "-", text=yaml.safe_dump(pod))
    check(allowed.returncode == 0, "its pod passes the restricted standard that its namespace enforces", allowed)
    del pod["spec"]["securityContext"]["runAsNonRoot"]
    refused = kubectl("create", "--dry-run=server", "-f", "-", text=yaml.safe_dump(pod))
    check(refused.returncode != 0 and "restricted" in refused.stderr, "which is enforced", refused)

    # certificate.sh prints commands that work.
    made = subprocess.run([str(FOLDER / "certificate.sh"), os.path.join(state, "tls")], capture_output=True,
                          text=True, check=True)
    environment = {**os.environ, "KUBECONFIG": config}
    put = subprocess.run(["sh", "-euc", made.stdout], env=environment, capture_output=True, text=True, check=False)
    check(put.returncode == 0, "the commands of certificate.sh work", put)

    # Closed, but for those alone that asked for it: nothing answers at the service here.
    plain = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"},
             "spec": {"containers": [{"name": "a", "image": "nginx"}]}}
    for name, label in (("guarded", "sluice/admission=enforce"), ("other", "sluice/admission=off")):
        check(kubectl("create", "namespace", name).returncode == 0, "a namespace", first)
        check(kubectl("label", "namespace", name, label).returncode == 0, "a label", first)
    other = kubectl("create", "-n", "other", "--dry-run=server", "-f", "-", text=yaml.safe_dump(plain))
    check(other.returncode == 0, "a namespace that did not ask is left alone", other)
    guarded = kubectl("create", "-n", "guarded", "--dry-run=server", "-f", "-", text=yaml.safe_dump(plain))
    check(guarded.returncode != 0 and "admission.sluice.example.org" in guarded.stderr,
          "without an answer nothing is admitted", guarded)
    print("the API server took everything")


main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""integrations/kubernetes, read by a real API server: tools/kube-lab runs one on loopback."""
import os
import pathlib
import subprocess
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / "integrations" / "kubernetes"


def check(condition, what, ran):
    if not condition:
        sys.exit(f"FAILED: {what}\n{ran.stdout}{ran.stderr}")


def main():
    lab = ROOT / "tools" / "kube-lab"
    if "LAB" in os.environ:
        checks(os.environ["LAB"])
    elif lab.exists():
        os.execv(lab, [str(lab), os.path.abspath(__file__)])
    else:
        print("SKIP: there is no tools/kube-lab")
        sys.exit(77)


def checks(state):
    def kubectl(*arguments, text=None):
        return subprocess.run(["kubectl", *arguments], input=text, capture_output=True,
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
    put = subprocess.run(["sh", "-euc", made.stdout], capture_output=True, text=True, check=False)
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

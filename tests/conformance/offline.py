# SPDX-License-Identifier: Apache-2.0
"""A plugin of pytest: Sigstore's conformance suite without the public network (`pytest -p offline`).

The suite fetches an identity token before its first test, whether that one signs or not, and the trust of
the public instances before it signs. In a lab ($SIGSTORE_LAB, tools/sigstore-lab) both are the lab's, so that
its tests that sign run, too. Without one the token is a token in form alone, and nothing can be signed.
"""
import base64
import json
import os
import pathlib
import subprocess
import sys
import time
import types

import urllib3

LAB = os.environ.get("SIGSTORE_LAB")
LAB_PROGRAM = pathlib.Path(__file__).resolve().parents[2] / "tools" / "sigstore-lab"
EMAIL = "conformance@lab.test"


def identity_token():
    if LAB:
        return subprocess.run([LAB_PROGRAM, "token", LAB, "email", EMAIL], check=True, capture_output=True).stdout.strip()
    claims = {"email": EMAIL, "iss": "https://lab.test", "exp": int(time.time()) + 3600}
    return b".".join(base64.urlsafe_b64encode(json.dumps(part).encode()) for part in ({}, claims, {}))


def trust_of_the_lab(*_, **__):
    return pathlib.Path(LAB) / "trusted_root.json", pathlib.Path(LAB) / "signing_config.json"


def pytest_sessionstart():
    """What the suite signs, it signs in the lab, and verifies by its trust."""
    if not LAB:
        return
    suite, materials = sys.modules["test.conftest"], sys.modules["test.client"].BundleMaterials
    suite._client_config = trust_of_the_lab
    of_artifact = materials.from_artifact_path.__func__

    def in_the_lab(cls, path):
        made = of_artifact(cls, path)
        made.trusted_root, made.signing_config = trust_of_the_lab()
        return made

    materials.from_artifact_path = classmethod(in_the_lab)


urllib3.request = lambda *_, **__: types.SimpleNamespace(data=identity_token())

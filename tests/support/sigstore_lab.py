# SPDX-License-Identifier: Apache-2.0
"""Tests in a Sigstore of their own: tools/sigstore/world.py, and the clients that meet there.

    class Signing(LabCase):
        def test_is_verified_by_the_others(self):
            signed = self.signed_by_cosign("email", "dev@lab.test")
            self.accepts("sigstore-go", signed)
            self.refuses("sigstore-go", signed, identity="eve@lab.test")

    main(needs=("cosign",))  # or main(needs=(), always=True), where some cases need no world

A new client is a line in CLIENTS and a function; a new case is one function. self.sluice("verify", ...) and
self.cosign_sign(...) run in the folder of the case.
"""
import base64
import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request
import xml.etree.ElementTree as ET

sys.dont_write_bytecode = True
TREE = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TREE / "tools" / "sigstore"))
from world import World, missing_programs, own_network  # noqa: E402

WITHIN = 60  # seconds; one client
SLUICE = os.path.abspath(os.environ["SLUICE"])  # the binary under test


@dataclasses.dataclass
class Done:
    """A program that ended, and what it said."""
    code: int
    text: str


@dataclasses.dataclass(frozen=True)
class Signed:
    """A file, its bundle, and who signed it."""
    file: pathlib.Path
    bundle: pathlib.Path
    identity: str
    issuer: str
    trusted_root: str

    def read(self):
        return json.loads(self.bundle.read_text())

    def entry(self):
        return self.read()["verificationMaterial"]["tlogEntries"][0]

    def certificate(self):
        """The signer's, as DER."""
        return base64.b64decode(self.read()["verificationMaterial"]["certificate"]["rawBytes"])


# What each kind of token becomes in a certificate.
IDENTITIES = {
    "email": lambda subject: subject,
    "uri": lambda subject: subject,
    "github": lambda subject: f"https://github.com/{subject}/.github/workflows/release.yml@refs/heads/main",
    "gitlab": lambda subject: f"https://gitlab.lab.test/{subject}//.gitlab-ci.yml@refs/heads/main",
}


def cosign_verifies(signed):
    return ["cosign", "verify-blob", "--bundle", signed.bundle, "--trusted-root", signed.trusted_root,
            "--certificate-identity", signed.identity, "--certificate-oidc-issuer", signed.issuer, signed.file]


def sluice_verifies(signed):
    return [SLUICE, "verify", "--bundle", signed.bundle, "--trusted-root", signed.trusted_root,
            "--certificate-identity", signed.identity, "--certificate-oidc-issuer", signed.issuer, signed.file]


def by_the_protocol(program):
    """Clients that take the arguments of the conformance suite."""
    return lambda signed: [program, "verify-bundle", "--bundle", signed.bundle, "--certificate-identity", signed.identity,
                           "--certificate-oidc-issuer", signed.issuer, "--trusted-root", signed.trusted_root, signed.file]


def trust_of_sigstore_python(trusted_root, file):
    """It takes a trusted root in one file with a signing config only."""
    file.write_text(json.dumps({"mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
                                "trustedRoot": json.loads(pathlib.Path(trusted_root).read_text()),
                                "signingConfig": json.loads(pathlib.Path(LabCase.world.endpoints["signing_config"]).read_text())}))
    return file


def sigstore_python_verifies(signed):
    both = trust_of_sigstore_python(signed.trusted_root, signed.bundle.with_suffix(".trust"))
    return ["sigstore-python", "--trust-config", both, "verify", "identity", "--offline", "--bundle", signed.bundle,
            "--cert-identity", signed.identity, "--cert-oidc-issuer", signed.issuer, signed.file]


# How each client is asked about a bundle.
CLIENTS = {
    "sluice": sluice_verifies,
    "cosign": cosign_verifies,
    "sigstore-go": by_the_protocol("sigstore-go"),
    "sigstore-js": by_the_protocol("sigstore-js"),
    "sigstore-python": sigstore_python_verifies,
}


def sigstore_python_signs(signed, token):
    both = trust_of_sigstore_python(signed.trusted_root, signed.bundle.with_suffix(".trust"))
    return ["sigstore-python", "--trust-config", both, "sign", "--overwrite", "--identity-token", token,
            "--bundle", signed.bundle, signed.file]


def sigstore_js_signs(signed, token):
    return ["sigstore-js", "sign-bundle", "--identity-token", token, "--signing-config",
            LabCase.world.endpoints["signing_config"], "--bundle", signed.bundle, signed.file]


# Those that sign besides cosign.
SIGNERS = {"sigstore-python": sigstore_python_signs, "sigstore-js": sigstore_js_signs}


class LabCase(unittest.TestCase):
    world = None  # one for all cases; main() starts it

    def setUp(self):
        if self.world is None:
            self.skipTest("a program of the lab is not here (./dev lab install)")
        temporary = tempfile.TemporaryDirectory(prefix="sigstore-case-")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.environment = {"PATH": os.environ["PATH"], "HOME": temporary.name, "NO_COLOR": "1"}

    # ---- programs -------------------------------------------------------------------------------------

    def run_program(self, words, **environment):
        """The program, in the folder of this case, with an environment of its own. Skips where a peer is missing."""
        if words[0] != SLUICE and not shutil.which(words[0]):
            self.skipTest(f"{words[0]} is not here (./dev lab install {words[0]})")
        done = subprocess.run([str(word) for word in words], cwd=self.folder, env={**self.environment, **environment},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=WITHIN)
        return Done(done.returncode, done.stdout + done.stderr)

    def sluice(self, *words, **environment):
        return self.run_program([SLUICE, *words], **environment)

    def cosign_sign(self, file, bundle, *more, **environment):
        here = self.world.endpoints
        return self.run_program(["cosign", "sign-blob", "--yes", "--signing-config", here["signing_config"],
                                 "--trusted-root", here["trusted_root"], "--bundle", bundle, *more, file], **environment)

    # ---- what is signed ---------------------------------------------------------------------------------

    def write(self, name, text):
        file = self.folder / name
        file.write_text(text)
        return file

    def expected(self, kind, subject, file, bundle):
        """What a client has to be told about a bundle of this signer."""
        here = self.world.endpoints
        return Signed(file, bundle, IDENTITIES[kind](subject), here["issuers"][kind], here["trusted_root"])

    def signed_by_cosign(self, kind, subject):
        # No two files are alike: the log refuses what it has.
        file = self.write("file", f"signed by {subject}, {os.urandom(8).hex()}\n")
        signed = self.expected(kind, subject, file, self.folder / "bundle.json")
        done = self.cosign_sign(file, signed.bundle, "--identity-token", self.world.token(kind, subject))
        self.assertEqual(done.code, 0, done.text)
        # cosign leaves out the number of a log's first entry, 0, and sigstore-python does not read on.
        return signed if "logIndex" in signed.entry() else self.signed_by_cosign(kind, subject)

    def signed_by(self, signer, kind, subject):
        """By one of SIGNERS."""
        file = self.write("file", f"signed by {subject}, {os.urandom(8).hex()}\n")
        signed = self.expected(kind, subject, file, self.folder / "bundle.json")
        done = self.run_program(SIGNERS[signer](signed, self.world.token(kind, subject)))
        self.assertEqual(done.code, 0, done.text)
        return signed if "logIndex" in signed.entry() else self.signed_by(signer, kind, subject)

    def request_certificate(self, token):
        """What Fulcio answers to this token and a key of its own: the status, and its JSON."""
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-keyout", "asked.key"]
        self.assertEqual(self.run_program(["openssl", "req", "-new", *key, "-subj", "/", "-out", "asked.csr"]).code, 0)
        request = {"credentials": {"oidcIdentityToken": token},
                   "certificateSigningRequest": base64.b64encode((self.folder / "asked.csr").read_bytes()).decode()}
        return self.post_json(self.world.endpoints["fulcio"] + "/api/v2/signingCert", request)

    def post_json(self, url, what):
        request = urllib.request.Request(url, data=json.dumps(what).encode(), headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=WITHIN) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            return refused.code, json.load(refused)

    # ---- who verifies it ----------------------------------------------------------------------------------

    def verify(self, client, signed, **changed):
        return self.run_program(CLIENTS[client](dataclasses.replace(signed, **changed)))

    def accepts(self, client, signed, **changed):
        done = self.verify(client, signed, **changed)
        self.assertEqual(done.code, 0, f"{client} refuses:\n{done.text}")

    def refuses(self, client, signed, **changed):
        done = self.verify(client, signed, **changed)
        self.assertNotEqual(done.code, 0, f"{client} accepts: {changed}\n{done.text}")
        return done

    # ---- the log --------------------------------------------------------------------------------------------

    def read_log(self, name):
        with urllib.request.urlopen(f"{self.world.endpoints['rekor']}/api/v2/{name}", timeout=WITHIN) as answer:
            return answer.read()

    def log_size(self):
        return int(self.read_log("checkpoint").split(b"\n")[1])

    def log_grows_to(self, size):
        until = time.monotonic() + WITHIN
        while self.log_size() < size and time.monotonic() < until:
            time.sleep(0.02)
        self.assertEqual(self.log_size(), size)

    def faults(self, *faults):
        """What the next additions to the log meet: tools/sigstore/front.py."""
        request = urllib.request.Request(f"{self.world.endpoints['rekor']}/faults", data=json.dumps(faults).encode())
        urllib.request.urlopen(request, timeout=WITHIN).close()


# ---- results, in the form that tools/test-summary reads ---------------------------------------------------------


class Recorder(unittest.TextTestResult):
    def __init__(self, *words, **named):
        super().__init__(*words, **named)
        self.suite = ET.Element("testsuite")
        self.cases = {}

    def startTest(self, test):
        super().startTest(test)
        group, _, name = test.id().removeprefix("__main__.").partition(".")
        self.cases[test] = ET.SubElement(self.suite, "testcase", classname=group, name=name, status="run")

    def note(self, test, tag, text):
        ET.SubElement(self.cases[test], tag, message=text).text = text

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.note(test, "failure", self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        if test in self.cases:
            self.note(test, "failure", self.errors[-1][1])

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.note(test, "skipped", reason)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.note(test, "failure", f"{subtest}: {err[1]}")


def run_cases(world):
    LabCase.world = world
    runner = unittest.TextTestRunner(stream=sys.stdout, resultclass=Recorder, verbosity=2)
    result = unittest.main(testRunner=runner, exit=False).result
    if "RESULTS" in os.environ:
        results = ET.Element("testsuites")
        results.append(result.suite)
        ET.ElementTree(results).write(os.environ["RESULTS"], encoding="utf-8", xml_declaration=True)
    return result


def main(needs, always=False):
    """Runs the cases of the calling script in one world.

    Where a program is missing, the script is skipped; with `always`, those cases alone that are in the world.
    """
    missing = [*missing_programs(), *(name for name in needs if not shutil.which(name))]
    if missing and not always:
        print(f"SKIP: not here: {', '.join(missing)} (./dev lab install)")
        sys.exit(77)
    if missing:
        sys.exit(0 if run_cases(None).wasSuccessful() else 1)
    if not own_network():
        print("no network of its own is allowed here; the servers share this one")
    with tempfile.TemporaryDirectory(prefix="sigstore-lab-") as folder, World(folder) as world:
        result = run_cases(world)
    sys.exit(0 if result.wasSuccessful() else 1)

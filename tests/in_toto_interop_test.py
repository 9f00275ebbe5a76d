#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Chains of python in-toto and in-toto-golang verify here, and ours there: each of links by either in
either wrapping, each of ours under either's verification, and layouts signed by each of the three."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

SLUICE = os.environ["SLUICE"]
PYTHON = shutil.which("in-toto")
GO = shutil.which("in-toto-golang")
JOBS = "jobs:\n  make:\n    runs-on: x\n    steps: []\n"

GPG_LAYOUT = """
import sys
from in_toto.models.layout import Layout, Step
from in_toto.models.metadata import Metablock
layout = Layout()
key = layout.add_functionary_key_from_gpg_keyid(sys.argv[1].lower(), gpg_home="gpg")
step = Step(name="make")
step.pubkeys = [key["keyid"]]
step.add_product_rule_from_string("CREATE src/*")
step.add_product_rule_from_string("DISALLOW *")
layout.steps = [step]
layout.set_relative_expiration(days=1)
Metablock(signed=layout).dump("root.layout")
"""


class Interop(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        for name in ("owner", "ci"):
            self.run_it("openssl", "genpkey", "-algorithm", "ed25519", "-out", f"{name}.key")
            self.run_it("openssl", "pkey", "-in", f"{name}.key", "-pubout", "-out", f"{name}.pub")
        (self.folder / "ci.yml").write_text(JOBS)
        (self.folder / "src").mkdir()
        (self.folder / "src" / "a").write_text("what it works on")
        (self.folder / "links").mkdir()
        self.run_it(SLUICE, "layout", "new", "--from", "ci.yml", "--functionary", "ci.pub", "--to", "draft.layout")

    def run_it(self, *command, code=0):
        ran = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False, timeout=120)
        self.assertEqual(ran.returncode, code, f"{' '.join(command)}\n{ran.stdout}\n{ran.stderr}")
        return ran.stdout + ran.stderr

    def record(self, who, dsse):
        build = ("--", "sh", "-c", "mkdir -p out; echo made > out/b")
        if who == "python":
            wrap = ("--use-dsse",) if dsse else ()
            self.run_it(PYTHON, "run", "-n", "make", "-m", "src", "-p", "src", "out", "--signing-key", "ci.key",
                        "--metadata-directory", "links", *wrap, *build)
        elif who == "go":
            wrap = ("--use-dsse",) if dsse else ()
            self.run_it(GO, "run", "-n", "make", "-m", "src", "-p", "src", "-p", "out", "-k", "ci.key", "-d",
                        "links", *wrap, *build)
        else:
            self.run_it(SLUICE, "run", "--step", "make", "--materials", "src", "--products", "src", "--products",
                        "out", "--key", "ci.key", "--metadata-folder", "links", "--format", "dsse" if dsse else "metablock", *build)

    def sign(self, who, dsse=False):
        form = "dsse" if dsse else "metablock"
        self.run_it(SLUICE, "layout", "sign", "draft.layout", "--key", "owner.key", "--to", "root.layout", "--format",
                    form)
        if who == "python":
            self.run_it(PYTHON, "sign", "-f", "root.layout", "-k", "owner.key")
        elif who == "go":
            self.run_it(GO, "sign", "-f", "root.layout", "-k", "owner.key", "-o", "root.layout")

    def verify(self, who, code=0):
        if who == "python":
            return self.run_it(PYTHON, "verify", "-l", "root.layout", "--verification-keys", "owner.pub", "--link-dir",
                               "links", code=code)
        if who == "go":
            return self.run_it(GO, "verify", "-l", "root.layout", "-k", "owner.pub", "-d", "links", code=code)
        return self.run_it(SLUICE, "layout", "verify", "root.layout", "--key", "owner.pub", "--links", "links",
                           code=code)

    def spoil(self):
        """A product of another name, signed by nobody's rule."""
        (self.folder / "draft.layout").write_text(
            (self.folder / "draft.layout").read_text().replace('"CREATE",\n          "*"',
                                                               '"CREATE",\n          "other/*"'))

    def both_ways(self, recorder, dsse, verifier):
        self.record(recorder, dsse)
        self.sign("sluice", dsse)
        self.verify(verifier)
        self.spoil()
        self.sign("sluice", dsse)
        self.verify(verifier, code=1)

    def test_python_metablock_here(self):
        self.both_ways("python", False, "sluice")

    def test_python_dsse_here(self):
        self.both_ways("python", True, "sluice")

    def test_go_metablock_here(self):
        self.both_ways("go", False, "sluice")

    def test_go_dsse_here(self):
        self.both_ways("go", True, "sluice")

    def test_our_metablock_at_python(self):
        self.both_ways("sluice", False, "python")

    def test_our_dsse_at_python(self):
        self.both_ways("sluice", True, "python")

    def test_our_metablock_at_go(self):
        self.both_ways("sluice", False, "go")

    def test_our_dsse_at_go(self):
        self.both_ways("sluice", True, "go")

    def test_layouts_signed_by_each(self):
        self.record("sluice", False)
        for signer in ("python", "go", "sluice"):
            with self.subTest(signer):
                self.sign(signer)
                self.verify("sluice")

    @unittest.skipUnless(shutil.which("gpg"), "gpg is not installed")
    def test_gpg_keys_of_owner_and_functionary(self):
        home = self.folder / "gpg"
        home.mkdir(mode=0o700)
        self.addCleanup(subprocess.run, ["gpgconf", "--homedir", str(home), "--kill", "gpg-agent"], check=False)
        self.run_it("gpg", "--homedir", "gpg", "--batch", "--passphrase", "", "--quick-gen-key", "dev@lab.test", "rsa2048",
                    "sign", "never")
        listing = self.run_it("gpg", "--homedir", "gpg", "--batch", "--with-colons", "--fingerprint")
        keyid = next(line.split(":")[9] for line in listing.splitlines() if line.startswith("fpr"))
        python = pathlib.Path(PYTHON).resolve().parent / "environment/bin/python3"
        self.run_it(str(python), "-c", GPG_LAYOUT, keyid)
        self.run_it(PYTHON, "sign", "-f", "root.layout", "-g", keyid, "--gpg-home", "gpg")
        self.run_it(PYTHON, "run", "-n", "make", "-p", "src", "-g", keyid, "--gpg-home", "gpg", "--metadata-directory",
                    "links", "--", "true")
        verify = (SLUICE, "layout", "verify", "root.layout", "--gpg", keyid, "--gpg-home", "gpg", "--links", "links")
        self.run_it(*verify)
        link = next((self.folder / "links").glob("make.*.link"))
        link.write_text(link.read_text().replace('"return-value": 0', '"return-value": 1'))
        self.assertIn("does not count", self.run_it(*verify, code=1))

    def certify(self):
        """A root, and a certificate below it for leaf.key."""
        for name in ("root", "leaf"):
            self.run_it("openssl", "genpkey", "-algorithm", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-out",
                        f"{name}.key")
        self.run_it("openssl", "req", "-x509", "-new", "-key", "root.key", "-subj", "/CN=root", "-days", "3", "-out",
                    "root.pem", "-addext", "keyUsage=critical,keyCertSign")
        self.run_it("openssl", "req", "-new", "-key", "leaf.key", "-subj", "/CN=builder", "-out", "leaf.csr")
        (self.folder / "ext").write_text("keyUsage=critical,digitalSignature\nbasicConstraints=CA:FALSE\n"
                                         "subjectAltName=URI:spiffe://lab.test/build\n")
        self.run_it("openssl", "x509", "-req", "-in", "leaf.csr", "-CA", "root.pem", "-CAkey", "root.key",
                    "-CAcreateserial", "-days", "2", "-extfile", "ext", "-out", "leaf.pem")

    def test_certificates_of_go(self):
        self.certify()
        self.run_it(GO, "run", "-n", "make", "-m", "src", "-p", "src", "-k", "leaf.key", "-c", "leaf.pem", "-d",
                    "links", "--", "true")
        for name, code in (("builder", 0), ("another", 1)):
            layout = json.loads((self.folder / "draft.layout").read_text())
            public = self.run_it("openssl", "x509", "-in", "root.pem", "-pubkey", "-noout")
            key = {"keyid": "ab" * 32, "keyid_hash_algorithms": ["sha256", "sha512"], "keytype": "ecdsa",
                   "scheme": "ecdsa-sha2-nistp256",
                   "keyval": {"public": public.strip(), "certificate": (self.folder / "root.pem").read_text().strip()}}
            layout.update(keys={}, rootcas={"ab" * 32: key})
            constraint = {"common_name": name, "dns_names": [], "emails": [], "organizations": [], "roots": ["*"],
                          "uris": ["spiffe://lab.test/build"]}
            layout["steps"][0].update(pubkeys=[], cert_constraints=[constraint])
            (self.folder / "certified.layout").write_text(json.dumps(layout))
            self.run_it(SLUICE, "layout", "sign", "certified.layout", "--key", "owner.key", "--to", "root.layout")
            self.verify("sluice", code=code)
            self.verify("go", code=code)

    def test_the_layout_has_both_ids(self):
        layout = json.loads((self.folder / "draft.layout").read_text())
        self.assertEqual(len(layout["keys"]), 2)


if __name__ == "__main__":
    if not PYTHON or not GO:
        print("skipped: in-toto and in-toto-golang are not installed (./dev lab install)", file=sys.stderr)
        sys.exit(77)
    unittest.main()

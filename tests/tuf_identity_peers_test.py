#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Identities that sign TUF roles (TAP 18) in a real Sigstore: what sluice signed is read by python-tuf, and what
securesystemslib signed by sluice."""
import functools
import http.server
import json
import os
import shutil
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
from sigstore_lab import IDENTITIES, LabCase, main, trust_of_sigstore_python  # noqa: E402

SUBJECTS = {"email": "dev@lab.test", "github": "octo/app", "gitlab": "group/app"}
# In sigstore-python's environment, in which python-tuf is, too: that the Sigstore is the lab's.
IN_LAB = """
import json, os, sys
from securesystemslib.signer import KEY_FOR_TYPE_AND_SCHEME, SigstoreKey, SigstoreSigner
import sigstore.models, sigstore.oidc, sigstore.verify
from sigstore.models import ClientTrustConfig, TrustedRoot
KEY_FOR_TYPE_AND_SCHEME[("sigstore-oidc", "Fulcio")] = SigstoreKey
if os.environ.get("TRUST"):
    config = ClientTrustConfig.from_json(open(os.environ["TRUST"]).read())
    ClientTrustConfig.production = classmethod(lambda cls, offline=False: config)
    sigstore.verify.Verifier.production = classmethod(lambda cls, offline=False: cls(trusted_root=config.trusted_root))
"""
READ = IN_LAB + """
import logging
from tuf.ngclient import Updater
logging.basicConfig(level=logging.INFO)
url, root, cache, name = sys.argv[1:]
updater = Updater(cache, url + "/metadata/", cache, url + "/targets/", bootstrap=open(root, "rb").read())
updater.refresh()
print(open(updater.download_target(updater.get_targetinfo(name))).read(), end="")
"""
MAKE = IN_LAB + """
import datetime
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp
folder, identity, issuer, token = sys.argv[1:]
later = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) + datetime.timedelta(days=30)
sigstore.oidc.detect_credential = lambda *_: open(token).read()
key = CryptoSigner.generate_ed25519()
uri, public = SigstoreSigner.import_(identity, issuer)
somebody = SigstoreSigner.from_priv_key_uri(uri, public)
roles = {"root": Root(expires=later), "targets": Targets(expires=later), "snapshot": Snapshot(expires=later),
         "timestamp": Timestamp(expires=later)}
for name in ("root", "snapshot", "timestamp"):
    roles["root"].add_key(key.public_key, name)
roles["root"].add_key(public, "targets")
os.makedirs(folder + "/metadata")
os.makedirs(folder + "/targets")
content = b"from python-tuf\\n"
listed = TargetFile.from_data("old.txt", content, ["sha256"])
roles["targets"].targets["old.txt"] = listed
open(f"{folder}/targets/{listed.hashes['sha256']}.old.txt", "wb").write(content)
roles["snapshot"].meta["targets.json"] = MetaFile(1)
for name, role in roles.items():
    metadata = Metadata(role)
    metadata.sign(somebody if name == "targets" else key)
    metadata.to_file(f"{folder}/metadata/" + ("timestamp.json" if name == "timestamp" else f"1.{name}.json"))
print(public.keyid)
"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Identities(LabCase):
    def setUp(self):
        super().setUp()
        program = shutil.which("sigstore-python")
        if program is None:
            self.skipTest("sigstore-python is not here (./dev lab install sigstore-python)")
        self.python = os.path.join(os.path.dirname(os.path.realpath(program)), "environment", "bin", "python3")
        here = self.world.endpoints
        self.trust = ["--trusted-root", here["trusted_root"]]
        self.environment |= {"SLUICE_PASSWORD": "example"}
        for who in ("ann", "online"):
            self.does("key", "generate", "--type", "ed25519", "--out-prefix", who)
        self.environment["ONLINE"] = (self.folder / "online.key").read_text()
        self.write("app.txt", "an application\n")

    def does(self, *words, code=0):
        done = self.sluice(*words)
        self.assertEqual(done.code, code, f"{words}\n{done.text}")
        return done.text

    def who(self, kind):
        return IDENTITIES[kind](SUBJECTS[kind]), self.world.endpoints["issuers"][kind]

    def publish_as(self, kind):
        """Targets are signed by an identity; the folder that is served."""
        identity, issuer = self.who(kind)
        self.does("tuf", "init", "--root-key", "ann.pub", "--targets-key", f"somebody=sigstore:{identity}?issuer={issuer}",
                  "--online-signer", "env:ONLINE", "repo")
        self.does("tuf", "add", "--repo", "repo", "--under", "app", "app.txt")
        self.does("tuf", "sign", "--repo", "repo", "--key", "ann.key", "--yes")
        token = self.write("token", self.world.token(kind, SUBJECTS[kind]))
        self.does("tuf", "sign", "--repo", "repo", "--key", "sigstore:", "--yes", "--identity-token-file", token,
                  "--signing-config", self.world.endpoints["signing_config"], *self.trust)
        self.does("tuf", "publish", "--repo", "repo", *self.trust)
        self.does("tuf", "verify", "--deep", "repo", *self.trust)
        return self.folder / "repo"

    def served(self, folder):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"http://127.0.0.1:{server.server_port}"

    def run_python(self, script, *words, trusted=True):
        both = trust_of_sigstore_python(self.world.endpoints["trusted_root"], self.folder / "trust.json")
        return self.run_program([self.python, "-c", script, *words], TRUST=str(both) if trusted else "")

    def read_by_python_tuf(self, folder, name, trusted=True):
        cache = self.folder / f"cache-{len(list(self.folder.iterdir()))}"
        cache.mkdir()
        return self.run_python(READ, self.served(folder), folder / "metadata" / "1.root.json", cache, name, trusted=trusted)

    def test_what_sluice_signed_is_read_by_python_tuf(self):
        for kind in SUBJECTS:
            with self.subTest(kind):
                shutil.rmtree(self.folder / "repo", ignore_errors=True)
                folder = self.publish_as(kind)
                done = self.read_by_python_tuf(folder, "app/app.txt")
                self.assertEqual((done.code, done.text.splitlines()[-1:]), (0, ["an application"]), done.text)

    def test_python_tuf_refuses_what_sluice_refuses(self):
        folder = self.publish_as("email")
        metadata = folder / "metadata" / "1.targets.json"
        good = metadata.read_text()
        # The same identity over other metadata, in the place of this signature.
        shutil.move(folder, self.folder / "first")
        self.write("app.txt", "another application\n")
        other = json.loads((self.publish_as("email") / "metadata" / "1.targets.json").read_text())
        shutil.rmtree(folder)
        shutil.move(self.folder / "first", folder)
        self.does("tuf", "verify", "repo", *self.trust)
        swapped = json.loads(good)
        swapped["signatures"] = other["signatures"]
        metadata.write_text(json.dumps(swapped, separators=(",", ":")))
        self.does("tuf", "verify", "repo", *self.trust, code=1)
        done = self.read_by_python_tuf(folder, "app/app.txt")
        self.assertNotEqual(done.code, 0, done.text)
        self.assertIn("targets was signed by 0/1 keys", done.text)
        metadata.write_text(good)
        self.does("tuf", "verify", "repo", *self.trust)
        done = self.read_by_python_tuf(folder, "app/app.txt")
        self.assertEqual(done.code, 0, done.text)

    def test_what_securesystemslib_signed_is_read_by_sluice(self):
        for kind in ("email", "github"):
            with self.subTest(kind):
                identity, issuer = self.who(kind)
                token = self.write("token", self.world.token(kind, SUBJECTS[kind]))
                made = self.run_python(MAKE, self.folder / kind, identity, issuer, token)
                self.assertEqual(made.code, 0, made.text)
                self.does("tuf", "verify", "--deep", kind, *self.trust)
                self.does("tuf", "verify", kind, code=1)  # by Sigstore's public instance it is nobody
                self.does("tuf", "import", "--metadata", f"{kind}/metadata", "--targets", f"{kind}/targets", f"{kind}-taken",
                          *self.trust)
                status = json.loads(self.does("tuf", "status", "--repo", f"{kind}-taken", "--output", "json", *self.trust))
                keyids = {each["role"]: each["keyids"] for each in status["roles"]}
                self.assertEqual(keyids["targets"], [made.text.split()[-1]])

    def test_somebody_else_signs_nothing(self):
        identity, issuer = self.who("email")
        self.does("tuf", "init", "--root-key", "ann.pub", "--targets-key", f"somebody=sigstore:{identity}?issuer={issuer}",
                  "--online-signer", "env:ONLINE", "repo")
        token = self.write("token", self.world.token("email", "eve@lab.test"))
        size = self.log_size()
        text = self.does("tuf", "sign", "--repo", "repo", "--role", "targets", "--key", "sigstore:", "--yes",
                         "--identity-token-file", token, "--signing-config", self.world.endpoints["signing_config"], *self.trust,
                         code=3)
        self.assertIn("eve@lab.test", text)
        self.assertEqual(self.log_size(), size)


main(needs=())

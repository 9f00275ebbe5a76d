#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""sluice signs in a real Sigstore: every client verifies it, and bad days are survived or told."""
import base64
import concurrent.futures
import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
from sigstore_lab import CLIENTS, SLUICE, LabCase, main  # noqa: E402

SUBJECTS = {"email": "dev@lab.test", "uri": "http://127.0.0.1/workload/7", "github": "octo/app", "gitlab": "group/app"}


class SigningCase(LabCase):
    def services(self):
        here = self.world.endpoints
        return ["--signing-config", here["signing_config"], "--trusted-root", here["trusted_root"]]

    def fresh(self, name="file"):
        """No two files are alike: the log refuses what it has."""
        return self.write(name, f"{os.urandom(8).hex()}\n")

    def token(self, kind="email", **claims):
        return self.write("token", self.world.token(kind, SUBJECTS[kind], **claims))

    def sign(self, *words, kind="email", **claims):
        return self.sluice("sign", *self.services(), "--identity-token-file", self.token(kind, **claims), *words)

    def signed(self, kind="email"):
        file = self.fresh()
        done = self.sign(file, kind=kind)
        self.assertEqual(done.code, 0, done.text)
        return self.expected(kind, SUBJECTS[kind], file, file.with_name(file.name + ".sigstore.json"))


class Links(SigningCase):
    LINK = "https://in-toto.io/attestation/link/v0.3"

    def run_step(self, *words):
        return self.sluice("run", *self.services(), "--identity-token-file", self.token(), "--step", "build", *words)

    def verify_link(self, client, link, identity="dev@lab.test"):
        root, issuer = self.world.endpoints["trusted_root"], self.world.endpoints["issuers"]["email"]
        who = ["--trusted-root", root, "--certificate-identity", identity, "--certificate-oidc-issuer", issuer]
        if client == "cosign":
            return self.run_program(["cosign", "verify-blob-attestation", "--type", self.LINK, "--bundle", link, *who, "app"])
        return self.sluice("verify", "--type", self.LINK, "--bundle", link, *who, "app")

    def test_by_an_identity_are_attestations_about_the_products(self):
        done = self.run_step("--products", "app", "--", "sh", "-c", "date +%s%N >app; exit 7")
        self.assertEqual(done.code, 7, done.text)
        links = sorted(self.folder.glob("build.????????.link"))
        self.assertEqual(len(links), 1, done.text)
        for client in ("sluice", "cosign"):
            done = self.verify_link(client, links[0])
            self.assertEqual(done.code, 0, done.text)
            self.assertNotEqual(self.verify_link(client, links[0], "eve@lab.test").code, 0)
        statement = json.loads(base64.b64decode(json.loads(links[0].read_text())["dsseEnvelope"]["payload"]))
        self.assertEqual(statement["predicate"]["byproducts"]["return-value"], 7)
        # Another certificate of the same identity: the same name.
        self.assertEqual(self.run_step("--products", "app", "--", "true").code, 0)
        self.assertEqual(sorted(self.folder.glob("build.*.link")), links)

    def test_are_not_written_where_nobody_certifies(self):
        done = self.sluice("run", *self.services(), "--identity-token-file", self.write("token", "no.such.token"),
                           "--step", "build", "--", "true")
        self.assertEqual(done.code, 125, done.text)
        self.assertIn("after the command had ended with 0", done.text)
        self.assertEqual(list(self.folder.glob("*.link")), [])


class Layouts(SigningCase):
    def who(self, kind="email", identity="dev@lab.test"):
        return ["--certificate-identity", identity, "--certificate-oidc-issuer", self.world.endpoints["issuers"][kind]]

    def verify(self, *owner):
        return self.sluice("layout", "verify", "l", "--links", "links", "--trusted-root", self.world.endpoints["trusted_root"],
                           *owner)

    def test_of_identities_alone(self):
        """An owner who is a person, and a step by a workload: nobody has a key."""
        (self.folder / "links").mkdir()
        self.write("ci.yml", "jobs:\n  build:\n    steps: []\n")
        workload = self.who("uri", SUBJECTS["uri"])
        self.assertEqual(self.sluice("layout", "new", "--from", "ci.yml", *workload, "--to", "l").code, 0)
        done = self.sluice("layout", "sign", "l", *self.services(), "--identity-token-file", self.token("email"))
        self.assertEqual(done.code, 0, done.text)
        done = self.sluice("run", *self.services(), "--identity-token-file", self.token("uri"), "--step", "build",
                           "--products", "app", "--metadata-folder", "links", "--", "sh", "-c", "date +%s%N >app")
        self.assertEqual(done.code, 0, done.text)
        done = self.verify(*self.who())
        self.assertEqual(done.code, 0, done.text)
        self.assertEqual(self.verify(*workload).code, 1)
        self.assertEqual(self.verify(*self.who("email", "eve@lab.test")).code, 1)
        bundle = json.loads((self.folder / "l").read_text())
        layout = base64.b64decode(bundle["dsseEnvelope"]["payload"]).replace(b'"threshold": 1', b'"threshold":  1')
        bundle["dsseEnvelope"]["payload"] = base64.b64encode(layout).decode()
        self.write("l", json.dumps(bundle))
        self.assertEqual(self.verify(*self.who()).code, 1)


class Signatures(SigningCase):
    def test_are_verified_by_every_client(self):
        for kind in SUBJECTS:
            with self.subTest(kind):
                signed = self.signed(kind)
                for client in CLIENTS:
                    self.accepts(client, signed)
                self.refuses("cosign", signed, identity="eve@lab.test")

    def test_of_many_files_take_one_certificate(self):
        files = [self.fresh(f"f{i}") for i in range(20)]
        done = self.sign("--output", "json", *files)
        self.assertEqual(done.code, 0, done.text)
        answer = json.loads(done.text)
        self.assertEqual(answer["certificates"], 1)
        self.assertEqual(len(answer["signed"]), 20)
        leaves = {self.expected("email", SUBJECTS["email"], f, f.with_name(f.name + ".sigstore.json")).certificate() for f in files}
        self.assertEqual(len(leaves), 1)
        for file in files[:3]:
            self.accepts("cosign", self.expected("email", SUBJECTS["email"], file, file.with_name(file.name + ".sigstore.json")))

    def test_of_a_runner_need_no_token_of_the_caller(self):
        here = self.world.endpoints
        file = self.fresh()
        done = self.sluice("sign", *self.services(), file, GITHUB_ACTIONS="true",
                           ACTIONS_ID_TOKEN_REQUEST_URL=here["runner_token_url"],
                           ACTIONS_ID_TOKEN_REQUEST_TOKEN=here["runner_token_secret"])
        self.assertEqual(done.code, 0, done.text)
        signed = self.expected("github", "octo/app", file, file.with_name("file.sigstore.json"))
        for client in ("cosign", "sluice"):
            self.accepts(client, signed)

    def test_with_a_key_may_be_recorded_too(self):
        password = {"SLUICE_PASSWORD": "pw"}
        self.assertEqual(self.sluice("key", "generate", "--out-prefix", "k", **password).code, 0)
        file = self.fresh()
        done = self.sluice("sign", "--key", "k.key", *self.services(), file, **password)
        self.assertEqual(done.code, 0, done.text)
        root = self.world.endpoints["trusted_root"]
        done = self.sluice("verify", "--key", "k.pub", "--trusted-root", root, "--logs", "1", "--times", "1", file)
        self.assertEqual(done.code, 0, done.text)
        done = self.run_program(["cosign", "verify-blob", "--key", "k.pub", "--trusted-root", root, "--use-signed-timestamps",
                                 "--bundle", "file.sigstore.json", file])
        self.assertEqual(done.code, 0, done.text)


class CalledAsCosign(SigningCase):
    """A link named cosign, with cosign's arguments; the real cosign verifies what it signed, and the reverse."""

    def setUp(self):
        super().setUp()
        (self.folder / "bin").mkdir()
        self.link = self.folder / "bin" / "cosign"
        self.link.symlink_to(SLUICE)

    def cosign(self, *words, **environment):
        return self.run_program([self.link, *words], **environment)

    def sign_blob(self, file, bundle, *more, **environment):
        return self.cosign("sign-blob", "--yes", *self.services(), "--bundle", bundle, *more, file, **environment)

    def test_signs_what_cosign_verifies(self):
        for kind in SUBJECTS:
            for token in (self.world.token(kind, SUBJECTS[kind]), self.token(kind)):  # itself, and its file
                with self.subTest(kind):
                    file = self.fresh()
                    done = self.sign_blob(file, "b.json", "--identity-token", token)
                    self.assertEqual(done.code, 0, done.text)
                    self.assertTrue(done.text.endswith("Wrote bundle to file b.json\n"), done.text)
                    self.assertNotIn(str(token).rpartition(".")[2], done.text.replace(str(file), ""))
                    signed = self.expected(kind, SUBJECTS[kind], file, self.folder / "b.json")
                    self.accepts("cosign", signed)
                    self.refuses("cosign", signed, identity="eve@lab.test")

    def test_verifies_what_cosign_signs(self):
        signed = self.signed_by_cosign("email", "dev@lab.test")
        words = ["verify-blob", "--bundle", signed.bundle, "--trusted-root", signed.trusted_root, "--certificate-oidc-issuer",
                 signed.issuer, "--certificate-identity"]
        self.assertEqual(self.cosign(*words, signed.identity, signed.file).code, 0)
        self.assertEqual(self.cosign(*words, "eve@lab.test", signed.file).code, 1)

    def test_attests_what_cosign_verifies(self):
        predicate = self.write("predicate.json", '{"reviewed": true}')
        statements = []
        for program in (self.link, "cosign"):
            file = self.write("file", "attested\n")
            done = self.run_program([program, "attest-blob", "--yes", "--type", "cyclonedx", "--predicate", predicate,
                                     *self.services(), "--identity-token", self.token(), "--bundle", "a.json", file])
            self.assertEqual(done.code, 0, done.text)
            signed = self.expected("email", SUBJECTS["email"], file, self.folder / "a.json")
            statements.append(json.loads(base64.b64decode(signed.read()["dsseEnvelope"]["payload"])))
            who = ["--certificate-identity", signed.identity, "--certificate-oidc-issuer", signed.issuer,
                   "--trusted-root", signed.trusted_root, "--bundle", signed.bundle]
            for other in ("cosign", self.link):
                done = self.run_program([other, "verify-blob-attestation", "--type", "cyclonedx", *who, file])
                self.assertEqual(done.code, 0, done.text)
        self.assertEqual(*statements)

    def test_a_script_runs_unchanged(self):
        here = self.world.endpoints
        script = self.write("release.sh", f"""set -eu
cosign sign-blob --yes --signing-config {here["signing_config"]} --trusted-root {here["trusted_root"]} \\
  --identity-token token --bundle app.sigstore.json app
cosign verify-blob --trusted-root {here["trusted_root"]} --bundle app.sigstore.json \\
  --certificate-identity dev@lab.test --certificate-oidc-issuer {here["issuers"]["email"]} app
if cosign verify-blob --trusted-root {here["trusted_root"]} --bundle app.sigstore.json \\
  --certificate-identity eve@lab.test --certificate-oidc-issuer {here["issuers"]["email"]} app; then exit 9; fi
echo released
""")
        answers = []
        for path in (f"{self.link.parent}:{self.environment['PATH']}", self.environment["PATH"]):
            self.fresh("app")
            self.token()
            done = subprocess.run(["sh", script], cwd=self.folder, env={**self.environment, "PATH": path}, check=False,
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stderr)
            answers.append(done.stdout)
        self.assertEqual(answers, ["released\n", "released\n"])

    def test_signing_configs_go_both_ways(self):
        here = self.world.endpoints
        more = "start-time=2020-01-01T00:00:00Z,operator=lab.test"
        words = ["signing-config", "create", "--fulcio", f"url={here['fulcio']},api-version=1,{more}",
                 "--rekor", f"url={here['rekor']},api-version=2,{more}", "--rekor-config", "ANY",
                 "--tsa", f"url={here['tsa']},api-version=1,{more}", "--tsa-config", "EXACT:1", "--out", "made.json"]
        for maker, user in ((self.link, "cosign"), ("cosign", self.link)):
            done = self.run_program([maker, *words])
            self.assertEqual(done.code, 0, done.text)
            file = self.fresh()
            done = self.run_program([user, "sign-blob", "--yes", "--signing-config", "made.json", "--trusted-root",
                                     here["trusted_root"], "--identity-token", self.token(), "--bundle", "b.json", file])
            self.assertEqual(done.code, 0, done.text)
            self.accepts("cosign", self.expected("email", SUBJECTS["email"], file, self.folder / "b.json"))


class Attestations(SigningCase):
    def test_are_verified_by_cosign_and_by_us(self):
        file = self.fresh()
        predicate = self.write("predicate.json", '{"reviewed": true}')
        done = self.sluice("attest", "--type", "custom", "--predicate", predicate, *self.services(),
                           "--identity-token-file", self.token(), file)
        self.assertEqual(done.code, 0, done.text)
        bundle = file.with_name("file.attestation.sigstore.json")
        here = self.expected("email", SUBJECTS["email"], file, bundle)
        who = ["--certificate-identity", here.identity, "--certificate-oidc-issuer", here.issuer,
               "--trusted-root", here.trusted_root, "--bundle", bundle]
        for words in (["cosign", "verify-blob-attestation", "--type", "custom"],
                      [SLUICE, "verify", "--type", "https://cosign.sigstore.dev/attestation/v1"]):
            done = self.run_program([*words, *who, file])
            self.assertEqual(done.code, 0, done.text)
            self.assertNotEqual(self.run_program([*words, *who, self.fresh("other")]).code, 0)


class Tokens(SigningCase):
    """Fulcio has one sentence for each of these; sluice names the claim before it asks."""

    def test_that_are_wrong_are_refused_by_their_claim(self):
        wrong = {"expired": ({"exp": -3600}, "oidc.expiry"),
                 "for somebody else": ({"aud": "other"}, "oidc.audience"),
                 "unverified": ({"email_verified": False}, "oidc.email")}
        for why, (claims, check) in wrong.items():
            with self.subTest(why):
                size = self.log_size()
                file = self.fresh()
                done = self.sign("--output", "json", file, **claims)
                self.assertEqual(done.code, 1, done.text)
                self.assertIn(check, done.text)
                self.assertFalse(file.with_name("file.sigstore.json").exists())
                self.assertEqual(self.log_size(), size)

    def test_of_strangers_are_refused_by_the_ca(self):
        done = self.sign(self.fresh(), iss="http://127.0.0.1:1/email")
        self.assertNotEqual(done.code, 0)
        self.assertIn("nothing was written", done.text)

    def test_never_show(self):
        secret = self.world.token("email", SUBJECTS["email"])
        token = self.write("token", secret)
        done = self.sluice("sign", *self.services(), "--identity-token-file", token, "--log-level", "debug", self.fresh())
        self.assertEqual(done.code, 0, done.text)
        for part in secret.split("."):
            self.assertNotIn(part, done.text)

    def test_are_needed(self):
        done = self.sluice("sign", *self.services(), self.fresh())
        self.assertEqual(done.code, 3, done.text)
        self.assertIn("--identity-token-file", done.text)


class BadDays(SigningCase):
    def test_a_log_that_is_busy_is_asked_again(self):
        self.faults({"status": 503, "headers": {"Retry-After": "1"}}, {"status": 429, "body": "<html>busy</html>"})
        self.accepts("cosign", self.signed())

    def test_an_entry_whose_answer_was_lost_is_found_again(self):
        size = self.log_size()
        self.faults({"lost": True})
        signed = self.signed()
        self.log_grows_to(size + 1)  # one entry, not two
        for client in ("cosign", "sluice"):
            self.accepts(client, signed)

    def test_a_log_that_talks_html_is_told(self):
        self.faults(*[{"status": 200, "body": "<html>maintenance</html>"}] * 40)
        try:
            done = self.sign("--deadline", "8", self.fresh())
        finally:
            self.faults()
        self.assertNotEqual(done.code, 0, done.text)
        self.assertIn("HTML", done.text)

    def test_without_a_log_nothing_is_written_unless_that_is_allowed(self):
        self.world.stop("rekor")
        try:
            file = self.fresh()
            done = self.sign("--deadline", "6", file)
            self.assertEqual(done.code, 3, done.text)
            self.assertFalse(file.with_name("file.sigstore.json").exists())
            done = self.sign("--deadline", "6", "--allow-no-log", file)
            self.assertEqual(done.code, 0, done.text)
            self.assertIn("without an entry in a log", done.text)
        finally:
            self.world.start("rekor")
        signed = self.expected("email", SUBJECTS["email"], file, file.with_name("file.sigstore.json"))
        self.refuses("sluice", signed)
        done = self.sluice("verify", "--logs", "0", "--trusted-root", signed.trusted_root, "--certificate-identity",
                           signed.identity, "--certificate-oidc-issuer", signed.issuer, file)
        self.assertEqual(done.code, 0, done.text)

    def test_a_killed_run_goes_on_without_a_second_entry(self):
        files = [self.fresh(f"f{i}") for i in range(4)]
        size = self.log_size()
        words = ["sign", *self.services(), "--identity-token-file", self.token(), "--journal", self.folder / "journal", *files]
        # The log takes the entries, and the answers never arrive: the run is killed while it waits.
        self.faults(*[{"lost": True}] * 4)
        run = subprocess.Popen([SLUICE, *[str(word) for word in words]], cwd=self.folder, env=self.environment,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        until = time.monotonic() + 20
        while self.log_size() < size + 4 and time.monotonic() < until:
            time.sleep(0.01)
        run.send_signal(signal.SIGKILL)
        run.communicate()
        self.faults()
        self.assertEqual(self.log_size(), size + 4)
        self.assertTrue((self.folder / "journal").exists())
        self.assertFalse(any(file.with_name(file.name + ".sigstore.json").exists() for file in files))
        self.assertNotIn("PRIVATE", (self.folder / "journal").read_text())
        done = self.sluice(*words, "--output", "json")
        self.assertEqual(done.code, 0, done.text)
        self.assertEqual(self.log_size(), size + 4)
        self.assertEqual(json.JSONDecoder().raw_decode(done.text)[0]["certificates"], 0)
        for file in files:
            self.accepts("cosign", self.expected("email", SUBJECTS["email"], file, file.with_name(file.name + ".sigstore.json")))
        self.assertFalse((self.folder / "journal").exists())

    def test_two_at_once_both_sign(self):
        with concurrent.futures.ThreadPoolExecutor() as pool:
            def one(number):
                file = self.fresh(f"g{number}")
                return self.sluice("sign", *self.services(), "--identity-token-file",
                                   self.write(f"token{number}", self.world.token("email", SUBJECTS["email"])), file)
            for done in pool.map(one, range(4)):
                self.assertEqual(done.code, 0, done.text)


if __name__ == "__main__":
    main(needs=("cosign",))

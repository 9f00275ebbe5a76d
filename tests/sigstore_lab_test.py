#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The Sigstore of tools/sigstore-lab is one: what cosign signs there, every client verifies, and only that."""
import base64
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
from sigstore_lab import CLIENTS, LabCase, main  # noqa: E402
import trust  # noqa: E402  # of tools/sigstore

SUBJECTS = {"email": "dev@lab.test", "uri": "http://127.0.0.1/workload/7", "github": "octo/app", "gitlab": "group/app"}


class Clients(LabCase):
    def tells_apart(self, client):
        """Accepts what is right, and nothing that differs from it in one point."""
        signed = self.signed_by_cosign("email", "dev@lab.test")
        self.accepts(client, signed)
        self.refuses(client, signed, identity="eve@lab.test")
        self.refuses(client, signed, issuer=self.world.endpoints["issuers"]["github"])
        self.refuses(client, signed, file=self.write("other", "not what was signed\n"))
        self.refuses(client, signed, trusted_root=self.foreign_root())

    def foreign_root(self):
        """Of a world with the same addresses and names, and keys of its own."""
        here = self.world.endpoints
        foreign = trust.trusted_root(trust.Keys(self.folder / "foreign"), here["fulcio"], here["ct"], here["tsa"])
        return self.write("foreign.json", json.dumps(foreign))

    def test_cosign_tells_apart(self):
        self.tells_apart("cosign")

    def test_sluice_tells_apart(self):
        self.tells_apart("sluice")

    def test_sigstore_go_tells_apart(self):
        self.tells_apart("sigstore-go")

    def test_sigstore_js_tells_apart(self):
        self.tells_apart("sigstore-js")

    def test_sigstore_python_tells_apart(self):
        self.tells_apart("sigstore-python")

    def test_each_kind_of_identity_is_certified(self):
        for kind, subject in SUBJECTS.items():
            with self.subTest(kind):
                signed = self.signed_by_cosign(kind, subject)
                for client in CLIENTS:
                    self.accepts(client, signed)


class Signers(LabCase):
    """What others sign, sluice verifies, and so does everybody else; and only that."""

    def is_verified_by_all(self, signer):
        for kind, subject in SUBJECTS.items():
            with self.subTest(kind):
                signed = self.signed_by(signer, kind, subject)
                for client in CLIENTS:
                    self.accepts(client, signed)
        self.refuses("sluice", signed, identity="eve@lab.test")
        self.refuses("sluice", signed, file=self.write("other", "not what was signed\n"))

    def test_like_sigstore_python_are_verified_by_all(self):
        self.is_verified_by_all("sigstore-python")

    def test_like_sigstore_js_are_verified_by_all(self):
        self.is_verified_by_all("sigstore-js")


class Keys(LabCase):
    def test_of_ours_sign_by_cosign_and_verify_by_us(self):
        password = {"SLUICE_PASSWORD": "pw", "COSIGN_PASSWORD": "pw"}
        self.assertEqual(self.sluice("key", "generate", "--out-prefix", "k", **password).code, 0)
        file = self.write("file", f"{os.urandom(8).hex()}\n")
        done = self.cosign_sign(file, self.folder / "bundle.json", "--key", "k.key", **password)
        self.assertEqual(done.code, 0, done.text)
        verify = ("verify", "--key", "k.pub", "--bundle", "bundle.json",
                  "--trusted-root", self.world.endpoints["trusted_root"])
        done = self.sluice(*verify, "file")
        self.assertEqual(done.code, 0, done.text)
        done = self.sluice(*verify, self.write("other", "not what was signed\n"))
        self.assertEqual(done.code, 1, done.text)


class Certificates(LabCase):
    def shown(self, signed):
        done = subprocess.run(["openssl", "x509", "-inform", "DER", "-noout", "-text"], input=signed.certificate(),
                              capture_output=True, check=True)
        return done.stdout.decode()

    def test_say_all_that_githubs_token_says(self):
        text = self.shown(self.signed_by_cosign("github", "octo/app"))
        found = {int(number) for number in re.findall(r"1\.3\.6\.1\.4\.1\.57264\.1\.(\d+)", text)}
        self.assertLessEqual({*range(1, 7), *range(8, 23)}, found, text)

    def test_are_promised_to_a_log_of_tiles(self):
        text = self.shown(self.signed_by_cosign("email", "dev@lab.test"))
        # The place in the log: what a log of the older form leaves empty.
        self.assertRegex(text, r"Signed Certificate Timestamp(.|\n)*Extensions: 00:00:05:00:00:00:00:")

    def test_come_from_an_intermediate(self):
        self.assertIn("CN = code-issuing", self.shown(self.signed_by_cosign("email", "dev@lab.test")))


class Tokens(LabCase):
    def test_that_are_right_get_a_certificate(self):
        for kind, subject in SUBJECTS.items():
            with self.subTest(kind):
                status, answer = self.request_certificate(self.world.token(kind, subject))
                self.assertEqual(status, 200, answer)
                self.assertEqual(len(answer["signedCertificateEmbeddedSct"]["chain"]["certificates"]), 3)

    def test_that_are_wrong_get_none(self):
        wrong = {"expired": ("email", {"exp": -60}),
                 "for somebody else": ("email", {"aud": "other"}),
                 "unverified": ("email", {"email_verified": False}),
                 "of a stranger": ("email", {"iss": "http://127.0.0.1:1/email"}),
                 "lacks a claim": ("github", {"run_id": None}),
                 "another place": ("uri", {"sub": "http://127.0.0.2/workload/7"})}
        for why, (kind, claims) in wrong.items():
            with self.subTest(why):
                status, answer = self.request_certificate(self.world.token(kind, SUBJECTS[kind], **claims))
                self.assertEqual((status, answer["code"]), (400, 3), answer)

    def test_signed_by_nobody_get_none(self):
        parts = self.world.token("email", "dev@lab.test").split(".")
        other = self.world.token("email", "eve@lab.test").split(".")
        status, _ = self.request_certificate(".".join([*parts[:2], other[2]]))
        self.assertEqual(status, 400)

    def test_of_a_runner_are_fetched_by_its_job(self):
        here = self.world.endpoints
        file = self.write("file", f"{os.urandom(8).hex()}\n")
        signed = self.expected("github", "octo/app", file, self.folder / "bundle.json")
        job = {"ACTIONS_ID_TOKEN_REQUEST_URL": here["runner_token_url"],
               "ACTIONS_ID_TOKEN_REQUEST_TOKEN": here["runner_token_secret"]}
        done = self.cosign_sign(file, signed.bundle, **job)
        self.assertEqual(done.code, 0, done.text)
        self.accepts("cosign", signed)

    def test_of_a_runner_are_for_its_jobs_alone(self):
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(self.world.endpoints["runner_token_url"] + "&audience=sigstore", timeout=10)
        self.assertEqual(refused.exception.code, 401)


class Log(LabCase):
    def test_is_readable_as_files(self):
        signed = self.signed_by_cosign("email", "dev@lab.test")
        size = self.log_size()
        entries = self.read_log(f"tile/entries/000.p/{size}")
        leaves = self.read_log(f"tile/0/000.p/{size}")
        body = base64.b64decode(signed.entry()["canonicalizedBody"])
        place = int(signed.entry()["logIndex"])
        self.assertIn(len(body).to_bytes(2, "big") + body, entries)
        self.assertEqual(leaves[32 * place:32 * place + 32], hashlib.sha256(b"\0" + body).digest())

    def test_knows_what_it_has(self):
        signed = self.signed_by_cosign("email", "dev@lab.test")
        body = json.loads(base64.b64decode(signed.entry()["canonicalizedBody"]))["spec"]["hashedRekordV002"]
        request = {"hashedRekordRequestV002": {"digest": body["data"]["digest"], "signature": body["signature"]}}
        request = urllib.request.Request(self.world.endpoints["rekor"] + "/api/v2/log/entries", json.dumps(request).encode(),
                                         {"Content-Type": "application/json"})
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=30)
        self.assertEqual(refused.exception.code, 409)
        self.assertEqual(refused.exception.headers["x-log-index"], signed.entry()["logIndex"])

    def test_may_answer_later(self):
        self.faults({"status": 503, "headers": {"Retry-After": "1"}})
        size = self.log_size()
        file = self.write("file", f"{os.urandom(8).hex()}\n")
        done = self.cosign_sign(file, self.folder / "bundle.json", "--identity-token", self.world.token("email", "dev@lab.test"))
        self.assertNotEqual(done.code, 0)
        self.assertEqual(self.log_size(), size)

    def test_may_add_an_entry_and_lose_its_answer(self):
        self.faults({"lost": True})
        size = self.log_size()
        file = self.write("file", f"{os.urandom(8).hex()}\n")
        done = self.cosign_sign(file, self.folder / "bundle.json", "--identity-token", self.world.token("email", "dev@lab.test"))
        self.assertNotEqual(done.code, 0)
        self.log_grows_to(size + 1)

    def test_may_say_nothing_at_all(self):
        self.faults({"silent": True})
        adds = urllib.request.Request(self.world.endpoints["rekor"] + "/api/v2/log/entries", b"{}")
        with self.assertRaises(TimeoutError):
            urllib.request.urlopen(adds, timeout=0.2)
        # The next is answered: by Rekor, who knows no such entry.
        with self.assertRaises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(adds, timeout=30)
        self.assertEqual(refused.exception.code, 400)

    def test_may_be_away_and_comes_back_with_all_it_had(self):
        signed = self.signed_by_cosign("email", "dev@lab.test")
        size = self.log_size()
        self.world.stop("rekor")
        try:
            file = self.write("other", f"{os.urandom(8).hex()}\n")
            done = self.cosign_sign(file, self.folder / "other.json", "--identity-token", self.world.token("email", "dev@lab.test"))
            self.assertNotEqual(done.code, 0)
        finally:
            self.world.start("rekor")
        self.accepts("cosign", signed)
        again = self.signed_by_cosign("email", "dev@lab.test")
        self.assertEqual(again.entry()["logIndex"], str(size))


class Watching(LabCase):
    def watch(self, *more, state="watch.json"):
        here = self.world.endpoints
        done = self.sluice("log", "watch", "--log", here["rekor_origin"], "--read-from", here["rekor"],
                           "--trusted-root", here["trusted_root"], "--state", state, "--once", "--output", "json",
                           "--certificate-identity", "watched@lab.test",
                           "--certificate-oidc-issuer", here["issuers"]["email"], *more)
        return done.code, [json.loads(line) for line in done.text.splitlines()]

    def test_finds_exactly_what_was_signed_by_an_identity(self):
        self.signed_by_cosign("email", "dev@lab.test")  # the log is not empty
        code, told = self.watch("--from-now")
        self.assertEqual((code, [line["kind"] for line in told]), (0, ["sluice.log-watch/v1"]), told)
        watched = []
        for subject in ("watched@lab.test", "dev@lab.test", "watched@lab.test"):
            signed = self.signed_by_cosign("email", subject)  # the next one replaces its files
            if subject == "watched@lab.test":
                watched.append({"index": int(signed.entry()["logIndex"]),
                                "digest": "sha256:" + hashlib.sha256(signed.file.read_bytes()).hexdigest(),
                                "certificate": "sha256:" + hashlib.sha256(signed.certificate()).hexdigest()})
        size = self.log_size()
        code, told = self.watch()
        self.assertEqual(code, 1, told)
        self.assertEqual([line.get("id") for line in told], ["entry.identity", "entry.identity", None])
        self.assertEqual([{"index": line["index"], "digest": line["digest"], "certificate": line["certificate"]["fingerprint"]}
                          for line in told[:2]], watched)
        self.assertTrue(all(line["certificate"]["chain_holds"] for line in told[:2]), told)
        self.assertEqual((told[2]["end"], told[2]["unread"]), (size, 0), told)
        code, told = self.watch()
        self.assertEqual((code, told[0]["first"]), (0, size), told)

    def test_notices_one_changed_byte_of_an_entry(self):
        self.signed_by_cosign("email", "dev@lab.test")
        self.assertEqual(self.watch("--from-now")[0], 0)
        self.signed_by_cosign("email", "dev@lab.test")
        kept = (self.folder / "watch.json").read_text()
        tile, width = divmod(self.log_size(), 256)
        served = self.world.folder / "rekor" / "tile" / "entries" / f"{tile:03}.p" / str(width)
        right = served.read_bytes()
        try:
            served.write_bytes(right[:-1] + bytes([right[-1] ^ 1]))
            code, told = self.watch()
        finally:
            served.write_bytes(right)
        self.assertEqual((code, told[0]["id"]), (1, "log.entries"), told)
        self.assertEqual((self.folder / "watch.json").read_text(), kept)
        code, told = self.watch()
        self.assertEqual((code, told[0]["end"] - told[0]["first"]), (0, 1), told)

    def test_notices_that_the_log_was_put_back(self):
        self.signed_by_cosign("email", "dev@lab.test")
        self.assertEqual(self.watch("--from-now")[0], 0)
        state = json.loads((self.folder / "watch.json").read_text())
        old = self.read_log("checkpoint")
        self.signed_by_cosign("email", "dev@lab.test")
        self.assertEqual(self.watch()[0], 0)
        # What the log said before, said again: its signature is good, and it is a rollback.
        checkpoint = self.world.folder / "rekor" / "checkpoint"
        new = checkpoint.read_bytes()
        kept = (self.folder / "watch.json").read_text()
        self.world.stop("rekor")
        try:
            checkpoint.write_bytes(old)
            code, told = self.watch()
        finally:
            checkpoint.write_bytes(new)
            self.world.start("rekor")
        self.assertEqual((code, told[0]["id"]), (1, "log.rollback"), told)
        self.assertEqual(told[0]["checkpoints"]["seen"].encode(), old)
        self.assertEqual((self.folder / "watch.json").read_text(), kept)
        self.assertNotEqual(json.loads(kept)["checkpoint"], state["checkpoint"])


class Issuer(LabCase):
    def setUp(self):
        super().setUp()
        self.issuer = self.world.endpoints["issuer"]
        with urllib.request.urlopen(self.issuer + "/.well-known/openid-configuration", timeout=10) as answer:
            self.discovered = json.load(answer)

    def post(self, url, **form):
        try:
            with urllib.request.urlopen(url, data=urllib.parse.urlencode(form).encode(), timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            return refused.code, json.load(refused)

    def claims(self, token):
        part = token.split(".")[1]
        return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))

    def authorize(self, verifier):
        class Stay(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *_):
                return None

        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = {"response_type": "code", "client_id": "sigstore", "redirect_uri": "http://127.0.0.1:1/back", "state": "s",
                 "nonce": "n", "code_challenge": challenge, "code_challenge_method": "S256", "scope": "openid email"}
        with self.assertRaises(urllib.error.HTTPError) as sent:
            urllib.request.build_opener(Stay).open(self.discovered["authorization_endpoint"] + "?" + urllib.parse.urlencode(query))
        self.assertEqual(sent.exception.code, 302)
        back = urllib.parse.urlsplit(sent.exception.headers["Location"])
        return dict(urllib.parse.parse_qsl(back.query))

    def redeem(self, code, verifier):
        return self.post(self.discovered["token_endpoint"], grant_type="authorization_code", client_id="sigstore",
                         redirect_uri="http://127.0.0.1:1/back", code=code, code_verifier=verifier)

    def test_gives_a_token_for_a_code_once(self):
        sent = self.authorize("verifier")
        self.assertEqual(sent["state"], "s")
        status, answer = self.redeem(sent["code"], "verifier")
        self.assertEqual(status, 200)
        claims = self.claims(answer["id_token"])
        self.assertEqual((claims["iss"], claims["aud"], claims["nonce"], claims["email"]), (self.issuer, "sigstore", "n", "dev@lab.test"))
        self.assertEqual(self.redeem(sent["code"], "verifier"), (400, {"error": "invalid_grant"}))

    def test_gives_none_to_who_did_not_ask(self):
        self.assertEqual(self.redeem(self.authorize("verifier")["code"], "another"), (400, {"error": "invalid_grant"}))

    def test_waits_for_consent_on_another_device(self):
        _, begun = self.post(self.discovered["device_authorization_endpoint"], client_id="sigstore", scope="openid email")
        ask = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "client_id": "sigstore", "device_code": begun["device_code"]}
        self.assertEqual(self.post(self.discovered["token_endpoint"], **ask), (400, {"error": "authorization_pending"}))
        urllib.request.urlopen(begun["verification_uri_complete"], timeout=10).close()
        status, answer = self.post(self.discovered["token_endpoint"], **ask)
        self.assertEqual((status, self.claims(answer["id_token"])["email"]), (200, "dev@lab.test"))

    def test_tells_that_consent_was_denied(self):
        _, begun = self.post(self.discovered["device_authorization_endpoint"], client_id="sigstore")
        urllib.request.urlopen(begun["verification_uri_complete"] + "&deny=1", timeout=10).close()
        status, answer = self.post(self.discovered["token_endpoint"], client_id="sigstore", device_code=begun["device_code"],
                                   grant_type="urn:ietf:params:oauth:grant-type:device_code")
        self.assertEqual((status, answer), (400, {"error": "access_denied"}))


class Program(LabCase):
    """tools/sigstore-lab, as a person calls it."""

    lab = pathlib.Path(__file__).resolve().parent.parent / "tools" / "sigstore-lab"

    def test_ends_as_its_command_does(self):
        done = self.run_program([self.lab, "run", "sh", "-c", 'cat "$SIGSTORE_LAB/endpoints.json"; exit 7'])
        self.assertEqual(done.code, 7, done.text)
        gone = json.loads(done.text)
        self.assertNotEqual(gone["fulcio"], self.world.endpoints["fulcio"])
        for name, number in gone["pids"].items():
            self.assertFalse(os.path.exists(f"/proc/{number}/exe"), name)
        self.assertFalse(os.path.exists(gone["state"]))


if __name__ == "__main__":
    main(needs=("cosign",))

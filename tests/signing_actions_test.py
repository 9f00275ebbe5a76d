#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""actions/sign, attest and verify on a simulated runner: with a key anywhere, by identity in a real Sigstore."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "action"), str(HERE / "support")]
sys.dont_write_bytecode = True
import yaml  # noqa: E402
from runner import Job, check_metadata, read_action  # noqa: E402
from sigstore_lab import SLUICE, LabCase, main  # noqa: E402

NAMES = ("sign", "attest", "verify")
ACTIONS = {name: HERE.parent / "actions" / name for name in NAMES}
CUSTOM = "https://cosign.sigstore.dev/attestation/v1"  # what the word custom stands for
# Names of files that somebody else chose. None has a line break: that is a case of its own.
INJECTIONS = ["`id`$(id)", "::error::fooled", "a ##[error]fooled", "$HOME", "x;id", "<img src=x onerror=alert(1)>",
              "[x](http:evil)", "\x1b[31mred", "--key", "- -", "100% %0A::error::fooled", "'\"", "EOF", "signer=eve", "*", "a]b[@]"]


class Runner:
    """What both kinds of cases do; `here` is a folder with the workspace in it."""

    def start(self, here):
        self.here = pathlib.Path(here)
        self.work = self.here / "shop"
        self.work.mkdir()
        (self.here / "bin").mkdir()
        (self.here / "bin" / "sluice").symlink_to(SLUICE)
        self.path = f"{self.here / 'bin'}:{os.environ['PATH']}"

    def file(self, name, text=None):
        """No two files are alike: the log refuses what it has."""
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text or os.urandom(8).hex(), encoding="utf-8")
        return path

    def use(self, name, given, **variables):
        job = Job(str(self.work), self.path, "http://127.0.0.1:1", str(self.here), variables)
        ran = job.use(str(ACTIONS[name]), "push", {}, given)
        self.assertNotIn("uid=", ran["log"])
        self.assertNotIn("fooled", str(ran["commands"]))
        return ran

    def passes(self, name, given, **variables):
        ran = self.use(name, given, **variables)
        self.assertEqual((ran["code"], ran["commands"]), (0, []), ran["log"])
        return ran

    def fails(self, name, given, code, says, **variables):
        """With one annotation, which says what to do."""
        ran = self.use(name, given, **variables)
        self.assertEqual(ran["code"], code, ran["log"])
        self.assertEqual([kind for kind, _ in ran["commands"]], ["error"], ran["log"])
        self.assertIn(says, ran["commands"][0][1])
        return ran

    def bundles(self, ran):
        names = ran["outputs"]["bundles"].split("\n")
        for each in names:
            self.assertTrue((self.work / each).is_file(), each)
        return names


class Metadata(unittest.TestCase):
    def test_is_sound(self):
        for name, folder in ACTIONS.items():
            action = read_action(folder)
            self.assertEqual(check_metadata(action), [], name)
            self.assertEqual(action["name"], f"sluice {name}")
            for each in action["inputs"].values():
                self.assertTrue(each.get("required") or "default" in each, each)

    def test_names_what_the_scripts_read(self):
        common = (HERE.parent / "actions" / "common.sh").read_text(encoding="utf-8")
        for name, folder in ACTIONS.items():
            script = (folder / f"{name}.sh").read_text(encoding="utf-8")
            given = set(read_action(folder)["runs"]["steps"][0]["env"])
            if name != "verify":
                script += common[common.index("# ---- signing"):]
            self.assertEqual(set(re.findall(r"\bWITH_[A-Z_]+", script)) | {"WITH_PROGRAM"}, given, name)

    def test_fits_the_workflows_in_the_documents(self):
        text = (HERE.parent / "docs" / "integrations.md").read_text(encoding="utf-8")
        blocks = [yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```", text, re.S | re.M)]
        jobs = [{**block, **job} for block in blocks for job in block.get("jobs", {}).values()]
        seen = set()
        for job in jobs:
            for step in job["steps"]:
                match = re.search(r"/actions/(sign|attest|verify)@", step.get("uses", ""))
                if not match:
                    continue
                seen.add(match[1])
                inputs = read_action(ACTIONS[match[1]])["inputs"]
                self.assertLessEqual(set(step["with"]), set(inputs))
                self.assertLessEqual({each for each in inputs if inputs[each].get("required")}, set(step["with"]))
                if match[1] != "verify":
                    self.assertEqual(job["permissions"]["id-token"], "write")
            outputs = set(re.findall(r"steps\.(sign|attest|verify)\.outputs\.([\w-]+)", json.dumps(job)))
            for name, output in outputs:
                self.assertIn(output, read_action(ACTIONS[name])["outputs"])
        self.assertEqual(seen, set(NAMES))


class Alone(Runner, unittest.TestCase):
    """No servers: a key, or a call that does not get as far."""

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.start(temporary.name)
        subprocess.run([SLUICE, "key", "generate", "--out-prefix", "k"], cwd=self.here, check=True, capture_output=True,
                       env={"SLUICE_PASSWORD": "pw", "HOME": temporary.name})
        self.private, self.public = str(self.here / "k.key"), str(self.here / "k.pub")

    def sign(self, files, **more):
        return self.passes("sign", {"files": files, "key": self.private, **more}, SLUICE_PASSWORD="pw")

    def verify(self, files, **more):
        return self.passes("verify", {"files": files, "key": self.public, **more})

    def test_files_are_signed_and_verified(self):
        self.file("a")
        self.file("dist/b c")
        signed = self.sign("a\n\ndist/b c\n")
        self.assertEqual(self.bundles(signed), ["a.sigstore.json", "dist/b c.sigstore.json"])
        self.assertRegex(signed["outputs"]["signer"], r"^key [A-Za-z0-9+/]{43}=$")
        self.assertTrue(signed["summary"].startswith("### Signed\n\n    signed  a "), signed["summary"])
        verified = self.verify("a\ndist/b c")
        self.assertEqual((verified["outputs"]["verdict"], verified["outputs"]["exit-code"]), ("verified", "0"))
        self.assertRegex(verified["outputs"]["signer"], r"^ECDSA P-256 key [^\n]+$")
        self.assertIn("    verified  dist/b c\n", verified["summary"])

    def test_a_file_that_was_changed_is_refused(self):
        self.file("a")
        self.file("b")
        self.sign("a\nb")
        self.verify("a\nb")
        self.file("b")
        ran = self.fails("verify", {"files": "a\nb", "key": self.public}, 1, "by which check")
        self.assertEqual((ran["outputs"]["verdict"], ran["outputs"]["signer"]), ("refused", ""))
        self.assertTrue(ran["summary"].startswith("### Refused\n"))
        self.assertIn("    refused   b\n", ran["summary"])

    def test_what_is_missing_is_undecided(self):
        ran = self.fails("verify", {"files": "absent", "key": self.public}, 3, "undecided")
        self.assertEqual((ran["outputs"]["verdict"], ran["outputs"]["exit-code"]), ("undecided", "3"))

    def test_nobody_in_particular_is_no_signer(self):
        self.file("a")
        self.sign("a")
        ran = self.fails("verify", {"files": "a"}, 2, "the call is wrong")
        self.assertEqual(ran["outputs"]["verdict"], "undecided")
        self.assertIn("who may have signed?", ran["log"])

    def test_patterns_take_files_and_leave_bundles(self):
        self.file("dist/a")
        self.file("dist/deep/b")
        for _ in range(2):
            self.assertEqual(self.bundles(self.sign("dist/*")), ["dist/a.sigstore.json"])
        self.assertEqual(self.bundles(self.sign("dist/**")), ["dist/a.sigstore.json", "dist/deep/b.sigstore.json"])
        self.verify("dist/**")
        self.fails("sign", {"files": "dist/a\nabsent/*", "key": self.private}, 3, "no file fits")

    def test_a_list_of_nothing_is_wrong(self):
        for name in NAMES:
            for files in ("", "\n\n"):
                self.fails(name, {"files": files, "key": self.private}, 2, "names no file")

    def test_names_of_files_stay_names(self):
        for name in INJECTIONS:
            self.file(f"dist/{name}")
            self.file(name)
        for files in ("\n".join(INJECTIONS), "dist/*\ndist/?*"):
            signed = self.sign(files)
            names = self.bundles(signed)
            self.assertEqual({os.path.basename(each) for each in names}, {f"{each}.sigstore.json" for each in INJECTIONS})
            self.assertRegex(signed["outputs"]["signer"], r"^key [A-Za-z0-9+/]{43}=$")
            self.assertEqual(set(signed["written"]), {"sign/bundles", "sign/signer"})
            for page in (signed["summary"], self.verify(files)["summary"]):
                self.assertNotIn("\x1b", page)
                lines = page.split("\n")
                self.assertTrue(all(not line or line.startswith("    ") for line in lines[1:]), page)

    def test_a_name_that_reads_as_a_pattern_counts_as_both(self):
        for name in ("a1", "a[1]", "b"):
            self.file(name)
        self.assertEqual(self.bundles(self.sign("a[1]")), ["a1.sigstore.json", "a[1].sigstore.json"])
        self.file("a[1]")
        self.fails("verify", {"files": "a[1]", "key": self.public}, 1, "by which check")
        self.file("*")
        self.assertEqual(len(self.bundles(self.sign("*"))), 4)

    def test_a_line_break_in_a_name_is_refused(self):
        self.file("dist/a")
        self.sign("dist/*")
        self.file("dist/b\n::error::fooled")
        self.fails("sign", {"files": "dist/*", "key": self.private}, 2, "line break")
        self.assertFalse(list((self.work / "dist").glob("b*.json")))

    def test_a_file_called_like_a_digest_is_a_file(self):
        odd = "sha256:" + "5" * 64
        self.file(f"{odd}")
        self.file("-")
        self.file("predicate.json", "{}")
        self.assertEqual(self.bundles(self.sign("sha*")), [f"./{odd}.sigstore.json"])
        self.assertEqual(self.bundles(self.sign("-")), ["./-.sigstore.json"])
        self.assertEqual(self.bundles(self.sign("[-]")), ["./-.sigstore.json"])

    def test_an_input_is_one_argument(self):
        self.file("a")
        self.sign("a")
        for name in ("bundle", "repo", "ref", "certificate-identity", "type", "trusted-root", "key"):
            ran = self.use("verify", {"files": "a", "key": self.public, name: "x --help; id $(id) `id`"})
            self.assertNotEqual(ran["code"], 0, name)
            self.assertNotIn("usage:", ran["log"])
        ran = self.use("sign", {"files": "--help", "key": self.private}, SLUICE_PASSWORD="pw")
        self.assertNotEqual(ran["code"], 0)
        self.assertIn("--help: No such file", ran["log"])

    def test_more_arguments_come_one_for_each_line(self):
        self.file("a")
        (self.here / "the password").write_text("pw")
        self.passes("sign", {"files": "a", "key": self.private, "args": f"--password-file\n{self.here}/the password\n"})
        self.assertIn("bundle.format", self.verify("a", args="--output\njson")["log"])

    def test_a_bundle_may_be_elsewhere(self):
        file = self.file("a")
        self.assertEqual(self.bundles(self.sign("a", bundle="out of the way.json")), ["out of the way.json"])
        digest = subprocess.run(["sha256sum", file], check=True, capture_output=True, text=True).stdout.split()[0]
        self.verify("a", bundle="out of the way.json")
        self.verify(f"sha256:{digest}", bundle="out of the way.json")
        self.fails("verify", {"files": "a", "key": self.public}, 1, "by which check")

    def test_statements_about_each_and_about_all(self):
        self.file("a")
        self.file("b")
        self.file("said.json", '{"reviewed": true}')
        given = {"files": "a\nb", "type": "custom", "predicate": "said.json", "key": self.private}
        each = self.passes("attest", given, SLUICE_PASSWORD="pw")
        self.assertEqual(self.bundles(each), ["a.attestation.sigstore.json", "b.attestation.sigstore.json"])
        together = self.passes("attest", {**given, "together": "true", "bundle": "all.json"}, SLUICE_PASSWORD="pw")
        self.assertEqual(self.bundles(together), ["all.json"])
        for file, bundle in (("a", "a.attestation.sigstore.json"), ("a", "all.json"), ("b", "all.json")):
            self.verify(file, bundle=bundle, type=CUSTOM)
        self.fails("verify", {"files": "b", "bundle": "a.attestation.sigstore.json", "key": self.public}, 1, "by which check")
        self.fails("verify", {"files": "a", "bundle": "all.json", "type": "https://example.org/other/v1",
                              "key": self.public}, 1, "by which check")

    def test_an_artifact_that_is_elsewhere_has_a_digest_and_a_name(self):
        digest = "sha256:" + "5" * 64
        self.file("said.json", "{}")
        self.passes("attest", {"files": digest, "type": "custom", "predicate": "said.json", "key": self.private,
                               "bundle": "image.json", "name": "$(id) image"}, SLUICE_PASSWORD="pw")
        self.verify(digest, bundle="image.json", type=CUSTOM)

    def init(self, *more):
        done = subprocess.run([SLUICE, "ci", "init", "github", "--signing", "--force", *more], cwd=self.work, check=False,
                              capture_output=True, text=True, env={"PATH": self.path, "HOME": str(self.here)})
        return done

    def written_steps(self):
        text = (self.work / ".github/workflows/sluice-sign.yml").read_text(encoding="utf-8")
        workflow = yaml.safe_load(text)
        self.assertEqual(workflow[True], {"push": {"tags": ["v*"]}})  # YAML 1.1 takes `on` for true
        self.assertEqual(workflow["permissions"], {"contents": "read", "id-token": "write"})
        return workflow["jobs"]["sign"]["steps"]

    def test_init_writes_a_workflow_that_uses_these_actions(self):
        subprocess.run(["git", "init", "-q", self.work], check=True)
        done = self.init("--actions", "example/sluice@0123abcd")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue((self.work / ".github/workflows/sluice-gate.yml").exists())
        used = [step for step in self.written_steps() if step.get("uses", "").startswith("example/sluice/")]
        self.assertEqual([step["uses"] for step in used], [f"example/sluice/actions/{name}@0123abcd" for name in NAMES])
        for name, step in zip(NAMES, used):
            declared = yaml.safe_load((ACTIONS[name] / "action.yml").read_text(encoding="utf-8"))["inputs"]
            self.assertLessEqual(set(step["with"]), set(declared))
            needed = {each for each, about in declared.items() if about.get("required")}
            self.assertLessEqual(needed, set(step["with"]))
        for wrong in ("example/sluice", "sluice@main", "example/sluice@", "a/b@c@d", "a/b@c d", "a/b@c\n  x: y", "/a@b"):
            refused = self.init("--actions", wrong)
            self.assertEqual(refused.returncode, 2, wrong)
            self.assertIn("OWNER/REPO@COMMIT", refused.stderr)

    def test_init_writes_a_workflow_that_needs_no_action(self):
        subprocess.run(["git", "init", "-q", self.work], check=True)
        done = self.init()
        self.assertEqual(done.returncode, 0, done.stderr)
        script = self.written_steps()[-1]["run"]
        # With a key in place of the identity, which a runner alone has.
        script = script.replace("sluice sign", f"sluice sign --key {self.private}")
        script = script.replace("sluice attest", f"sluice attest --key {self.private}")
        script = re.sub(r"sluice verify --repo .* --\n", f"sluice verify --key {self.public} --\n", script)
        self.file("dist/a b")
        self.file("dist/deep/c")
        self.file("sbom.cdx.json", '{"bomFormat": "CycloneDX"}')
        for _ in range(2):
            ran = subprocess.run(["bash", "-e", "-c", script], cwd=self.work, check=False, capture_output=True, text=True,
                                 env={"PATH": self.path, "HOME": str(self.here), "SLUICE_PASSWORD": "pw"})
            self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
            self.assertEqual(len(list((self.work / "dist").rglob("*.sigstore.json"))), 4)
        self.assertIn("verified  dist/a b", ran.stdout)

    def test_a_statement_needs_a_type_and_a_predicate(self):
        self.file("a")
        self.file("said.json", "{}")
        for given in ({"predicate": "said.json"}, {"type": "custom"}):
            self.fails("attest", {"files": "a", "key": self.private, **given}, 2, "the call is wrong")

    def test_without_the_right_to_an_id_token_it_says_what_to_add(self):
        self.file("a")
        self.file("said.json", "{}")
        calls = {"sign": {"files": "a"}, "attest": {"files": "a", "type": "custom", "predicate": "said.json"}}
        for name, given in calls.items():
            for half in ({}, {"ACTIONS_ID_TOKEN_REQUEST_URL": "http://127.0.0.1:1/"}):
                ran = self.fails(name, given, 3, "permissions: {id-token: write", **half)
                self.assertEqual((ran["outputs"]["bundles"], ran["outputs"]["signer"]), ("", ""))
                self.assertTrue(ran["summary"].startswith("### Not signed\n"))
                self.assertFalse(list(self.work.glob("*.sigstore.json")))

    def test_with_a_key_nothing_is_said_of_id_tokens(self):
        self.file("a")
        for given in ({"key": "absent.key"}, {"args": "--key\nabsent.key"}):
            ran = self.use("sign", {"files": "a", **given})
            self.assertNotEqual(ran["code"], 0)
            self.assertNotIn("id-token", str(ran["commands"]))

    def test_without_the_program_it_says_what_to_do(self):
        for name in NAMES:
            self.fails(name, {"files": "a", "sluice": "/nowhere/sluice"}, 3, "install it in an earlier step")


class InSigstore(Runner, LabCase):
    def setUp(self):
        super().setUp()
        self.start(self.folder)
        here = self.world.endpoints
        self.services = {"signing-config": here["signing_config"], "trusted-root": here["trusted_root"]}
        self.identity = {"ACTIONS_ID_TOKEN_REQUEST_URL": here["runner_token_url"],
                         "ACTIONS_ID_TOKEN_REQUEST_TOKEN": here["runner_token_secret"]}
        self.who = {"certificate-identity": "https://github.com/octo/app/.github/workflows/release.yml@refs/heads/main",
                    "certificate-oidc-issuer": here["issuers"]["github"], "trusted-root": here["trusted_root"]}
        self.signer = "{certificate-identity} ({certificate-oidc-issuer})".format(**self.who)

    def test_a_job_signs_as_itself(self):
        files = [self.file(f"dist/{name}") for name in ("a", *INJECTIONS)]
        ran = self.passes("sign", {"files": "dist/*", **self.services}, **self.identity)
        self.assertEqual(len(self.bundles(ran)), len(files))
        self.assertEqual(ran["outputs"]["signer"], self.signer)
        self.assertNotIn(self.identity["ACTIONS_ID_TOKEN_REQUEST_TOKEN"], ran["log"] + ran["summary"])
        verified = self.passes("verify", {"files": "dist/*", **self.who})
        self.assertEqual(verified["outputs"]["signer"], self.signer)
        self.accepts("cosign", self.expected("github", "octo/app", files[0], pathlib.Path(f"{files[0]}.sigstore.json")))

    def test_another_workflow_is_refused(self):
        self.file("a")
        self.passes("sign", {"files": "a", **self.services}, **self.identity)
        self.passes("verify", {"files": "a", **self.who})
        other = self.who["certificate-identity"].replace("release", "other")
        self.fails("verify", {"files": "a", **self.who, "certificate-identity": other}, 1, "by which check")

    def test_a_job_attests_as_itself(self):
        self.file("a")
        self.file("said.json", '{"reviewed": true}')
        ran = self.passes("attest", {"files": "a", "type": "custom", "predicate": "said.json", **self.services}, **self.identity)
        self.assertEqual(ran["outputs"]["signer"], self.signer)
        self.passes("verify", {"files": "a", "bundle": self.bundles(ran)[0], "type": CUSTOM, **self.who})

    def test_a_runner_that_refuses_is_no_missing_permission(self):
        self.file("a")
        wrong = {**self.identity, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "wrong"}
        ran = self.use("sign", {"files": "a", **self.services}, **wrong)
        self.assertNotEqual(ran["code"], 0)
        self.assertIn("the log says why", ran["commands"][0][1])


main(needs=(), always=True)

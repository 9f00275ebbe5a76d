#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""integrations/gitlab/sluice-{sign,attest,verify}.yml on a simulated runner: with a key anywhere, by identity in a
real Sigstore."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "support"))
sys.dont_write_bytecode = True
import yaml  # noqa: E402
from gitlab_pipeline import expand, run_script, runs  # noqa: E402
from sigstore_lab import SLUICE, LabCase, main  # noqa: E402

NAMES = ("sign", "attest", "verify")
FOLDER = HERE.parent / "integrations" / "gitlab"
CUSTOM = "https://cosign.sigstore.dev/attestation/v1"  # what the word custom stands for
TAG = {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_TAG": "v1", "CI_DEFAULT_BRANCH": "main"}
INPUT = re.compile(r"\$\[\[ inputs\.([\w-]+) \]\]")
# Names of files that somebody else chose.
INJECTIONS = ["`id`$(id)", "x;id", "$HOME", "'\"", "--key", "- -", "signed  by eve", "\x1b[0Ksection_start:1:x\r", "a\nas  eve", "*"]


def fill(node, values):
    """GitLab fills in the inputs in the document that it has read already, not in its text."""
    if isinstance(node, dict):
        return {name: fill(each, values) for name, each in node.items()}
    if isinstance(node, list):
        return [fill(each, values) for each in node]
    if isinstance(node, str):
        return INPUT.sub(lambda match: str(values[match[1]]).lower() if isinstance(values[match[1]], bool) else values[match[1]], node)
    return node


def job_of(name, inputs):
    """The job as GitLab makes it of the template. An AssertionError is what is wrong with the inputs."""
    text = (FOLDER / f"sluice-{name}.yml").read_text(encoding="utf-8")
    spec, body = yaml.safe_load_all(text)
    declared = spec["spec"]["inputs"]
    assert set(inputs) <= set(declared), f"not declared: {set(inputs) - set(declared)}"
    values = {key: inputs.get(key, each.get("default") if each else None) for key, each in declared.items()}
    for key, value in values.items():
        assert value is not None, f"{key} is required"
    assert set(INPUT.findall(text)) == set(declared), "declared and used differ"
    return fill(body, values)[f"sluice-{name}"]


class Runner:
    def start(self, here):
        self.here = pathlib.Path(here)
        self.work = self.here / "shop"
        self.work.mkdir()

    def file(self, name, text=None):
        """No two files are alike: the log refuses what it has."""
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text or os.urandom(8).hex(), encoding="utf-8")
        return path

    def run_job(self, name, inputs, shell="bash", **variables):
        job = job_of(name, {"program": SLUICE, **inputs})
        variables = {"CI": "true", "GITLAB_CI": "true", **TAG, **variables}
        self.assertTrue(runs(job, variables), "the rules let it run")
        given = {key: expand(value, variables) for key, value in job["variables"].items()}
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.here / "home"), **variables, **given}
        code, log = run_script(job, self.work, environment, shell)
        self.assertNotIn("uid=", log)
        self.assertNotIn("\x1b", log)
        return code, log, job

    def passes(self, name, inputs, **more):
        code, log, job = self.run_job(name, inputs, **more)
        self.assertEqual(code, 0, log)
        return self.kept(job) if "artifacts" in job else log

    def fails(self, name, inputs, code, **more):
        ran, log, _ = self.run_job(name, inputs, **more)
        self.assertEqual(ran, code, log)
        return log

    def kept(self, job):
        """The artifacts, and the variables for later jobs."""
        pattern, = job["artifacts"]["paths"]
        files = {str(path.relative_to(self.work)) for path in self.work.glob(pattern)}
        lines = (self.work / job["artifacts"]["reports"]["dotenv"]).read_text(encoding="utf-8").splitlines()
        return files, dict(line.split("=", 1) for line in lines)


class Templates(unittest.TestCase):
    def test_ask_for_a_token_where_they_sign(self):
        given = {"files": "a", "type": "custom", "predicate": "p"}
        for name in ("sign", "attest"):
            job = job_of(name, {key: given[key] for key in (given if name == "attest" else ["files"])})
            self.assertEqual(job["id_tokens"], {"SIGSTORE_ID_TOKEN": {"aud": "sigstore"}})
        self.assertNotIn("id_tokens", job_of("verify", {"files": "a"}))

    def test_demand_what_they_need(self):
        for name in NAMES:
            with self.assertRaisesRegex(AssertionError, "is required"):
                job_of(name, {})
            with self.assertRaisesRegex(AssertionError, "not declared"):
                job_of(name, {"file": "a"})

    def test_run_where_the_documents_say(self):
        branch = {"CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main"}
        topic = {**branch, "CI_COMMIT_BRANCH": "topic"}
        sign, verify = job_of("sign", {"files": "a"}), job_of("verify", {"files": "a"})
        self.assertEqual([runs(sign, each) for each in (TAG, branch, topic)], [True, False, False])
        self.assertEqual([runs(verify, each) for each in (TAG, branch, topic)], [True, True, False])

    def test_fit_the_include_in_the_documents(self):
        text = (HERE.parent / "docs" / "integrations.md").read_text(encoding="utf-8")
        blocks = [yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```", text, re.S | re.M)]
        seen = set()
        for block in blocks:
            for each in block.get("include", []):
                match = re.search(r"/sluice-(sign|attest|verify)\.yml$", each["file"])
                if match:
                    job_of(match[1], each["inputs"])
                    self.assertIn(f"sluice-{match[1]}", block)
                    seen.add(match[1])
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
        return self.passes("sign", {"files": files, "key": self.private}, SLUICE_PASSWORD="pw", **more)

    def verify(self, files, **inputs):
        return self.passes("verify", {"files": files, "key": self.public, **inputs})

    def test_files_are_signed_kept_and_verified(self):
        self.file("app v1")
        self.file("dist/b")
        for shell in ("bash", "sh"):
            files, variables = self.sign("app $CI_COMMIT_TAG\n\ndist/*\n", shell=shell)
            self.assertEqual(files, {"app v1.sigstore.json", "dist/b.sigstore.json"})
            self.assertRegex(variables["SLUICE_SIGNER"], r"^key [A-Za-z0-9+/]{43}=$")
            self.assertEqual(len(variables), 1)
        self.assertIn("verified  dist/b", self.verify("app v1\ndist/*"))

    def test_what_was_changed_is_refused_and_what_is_missing_undecided(self):
        self.file("a")
        self.sign("a")
        self.verify("a")
        self.file("a")
        self.fails("verify", {"files": "a", "key": self.public}, 1)
        self.fails("verify", {"files": "absent", "key": self.public}, 3)
        self.fails("verify", {"files": "a"}, 2)
        self.fails("verify", {"files": "", "key": self.public}, 2)

    def test_a_failure_to_sign_is_the_jobs_in_every_shell(self):
        for shell in ("bash", "sh"):
            self.fails("sign", {"files": "absent", "key": self.private}, 3, shell=shell, SLUICE_PASSWORD="pw")
            self.fails("sign", {"files": "", "key": self.private}, 2, shell=shell, SLUICE_PASSWORD="pw")

    def test_names_of_files_stay_names(self):
        for name in INJECTIONS:
            self.file(f"dist/{name}")
        (self.work / "dist" / "folder").mkdir()
        for shell in ("bash", "sh"):
            files, variables = self.sign("dist/*", shell=shell)
            self.assertEqual(files, {f"dist/{each}.sigstore.json" for each in INJECTIONS})
            self.assertRegex(variables["SLUICE_SIGNER"], r"^key [A-Za-z0-9+/]{43}=$")
            self.assertEqual(len(variables), 1)
        self.verify("dist/*")

    def test_init_writes_these_very_templates(self):
        subprocess.run(["git", "init", "-q", self.work], check=True)

        def init(*more):
            return subprocess.run([SLUICE, "ci", "init", "gitlab", *more], cwd=self.work, check=False, capture_output=True,
                                  text=True, env={"PATH": os.environ["PATH"], "HOME": str(self.here)})
        self.assertEqual(init().returncode, 0)
        self.assertEqual([each.name for each in (self.work / ".gitlab").iterdir()], ["sluice-gate.yml"])
        done = init("--signing")
        self.assertEqual(done.returncode, 0, done.stderr)
        for name in NAMES:
            written = self.work / ".gitlab" / f"sluice-{name}.yml"
            self.assertEqual(written.read_text(encoding="utf-8"), (FOLDER / f"sluice-{name}.yml").read_text(encoding="utf-8"))
            self.assertIn(f"local: .gitlab/sluice-{name}.yml", done.stdout)
        written.write_text("mine\n", encoding="utf-8")
        (self.work / ".gitlab" / "sluice-sign.yml").unlink()
        refused = init("--signing")
        self.assertEqual(refused.returncode, 2)
        self.assertIn("sluice-verify.yml is there already", refused.stderr)
        self.assertFalse((self.work / ".gitlab" / "sluice-sign.yml").exists())
        self.assertIn("replaced", init("--signing", "--force").stdout)
        self.assertEqual(init("--actions", "example/sluice@main").returncode, 2)
        self.assertEqual(init("--signing", "--actions", "example/sluice@main").returncode, 2)

    def test_a_file_called_like_a_digest_is_a_file(self):
        odd = "sha256:" + "5" * 64
        self.file(odd)
        self.file("-")
        self.assertEqual(self.sign("sha*\n-")[0], {f"{odd}.sigstore.json", "-.sigstore.json"})

    def test_an_input_is_one_argument(self):
        self.file("a")
        self.sign("a")
        for name in ("bundle", "repo", "ref", "certificate-identity", "type", "trusted-root", "key"):
            code, log, _ = self.run_job("verify", {"files": "a", "key": self.public, name: "x --help; id $(id) `id`"})
            self.assertNotEqual(code, 0, name)
            self.assertNotIn("usage:", log)

    def test_more_arguments_come_one_for_each_line_and_are_no_patterns(self):
        self.file("a")
        self.file("the *", "pw")
        self.file("the password")
        files, _ = self.passes("sign", {"files": "a", "key": self.private, "args": "--password-file\nthe *\n"})
        self.assertEqual(files, {"a.sigstore.json"})
        self.assertIn("bundle.format", self.verify("a", args="--output\njson"))

    def test_statements_about_each_and_about_all(self):
        self.file("a")
        self.file("b")
        self.file("said.json", '{"reviewed": true}')
        given = {"files": "a\nb", "type": "custom", "predicate": "said.json", "key": self.private}
        files, _ = self.passes("attest", given, SLUICE_PASSWORD="pw")
        self.assertEqual(files, {"a.attestation.sigstore.json", "b.attestation.sigstore.json"})
        files, _ = self.passes("attest", {**given, "together": True, "bundle": "all.sigstore.json"}, SLUICE_PASSWORD="pw")
        self.assertIn("all.sigstore.json", files)
        self.verify("a", bundle="a.attestation.sigstore.json", type=CUSTOM)
        self.verify("b", bundle="all.sigstore.json", type=CUSTOM)
        self.fails("verify", {"files": "b", "bundle": "a.attestation.sigstore.json", "key": self.public}, 1)
        log = self.fails("attest", {**given, "together": True, "bundle": "all.json"}, 2, SLUICE_PASSWORD="pw")
        self.assertIn("has to end with .sigstore.json", log)

    def test_a_job_without_a_token_is_told_what_to_add(self):
        self.file("a")
        log = self.fails("sign", {"files": "a"}, 3)
        self.assertIn("id_tokens: { SIGSTORE_ID_TOKEN: { aud: sigstore } }", log)
        self.assertFalse(list(self.work.glob("*.sigstore.json")))


class InSigstore(Runner, LabCase):
    def setUp(self):
        super().setUp()
        self.start(self.folder)
        here = self.world.endpoints
        self.services = {"signing-config": here["signing_config"], "trusted-root": here["trusted_root"]}
        self.token = {"SIGSTORE_ID_TOKEN": self.world.token("gitlab", "group/app")}
        self.who = {"certificate-identity": "https://gitlab.lab.test/group/app//.gitlab-ci.yml@refs/heads/main",
                    "certificate-oidc-issuer": here["issuers"]["gitlab"], "trusted-root": here["trusted_root"]}
        self.signer = "{certificate-identity} ({certificate-oidc-issuer})".format(**self.who)

    def test_a_job_signs_as_itself(self):
        files = [self.file(f"dist/{name}") for name in ("a", *INJECTIONS)]
        kept, variables = self.passes("sign", {"files": "dist/*", **self.services}, **self.token)
        self.assertEqual(len(kept), len(files))
        self.assertEqual(variables, {"SLUICE_SIGNER": self.signer})
        self.passes("verify", {"files": "dist/*", **self.who})
        other = self.who["certificate-identity"].replace("group", "other")
        self.fails("verify", {"files": "dist/*", **self.who, "certificate-identity": other}, 1)
        self.accepts("cosign", self.expected("gitlab", "group/app", files[0], pathlib.Path(f"{files[0]}.sigstore.json")))

    def test_a_job_attests_as_itself(self):
        self.file("a")
        self.file("said.json", '{"reviewed": true}')
        (bundle,), variables = self.passes("attest", {"files": "a", "type": "custom", "predicate": "said.json", **self.services},
                                           **self.token)
        self.assertEqual(variables, {"SLUICE_SIGNER": self.signer})
        self.passes("verify", {"files": "a", "bundle": bundle, "type": CUSTOM, **self.who})


main(needs=(), always=True)

# SPDX-License-Identifier: Apache-2.0
"""Our client and those of others behind one call: the same first root, the same targets, a cache each."""
import json
import os
import re
import shutil
import subprocess
import tempfile

from results import Skipped
from people import SLUICE, at_time

HERE = os.path.dirname(os.path.abspath(__file__))


class Missing(AssertionError):
    """The repository was not accepted, or one target not found; the text is what the client said."""


def program(name):
    found = shutil.which(name)
    if found is None:
        raise Skipped(f"{name} is not here (./dev lab install {name})")
    return found


class Client:
    """One client with a folder of its own, which trusts a first root."""

    def __init__(self, root):
        self.cache = tempfile.mkdtemp(prefix="client-")
        self.root = os.path.join(self.cache, "1.root.json")
        shutil.copy(root, self.root)
        self.out = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.cache)

    def read(self, url, targets, now=None):
        """The contents of these targets, by their paths. Raises Missing."""
        with tempfile.TemporaryDirectory() as out:
            self.out = out
            done = subprocess.run(self.command(url, out, list(targets), now), stdin=subprocess.DEVNULL, check=False,
                                  capture_output=True, text=True, timeout=120, env=self.environment())
            if done.returncode != 0:
                raise Missing((done.stderr + done.stdout).strip())
            return {name: self.content(file) for name, file in self.files(done.stdout, targets).items()}

    def environment(self):
        return {"PATH": os.environ["PATH"], "HOME": self.cache, "TZ": "UTC"}

    @staticmethod
    def content(path):
        with open(path, "rb") as file:
            return file.read()

    def files(self, output, _):
        answers = (json.loads(line) for line in output.splitlines())
        return {answer["target"]: answer["file"] for answer in answers}

    def can_find(self, _):
        return True


class Sluice(Client):
    name = "sluice"

    def command(self, url, out, targets, now):
        store = os.path.join(self.cache, "trusted")
        if not os.path.exists(store):
            subprocess.run([SLUICE, "tuf", "client", "init", "--cache", store, self.root], check=True,
                           stdout=subprocess.DEVNULL, env=self.environment())
        if not targets:
            return at_time(now, [SLUICE, "tuf", "client", "refresh", "--cache", store, "--metadata-url", f"{url}/metadata"])
        return at_time(now, [SLUICE, "tuf", "client", "download", "--cache", store, "--metadata-url", f"{url}/metadata",
                             "--target-url", f"{url}/targets", "--to", out, *targets])

    def files(self, _, targets):
        return {name: os.path.join(self.out, name) for name in targets}


class PythonTuf(Client):
    name = "python-tuf"

    def command(self, url, out, targets, now):
        folder = os.path.dirname(os.path.realpath(program(self.name)))
        python = os.path.join(folder, "environment", "bin", "python3")
        return at_time(now, [python, "-B", os.path.join(HERE, "python_tuf_client.py"), url, self.cache, out, *targets])


class GoTuf(Client):
    name = "go-tuf"

    def command(self, url, out, targets, now):
        when = ["--at", now.strftime("%Y-%m-%dT%H:%M:%SZ")] if now else []
        return [program("go-tuf-client"), *when, url, self.cache, out, *targets]


class TufJs(Client):
    name = "tuf-js"

    def command(self, url, out, targets, now):
        return at_time(now, [program(self.name), url, self.cache, out, *targets])


class Tuftool(Client):
    """It keeps nothing between two runs, so that each begins with the first root."""

    name = "tuftool"

    def command(self, url, out, targets, now):
        names = [word for target in targets for word in ("--target-name", target)]
        return at_time(now, [program(self.name), "download", "--metadata-url", f"{url}/metadata", "--targets-url",
                             f"{url}/targets", "--root", self.root, *names, os.path.join(out, "new")])

    def files(self, _, targets):
        return {name: os.path.join(self.out, "new", name) for name in targets}

    def can_find(self, target):
        """It asks for HASH.folder/name, where everybody else has folder/HASH.name."""
        return "/" not in target


CLIENTS = (Sluice, PythonTuf, GoTuf, TufJs, Tuftool)


def expect_missing(reason, read):
    """Reading must end for this reason, a pattern."""
    try:
        read()
    except Missing as said:
        assert re.search(reason, str(said), re.IGNORECASE), f"it fails, and not for {reason!r}:\n{said}"
        return
    raise AssertionError(f"it reads it, where it should fail with {reason!r}")

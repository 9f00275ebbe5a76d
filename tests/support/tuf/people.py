# SPDX-License-Identifier: Apache-2.0
"""People with keys who keep a repository by the commands, at a time that the test sets, and a server before it."""
import datetime
import functools
import http.server
import os
import shutil
import subprocess
import threading

from results import Skipped

SLUICE = os.environ.get("SLUICE", "")
KINDS = {"ed25519": ["-algorithm", "ed25519"], "rsa": ["-algorithm", "rsa", "-pkeyopt", "rsa_keygen_bits:2048"]}
KINDS |= {f"ecdsa-p{bits}": ["-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:P-{bits}"] for bits in (256, 384, 521)}


def at_time(time, words):
    """The command, under a clock that says this time (and goes on from there), or under the machine's."""
    if time is None:
        return list(words)
    if shutil.which("faketime") is None:
        raise Skipped("faketime, which sets the clock, is not here (apt-get install faketime)")
    return ["faketime", "--exclude-monotonic", time.strftime("%Y-%m-%d %H:%M:%S UTC"), *words]


class Quiet(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass


class Served:
    """A folder on 127.0.0.1."""

    def __init__(self, folder):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self.url

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class Refused(AssertionError):
    def __init__(self, words, done):
        super().__init__(f"sluice {' '.join(words)}: {done.returncode}\n{done.stdout}")
        self.exit_code = done.returncode
        self.output = done.stdout


class People:
    """A folder with the keys of those who are asked for, and `repo` in it.

    Root is signed by ann and ben, both; targets by carl; snapshot and timestamp by the key "online".
    """

    def __init__(self, folder, made_before, now=None):
        self.folder = folder
        self.made_before = made_before  # a folder: keys take long to make, and tests share them
        self.now = now
        self.environment = {"PATH": os.environ["PATH"], "HOME": folder}
        self.online("ONLINE", "online", "ecdsa-p256")

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def run(self, *words):
        done = subprocess.run(at_time(self.now, [SLUICE, *words]), cwd=self.folder, env=self.environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False)
        if done.returncode != 0:
            raise Refused(words, done)
        return done.stdout

    def tuf(self, *words):
        return self.run("tuf", *words, "--repo", "repo")

    def refusal(self, *words, codes=(1, 3)):
        """What it says where it must not do it, or where not all of it can be done now (75)."""
        try:
            said = self.tuf(*words)
        except Refused as refused:
            assert refused.exit_code in codes, refused
            return refused.output
        raise AssertionError(f"{' '.join(words)} went well:\n{said}")

    def key(self, who, kind="ed25519"):
        """The public key of somebody, who has one kind of key."""
        if not os.path.exists(self.path(f"{who}.pub")):
            stored = os.path.join(self.made_before, f"{who}-{kind}")
            if not os.path.exists(stored + ".pub"):
                # Without passwords, whose work is done on purpose and adds up to minutes.
                subprocess.run(["openssl", "genpkey", "-quiet", "-out", stored + ".key", *KINDS[kind]], check=True)
                subprocess.run(["openssl", "pkey", "-in", stored + ".key", "-pubout", "-out", stored + ".pub"], check=True)
            for half in ("key", "pub"):
                shutil.copy(f"{stored}.{half}", self.path(f"{who}.{half}"))
        return f"{who}.pub"

    def online(self, variable, who, kind="ed25519"):
        """A key that nobody has to ask, and its source."""
        self.key(who, kind)
        with open(self.path(f"{who}.key"), encoding="utf-8") as file:
            self.environment[variable] = file.read()
        return f"env:{variable}"

    def write(self, name, content):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        return name

    def policy(self, line, after="roles:"):
        """Into tuf-repo.yaml, below a line."""
        with open(self.path("repo", "tuf-repo.yaml"), encoding="utf-8") as file:
            lines = file.read().splitlines()
        lines.insert(lines.index(after) + 1, line)
        self.write("repo/tuf-repo.yaml", "\n".join(lines) + "\n")

    def add(self, targets, *options):
        """Targets by their whole paths."""
        for target, content in targets.items():
            self.write("file-to-add", content)
            self.tuf("add", "--as", target, *options, "file-to-add")
        return targets

    def sign(self, *people):
        for who in people:
            self.tuf("sign", "--key", f"{who}.key", "--yes")

    def publish(self, *people):
        """Once all of these have signed."""
        self.sign(*people)
        return self.tuf("publish")

    def init(self, *options):
        self.run("tuf", "init", *options, "repo")

    def start(self, *options, kinds=("ed25519", "ecdsa-p256", "rsa")):
        people = [self.key(who, kind) for who, kind in zip(("ann", "ben", "carl"), kinds)]
        self.init("--root-key", people[0], "--root-key", people[1], "--root-threshold", "2", "--targets-key", people[2],
                  "--online-signer", "env:ONLINE", *options)

    def pass_time(self, **much):
        self.now += datetime.timedelta(**much)

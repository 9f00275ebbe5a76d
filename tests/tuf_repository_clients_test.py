#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Repositories that sluice makes, read by python-tuf, through a matrix of features; and one that python-tuf made,
taken over and carried on, read by both."""
import functools
import http.server
import os
import shutil
import subprocess
import sys
import tempfile
import threading


def skip(why):
    print("SKIP:", why)
    sys.exit(77)


def run_in_lab():
    """Again with the Python that has python-tuf."""
    program = shutil.which("python-tuf")
    if program is None:
        skip("python-tuf is not here (./dev lab install python-tuf)")
    python = os.path.join(os.path.dirname(os.path.realpath(program)), "environment", "bin", "python3")
    os.execv(python, [python, os.path.abspath(__file__), "in-lab"])


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Served:
    """A folder on 127.0.0.1."""

    def __enter__(self):
        handler = functools.partial(Quiet, directory=self.folder)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_port}"

    def __init__(self, folder):
        self.folder = folder

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class Maker:
    """The commands, in a folder with keys of a few people."""

    def __init__(self, folder):
        self.folder = folder
        self.environment = {"PATH": os.environ["PATH"], "HOME": folder, "SLUICE_PASSWORD": "example"}
        for who, kind in (("ann", "ed25519"), ("ben", "ecdsa-p256"), ("carl", "rsa"), ("online", "ecdsa-p384")):
            self.run("key", "generate", "--type", kind, "--out-prefix", who)
        with open(os.path.join(folder, "online.key"), encoding="utf-8") as file:
            self.environment["ONLINE"] = file.read()

    def run(self, *words):
        done = subprocess.run([os.environ["SLUICE"], *words], cwd=self.folder, env=self.environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False)
        if done.returncode != 0:
            sys.exit(f"sluice {' '.join(words)}: {done.returncode}\n{done.stdout}")
        return done.stdout

    def tuf(self, *words):
        return self.run("tuf", *words, "--repo", "repo")

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def sign(self, *people):
        for who in people:
            self.tuf("sign", "--key", f"{who}.key", "--yes")

    def start(self, *more):
        self.run("tuf", "init", "--root-key", "ann.pub", "--root-key", "ben.pub", "--root-threshold", "2",
                 "--targets-key", "carl.pub", "--online-signer", "env:ONLINE", *more, "repo")
        self.write("app.txt", "an application\n")
        self.tuf("add", "--under", "app/1.0", "--custom", '{"note": "ünïcode \\" \\\\ \\n", "n": 1}', "app.txt")
        self.sign("ann", "ben", "carl")
        self.tuf("publish")


def read_with_python_tuf(folder, targets):
    from tuf.ngclient import Updater
    with Served(folder) as url, tempfile.TemporaryDirectory() as cache, tempfile.TemporaryDirectory() as out:
        with open(os.path.join(folder, "metadata", "1.root.json"), "rb") as file:
            root = file.read()
        updater = Updater(cache, url + "/metadata/", out, url + "/targets/", bootstrap=root)
        updater.refresh()
        for name, text in targets.items():
            info = updater.get_targetinfo(name)
            assert info is not None, name
            with open(updater.download_target(info), encoding="utf-8") as file:
                assert file.read() == text, name


APP = {"app/1.0/app.txt": "an application\n"}


def plain(maker):
    maker.start()
    return APP


def two_hashes(maker):
    maker.start("--hash", "sha256", "--hash", "sha512")
    return APP


def delegated(maker):
    maker.start()
    maker.write("lib.txt", "a library\n")
    maker.tuf("delegate", "libs", "--path", "libs/*", "--path", "lib-?.txt", "--key", "ann.pub", "--terminating")
    maker.sign("carl", "ann")
    maker.tuf("publish")
    maker.tuf("add", "--under", "libs", "lib.txt")
    maker.tuf("add", "--as", "lib-x.txt", "lib.txt")
    maker.sign("ann")
    maker.tuf("publish")
    return APP | {"libs/lib.txt": "a library\n", "lib-x.txt": "a library\n"}


def with_bins(*options):
    def feature(maker):
        maker.start()
        maker.tuf("delegate", "--bins", "32", *options, "--signer", "env:ONLINE")
        with open(os.path.join(maker.folder, "repo", "tuf-repo.yaml"), "a", encoding="utf-8") as file:
            file.write('  delegated: {online: "env:ONLINE"}\n')
        maker.sign("carl")
        maker.tuf("publish")
        many = {}
        for i in range(40):
            maker.write(f"many/{i}/file-{i}.txt", f"number {i}\n")
            many[f"{i}/file-{i}.txt"] = f"number {i}\n"
        maker.tuf("add", "--publish", "many")
        return APP | many
    return feature


def rotated(maker):
    maker.start()
    maker.run("key", "generate", "--type", "ed25519", "--out-prefix", "dora")
    maker.tuf("key", "rotate", "root", "ben", "dora.pub")
    maker.sign("ann", "ben", "dora")
    maker.tuf("publish")
    maker.tuf("key", "revoke", "carl", "--replace-with", "dora.pub")
    maker.sign("ann", "dora")
    maker.tuf("publish")
    maker.tuf("publish", "--new-timestamp")
    return APP


def taken_over(maker):
    """python-tuf makes it, sluice takes it over and carries it on."""
    import datetime

    from securesystemslib.signer import CryptoSigner
    from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp

    later = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) + datetime.timedelta(days=30)
    signer = CryptoSigner.generate_ed25519()
    old = os.path.join(maker.folder, "old")
    os.makedirs(os.path.join(old, "metadata"))
    os.makedirs(os.path.join(old, "targets"))
    roles = {"root": Root(expires=later), "targets": Targets(expires=later), "snapshot": Snapshot(expires=later),
             "timestamp": Timestamp(expires=later)}
    for name in roles:
        roles["root"].add_key(signer.public_key, name)
    with open(os.path.join(maker.folder, "ann.pub"), "rb") as file:
        from cryptography.hazmat.primitives.serialization import load_pem_public_key
        from securesystemslib.signer import SSlibKey
        roles["root"].add_key(SSlibKey.from_crypto(load_pem_public_key(file.read())), "targets")
    with open(os.path.join(maker.folder, "online.pub"), "rb") as file:
        online = SSlibKey.from_crypto(load_pem_public_key(file.read()))
        roles["root"].add_key(online, "snapshot")
        roles["root"].add_key(online, "timestamp")
    roles["root"].unrecognized_fields["x-kept"] = {"as": "it is"}
    content = b"from python-tuf\n"
    listed = TargetFile.from_data("old.txt", content, ["sha256"])
    roles["targets"].targets["old.txt"] = listed
    with open(os.path.join(old, "targets", listed.hashes["sha256"] + ".old.txt"), "wb") as file:
        file.write(content)
    roles["snapshot"].meta["targets.json"] = MetaFile(1)
    for name, role in roles.items():
        metadata = Metadata(role)
        metadata.sign(signer)
        metadata.to_file(os.path.join(old, "metadata", "timestamp.json" if name == "timestamp" else f"1.{name}.json"))
    maker.run("tuf", "import", "--metadata", "old/metadata", "--targets", "old/targets", "repo")
    for name in os.listdir(os.path.join(old, "metadata")):
        with open(os.path.join(old, "metadata", name), "rb") as was, \
             open(os.path.join(maker.folder, "repo", "metadata", name), "rb") as now:
            assert was.read() == now.read(), name
    policy = os.path.join(maker.folder, "repo", "tuf-repo.yaml")
    with open(policy, encoding="utf-8") as file:
        lines = file.read().splitlines()
    with open(policy, "w", encoding="utf-8") as file:
        for line in lines:
            if line.startswith(('  "snapshot"', '  "timestamp"')):
                line = line.replace("}", ', online: "env:ONLINE"}')
            file.write(line + "\n")
    maker.write("app.txt", "an application\n")
    maker.tuf("add", "--under", "app/1.0", "app.txt")
    maker.sign("ann")
    maker.tuf("publish")
    return APP | {"old.txt": content.decode()}


FEATURES = {"plain": plain, "two hashes": two_hashes, "delegated": delegated, "succinct bins": with_bins(),
            "explicit bins": with_bins("--explicit"), "rotated": rotated, "taken over": taken_over}


def main():
    if sys.argv[1:] != ["in-lab"]:
        run_in_lab()
    for name, feature in FEATURES.items():
        with tempfile.TemporaryDirectory() as folder:
            maker = Maker(folder)
            targets = feature(maker)
            read_with_python_tuf(os.path.join(folder, "repo"), targets)
            maker.run("tuf", "verify", "--deep", "repo")
            print(f"ok  {name}, {len(targets)} targets")


main()

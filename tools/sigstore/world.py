# SPDX-License-Identifier: Apache-2.0
"""A whole Sigstore on 127.0.0.1: issuer, Fulcio, CT log, Rekor v2, timestamp authority.

    with World(folder) as world:
        world.endpoints["fulcio"], world.token("email", "dev@lab.test"), world.stop("rekor"), world.start("rekor")

The servers end with the process that started them, however it ends. The folder keeps keys, logs and what
clients need: endpoints.json, trusted_root.json, signing_config.json.
"""
import ctypes
import fcntl
import json
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import issuer  # noqa: E402
import trust  # noqa: E402
from identities import fulcio_config  # noqa: E402

PROGRAMS = ("fulcio", "rekor-tiles", "timestamp-server", "ctlog", "openssl")
PORTS = ("issuer", "ct", "fulcio", "fulcio_grpc", "fulcio_metrics", "rekor_front", "rekor", "rekor_grpc", "rekor_metrics", "tsa")
TSA_METRICS = 2112  # of all interfaces, and it cannot be told otherwise
READY_WITHIN = 60  # seconds
PR_SET_PDEATHSIG = 1
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
SIOCSIFFLAGS, UP_AND_RUNNING = 0x8914, 0x41


class Trouble(Exception):
    """The world cannot be; the text is for people."""


def missing_programs():
    return [name for name in PROGRAMS if not shutil.which(name)]


def own_network():
    """Puts this process and its children into a network of their own that has only 127.0.0.1.

    Two of the servers listen on all interfaces, one of them on a fixed port: there nobody meets them.
    True where the kernel allows it.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()
    if libc.unshare(CLONE_NEWNET if user == 0 else CLONE_NEWUSER | CLONE_NEWNET) != 0:
        return False
    if user != 0:
        pathlib.Path("/proc/self/setgroups").write_text("deny")
        pathlib.Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        pathlib.Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", UP_AND_RUNNING))
    return True


def free_ports(names):
    sockets = {name: socket.create_server(("127.0.0.1", 0)) for name in names}
    ports = {name: one.getsockname()[1] for name, one in sockets.items()}
    for one in sockets.values():
        one.close()
    return ports


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def is_answered(url):
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except urllib.error.HTTPError:
        return False
    except OSError:
        return False


class World:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder).absolute()
        self.processes = {}
        self.ports = free_ports(PORTS)
        self.issuer = issuer.Issuer(self.folder / "issuer", self.url("issuer"))
        self.endpoints = {
            "state": str(self.folder),
            "issuer": self.url("issuer") + "/email",
            "issuers": {kind: f"{self.url('issuer')}/{kind}" for kind in issuer.KINDS},
            "runner_token_url": self.url("issuer") + "/runner/token?api-version=2.0",
            "runner_token_secret": issuer.RUNNER_SECRET,
            "fulcio": self.url("fulcio"),
            "ct": self.url("ct"),
            "rekor": self.url("rekor_front"),
            "rekor_origin": trust.REKOR_ORIGIN,
            "tsa": self.url("tsa") + "/api/v1/timestamp",
            "trusted_root": str(self.folder / "trusted_root.json"),
            "signing_config": str(self.folder / "signing_config.json"),
        }

    def url(self, name):
        return f"http://127.0.0.1:{self.ports[name]}"

    def token(self, kind, subject, **claims):
        """An ID token; claims replace those of its kind (issuer.py says how)."""
        return self.issuer.token(kind, subject, claims)

    # ---- files ----------------------------------------------------------------------------------------

    def write(self, name, what):
        file = self.folder / name
        fresh = file.with_suffix(".new")
        fresh.write_text(json.dumps(what, indent=1) + "\n")
        fresh.replace(file)

    def prepare(self):
        for name in ("issuer", "ct", "rekor", "fulcio", "home", "logs"):
            (self.folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        issuer.make_keys(self.folder / "issuer")
        keys = trust.Keys(self.folder / "keys")
        here = self.endpoints
        self.write("trusted_root.json", trust.trusted_root(keys, here["fulcio"], here["ct"], here["tsa"]))
        self.write("signing_config.json", trust.signing_config(here["issuer"], here["fulcio"], here["rekor"], here["tsa"]))
        self.write("fulcio/config.json", fulcio_config(self.url("issuer")))

    # ---- servers ----------------------------------------------------------------------------------------

    def commands(self):
        """Of each server: its command, and where it answers when it is ready."""
        port = {name: str(number) for name, number in self.ports.items()}
        keys, local = self.folder / "keys", "127.0.0.1"
        return {
            "issuer": ([sys.executable, HERE / "issuer.py", "serve", self.folder / "issuer", port["issuer"]],
                       self.url("issuer") + "/healthz"),
            "ct": (["ctlog", f"{local}:{port['ct']}", self.folder / "ct", keys / "ct.key", keys / "code-root.crt"],
                   self.url("ct") + "/ct/v1/get-roots"),
            "rekor": (["rekor-tiles", "serve", "--http-address", local, "--http-port", port["rekor"], "--grpc-address", local,
                       "--grpc-port", port["rekor_grpc"], "--http-metrics-port", port["rekor_metrics"],
                       "--hostname", trust.REKOR_ORIGIN, "--storage-dir", self.folder / "rekor",
                       "--signer-filepath", keys / "rekor.key", "--checkpoint-interval", "100ms", "--batch-max-age", "20ms",
                       "--persistent-antispam"],
                      self.url("rekor") + "/healthz"),
            "rekor_front": ([sys.executable, HERE / "front.py", port["rekor_front"], port["rekor"], self.folder / "rekor"],
                            self.url("rekor_front") + "/healthz"),
            "tsa": (["timestamp-server", "serve", "--scheme", "http", "--host", local, "--port", port["tsa"],
                     "--log-type", "prod", "--disable-ntp-monitoring", "--timestamp-signer", "file",
                     "--file-signer-key-path", keys / "time-stamping.key", "--certificate-chain-path", keys / "time.pem"],
                    self.url("tsa") + "/ping"),
            "fulcio": (["fulcio", "serve", "--host", local, "--port", port["fulcio"], "--grpc-host", local,
                        "--grpc-port", port["fulcio_grpc"], "--metrics-port", port["fulcio_metrics"], "--log_type", "prod",
                        "--ca", "fileca", "--fileca-cert", keys / "code.pem", "--fileca-key", keys / "code-issuing.key",
                        "--fileca-key-passwd", "none", "--fileca-watch=false", "--config-path", self.folder / "fulcio/config.json",
                        "--ct-log-url", self.endpoints["ct"], "--ct-log-public-key-path", keys / "ct.pub",
                        "--legacy-unix-domain-socket", "socket"],
                       self.url("fulcio") + "/healthz"),
        }

    def launch(self, name):
        # The socket is left behind, and Fulcio dies of it at its next start.
        if name == "fulcio":
            (self.folder / "fulcio/socket").unlink(missing_ok=True)
        command, _ = self.commands()[name]
        # Some of them take any variable that is named like a flag (PORT, HOST): they get none.
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder / "home")}
        with open(self.folder / "logs" / f"{name}.log", "ab") as log:
            self.processes[name] = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=log,
                                                    stderr=log, cwd=self.folder / "fulcio", env=environment,
                                                    preexec_fn=die_with_parent)

    def wait(self, name):
        _, answers_at = self.commands()[name]
        until = time.monotonic() + READY_WITHIN
        while not is_answered(answers_at):
            ended = self.processes[name].poll() is not None
            if ended or time.monotonic() > until:
                said = (self.folder / "logs" / f"{name}.log").read_text(errors="replace")[-2000:]
                raise Trouble(f"{name} {'ended' if ended else 'is not ready'}:\n{said}")
            time.sleep(0.02)

    def start(self, *names):
        names = names or tuple(self.commands())
        for name in names:
            self.launch(name)
        for name in names:
            self.wait(name)

    def stop(self, *names):
        for name in names or tuple(self.processes):
            process = self.processes.pop(name)
            process.kill()
            process.wait()

    def __enter__(self):
        missing = missing_programs()
        if missing:
            raise Trouble(f"not here: {', '.join(missing)} (./dev lab install)")
        try:
            self.prepare()
            self.start()
        except BaseException:
            self.stop()
            raise
        self.endpoints["pids"] = {name: process.pid for name, process in self.processes.items()}
        self.write("endpoints.json", self.endpoints)
        return self

    def __exit__(self, *_):
        (self.folder / "endpoints.json").unlink(missing_ok=True)
        self.stop()

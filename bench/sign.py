# SPDX-License-Identifier: Apache-2.0
"""Inside a lab: signs with sluice and cosign in turn, and compares. See bench-sign."""
import base64
import json
import os
import pathlib
import resource
import selectors
import socket
import statistics
import subprocess
import sys
import time
import urllib.parse

LAB = pathlib.Path(os.environ["SIGSTORE_LAB"])
WORK = pathlib.Path(os.environ["WORK"])
RUNS = int(os.environ["RUNS"])
SLUICE = os.environ["SLUICE"]
MANY = 100
IDENTITY = "dev@lab.test"


def run(words, **more):
    return subprocess.run([str(word) for word in words], check=True, stdin=subprocess.DEVNULL, capture_output=True, **more)


def token():
    done = run([os.path.join(os.environ["ROOT"], "tools", "sigstore-lab"), "token", LAB, "email", IDENTITY])
    return done.stdout.decode().strip()


def fresh(name):
    """The log knows no two equal files."""
    file = WORK / name
    file.write_bytes(os.urandom(2000))
    return file


def without_log():
    config = json.loads((LAB / "signing_config.json").read_text())
    config["rekorTlogUrls"] = []
    config.pop("rekorTlogConfig", None)
    file = WORK / "no_log.json"
    file.write_text(json.dumps(config))
    return file


def by_sluice(config, *files):
    return [SLUICE, "sign", "--signing-config", config, "--trusted-root", LAB / "trusted_root.json",
            "--identity-token-file", WORK / "token", *(["--allow-no-log"] if config.name == "no_log.json" else []), *files]


def by_cosign(config, file):
    return ["cosign", "sign-blob", "--yes", "--signing-config", config, "--trusted-root", LAB / "trusted_root.json",
            "--identity-token", (WORK / "token").read_text(), "--bundle", f"{file}.cosign.json", file]


def measured(words):
    """Wall and CPU in milliseconds, of the program alone: no pipes, which this process would have to make and read."""
    words = [str(word) for word in words]
    said = WORK / "said"
    to_said = (os.POSIX_SPAWN_OPEN, 1, said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    actions = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0), to_said, (os.POSIX_SPAWN_DUP2, 1, 2)]
    began = time.perf_counter()
    child = os.posix_spawnp(words[0], words, os.environ, file_actions=actions)
    _, status, used = os.wait4(child, 0)
    wall = time.perf_counter() - began
    if status:
        sys.exit(f"{words[0]} failed: {said.read_text()}")
    return wall * 1000, (used.ru_utime + used.ru_stime) * 1000


def post(url, path, headers, body):
    """Where a request goes, and its bytes."""
    where = urllib.parse.urlsplit(url)
    lines = [f"POST {where.path.rstrip('/')}{path} HTTP/1.1", f"Host: {where.netloc}", f"Content-Length: {len(body)}",
             "Connection: close", *(f"{name}: {value}" for name, value in headers.items())]
    return (where.hostname, where.port), "".join(line + "\r\n" for line in [*lines, ""]).encode() + body


def answered(*requests):
    """Milliseconds until all of these have their answers, asked at once over connections of their own."""
    began = time.perf_counter()
    waiting, answers = selectors.DefaultSelector(), {}
    for place, request in requests:
        connection = socket.create_connection(place, timeout=30)
        connection.sendall(request)
        answers[connection] = b""
        waiting.register(connection, selectors.EVENT_READ)
    while waiting.get_map():
        for key, _ in waiting.select(30):
            more = key.fileobj.recv(1 << 16)
            answers[key.fileobj] += more
            if not more:
                waiting.unregister(key.fileobj)
    took = time.perf_counter() - began
    for connection, answer in answers.items():
        connection.close()
        if answer.split(b" ", 2)[1] not in (b"200", b"201"):
            sys.exit(f"a service answers {answer[:200]}")
    return took * 1000


def asker():
    """What the services themselves take, asked by this process, which is there already: the CA, and the timestamp authority.
    Who signs without a log needs both answers, and the stamp needs no certificate: the critical path is what both take that
    are asked at the same time. Beside it, one after the other."""
    config = json.loads((LAB / "signing_config.json").read_text())
    key, query = WORK / "services.key", WORK / "services.tsq"
    run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key])
    request = run(["openssl", "req", "-new", "-key", key, "-subj", "/"]).stdout
    run(["openssl", "ts", "-query", "-data", key, "-sha256", "-cert", "-out", query])
    asked = json.dumps({"certificateSigningRequest": base64.b64encode(request).decode()}).encode()
    bearer = {"Content-Type": "application/json", "Authorization": "Bearer " + (WORK / "token").read_text()}
    ca, stamp = config["caUrls"][0]["url"], config["tsaUrls"][0]["url"]
    path = "" if stamp.endswith("/timestamp") else "/api/v1/timestamp"
    kind = {"Content-Type": "application/timestamp-query"}
    both = post(ca, "/api/v2/signingCert", bearer, asked), post(stamp, path, kind, query.read_bytes())

    def ask(pause):
        at_once = answered(*both)
        time.sleep(pause)
        return at_once, sum(answered(one) for one in both)

    return ask


def summary(samples):
    return {"n": len(samples), "median_ms": round(statistics.median(samples), 2), "min_ms": round(min(samples), 2)}


def above_services(ours, answers, empty):
    """Ours and the services' took turns, each after the same pauses: services that were idle answer later than busy ones."""
    path = summary([at_once for at_once, _ in answers])
    total = summary([in_turn for _, in_turn in answers])
    started = summary(empty)
    above = {which: {kind: round(ours[kind] - base[kind], 2) for kind in ("median_ms", "min_ms")}
             for which, base in (("critical_path", path), ("one_after_the_other", total))}
    print(f"the services alone: asked at once {path['median_ms']} ms (min {path['min_ms']}), one after the other "
          f"{total['median_ms']} ms (min {total['min_ms']}); sluice is {above['critical_path']['median_ms']} ms above the one "
          f"(min {above['critical_path']['min_ms']}), {above['one_after_the_other']['median_ms']} ms above the other "
          f"(min {above['one_after_the_other']['min_ms']}); a process that does nothing takes {started['median_ms']} ms here "
          f"(min {started['min_ms']})")
    return {"what": "the services alone, without a log", "critical_path": path, "one_after_the_other": total,
            "empty_process": started, "sluice_above": above}


def row(name, samples):
    walls = [wall for wall, _ in samples]
    return {"name": name, "n": len(samples), "median_ms": round(statistics.median(walls), 2), "min_ms": round(min(walls), 2),
            "cpu_median_ms": round(statistics.median(cpu for _, cpu in samples), 2)}


def compare(label, config, alone=None):
    ours, theirs, answers, empty = [], [], [], []
    for number in range(RUNS + 1):
        # Away from the log's own beat of one second, differently each time.
        pause = 0.137 * (number % 7)
        if alone:
            time.sleep(pause)
            answers.append(alone(pause))
            empty.append(measured(["true"])[0])
        time.sleep(pause)
        ours.append(measured(by_sluice(config, fresh(f"{label}-ours-{number}"))))
        time.sleep(0.091 * (number % 5))
        theirs.append(measured(by_cosign(config, fresh(f"{label}-theirs-{number}"))))
    rows = [row("sluice", ours[1:]), row("cosign", theirs[1:])]  # the first is the warm-up
    by_median = rows[1]["median_ms"] / rows[0]["median_ms"]
    by_min = rows[1]["min_ms"] / rows[0]["min_ms"]
    print(f"{label}: sluice {rows[0]['median_ms']} ms (min {rows[0]['min_ms']}), cosign {rows[1]['median_ms']} ms "
          f"(min {rows[1]['min_ms']}): {by_median:.2f}x by the median, {by_min:.2f}x by the minimum")
    result = {"what": label, "commands": rows, "ratio_median": round(by_median, 2), "ratio_min": round(by_min, 2)}
    if alone:
        result["services"] = above_services(rows[0], answers[1:], empty[1:])
    return result


def many(config, one_by_cosign_ms):
    files = [fresh(f"many-{number}") for number in range(MANY)]
    wall, cpu = measured(by_sluice(config, *files))
    endpoints = json.loads((LAB / "endpoints.json").read_text())
    done = run([SLUICE, "verify", "--trusted-root", LAB / "trusted_root.json", "--certificate-identity", IDENTITY,
                "--certificate-oidc-issuer", endpoints["issuers"]["email"], "--output", "json", *files])
    verified = sum(one["verdict"] == "verified" for one in json.loads(done.stdout))
    ratio = MANY * one_by_cosign_ms / wall
    print(f"{MANY} files in one call: {wall:.0f} ms, {verified} bundles verify; {ratio:.1f}x as fast as {MANY} runs of cosign "
          f"(its median times {MANY})")
    return {"what": f"{MANY} files in one call", "wall_ms": round(wall, 1), "cpu_ms": round(cpu, 1), "verified": verified,
            "ratio": round(ratio, 1)}


def main():
    (WORK / "token").write_text(token())
    results = [compare("without a log", without_log(), asker())]
    (WORK / "token").write_text(token())
    results.append(compare("with a log", LAB / "signing_config.json"))
    (WORK / "token").write_text(token())
    cosign = results[1]["commands"][1]["median_ms"]
    results.append(many(LAB / "signing_config.json", cosign))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    pathlib.Path(os.environ["OUT"], "sign.json").write_text(json.dumps({"results": results, "peak_kib_of_any": peak}, indent=1) + "\n")
    missed = []
    if results[0]["ratio_min"] < 2.4:
        missed.append("without a log: below 2.4x")
    if results[0]["services"]["sluice_above"]["critical_path"]["min_ms"] > 5:
        missed.append("without a log: more than 5 ms above what the services take themselves")
    if results[1]["ratio_median"] < 1:
        missed.append("with a log: behind cosign")
    if results[2]["ratio"] < 30 or results[2]["verified"] != MANY:
        missed.append("many files: below 30x, or not all verify")
    for one in missed:
        print("MISSED", one)
    return bool(missed)


sys.exit(main())

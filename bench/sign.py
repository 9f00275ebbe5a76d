# SPDX-License-Identifier: Apache-2.0
"""Inside a lab: signs with sluice and cosign in turn, and compares. See bench-sign."""
import base64
import http.client
import json
import os
import pathlib
import resource
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
    """Wall and CPU in milliseconds, peak memory of any child so far in KiB."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    run(words)
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall * 1000, cpu * 1000


def answered(url, path, headers, body):
    """Milliseconds of one request over a connection of its own."""
    where = urllib.parse.urlsplit(url)
    began = time.perf_counter()
    connection = http.client.HTTPConnection(where.hostname, where.port, timeout=30)
    connection.request("POST", where.path.rstrip("/") + path, body, headers)
    answer = connection.getresponse()
    answer.read()
    took = time.perf_counter() - began
    connection.close()
    if answer.status not in (200, 201):
        sys.exit(f"{url} answers with {answer.status}")
    return took * 1000


def services():
    """What the CA and then the timestamp authority take: nobody signs faster without a log."""
    config = json.loads((LAB / "signing_config.json").read_text())
    key, query = WORK / "services.key", WORK / "services.tsq"
    run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key])
    request = run(["openssl", "req", "-new", "-key", key, "-subj", "/"]).stdout
    run(["openssl", "ts", "-query", "-data", key, "-sha256", "-cert", "-out", query])
    asked = json.dumps({"certificateSigningRequest": base64.b64encode(request).decode()})
    bearer = {"Content-Type": "application/json", "Authorization": "Bearer " + (WORK / "token").read_text()}
    ca, stamp = config["caUrls"][0]["url"], config["tsaUrls"][0]["url"]
    path = "" if stamp.endswith("/timestamp") else "/api/v1/timestamp"
    samples = []
    for _ in range(RUNS + 1):
        samples.append(answered(ca, "/api/v2/signingCert", bearer, asked) +
                       answered(stamp, path, {"Content-Type": "application/timestamp-query"}, query.read_bytes()))
    return {"n": RUNS, "median_ms": round(statistics.median(samples[1:]), 2), "min_ms": round(min(samples[1:]), 2)}


def row(name, samples):
    walls = [wall for wall, _ in samples]
    return {"name": name, "n": len(samples), "median_ms": round(statistics.median(walls), 2), "min_ms": round(min(walls), 2),
            "cpu_median_ms": round(statistics.median(cpu for _, cpu in samples), 2)}


def compare(label, config):
    ours, theirs = [], []
    for number in range(RUNS + 1):
        # Away from the log's own beat of one second, differently each time.
        time.sleep(0.137 * (number % 7))
        ours.append(measured(by_sluice(config, fresh(f"{label}-ours-{number}"))))
        time.sleep(0.091 * (number % 5))
        theirs.append(measured(by_cosign(config, fresh(f"{label}-theirs-{number}"))))
    rows = [row("sluice", ours[1:]), row("cosign", theirs[1:])]  # the first is the warm-up
    by_median = rows[1]["median_ms"] / rows[0]["median_ms"]
    by_min = rows[1]["min_ms"] / rows[0]["min_ms"]
    print(f"{label}: sluice {rows[0]['median_ms']} ms (min {rows[0]['min_ms']}), cosign {rows[1]['median_ms']} ms "
          f"(min {rows[1]['min_ms']}): {by_median:.2f}x by the median, {by_min:.2f}x by the minimum")
    return {"what": label, "commands": rows, "ratio_median": round(by_median, 2), "ratio_min": round(by_min, 2)}


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
    results = [compare("without a log", without_log())]
    (WORK / "token").write_text(token())
    results.append(compare("with a log", LAB / "signing_config.json"))
    (WORK / "token").write_text(token())
    cosign = results[1]["commands"][1]["median_ms"]
    results.append(many(LAB / "signing_config.json", cosign))
    (WORK / "token").write_text(token())
    alone = services()
    ours = results[0]["commands"][0]
    results.append({"what": "the services alone, without a log", **alone,
                    "sluice_above_median_ms": round(ours["median_ms"] - alone["median_ms"], 2),
                    "sluice_above_min_ms": round(ours["min_ms"] - alone["min_ms"], 2)})
    print(f"CA and timestamp authority alone: {alone['median_ms']} ms (min {alone['min_ms']}); sluice is "
          f"{results[-1]['sluice_above_median_ms']} ms above them (min {results[-1]['sluice_above_min_ms']})")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    pathlib.Path(os.environ["OUT"], "sign.json").write_text(json.dumps({"results": results, "peak_kib_of_any": peak}, indent=1) + "\n")
    missed = []
    if results[0]["ratio_min"] < 2.4:
        missed.append("without a log: below 2.4x")
    if results[1]["ratio_median"] < 1:
        missed.append("with a log: behind cosign")
    if results[2]["ratio"] < 30 or results[2]["verified"] != MANY:
        missed.append("many files: below 30x, or not all verify")
    for one in missed:
        print("MISSED", one)
    return bool(missed)


sys.exit(main())

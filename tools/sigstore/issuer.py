#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An OpenID issuer for tests, which believes everybody.

  issuer.py serve FOLDER PORT                       FOLDER/key.pem signs (RSA); make_keys() makes it
  issuer.py token FOLDER URL KIND SUBJECT [CLAIM...]  prints an ID token of the issuer at URL

KIND is an issuer of its own at URL/KIND, with claims like those of the real ones:

  email    SUBJECT is an address, verified          github  SUBJECT is owner/repository, of a workflow
  uri      SUBJECT is a URL                         gitlab  SUBJECT is group/project, of a job

CLAIM is name=text or name:=json, and replaces a claim; null removes it. exp, iat and nbf are seconds from
now. What is served:

  URL/KIND/.well-known/openid-configuration, URL/KIND/keys
  URL/KIND/mint?sub=SUBJECT&CLAIM...            an ID token, as text
  URL/KIND/authorize, URL/KIND/token            the code flow, with PKCE (S256) and consent at once
  URL/KIND/device/code, URL/KIND/device         the device flow; opening ?user_code=CODE consents,
                                                with &deny=1 it refuses
  URL/runner/token?audience=WHO[&CLAIM...]      what GitHub's runner answers to its jobs, who say
                                                `Authorization: bearer ` and RUNNER_SECRET
"""
import base64
import hashlib
import http.server
import json
import pathlib
import secrets
import subprocess
import sys
import threading
import time
import urllib.parse

KINDS = ("email", "uri", "github", "gitlab")
CLIENT = "sigstore"  # the audience, too
RUNNER_SECRET = "not-secret"
LIFE = 600  # seconds
REPOSITORY = "octo/app"  # whose jobs the runner runs
DEVELOPER = "dev@lab.test"  # who consents
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def openssl(*words, data=None):
    return subprocess.run(["openssl", *words], input=data, check=True, capture_output=True).stdout


def make_keys(folder):
    """The key, unless it is there, and what is published of it."""
    key = folder / "key.pem"
    if not key.exists():
        openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", str(key))
    shown = openssl("rsa", "-in", str(key), "-noout", "-modulus").decode()
    modulus = bytes.fromhex(shown.strip().removeprefix("Modulus="))
    published = {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": hashlib.sha256(modulus).hexdigest()[:16],
                 "n": base64url(modulus), "e": "AQAB"}
    (folder / "keys.json").write_text(json.dumps({"keys": [published]}))


def github_claims(repository):
    commit = hashlib.sha1(repository.encode()).hexdigest()
    workflow = f"{repository}/.github/workflows/release.yml@refs/heads/main"
    return {"sub": f"repo:{repository}:ref:refs/heads/main", "repository": repository, "repository_id": "1001",
            "repository_owner": repository.split("/")[0], "repository_owner_id": "2002",
            "repository_visibility": "public", "ref": "refs/heads/main", "ref_type": "branch", "sha": commit,
            "event_name": "push", "workflow": "release", "workflow_ref": workflow, "workflow_sha": commit,
            "job_workflow_ref": workflow, "job_workflow_sha": commit, "runner_environment": "github-hosted",
            "run_id": "31", "run_number": "3", "run_attempt": "1", "actor": "octocat", "actor_id": "4004"}


def gitlab_claims(project):
    commit = hashlib.sha1(project.encode()).hexdigest()
    return {"sub": f"project_path:{project}:ref_type:branch:ref:main", "project_path": project, "project_id": "51",
            "namespace_path": project.rpartition("/")[0], "namespace_id": "52", "project_visibility": "public",
            "ref": "main", "ref_type": "branch", "ref_protected": "true", "sha": commit, "pipeline_id": "61",
            "pipeline_source": "push", "job_id": "62", "runner_environment": "gitlab-hosted", "ci_config_sha": commit,
            "ci_config_ref_uri": f"gitlab.lab.test/{project}//.gitlab-ci.yml@refs/heads/main"}


CLAIMS = {
    "email": lambda address: {"sub": "u" + hashlib.sha256(address.encode()).hexdigest()[:10], "email": address,
                              "email_verified": True},
    "uri": lambda url: {"sub": url},
    "github": github_claims,
    "gitlab": gitlab_claims,
}


def parse_claims(words):
    """name=text and name:=json, as a dictionary."""
    claims = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise ValueError(f"neither name=text nor name:=json: {word}")
        claims[name.removesuffix(":")] = json.loads(value) if name.endswith(":") else value
    return claims


class Issuer:
    def __init__(self, folder, url):
        self.folder = pathlib.Path(folder)
        self.url = url

    def claims(self, kind, subject, replaced):
        now = int(time.time())
        claims = {"iss": f"{self.url}/{kind}", "aud": CLIENT, "iat": 0, "nbf": 0, "exp": LIFE, **CLAIMS[kind](subject), **replaced}
        for name in ("iat", "nbf", "exp"):
            if claims[name] is not None:
                claims[name] = now + int(claims[name])
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, kind, subject, replaced=None):
        key = json.loads((self.folder / "keys.json").read_text())["keys"][0]
        header = {"alg": "RS256", "typ": "JWT", "kid": key["kid"]}
        parts = (header, self.claims(kind, subject, replaced or {}))
        text = ".".join(base64url(json.dumps(part).encode()) for part in parts)
        signature = openssl("dgst", "-sha256", "-sign", str(self.folder / "key.pem"), data=text.encode())
        return f"{text}.{base64url(signature)}"


class Flows:
    """Those who were sent here and have not been given their token yet."""

    def __init__(self):
        self.lock = threading.Lock()
        self.codes = {}  # code: what authorize was asked
        self.devices = {}  # device code: what device/code was asked, and `state`

    def authorize(self, kind, query):
        """The page that the browser is sent on to, or None where the question is wrong."""
        right = {"client_id": CLIENT, "response_type": "code", "code_challenge_method": "S256"}
        if any(query.get(name) != value for name, value in right.items()):
            return None
        if not all(query.get(name) for name in ("redirect_uri", "state", "code_challenge")):
            return None
        code = secrets.token_urlsafe(18)
        with self.lock:
            self.codes[code] = {**query, "kind": kind}
        joint = "&" if "?" in query["redirect_uri"] else "?"
        return query["redirect_uri"] + joint + urllib.parse.urlencode({"code": code, "state": query["state"]})

    def begin_device(self, kind, form):
        code, shown = secrets.token_urlsafe(18), secrets.token_hex(4).upper()
        with self.lock:
            self.devices[code] = {**form, "kind": kind, "user_code": shown, "state": "authorization_pending"}
        return code, shown

    def decide_device(self, user_code, state):
        with self.lock:
            asked = next((one for one in self.devices.values() if one["user_code"] == user_code), None)
            if asked:
                asked["state"] = state
        return asked is not None

    def redeem(self, kind, form):
        """What was asked at the beginning, and None; or None, and the error of RFC 6749 or RFC 8628."""
        if form.get("client_id") != CLIENT:
            return None, "invalid_client"
        with self.lock:
            if form.get("grant_type") == "authorization_code":
                asked = self.codes.pop(form.get("code"), None)
                if asked and asked["redirect_uri"] != form.get("redirect_uri"):
                    asked = None
            elif form.get("grant_type") == DEVICE_GRANT:
                asked = self.devices.get(form.get("device_code"))
                if asked and asked["state"] != "consented":
                    return None, asked["state"]
                self.devices.pop(form.get("device_code"), None)
            else:
                return None, "unsupported_grant_type"
        proof = base64url(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if not asked or asked["kind"] != kind or asked.get("code_challenge", proof) != proof:
            return None, "invalid_grant"
        return asked, None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    issuer = None
    flows = Flows()

    def log_message(self, *_):
        pass

    def answer(self, code, what, **headers):
        body = what.encode() if isinstance(what, str) else json.dumps(what).encode()
        self.send_response(code)
        self.send_header("Content-Type", "text/plain" if isinstance(what, str) else "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        kind, _, page = url.path.strip("/").partition("/")
        if url.path == "/healthz":
            self.answer(200, "ok")
        elif url.path == "/runner/token":
            self.runner_token(query)
        elif kind in KINDS and page == ".well-known/openid-configuration":
            self.answer(200, self.discovery(kind))
        elif kind in KINDS and page == "keys":
            self.answer(200, json.loads((self.issuer.folder / "keys.json").read_text()))
        elif kind in KINDS and page == "mint" and "sub" in query:
            self.mint(kind, query.pop("sub"), query)
        elif kind in KINDS and page == "authorize":
            back = self.flows.authorize(kind, query)
            self.answer(302, "", Location=back) if back else self.answer(400, {"error": "invalid_request"})
        elif kind in KINDS and page == "device":
            state = "access_denied" if query.get("deny") else "consented"
            known = self.flows.decide_device(query.get("user_code"), state)
            self.answer(200 if known else 404, state if known else "no such code")
        else:
            self.answer(404, {"error": "not_found"})

    def do_POST(self):
        length = int(self.headers.get("Content-Length") or 0)
        form = dict(urllib.parse.parse_qsl(self.rfile.read(length).decode()))
        kind, _, page = self.path.strip("/").partition("/")
        if kind in KINDS and page == "device/code":
            self.device_code(kind, form)
        elif kind in KINDS and page == "token":
            self.redeem(kind, form)
        else:
            self.answer(404, {"error": "not_found"})

    def discovery(self, kind):
        base = f"{self.issuer.url}/{kind}"
        return {"issuer": base, "jwks_uri": f"{base}/keys", "authorization_endpoint": f"{base}/authorize",
                "token_endpoint": f"{base}/token", "device_authorization_endpoint": f"{base}/device/code",
                "grant_types_supported": ["authorization_code", DEVICE_GRANT], "response_types_supported": ["code"],
                "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"],
                "scopes_supported": ["openid", "email"], "code_challenge_methods_supported": ["S256"]}

    def mint(self, kind, subject, query):
        try:
            self.answer(200, self.issuer.token(kind, subject, parse_claims(f"{name}={value}" for name, value in query.items())))
        except ValueError as problem:
            self.answer(400, str(problem))

    def runner_token(self, query):
        scheme, _, secret = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or secret != RUNNER_SECRET:
            return self.answer(401, {"message": "who asks is no job of this runner"})
        audience = query.pop("audience", f"https://github.com/{REPOSITORY.split('/')[0]}")
        query.pop("api-version", None)
        replaced = parse_claims(f"{name}={value}" for name, value in query.items())
        token = self.issuer.token("github", REPOSITORY, {"aud": audience, **replaced})
        return self.answer(200, {"count": len(token), "value": token})

    def device_code(self, kind, form):
        if form.get("client_id") != CLIENT:
            return self.answer(401, {"error": "invalid_client"})
        code, shown = self.flows.begin_device(kind, form)
        page = f"{self.issuer.url}/{kind}/device"
        return self.answer(200, {"device_code": code, "user_code": shown, "verification_uri": page,
                                 "verification_uri_complete": f"{page}?user_code={shown}", "expires_in": LIFE, "interval": 1})

    def redeem(self, kind, form):
        asked, error = self.flows.redeem(kind, form)
        if error:
            return self.answer(400, {"error": error})
        claims = {"nonce": asked["nonce"]} if asked.get("nonce") else {}
        token = self.issuer.token(kind, asked.get("login_hint", DEVELOPER), claims)
        return self.answer(200, {"id_token": token, "access_token": "none", "token_type": "Bearer", "expires_in": LIFE})


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True


def main(words):
    if len(words) == 3 and words[0] == "serve":
        Handler.issuer = Issuer(words[1], f"http://127.0.0.1:{words[2]}")
        Server(("127.0.0.1", int(words[2])), Handler).serve_forever()
    elif len(words) >= 5 and words[0] == "token" and words[3] in KINDS:
        print(Issuer(words[1], words[2]).token(words[3], words[4], parse_claims(words[5:])))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])

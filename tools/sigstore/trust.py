# SPDX-License-Identifier: Apache-2.0
"""The keys and certificates of a Sigstore world, and the two files that tell clients about it.

What was made once is kept: a folder is one world, whenever it is up.
"""
import base64
import hashlib
import subprocess

SINCE = {"start": "2020-01-01T00:00:00Z"}
REKOR_ORIGIN = "rekor.lab.test"
OPERATOR = "lab.test"
NOTE_ED25519 = b"\x01"  # the algorithm, in the id of a checkpoint's key

# Authorities and what they issue. Fulcio's issuing certificate is an intermediate, as in production.
EXTENSIONS = """[req]
distinguished_name = name
prompt = no
[name]
[root]
basicConstraints = critical, CA:TRUE, pathlen:1
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[issuing]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
extendedKeyUsage = codeSigning
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[stamping]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


def openssl(*words, data=None):
    done = subprocess.run(["openssl", *words], input=data, capture_output=True)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {words[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


class Keys:
    """NAME.key and, of authorities, NAME.crt, in one folder."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.file("extensions").write_text(EXTENSIONS)
        self.key("code-root", "P-384")
        self.certificate("code-root", "root")
        self.key("code-issuing", "P-384")
        self.certificate("code-issuing", "issuing", signer="code-root")
        self.key("time-root", "P-384")
        self.certificate("time-root", "root")
        self.key("time-stamping", "P-256")
        self.certificate("time-stamping", "stamping", signer="time-root")
        self.key("ct", "P-256")
        self.key("rekor", None)
        self.chain("code.pem", "code-issuing", "code-root")
        self.chain("time.pem", "time-stamping", "time-root")
        self.file("ct.pub").write_bytes(openssl("pkey", "-in", str(self.file("ct.key")), "-pubout"))

    def file(self, name):
        return self.folder / name

    def key(self, name, curve):
        """A key on this curve, or an Ed25519 key."""
        file = self.file(f"{name}.key")
        if not file.exists():
            kind = ("EC", "-pkeyopt", f"ec_paramgen_curve:{curve}") if curve else ("ED25519",)
            file.write_bytes(openssl("genpkey", "-algorithm", *kind))

    def certificate(self, name, section, signer=None):
        file = self.file(f"{name}.crt")
        if file.exists():
            return
        issuer = ("-CA", str(self.file(f"{signer}.crt")), "-CAkey", str(self.file(f"{signer}.key"))) if signer else ()
        file.write_bytes(openssl("req", "-x509", "-new", "-sha384", "-days", "3650", "-config", str(self.file("extensions")),
                                 "-extensions", section, "-subj", f"/O=lab.test/CN={name}", "-key", str(self.file(f"{name}.key")), *issuer))

    def chain(self, file, *names):
        self.file(file).write_bytes(b"".join(self.file(f"{name}.crt").read_bytes() for name in names))

    def public_der(self, name):
        return openssl("pkey", "-in", str(self.file(f"{name}.key")), "-pubout", "-outform", "DER")

    def certificates(self, *names):
        ders = (openssl("x509", "-in", str(self.file(f"{name}.crt")), "-outform", "DER") for name in names)
        return [{"rawBytes": base64.b64encode(der).decode()} for der in ders]


def log(url, key, details, key_id):
    return {"baseUrl": url, "hashAlgorithm": "SHA2_256",
            "publicKey": {"rawBytes": base64.b64encode(key).decode(), "keyDetails": details, "validFor": SINCE},
            "logId": {"keyId": base64.b64encode(key_id).decode()}}


def authority(url, certificates, common_name):
    return {"subject": {"organization": "lab.test", "commonName": common_name}, "uri": url,
            "certChain": {"certificates": certificates}, "validFor": SINCE}


def trusted_root(keys, fulcio, ct, tsa):
    rekor = keys.public_der("rekor")
    # The whole of the hash whose beginning names the key in checkpoints; 32 bytes of DER are the key.
    rekor_id = hashlib.sha256(REKOR_ORIGIN.encode() + b"\n" + NOTE_ED25519 + rekor[-32:]).digest()
    log_of_certificates = keys.public_der("ct")
    return {
        "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
        "tlogs": [log(f"https://{REKOR_ORIGIN}", rekor, "PKIX_ED25519", rekor_id)],
        "certificateAuthorities": [authority(fulcio, keys.certificates("code-issuing", "code-root"), "code-root")],
        "ctlogs": [log(ct, log_of_certificates, "PKIX_ECDSA_P256_SHA_256", hashlib.sha256(log_of_certificates).digest())],
        "timestampAuthorities": [authority(tsa, keys.certificates("time-stamping", "time-root"), "time-root")],
    }


def signing_config(issuer, fulcio, rekor, tsa):
    def service(url, version):
        return {"url": url, "majorApiVersion": version, "validFor": SINCE, "operator": OPERATOR}
    return {
        "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
        "caUrls": [service(fulcio, 1)],
        "oidcUrls": [service(issuer, 1)],
        "rekorTlogUrls": [service(rekor, 2)],
        "rekorTlogConfig": {"selector": "ANY"},
        "tsaUrls": [service(tsa, 1)],
        "tsaConfig": {"selector": "ANY"},
    }

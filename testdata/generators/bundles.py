# SPDX-License-Identifier: Apache-2.0
"""Sigstore bundles signed with a key, made without any code of ours.

A case has "bundle", "key", one of "artifact" (a file) and "digest" (text) or neither, sometimes
"predicate_type", and for a refusal "check": the id of the first check that fails.
"""

import base64
import copy
import hashlib
import json

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
IN_TOTO = "application/vnd.in-toto+json"
ARTIFACT = b"what we ship\n"
HASHES = {"SHA2_256": hashes.SHA256, "SHA2_384": hashes.SHA384, "SHA2_512": hashes.SHA512}


def b64(data):
    return base64.b64encode(data).decode()


def flipped(text, at=20):
    """base64 text with one bit of its bytes turned over."""
    data = bytearray(base64.b64decode(text))
    data[at % len(data)] ^= 1
    return b64(bytes(data))


class Key:
    """A private key, and how it signs."""

    def __init__(self, name, private, algorithm):
        self.name, self.private, self.algorithm = name, private, algorithm
        public = private.public_key()
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        self.der = public.public_bytes(serialization.Encoding.DER, form)
        self.pem = public.public_bytes(serialization.Encoding.PEM, form)
        self.hint = b64(hashlib.sha256(self.der).digest())

    def sign(self, message):
        chosen = HASHES[self.algorithm]()
        if isinstance(self.private, ec.EllipticCurvePrivateKey):
            return self.private.sign(message, ec.ECDSA(chosen))
        if isinstance(self.private, rsa.RSAPrivateKey):
            return self.private.sign(message, padding.PKCS1v15(), chosen)
        return self.private.sign(message)

    def digest(self, message):
        # A pure Ed25519 signature goes with any digest but SHA-512, which marks the prehashed form.
        return hashlib.new(self.algorithm.replace("SHA2_", "sha"), message).digest()


def keys():
    return [
        Key("p256", ec.generate_private_key(ec.SECP256R1()), "SHA2_256"),
        Key("p384", ec.generate_private_key(ec.SECP384R1()), "SHA2_384"),
        Key("p521", ec.generate_private_key(ec.SECP521R1()), "SHA2_512"),
        Key("ed25519", ed25519.Ed25519PrivateKey.generate(), "SHA2_256"),
        Key("rsa", rsa.generate_private_key(65537, 2048), "SHA2_256"),
    ]


def message_bundle(key, message=ARTIFACT):
    return {
        "mediaType": MEDIA_TYPE,
        "verificationMaterial": {"publicKey": {"hint": key.hint}},
        "messageSignature": {
            "messageDigest": {"algorithm": key.algorithm, "digest": b64(key.digest(message))},
            "signature": b64(key.sign(message)),
        },
    }


def envelope_bundle(key, payload, payload_type=IN_TOTO):
    pae = b"DSSEv1 %d %s %d " % (len(payload_type), payload_type.encode(), len(payload)) + payload
    return {
        "mediaType": MEDIA_TYPE,
        "verificationMaterial": {"publicKey": {"hint": key.hint}},
        "dsseEnvelope": {
            "payload": b64(payload),
            "payloadType": payload_type,
            "signatures": [{"sig": b64(key.sign(pae))}],
        },
    }


def statement(version="v1", digests=None, predicate_type="https://example.org/p", **extra):
    digests = digests or {"sha256": hashlib.sha256(ARTIFACT).hexdigest()}
    body = {
        "_type": f"https://in-toto.io/Statement/{version}",
        "subject": [{"name": "other", "digest": {"sha256": "00" * 32}}, {"name": "app", "digest": digests}],
        "predicateType": predicate_type,
        "predicate": {"tests": "passed"},
    }
    body.update(extra)
    return json.dumps(body).encode()


def changed(bundle, *path, to):
    """A copy with the member at the path set; None takes it out."""
    out = copy.deepcopy(bundle)
    at = out
    for step in path[:-1]:
        at = at[step]
    if to is None:
        del at[path[-1]]
    else:
        at[path[-1]] = to
    return out


class Writer:
    def __init__(self, out):
        self.out = out
        out.file("artifact", ARTIFACT)
        out.file("other", b"what an attacker ships\n")

    def __call__(self, identifier, key, bundle, why, check=None, artifact="artifact", **fields):
        text = bundle if isinstance(bundle, (str, bytes)) else json.dumps(bundle)
        if artifact:
            fields["artifact"] = artifact
        if check:
            fields["check"] = check
        self.out.case(identifier, "bundle", "refuse" if check else "pass", why,
                      bundle=self.out.file(identifier + ".json", text), key=key.name + ".pub", **fields)


def messages(case, key):
    good = message_bundle(key)
    name = key.name
    case(f"message-{name}", key, good, "signed by this key over this file")
    case(f"message-{name}-other-file", key, good, "another file", "artifact.digest", artifact="other")
    signature = good["messageSignature"]["signature"]
    case(f"message-{name}-signature-flipped", key,
         changed(good, "messageSignature", "signature", to=flipped(signature)), "a bit of the signature", "signature")
    digest = good["messageSignature"]["messageDigest"]["digest"]
    case(f"message-{name}-digest-flipped", key,
         changed(good, "messageSignature", "messageDigest", "digest", to=flipped(digest)), "a bit of the digest",
         "artifact.digest")
    case(f"message-{name}-no-digest", key, changed(good, "messageSignature", "messageDigest", to=None),
         "the digest is optional")
    stranger = Key(name, type(key.private).generate() if name == "ed25519" else fresh(key), key.algorithm)
    forged = changed(message_bundle(stranger), "verificationMaterial", "publicKey", "hint", to=key.hint)
    case(f"message-{name}-forged", key, forged, "another key under this key's hint", "signature")


def fresh(key):
    if isinstance(key.private, rsa.RSAPrivateKey):
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key(key.private.curve)


def envelopes(case, key):
    good = envelope_bundle(key, statement())
    name = key.name
    case(f"envelope-{name}", key, good, "the file is the statement's second subject")
    case(f"envelope-{name}-other-file", key, good, "not a subject", "statement.subject", artifact="other")
    payload = good["dsseEnvelope"]["payload"]
    case(f"envelope-{name}-payload-flipped", key, changed(good, "dsseEnvelope", "payload", to=flipped(payload)),
         "a bit of the payload", "signature")
    case(f"envelope-{name}-type-changed", key,
         changed(good, "dsseEnvelope", "payloadType", to="text/plain"), "the type is signed too", "signature")


def shapes(case, key):
    good = message_bundle(key)
    text = json.dumps(good)
    case("version-03-old-spelling", key,
         changed(good, "mediaType", to="application/vnd.dev.sigstore.bundle+json;version=0.3"), "the other spelling")
    case("version-02", key, changed(good, "mediaType", to="application/vnd.dev.sigstore.bundle+json;version=0.2"),
         "an older version")
    case("version-04", key, changed(good, "mediaType", to=MEDIA_TYPE.replace("0.3", "0.4")), "a newer version",
         "bundle.format")
    case("no-version", key, changed(good, "mediaType", to=None), "no media type", "bundle.format")
    case("free-hint", key, changed(good, "verificationMaterial", "publicKey", "hint", to="team-a"), "any short hint")
    case("no-hint", key, changed(good, "verificationMaterial", "publicKey", to={}), "no hint")
    case("other-hint", key, changed(good, "verificationMaterial", "publicKey", "hint", to=flipped(key.hint)),
         "names another key", "bundle.key")
    case("certificate", key, changed(good, "verificationMaterial", to={"certificate": {"rawBytes": "AQID"}}),
         "signed with a certificate", "bundle.key")
    case("two-materials", key,
         changed(good, "verificationMaterial", "certificate", to={"rawBytes": "AQID"}), "a key and a certificate",
         "bundle.format")
    case("unknown-member", key, changed(good, "extra", to=1), "a member that nobody knows", "bundle.format")
    case("both-contents", key, {**good, **{"dsseEnvelope": envelope_bundle(key, statement())["dsseEnvelope"]}},
         "a message and an envelope", "bundle.format")
    case("no-content", key, changed(good, "messageSignature", to=None), "nothing is signed", "bundle.format")
    case("equal-keys", key, text.replace('"mediaType"', '"mediaType": "x", "mediaType"', 1), "a member twice",
         "bundle.format")
    case("trailing-bytes", key, text + "x", "bytes behind the document", "bundle.format")
    case("truncated", key, text[:-1], "the last brace is missing", "bundle.format")
    case("empty", key, "", "no document", "bundle.format")
    case("byte-order-mark", key, b"\xef\xbb\xbf" + text.encode(), "a mark before the document", "bundle.format")
    case("not-utf8", key, text.encode().replace(b"publicKey", b"public\xff"), "bytes that are no text", "bundle.format")
    case("deep", key, '{"mediaType":' * 100 + "1" + "}" * 100, "nested a hundred times", "bundle.format")
    signature = good["messageSignature"]["signature"]
    for name, wrong in (("no-padding", signature.rstrip("=") + "==="), ("line-break", signature + "\n"),
                        ("url-alphabet", signature.replace(signature[5], "-", 1)), ("empty-signature", "")):
        case(f"base64-{name}", key, changed(good, "messageSignature", "signature", to=wrong), "not canonical base64",
             "bundle.format")
    case("digest-short", key, changed(good, "messageSignature", "messageDigest", "digest", to="AQID"),
         "a digest of three bytes", "bundle.format")
    case("digest-unknown", key, changed(good, "messageSignature", "messageDigest", "algorithm", to="SHA1"),
         "an algorithm that is not accepted", "bundle.format")
    case("signature-number", key, changed(good, "messageSignature", "signature", to=7), "a number", "bundle.format")
    case("der-trailing", key,
         changed(good, "messageSignature", "signature", to=b64(base64.b64decode(signature) + b"\0")),
         "a byte behind the DER", "signature")


def digests(case, key):
    good = message_bundle(key)
    right = "sha256:" + hashlib.sha256(ARTIFACT).hexdigest()
    case("by-digest", key, good, "the digest of the file", artifact=None, digest=right)
    case("by-other-digest", key, good, "another digest", "artifact.digest", artifact=None, digest="sha256:" + "00" * 32)
    attested = envelope_bundle(key, statement())
    case("attested-digest", key, attested, "the digest of a subject", artifact=None, digest=right)
    case("attested-other-digest", key, attested, "no subject's digest", "statement.subject", artifact=None,
         digest="sha256:" + "11" * 32)


def statements(case, key):
    right, wrong = hashlib.sha256(ARTIFACT).hexdigest(), hashlib.sha512(b"x").hexdigest()
    case("statement-v01", key, envelope_bundle(key, statement("v0.1")), "the older statement")
    case("statement-v2", key, envelope_bundle(key, statement("v2")), "a version that nobody knows", "statement.format")
    case("statement-none", key, envelope_bundle(key, b"[]"), "no statement", "statement.format")
    case("statement-no-subject", key, envelope_bundle(key, statement(subject=[])), "speaks of nothing",
         "statement.format")
    case("statement-mixed-digests", key, envelope_bundle(key, statement(digests={"sha256": right, "sha512": wrong})),
         "one digest is right, the other wrong", "statement.subject")
    case("statement-foreign-digest", key, envelope_bundle(key, statement(digests={"gitCommit": "ab" * 20})),
         "a digest that nobody computes", "statement.subject")
    good = envelope_bundle(key, statement())
    case("predicate-type", key, good, "the type that is demanded", predicate_type="https://example.org/p")
    case("predicate-type-prefix", key, good, "only a prefix of it", "statement.predicate-type",
         predicate_type="https://example.org/")
    case("predicate-type-of-message", key, message_bundle(key), "a message has none", "statement.format",
         predicate_type="https://example.org/p")
    case("no-signature", key, changed(good, "dsseEnvelope", "signatures", to=[]), "nobody signed", "bundle.format")
    twice = good["dsseEnvelope"]["signatures"] * 2
    case("two-signatures", key, changed(good, "dsseEnvelope", "signatures", to=twice), "a bundle has exactly one",
         "bundle.format")
    plain = envelope_bundle(key, ARTIFACT, "text/plain")
    case("payload-is-file", key, plain, "the payload is the file")
    case("payload-is-not-file", key, plain, "the payload is another file", "payload.content", artifact="other")


def generate(out):
    case = Writer(out)
    for key in keys():
        out.file(key.name + ".pub", key.pem)
        messages(case, key)
        envelopes(case, key)
        if key.name == "p256":
            shapes(case, key)
            digests(case, key)
            statements(case, key)

# SPDX-License-Identifier: Apache-2.0
"""Keys and signatures, made with python3-cryptography, PyNaCl and openssl.

Kinds of case:
  signature    key (public PEM), scheme, message, signature; raw: r || s instead of DER
  public_key   key (PEM or DER); same_as: PEM of the key that it must equal
  private_key  key (PEM), password (none: not asked for), public: PEM of its public half
Where expect is not pass, "code" is the error that must be given (none: a signature that is just not
one).
"""

import base64
import hashlib
import json
import os
import subprocess

import nacl.bindings
import nacl.secret
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, ed448, padding, rsa, utils, x25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from _der import (EC, ED25519, NULL, P256, RSA, bits, integer, octets, oid, pem, rsa_spki, seq, spki, tlv)

MESSAGE = b"what sluice lets through\n"
PASSWORD = "correct horse"
HASHES = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
CURVES = {"p256": (ec.SECP256R1(), "sha256"), "p384": (ec.SECP384R1(), "sha384"),
          "p521": (ec.SECP521R1(), "sha512")}
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493


def public_der(key):
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def public_pem(key):
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def pkcs8(key):
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def openssl(*arguments, given=b""):
    return subprocess.run(["openssl", *arguments], input=given, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=True).stdout


def flipped(data, bit):
    out = bytearray(data)
    out[bit // 8] ^= 1 << (bit % 8)
    return bytes(out)


def generate(out):
    keys = {name: ec.generate_private_key(curve) for name, (curve, _) in CURVES.items()}
    keys["ed25519"] = ed25519.Ed25519PrivateKey.generate()
    keys["rsa2048"] = rsa.generate_private_key(65537, 2048)
    keys["rsa3072"] = rsa.generate_private_key(3, 3072)
    out.file("message", MESSAGE)
    for name, key in keys.items():
        out.file(f"{name}.pub", public_pem(key.public_key()))
    valid_signatures(out, keys)
    wrong_ecdsa(out, keys["p256"])
    wrong_ed25519(out, keys["ed25519"])
    wrong_rsa(out, keys["rsa2048"])
    good_public_keys(out, keys)
    wrong_ec_keys(out, keys["p256"])
    wrong_ed25519_keys(out, keys["ed25519"])
    wrong_rsa_keys(out, keys["rsa2048"])
    foreign_public_keys(out)
    wrong_armour(out, keys["p256"])
    private_keys(out, keys)
    wrong_private_keys(out, keys)
    encrypted_keys(out, keys["p256"])
    cosign_keys(out, keys)


# --- signatures ---------------------------------------------------------------------------------


def sign_ec(key, digest, message=MESSAGE):
    return key.sign(message, ec.ECDSA(HASHES[digest]))


def sign_pkcs1(key, digest, message=MESSAGE):
    return key.sign(message, padding.PKCS1v15(), HASHES[digest])


def sign_pss(key, digest, salt=None, mask=None, message=MESSAGE):
    algorithm = HASHES[digest]
    salt = algorithm.digest_size if salt is None else salt
    return key.sign(message, padding.PSS(padding.MGF1(mask or algorithm), salt), algorithm)


def sign_ed25519ph(key, message=MESSAGE):
    seed = key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    _, secret = nacl.bindings.crypto_sign_seed_keypair(seed)
    state = nacl.bindings.crypto_sign_ed25519ph_state()
    nacl.bindings.crypto_sign_ed25519ph_update(state, message)
    return nacl.bindings.crypto_sign_ed25519ph_final_create(state, secret)


def signature(out, identifier, expect, why, key, scheme, data, message="message", **more):
    name = out.file(f"{identifier}.sig", data)
    out.case(identifier, "signature", expect, why, key=f"{key}.pub", scheme=scheme, message=message,
             signature=name, **more)


def valid_signatures(out, keys):
    """Each scheme that a key can have, and what must not pass in its place."""
    made = []
    for curve in CURVES:
        for digest in HASHES:
            made.append((curve, f"ecdsa-{digest}", sign_ec(keys[curve], digest)))
    made.append(("ed25519", "ed25519", keys["ed25519"].sign(MESSAGE)))
    made.append(("ed25519", "ed25519ph", sign_ed25519ph(keys["ed25519"])))
    for size in ("rsa2048", "rsa3072"):
        for digest in HASHES:
            made.append((size, f"rsa-pkcs1-{digest}", sign_pkcs1(keys[size], digest)))
            made.append((size, f"rsa-pss-{digest}", sign_pss(keys[size], digest)))

    out.file("other-message", flipped(MESSAGE, 0))
    out.file("short-message", MESSAGE[:-1])
    others = {"ed25519": ed25519.Ed25519PrivateKey.generate(), "rsa2048": rsa.generate_private_key(65537, 2048),
              "rsa3072": rsa.generate_private_key(65537, 3072)}
    for curve, (parameters, _) in CURVES.items():
        others[curve] = ec.generate_private_key(parameters)
    for name, key in others.items():
        out.file(f"other-{name}.pub", public_pem(key.public_key()))

    for key, scheme, data in made:
        name = f"{key}-{scheme}"
        signature(out, name, "pass", "a valid signature", key, scheme, data)
        signature(out, f"{name}-message-bit", "refuse", "one bit of the message differs", key, scheme, data,
                  message="other-message")
        signature(out, f"{name}-message-short", "refuse", "the last byte of the message is missing", key,
                  scheme, data, message="short-message")
        signature(out, f"{name}-other-key", "refuse", "another key of the same type", f"other-{key}", scheme,
                  data)
        signature(out, f"{name}-truncated", "refuse", "the signature lacks its last byte", key, scheme,
                  data[:-1])
        signature(out, f"{name}-longer", "refuse", "a byte after the signature", key, scheme, data + b"\0")
        signature(out, f"{name}-empty", "refuse", "an empty signature", key, scheme, b"")
        for bit in (0, len(data) * 4, len(data) * 8 - 1):
            signature(out, f"{name}-bit-{bit}", "refuse", f"bit {bit} of the signature differs", key, scheme,
                      flipped(data, bit))
        family = scheme.rsplit("-", 1)[0]
        if family in ("ecdsa", "rsa-pkcs1", "rsa-pss"):
            other = "sha384" if scheme.endswith("sha256") else "sha256"
            signature(out, f"{name}-other-hash", "refuse", f"the signature is not over {other}", key,
                      f"{family}-{other}", data)
        for wrong in {"ecdsa-sha256", "ed25519", "ed25519ph", "rsa-pss-sha256"}:
            if wrong.split("-")[0] != key.rstrip("0123456789") and not (
                    (key.startswith("p") and wrong.startswith("ecdsa")) or
                    (key == "ed25519" and wrong.startswith("ed25519")) or
                    (key.startswith("rsa") and wrong.startswith("rsa"))):
                signature(out, f"{name}-as-{wrong}", "unsupported", "the scheme is not the key's", key, wrong,
                          data, code="unsupported")

    signature(out, "ed25519-as-prehashed", "refuse", "a pure signature where a prehashed one is due",
              "ed25519", "ed25519ph", keys["ed25519"].sign(MESSAGE))
    signature(out, "ed25519ph-as-pure", "refuse", "a prehashed signature where a pure one is due", "ed25519",
              "ed25519", sign_ed25519ph(keys["ed25519"]))


def wrong_ecdsa(out, key):
    r, s = utils.decode_dss_signature(sign_ec(key, "sha256"))

    def case(name, expect, why, data, **more):
        signature(out, f"ecdsa-{name}", expect, why, "p256", "ecdsa-sha256", data, **more)

    def raw(*numbers):
        return b"".join(number.to_bytes(32, "big") for number in numbers)

    case("twin", "pass", "n - s is as good an s: ECDSA has two spellings",
         seq(integer(r), integer(P256_ORDER - s)))
    case("raw", "pass", "r || s as JOSE writes it", raw(r, s), raw=True)
    case("raw-short", "refuse", "r || s without the last byte", raw(r, s)[:-1], raw=True)
    case("raw-swapped", "refuse", "s || r", raw(s, r), raw=True)
    case("raw-zero", "refuse", "r and s are zero", raw(0, 0), raw=True)
    case("raw-as-der", "refuse", "r || s where DER is due", raw(r, s))
    numbers = {"zero-r": (0, s), "zero-s": (r, 0), "zero-both": (0, 0), "r-plus-n": (r + P256_ORDER, s),
               "s-plus-n": (r, s + P256_ORDER), "negative-r": (-r, s), "negative-s": (r, -s),
               "r-is-n": (P256_ORDER, s), "one-one": (1, 1), "swapped": (s, r),
               "huge": (r + (P256_ORDER << 4096), s)}
    for name, (a, b) in numbers.items():
        case(name, "refuse", f"r and s are {name}", seq(integer(a), integer(b)))
    good = seq(integer(r), integer(s))
    body = good[2:]
    padded = tlv(2, b"\0\0" + r.to_bytes(32, "big"))
    for name, why, data in (
            ("long-length", "the length has a byte too many", b"\x30\x81" + good[1:]),
            ("indefinite", "an indefinite length", b"\x30\x80" + body + b"\0\0"),
            ("third-number", "a third number in the sequence", seq(body, integer(1))),
            ("one-number", "only one number", seq(integer(r))),
            ("trailing-zero", "a zero byte behind the sequence", good + b"\0"),
            ("padded-r", "r has leading zeros", seq(padded, integer(s))),
            ("octets", "numbers that are octet strings", seq(octets(raw(r)), octets(raw(s)))),
            ("null", "a NULL", NULL),
            ("set", "a set, not a sequence", b"\x31" + good[1:]),
            ("garbage", "no DER at all", b"\xff" * 70)):
        case(name, "refuse", why, data)


def wrong_ed25519(out, key):
    good = key.sign(MESSAGE)
    r, s = good[:32], int.from_bytes(good[32:], "little")

    def case(name, why, data):
        signature(out, f"ed25519-{name}", "refuse", why, "ed25519", "ed25519", data)

    case("s-plus-l", "S is not reduced: a second spelling", r + (s + ED25519_ORDER).to_bytes(32, "little"))
    case("s-zero", "S is zero", r + bytes(32))
    case("s-high-bits", "the top bits of S are set", good[:63] + bytes([good[63] | 0xE0]))
    case("r-identity", "R is the identity", b"\1" + bytes(31) + good[32:])
    case("r-noncanonical", "R is not below p", b"\xee" + b"\xff" * 30 + b"\x7f" + good[32:])
    case("zero", "64 zero bytes", bytes(64))
    case("doubled", "the signature twice", good + good)


def wrong_rsa(out, key):
    def pss(name, why, data):
        signature(out, f"pss-{name}", "refuse", why, "rsa2048", "rsa-pss-sha256", data)

    def pkcs1(name, why, data):
        signature(out, f"pkcs1-{name}", "refuse", why, "rsa2048", "rsa-pkcs1-sha256", data)

    longest = 256 - 32 - 2
    for salt in (0, 20, 31, 33, longest):
        pss(f"salt-{salt}", f"a salt of {salt} bytes, where 32 are due", sign_pss(key, "sha256", salt))
    pss("mask-sha1", "the mask is made with SHA-1", sign_pss(key, "sha256", mask=hashes.SHA1()))
    pss("is-pkcs1", "PKCS#1 padding", sign_pkcs1(key, "sha256"))
    pkcs1("is-pss", "PSS padding", sign_pss(key, "sha256"))

    numbers = key.private_numbers()
    modulus, exponent = numbers.public_numbers.n, numbers.d
    digest = hashlib.sha256(MESSAGE).digest()
    sha256 = oid("2.16.840.1.101.3.4.2.1")
    info = seq(seq(sha256, NULL), octets(digest))

    def padded(tail, filler=b"\xff", start=b"\0\1", total=256):
        block = start + filler * (total - len(start) - 1 - len(tail)) + b"\0" + tail
        return pow(int.from_bytes(block, "big"), exponent, modulus).to_bytes(256, "big")

    signature(out, "pkcs1-by-hand", "pass", "the neighbour of those below", "rsa2048", "rsa-pkcs1-sha256",
              padded(info))
    pkcs1("no-null", "the hash has no parameters", padded(seq(seq(sha256), octets(digest))))
    pkcs1("bare-digest", "no DigestInfo", padded(digest))
    pkcs1("type-two", "padding of type 2", padded(info, start=b"\0\2"))
    pkcs1("zero-filler", "padding of zeros", padded(info, filler=b"\0"))
    pkcs1("short-filler", "garbage behind the digest, as Bleichenbacher forged it",
          padded_with_garbage(info, exponent, modulus))
    pkcs1("zero", "zero", bytes(256))
    pkcs1("one", "one", bytes(255) + b"\1")
    pkcs1("modulus", "the modulus", modulus.to_bytes(256, "big"))
    good = int.from_bytes(sign_pkcs1(key, "sha256"), "big")
    pkcs1("leading-zero", "a zero byte before the signature", b"\0" + good.to_bytes(256, "big"))
    pkcs1("plus-n", "not reduced", (good + modulus).to_bytes(257, "big"))


def padded_with_garbage(info, exponent, modulus):
    block = b"\0\1" + b"\xff" * 8 + b"\0" + info
    block += os.urandom(256 - len(block))
    return pow(int.from_bytes(block, "big"), exponent, modulus).to_bytes(256, "big")


# --- public keys --------------------------------------------------------------------------------


def public_key(out, identifier, expect, why, content, code=None, **more):
    suffix = "pem" if b"-----" in (content if isinstance(content, bytes) else content.encode()) else "der"
    name = out.file(f"{identifier}.{suffix}", content)
    if expect != "pass":
        more["code"] = code or ("malformed" if expect == "refuse" else "unsupported")
    out.case(identifier, "public_key", expect, why, key=name, **more)


def good_public_keys(out, keys):
    for name, key in keys.items():
        public = key.public_key()
        same = {"same_as": f"{name}.pub"}
        public_key(out, f"public-{name}-pem", "pass", "SPKI in PEM", public_pem(public), **same)
        public_key(out, f"public-{name}-der", "pass", "SPKI in DER", public_der(public), **same)
        public_key(out, f"public-{name}-crlf", "pass", "lines end with CR LF",
                   pem("PUBLIC KEY", public_der(public), newline="\r\n"), **same)
        public_key(out, f"public-{name}-one-line", "pass", "all base64 on one line",
                   pem("PUBLIC KEY", public_der(public), width=100000), **same)
        public_key(out, f"public-{name}-trailing-byte", "refuse", "a byte behind the DER",
                   public_der(public) + b"\0")
        public_key(out, f"public-{name}-truncated", "refuse", "the last byte is missing", public_der(public)[:-1])
        public_key(out, f"public-{name}-trailing-in-pem", "refuse", "a byte behind the DER, inside the armour",
                   pem("PUBLIC KEY", public_der(public) + b"\0"))
        if name.startswith("rsa"):
            pkcs1 = public.public_bytes(Encoding.PEM, PublicFormat.PKCS1)
            public_key(out, f"public-{name}-pkcs1", "pass", "PKCS#1 in PEM", pkcs1, **same)
            der = public.public_bytes(Encoding.DER, PublicFormat.PKCS1)
            public_key(out, f"public-{name}-pkcs1-trailing", "refuse", "a byte behind the PKCS#1 key",
                       pem("RSA PUBLIC KEY", der + b"\0"))


def wrong_ec_keys(out, key):
    numbers = key.public_key().public_numbers()
    x, y = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
    point = b"\4" + x + y
    curve = oid(P256)

    def case(name, expect, why, der, **more):
        public_key(out, f"ec-{name}", expect, why, der, **more)

    case("by-hand", "pass", "the neighbour of those below", spki(EC, point, curve), same_as="p256.pub")
    case("compressed", "unsupported", "a compressed point", spki(EC, bytes([2 + y[31] % 2]) + x, curve))
    case("hybrid", "refuse", "a hybrid point", spki(EC, bytes([6 + y[31] % 2]) + x + y, curve))
    case("infinity", "refuse", "the point at infinity", spki(EC, b"\0", curve))
    case("off-curve", "refuse", "a point that is not on the curve", spki(EC, flipped(point, 8 * 64), curve))
    case("short-point", "refuse", "a point without its last byte", spki(EC, point[:-1], curve))
    case("empty-point", "refuse", "no point", spki(EC, b"", curve))
    case("zero-point", "refuse", "x and y are zero", spki(EC, b"\4" + bytes(64), curve))
    case("no-curve", "refuse", "no curve is named", spki(EC, point))
    case("null-curve", "refuse", "the curve is NULL", spki(EC, point, NULL))
    case("unused-bits", "refuse", "a bit string with unused bits", spki(EC, point, curve, unused=1))
    good = spki(EC, point, curve)
    case("long-length", "refuse", "a length with a byte too many", b"\x30\x81" + good[1:])
    case("indefinite", "refuse", "an indefinite length", b"\x30\x80" + good[2:] + b"\0\0")
    case("wrong-curve", "refuse", "a P-256 point said to be on P-384", spki(EC, point, oid("1.3.132.0.34")))
    case("unknown-curve", "unsupported", "a curve that nobody knows", spki(EC, point, oid("1.3.6.1.4.1.99999.1")))
    explicit = openssl("ec", "-pubin", "-param_enc", "explicit", given=public_pem(key.public_key()))
    case("explicit", "unsupported", "explicit parameters, even those of P-256", explicit)


def wrong_ed25519_keys(out, key):
    good = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    points = {
        "order-1": "01" + "00" * 31, "order-2": "ec" + "ff" * 30 + "7f", "order-4": "00" * 32,
        "order-4-sign": "00" * 31 + "80",
        "order-8": "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "order-8-other": "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "noncanonical-0": "ed" + "ff" * 30 + "7f", "noncanonical-1": "ee" + "ff" * 30 + "7f",
        "noncanonical-3": "f0" + "ff" * 30 + "7f", "not-a-point": "02" + "00" * 31,
    }
    for name, text in points.items():
        public_key(out, f"ed25519-key-{name}", "refuse", f"the key is {name}",
                   spki(ED25519, bytes.fromhex(text)))
    public_key(out, "ed25519-key-31", "refuse", "31 bytes", spki(ED25519, good[:31]))
    public_key(out, "ed25519-key-33", "refuse", "33 bytes", spki(ED25519, good + b"\0"))
    public_key(out, "ed25519-key-null", "refuse", "the algorithm has parameters", spki(ED25519, good, NULL))


def wrong_rsa_keys(out, key):
    n = key.public_key().public_numbers().n

    def case(name, expect, why, der, **more):
        public_key(out, f"rsa-{name}", expect, why, der, **more)

    case("by-hand", "pass", "the neighbour of those below", rsa_spki(n, 65537), same_as="rsa2048.pub")
    case("1024", "unsupported", "1024 bits",
         public_der(rsa.generate_private_key(65537, 1024).public_key()))
    case("2047", "unsupported", "2047 bits", rsa_spki((1 << 2046) + 1, 65537))
    case("8192", "pass", "8192 bits are the most", rsa_spki((1 << 8191) + 1, 65537))
    case("8193", "unsupported", "8193 bits", rsa_spki((1 << 8192) + 1, 65537))
    case("exponent-3", "pass", "3 is the least exponent", rsa_spki(n, 3))
    for exponent in (0, 1, 2, 65536, (1 << 31) + 1, (1 << 64) + 1):
        case(f"exponent-{exponent}", "unsupported", f"the exponent {exponent}", rsa_spki(n, exponent))
    case("exponent-negative", "refuse", "the exponent -3", rsa_spki(n, -3))
    case("even", "refuse", "an even modulus", rsa_spki(n + 1, 65537))
    case("negative", "refuse", "a negative modulus", rsa_spki(-n, 65537))
    case("no-null", "refuse", "the algorithm has no parameters", spki(RSA, seq(integer(n), integer(65537))))
    case("third-number", "refuse", "a third number", spki(RSA, seq(integer(n), integer(65537), integer(1)), NULL))
    case("padded", "refuse", "the modulus has a zero byte too many",
         spki(RSA, seq(tlv(2, b"\0\0" + n.to_bytes(256, "big")), integer(65537)), NULL))
    case("inner-trailing", "refuse", "a byte behind the two numbers",
         spki(RSA, seq(integer(n), integer(65537)) + b"\0", NULL))
    case("restricted", "unsupported", "a key for PSS alone",
         spki("1.2.840.113549.1.1.10", seq(integer(n), integer(65537))))


def foreign_public_keys(out):
    made = {"secp256k1": ec.generate_private_key(ec.SECP256K1()), "p224": ec.generate_private_key(ec.SECP224R1()),
            "brainpool": ec.generate_private_key(ec.BrainpoolP256R1()), "ed448": ed448.Ed448PrivateKey.generate(),
            "x25519": x25519.X25519PrivateKey.generate(), "dsa": dsa.generate_private_key(2048)}
    for name, key in made.items():
        public_key(out, f"foreign-{name}", "unsupported", f"a {name} key", public_pem(key.public_key()))
        private_key(out, f"foreign-private-{name}", "unsupported", f"a private {name} key",
                    pem("PRIVATE KEY", pkcs8(key)))
    public_key(out, "foreign-unknown", "unsupported", "an algorithm that nobody knows",
               spki("1.3.6.1.4.1.99999.2", bytes(32)))
    public_key(out, "foreign-garbage", "refuse", "no DER", b"\x00\x01\x02")
    public_key(out, "foreign-empty", "refuse", "nothing", b"")
    public_key(out, "foreign-too-large", "refuse", "more than a key file may have", b"\x30" * 70000, code="limit")


def wrong_armour(out, key):
    good = public_pem(key.public_key()).decode()
    first, *middle, last = good.strip().split("\n")
    body = "\n".join(middle)

    def case(name, expect, why, text, **more):
        public_key(out, f"pem-{name}", expect, why, text, **more)

    case("blank-around", "pass", "blank lines around", f"\n \n{good}\n\n", same_as="p256.pub")
    case("no-newline", "pass", "no newline at the end", good.strip(), same_as="p256.pub")
    case("text-before", "refuse", "text before the block", "my key\n" + good)
    case("text-after", "refuse", "text behind the block", good + "my key\n")
    case("twice", "refuse", "two blocks", good + good)
    case("other-end", "refuse", "the end names something else", f"{first}\n{body}\n-----END CERTIFICATE-----\n")
    case("no-end", "refuse", "no end", f"{first}\n{body}\n")
    case("no-begin", "refuse", "no beginning", f"{body}\n{last}\n")
    case("dashes", "refuse", "a dash is missing", good.replace("-----BEGIN", "----BEGIN"))
    case("lower-case", "refuse", "the label in lower case", good.replace("PUBLIC KEY", "public key"))
    case("certificate", "unsupported", "another label", pem("CERTIFICATE", public_der(key.public_key())))
    case("private-label", "unsupported", "a private key where a public one is due",
         pem("PRIVATE KEY", public_der(key.public_key())))
    case("header", "unsupported", "header lines", f"{first}\nProc-Type: 4,ENCRYPTED\n\n{body}\n{last}\n")
    case("empty", "refuse", "an empty block", f"{first}\n{last}\n")
    case("star", "refuse", "a character that base64 does not have", good.replace(body[10], "*", 1)
         if body[10] not in first else f"{first}\n*{body[1:]}\n{last}\n")
    case("no-padding", "refuse", "no padding", f"{first}\n{body.rstrip('=')}\n{last}\n")
    case("padding-inside", "refuse", "padding inside", f"{first}\n{body[:8]}=={body[10:]}\n{last}\n")
    case("zero-byte", "refuse", "a zero byte", f"{first}\n{body[:8]}\0{body[8:]}\n{last}\n")
    case("end-not-alone", "refuse", "the end is not on its own line", f"{first}\n{body}{last}\n")


# --- private keys -------------------------------------------------------------------------------


def private_key(out, identifier, expect, why, content, code=None, **more):
    if expect != "pass":
        more["code"] = code or ("malformed" if expect == "refuse" else "unsupported")
    out.case(identifier, "private_key", expect, why, key=out.file(f"{identifier}.key", content), **more)


def private_keys(out, keys):
    best = serialization.BestAvailableEncryption(PASSWORD.encode())
    for name, key in keys.items():
        public = {"public": f"{name}.pub"}
        der = pkcs8(key)
        private_key(out, f"private-{name}-pkcs8", "pass", "PKCS#8", pem("PRIVATE KEY", der), **public)
        private_key(out, f"private-{name}-trailing", "refuse", "a byte behind the DER",
                    pem("PRIVATE KEY", der + b"\0"))
        private_key(out, f"private-{name}-truncated", "refuse", "the last byte is missing",
                    pem("PRIVATE KEY", der[:-1]))
        private_key(out, f"private-{name}-encrypted", "pass", "PKCS#8 encrypted with PBKDF2",
                    key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, best), password=PASSWORD, **public)
        scrypt = openssl("pkcs8", "-topk8", "-scrypt", "-passout", f"pass:{PASSWORD}",
                         given=pem("PRIVATE KEY", der).encode())
        private_key(out, f"private-{name}-scrypt", "pass", "PKCS#8 encrypted with scrypt", scrypt,
                    password=PASSWORD, **public)
        if name == "ed25519":
            continue
        old = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        private_key(out, f"private-{name}-traditional", "pass", "SEC 1 or PKCS#1", old, **public)
        locked = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, best)
        private_key(out, f"private-{name}-traditional-encrypted", "unsupported", "encrypted by header lines",
                    locked, password=PASSWORD)
        label = "EC PRIVATE KEY" if name.startswith("p") else "RSA PRIVATE KEY"
        private_key(out, f"private-{name}-other-label", "refuse", "PKCS#8 under the old label", pem(label, der))


def wrong_private_keys(out, keys):
    scalar = keys["p256"].private_numbers().private_value
    point = keys["p256"].public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    other = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(
        Encoding.X962, PublicFormat.UncompressedPoint)

    def sec1(number, public=None, curve=True):
        return seq(integer(1), octets(number.to_bytes(32, "big")),
                   *([tlv(0xA0, oid(P256))] if curve else []), *([tlv(0xA1, bits(public))] if public else []))

    def case(name, expect, why, der, **more):
        private_key(out, f"sec1-{name}", expect, why, pem("EC PRIVATE KEY", der), **more)

    case("by-hand", "pass", "the neighbour of those below", sec1(scalar, point), public="p256.pub")
    case("no-point", "pass", "the public half is worked out", sec1(scalar), public="p256.pub")
    case("other-point", "refuse", "the public half is another key's", sec1(scalar, other))
    case("zero", "refuse", "the private number is zero", sec1(0))
    case("order", "refuse", "the private number is the order", sec1(P256_ORDER))
    case("no-curve", "refuse", "no curve is named", sec1(scalar, point, curve=False))
    explicit = openssl("ec", "-param_enc", "explicit", given=pem("EC PRIVATE KEY", sec1(scalar, point)).encode())
    private_key(out, "sec1-explicit", "unsupported", "explicit parameters", explicit)
    parameters = openssl("ecparam", "-name", "prime256v1")
    private_key(out, "sec1-parameters-first", "refuse", "an EC PARAMETERS block before the key",
                parameters + pem("EC PRIVATE KEY", sec1(scalar, point)).encode())
    small = rsa.generate_private_key(65537, 1024)
    private_key(out, "private-rsa1024", "unsupported", "RSA of 1024 bits", pem("PRIVATE KEY", pkcs8(small)))
    private_key(out, "private-is-public", "unsupported", "a public key where a private one is due",
                public_pem(keys["p256"].public_key()))
    private_key(out, "private-openssh", "unsupported", "OpenSSH's own format",
                keys["ed25519"].private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))


def envelope(kdf, cipher, ciphertext):
    return pem("ENCRYPTED PRIVATE KEY",
               seq(seq(oid("1.2.840.113549.1.5.13"), seq(kdf, cipher)), octets(ciphertext)))


def encrypted_keys(out, key):
    plain = pem("PRIVATE KEY", pkcs8(key)).encode()

    def lock(*arguments):
        return openssl("pkcs8", "-topk8", *arguments, "-passout", f"pass:{PASSWORD}", given=plain)

    def case(name, expect, why, content, password=PASSWORD, **more):
        if password is not None:
            more["password"] = password
        private_key(out, f"encrypted-{name}", expect, why, content, **more)

    good = lock("-v2", "aes-256-cbc", "-iter", "2048")
    for cipher in ("aes-128-cbc", "aes-192-cbc", "aes-256-cbc"):
        case(cipher, "pass", cipher, lock("-v2", cipher), public="p256.pub")
    for prf in ("hmacWithSHA1", "hmacWithSHA256", "hmacWithSHA384", "hmacWithSHA512"):
        case(prf, "pass", prf, lock("-v2prf", prf), public="p256.pub")
    case("wrong-password", "refuse", "another password", good, password="correct house", code="denied")
    case("empty-password", "refuse", "an empty password", good, password="", code="denied")
    case("no-password", "refuse", "nobody to ask for the password", good, password=None, code="denied")
    case("des3", "unsupported", "triple DES", lock("-v2", "des3"))
    case("pbes1", "unsupported", "PBES1", lock("-v1", "PBE-SHA1-3DES"))
    case("truncated", "refuse", "cut short", good[:len(good) // 2])

    salt, iv, box = os.urandom(16), os.urandom(16), os.urandom(160)
    aes = seq(oid("2.16.840.1.101.3.4.1.42"), octets(iv))

    def pbkdf2(rounds, *more, salt=salt):
        return seq(oid("1.2.840.113549.1.5.12"), seq(octets(salt), integer(rounds), *more))

    def scrypt(n, r, p, *more):
        return seq(oid("1.3.6.1.4.1.11591.4.11"), seq(octets(salt), integer(n), integer(r), integer(p), *more))

    for name, expect, why, kdf, code in (
            ("rounds-many", "refuse", "PBKDF2 with 2^31 rounds", pbkdf2(1 << 31), "limit"),
            ("rounds-huge", "refuse", "PBKDF2 with 2^200 rounds", pbkdf2(1 << 200), "limit"),
            ("rounds-zero", "refuse", "PBKDF2 with no rounds", pbkdf2(0), None),
            ("rounds-negative", "refuse", "PBKDF2 with -1 rounds", pbkdf2(-1), "limit"),
            ("key-size", "refuse", "PBKDF2 for a key of 16 bytes", pbkdf2(2048, integer(16)), None),
            ("no-salt", "refuse", "an empty salt", pbkdf2(2048, salt=b""), None),
            ("garbage", "refuse", "a ciphertext that is noise", pbkdf2(2048), "denied"),
            ("scrypt-memory", "refuse", "scrypt for 16 GiB", scrypt(1 << 24, 8, 1), "limit"),
            ("scrypt-blocks", "refuse", "scrypt with r = 2^30", scrypt(2, 1 << 30, 1), "limit"),
            ("scrypt-lanes", "refuse", "scrypt with p = 2^29", scrypt(2, 1, 1 << 29), "limit"),
            ("scrypt-product", "refuse", "scrypt whose product overflows", scrypt(1 << 62, 1 << 62, 1 << 62), "limit"),
            ("scrypt-odd", "refuse", "scrypt with N = 1000", scrypt(1000, 8, 1), None),
            ("scrypt-one", "refuse", "scrypt with N = 1", scrypt(1, 8, 1), None)):
        case(name, expect, why, envelope(kdf, aes, box), code=code)
    case("gcm", "unsupported", "AES-GCM",
         envelope(pbkdf2(2048), seq(oid("2.16.840.1.101.3.4.1.46"), octets(iv)), box))
    case("short-iv", "refuse", "an IV of 8 bytes",
         envelope(pbkdf2(2048), seq(oid("2.16.840.1.101.3.4.1.42"), octets(iv[:8])), box))
    case("no-iv", "refuse", "no IV", envelope(pbkdf2(2048), seq(oid("2.16.840.1.101.3.4.1.42")), box))
    case("unaligned", "refuse", "a ciphertext of no whole blocks", envelope(pbkdf2(2048), aes, box[:-1]), code="denied")
    case("empty", "refuse", "an empty ciphertext", envelope(pbkdf2(2048), aes, b""), code="denied")


def cosign_box(key, n=65536, r=8, p=1, password=PASSWORD):
    salt, nonce = os.urandom(32), os.urandom(24)
    secret = hashlib.scrypt(password.encode(), salt=salt, n=n, r=r, p=p, maxmem=1 << 29, dklen=32)
    box = nacl.secret.SecretBox(secret).encrypt(pkcs8(key), nonce).ciphertext
    text = [base64.b64encode(part).decode() for part in (salt, nonce, box)]
    return {"kdf": {"name": "scrypt", "params": {"N": n, "r": r, "p": p}, "salt": text[0]},
            "cipher": {"name": "nacl/secretbox", "nonce": text[1]}, "ciphertext": text[2]}


def cosign_keys(out, keys):
    label = "ENCRYPTED SIGSTORE PRIVATE KEY"

    def case(name, expect, why, content, armour=label, password=PASSWORD, **more):
        text = content if isinstance(content, str) else json.dumps(content)
        private_key(out, f"cosign-{name}", expect, why, pem(armour, text.encode()), password=password, **more)

    for name, key in keys.items():
        case(name, "pass", f"cosign's format around a {name} key", cosign_box(key), public=f"{name}.pub")
    key = keys["p256"]
    public = {"public": "p256.pub"}
    case("older-label", "pass", "the older label", cosign_box(key), armour="ENCRYPTED COSIGN PRIVATE KEY", **public)
    case("older-cost", "pass", "the older cost", cosign_box(key, n=32768), **public)
    case("higher-cost", "pass", "twice the cost", cosign_box(key, n=131072), **public)
    case("no-password", "pass", "an empty password is one", cosign_box(key, password=""), password="", **public)
    good = cosign_box(key, n=1024)
    case("low-cost", "pass", "the neighbour of those below", good, **public)
    backwards = {"ciphertext": good["ciphertext"], "cipher": good["cipher"], "kdf": good["kdf"]}
    case("other-order", "pass", "the members in another order", json.dumps(backwards, indent=2), **public)
    case("wrong-password", "refuse", "another password", good, password="correct house", code="denied")
    compact = json.dumps(good, separators=(",", ":"))
    for name, why, text in (
            ("extra-member", "a member more", compact[:-1] + ',"x":"y"}'),
            ("missing-member", "a member less", json.dumps({k: good[k] for k in ("kdf", "cipher")})),
            ("twice", "a member twice", compact[:-1] + f',"ciphertext":"{good["ciphertext"]}"}}'),
            ("trailing", "text behind the object", compact + "x"),
            ("truncated", "cut short", compact[:-1]),
            ("array", "an array", f"[{compact}]"),
            ("string-cost", "N is a string", compact.replace("1024", '"1024"')),
            ("fraction", "N is a fraction", compact.replace("1024", "1024.0")),
            ("negative", "N is negative", compact.replace("1024", "-1024")),
            ("leading-zero", "N has a leading zero", compact.replace("1024", "01024")),
            ("odd-cost", "N is no power of two", compact.replace("1024", "1000")),
            ("escape", "a string with an escape", compact.replace("scrypt", "scr\\u0079pt")),
            ("empty", "an empty object", "{}"),
            ("mark", "a byte-order mark", "\ufeff" + compact)):
        case(name, "refuse", why, text)
    case("huge-cost", "refuse", "N is 2^40", compact.replace("1024", str(1 << 40)), code="limit")
    case("beyond-64-bits", "refuse", "N is 2^70", compact.replace("1024", str(1 << 70)))
    case("other-kdf", "unsupported", "another KDF", compact.replace("scrypt", "argon2"))
    case("other-cipher", "unsupported", "another cipher", compact.replace("nacl/secretbox", "aes-gcm"))

    def changed(part, value):
        copy = json.loads(compact)
        where = copy["kdf"] if part == "salt" else copy["cipher"] if part == "nonce" else copy
        where[part] = base64.b64encode(value).decode()
        return copy

    box = base64.b64decode(good["ciphertext"])
    case("flipped-bit", "refuse", "a bit of the ciphertext differs", changed("ciphertext", flipped(box, 200)),
         code="denied")
    case("short-nonce", "refuse", "a nonce of 23 bytes", changed("nonce", bytes(23)))
    case("short-salt", "refuse", "a salt of 4 bytes", changed("salt", bytes(4)))
    case("tag-alone", "refuse", "a ciphertext of 16 bytes", changed("ciphertext", bytes(16)))

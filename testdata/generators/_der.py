# SPDX-License-Identifier: Apache-2.0
"""Just enough DER to write what no library would: keys and signatures that are slightly wrong."""

import base64
import textwrap


def tlv(tag, *parts):
    body = b"".join(parts)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + body


def seq(*parts):
    return tlv(0x30, *parts)


def integer(value):
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def octets(data):
    return tlv(0x04, data)


def bits(data, unused=0):
    return tlv(0x03, bytes([unused]), data)


def oid(text):
    first, second, *rest = (int(part) for part in text.split("."))
    out = bytes([first * 40 + second])
    for number in rest:
        groups = [number & 0x7F]
        while number := number >> 7:
            groups.append(0x80 | (number & 0x7F))
        out += bytes(reversed(groups))
    return tlv(0x06, out)


NULL = b"\x05\x00"
EC = "1.2.840.10045.2.1"
P256 = "1.2.840.10045.3.1.7"
RSA = "1.2.840.113549.1.1.1"
ED25519 = "1.3.101.112"


def spki(algorithm, key, *parameters, unused=0):
    return seq(seq(oid(algorithm), *parameters), bits(key, unused))


def rsa_spki(n, e):
    return spki(RSA, seq(integer(n), integer(e)), NULL)


def pem(label, der, width=64, newline="\n"):
    lines = textwrap.wrap(base64.b64encode(der).decode(), width)
    return newline.join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])

// SPDX-License-Identifier: Apache-2.0
// Verifies one bundle with sigstore-js, by the arguments of the conformance suite:
//
//   sigstore-js verify-bundle --bundle B --certificate-identity I --certificate-oidc-issuer U --trusted-root R FILE
//
// Ends with 0 when it is good, 1 with the reason when it is not, 2 when the call is wrong. Opens no socket.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { bundleFromJSON, isBundleWithDsseEnvelope } from "@sigstore/bundle";
import { TrustedRoot } from "@sigstore/protobuf-specs";
import { toSignedEntity, toTrustMaterial, Verifier } from "@sigstore/verify";

const text = { type: "string" };
const options = { bundle: text, "certificate-identity": text, "certificate-oidc-issuer": text, "trusted-root": text };

function arguments_or_exit() {
  try {
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    const absent = Object.keys(options).find((name) => values[name] === undefined);
    if (positionals.length === 2 && positionals[0] === "verify-bundle" && !absent) return { ...values, file: positionals[1] };
    console.error(absent ? `--${absent} is missing` : "one file, after verify-bundle");
  } catch (problem) {
    console.error(problem.message);
  }
  process.exit(2);
}

// The library compares identities as patterns that may match anywhere.
const exactly = (identity) => `^${identity.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")}$`;

// It leaves to its caller whether a statement is about the file.
function speaks_of(bundle, artifact) {
  const digest = createHash("sha256").update(artifact).digest("hex");
  const statement = JSON.parse(bundle.content.dsseEnvelope.payload.toString());
  return statement.subject.some((subject) => subject.digest.sha256 === digest);
}

function verify(given) {
  const json = (name) => JSON.parse(readFileSync(name, "utf8"));
  const bundle = bundleFromJSON(json(given.bundle));
  const artifact = readFileSync(given.file);
  const trust = toTrustMaterial(TrustedRoot.fromJSON(json(given["trusted-root"])));
  const policy = {
    subjectAlternativeName: exactly(given["certificate-identity"]),
    extensions: { issuer: given["certificate-oidc-issuer"] },
  };
  new Verifier(trust, { tlogThreshold: 1, ctlogThreshold: 1, timestampThreshold: 1 }).verify(toSignedEntity(bundle, artifact), policy);
  if (isBundleWithDsseEnvelope(bundle) && !speaks_of(bundle, artifact)) throw new Error("no subject of the statement is this file");
}

const given = arguments_or_exit();
try {
  verify(given);
} catch (problem) {
  console.error(problem.message);
  process.exit(1);
}

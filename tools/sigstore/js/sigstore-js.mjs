// SPDX-License-Identifier: Apache-2.0
// Verifies or makes one bundle with sigstore-js, by the arguments of the conformance suite:
//
//   sigstore-js verify-bundle --bundle B --certificate-identity I --certificate-oidc-issuer U --trusted-root R FILE
//   sigstore-js sign-bundle --bundle B --identity-token T --signing-config C FILE
//
// Ends with 0 when it is good, 1 with the reason when it is not, 2 when the call is wrong. Verifying opens no socket.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { bundleFromJSON, bundleToJSON, isBundleWithDsseEnvelope } from "@sigstore/bundle";
import { SigningConfig, TrustedRoot } from "@sigstore/protobuf-specs";
import { bundleBuilderFromSigningConfig } from "@sigstore/sign";
import { toSignedEntity, toTrustMaterial, Verifier } from "@sigstore/verify";

const text = { type: "string" };
const commands = {
  "verify-bundle": { bundle: text, "certificate-identity": text, "certificate-oidc-issuer": text, "trusted-root": text },
  "sign-bundle": { bundle: text, "identity-token": text, "signing-config": text },
};
const json = (name) => JSON.parse(readFileSync(name, "utf8"));

function arguments_or_exit() {
  try {
    const [command, ...words] = process.argv.slice(2);
    const options = commands[command] ?? {};
    const { values, positionals } = parseArgs({ args: words, options, allowPositionals: true });
    const absent = Object.keys(options).find((name) => values[name] === undefined);
    if (command in commands && positionals.length === 1 && !absent) return { ...values, command, file: positionals[0] };
    console.error(absent ? `--${absent} is missing` : `one file, after ${Object.keys(commands).join(" or ")}`);
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

async function sign(given) {
  const builder = bundleBuilderFromSigningConfig({
    signingConfig: SigningConfig.fromJSON(json(given["signing-config"])),
    identityProvider: { getToken: async () => given["identity-token"] },
    bundleType: "messageSignature",
  });
  const bundle = await builder.create({ data: readFileSync(given.file) });
  writeFileSync(given.bundle, JSON.stringify(bundleToJSON(bundle)));
}

const given = arguments_or_exit();
try {
  await { "verify-bundle": verify, "sign-bundle": sign }[given.command](given);
} catch (problem) {
  console.error(problem.message);
  process.exit(1);
}

// SPDX-License-Identifier: Apache-2.0
// The log entries of a bundle under inspection.
#include <algorithm>

#include "base/codec.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "sigstore/entry_claims.h"
#include "sigstore/inspect_parts.h"

namespace sluice::sigstore::parts {

namespace {

using json::Fields;

constexpr std::size_t kNoteLinesShown = 32;
constexpr std::string_view kNoteDash =
    "\xE2\x80\x94 ";  // what a line of a note's signature begins with
constexpr std::size_t kNoteKeyId = 4;

// A line behind the blank one: a name, and base64 of the key's id and the signature.
json::Value note_signature_json(std::string_view line) {
  json::Value out;
  if (!line.starts_with(kNoteDash)) {
    out.set("broken", cat("this line does not begin with a dash: ", printable(line, 80)));
    return out;
  }
  line.remove_prefix(kNoteDash.size());
  const std::size_t blank = line.rfind(' ');
  if (blank == std::string_view::npos) {
    out.set("broken", "a line without a signature");
    return out;
  }
  out.set("name", line.substr(0, blank));
  const auto raw = from_base64(line.substr(blank + 1));
  if (raw && raw->size() > kNoteKeyId) {
    out.set("key_id", to_hex(ByteView(*raw).first(kNoteKeyId)));
  } else {
    out.set("broken", "its signature is no base64 of a key's id and a signature");
  }
  return out;
}

// Does the checkpoint speak of the tree that the proof is for?
void judge_checkpoint(const std::vector<std::string_view>& lines, const InclusionProof& proof,
                      const std::string& where, Seen& seen) {
  if (lines[1] != cat(proof.tree_size)) {
    seen.remark(where, cat("the checkpoint is of ", printable(lines[1], 30),
                           " entries, the proof of ", proof.tree_size));
  }
  if (lines[2] != to_base64(proof.root))
    seen.remark(where, "the checkpoint has another root hash than the proof");
}

json::Value checkpoint_json(const InclusionProof& proof, const std::string& where, Seen& seen) {
  json::Value out;
  const std::string& text = proof.checkpoint;
  const std::size_t blank = text.find("\n\n");
  const auto lines = split(std::string_view(text).substr(0, blank), '\n');
  if (blank == std::string::npos || lines.size() < 3) {
    out.set("broken",
            "not an origin, a size and a root hash on lines of their own, then a blank "
            "line and signatures");
    seen.remark(where, "the checkpoint is no signed note");
    return out;
  }
  out.set("origin", lines[0]);
  out.set("size", lines[1]);
  out.set("root", lines[2]);
  judge_checkpoint(lines, proof, where, seen);
  json::Array signatures;
  std::string_view rest = std::string_view(text).substr(blank + 2);
  for (const auto line : split(rest, '\n')) {
    if (line.empty()) continue;
    if (signatures.size() == kNoteLinesShown) break;
    signatures.push_back(note_signature_json(line));
  }
  if (signatures.empty()) seen.remark(where, "nobody signed the checkpoint");
  out.set("signatures", std::move(signatures));
  return out;
}

json::Value proof_json_of(const InclusionProof& proof, const std::string& where, Seen& seen) {
  json::Value out;
  out.set("index", static_cast<std::int64_t>(proof.index));
  out.set("tree_size", static_cast<std::int64_t>(proof.tree_size));
  out.set("hashes", static_cast<std::int64_t>(proof.hashes.size()));
  out.set("root", to_base64(proof.root));
  if (proof.index >= proof.tree_size)
    seen.remark(where, cat("the proof is for entry ", proof.index, " of a tree of ",
                           proof.tree_size, ", which has none of that number"));
  if (!proof.checkpoint.empty())
    out.set("checkpoint", checkpoint_json(proof, cat(where, ".checkpoint"), seen));
  return out;
}

// The bundle's signer as a log knows it; none where only a hint is at hand.
std::optional<bool> same_signer(const EntryClaims& claims, const Seen& seen) {
  if (seen.leaf) return has_verifier(claims, (*seen.leaf)->der);
  if (!seen.hint || claims.verifiers.empty()) return std::nullopt;
  return std::ranges::any_of(claims.verifiers, [&](const Bytes& each) {
    return to_base64(crypto::digest_of(crypto::HashAlgorithm::sha256, each).bytes()) == *seen.hint;
  });
}

void compare(json::Value& out, std::string key, std::optional<bool> same, std::string complaint,
             const std::string& where, Seen& seen) {
  if (!same) return;
  out.set(std::move(key), *same);
  if (!*same) seen.remark(where, std::move(complaint));
}

json::Value body_json_of(const LogEntry& entry, const std::string& where, Seen& seen) {
  json::Value out;
  out.set("bytes", static_cast<std::int64_t>(entry.body.size()));
  auto claims = read_entry_claims(entry.body);
  if (!claims) {
    out.set("broken", claims.error().text());
    seen.remark(where, cat("the entry's body cannot be read: ", claims.error().text()));
    claims = read_entry_kind(entry.body);
    if (!claims) return out;
  }
  out.set("kind", cat(claims->kind, " ", claims->version));
  if (!entry.kind.empty() && (claims->kind != entry.kind || claims->version != entry.version)) {
    seen.remark(where, cat("the body is a ", printable(claims->kind, 40), " ",
                           printable(claims->version, 40), ", the entry calls it a ",
                           printable(entry.kind, 40), " ", printable(entry.version, 40)));
  }
  if (claims->artifact) out.set("artifact", claims->artifact->text());
  if (claims->payload) out.set("payload", claims->payload->text());
  const SignedThing thing{seen.digest, seen.envelope ? &*seen.envelope : nullptr};
  compare(out, "same_digest", same_digest(*claims, thing),
          "the entry is about another digest than the bundle", where, seen);
  if (!seen.signature.empty()) {
    compare(out, "same_signature", has_signature(*claims, seen.signature),
            "the entry is about another signature than the bundle's", where, seen);
  }
  compare(out, "same_signer", same_signer(*claims, seen),
          "the entry names another certificate or key than the bundle", where, seen);
  return out;
}

void judge_version(const LogEntry& entry, const std::string& where, Seen& seen) {
  if (!seen.version || seen.check(check_entry(entry, *seen.version, where), where)) return;
  if (entry.promise)
    seen.out.problems.back().advice = "sluice bundle convert --rekor-url URL asks the log for it";
}

json::Value entry_json_of(const Fields& fields, Seen& seen) {
  json::Value out;
  LogEntry entry;
  bool whole = seen.check(check_entry_members(fields), fields.path());
  std::vector<std::string> broken;
  for (const auto read : kEntryParts) {
    const auto result = read(fields, entry);
    if (!result) broken.push_back(result.error().text());
    whole = seen.check(result, fields.path()) && whole;
  }
  if (!broken.empty()) out.set("broken", join(broken, "; "));
  if (whole) judge_version(entry, fields.path(), seen);
  out.set("index", static_cast<std::int64_t>(entry.index));
  if (!entry.log_id.empty()) out.set("log_id", to_hex(entry.log_id));
  if (!entry.kind.empty()) out.set("kind", cat(entry.kind, " ", entry.version));
  if (entry.integrated_time) {
    out.set("integrated_time", rfc3339(*entry.integrated_time));
    judge_time(*entry.integrated_time, "the integrated time", fields.path(), seen);
    if (!entry.promise) {
      seen.remark(fields.path(),
                  "the integrated time stands under no promise: it is no proof of a time");
    }
  }
  out.set("promise", entry.promise.has_value());
  seen.dated = seen.dated || (entry.promise && entry.integrated_time);
  if (entry.proof)
    out.set("proof", proof_json_of(*entry.proof, cat(fields.path(), ".inclusionProof"), seen));
  if (entry.body.empty()) {
    seen.remark(fields.path(), "the entry has no canonicalizedBody, so it is bound to nothing");
  } else {
    out.set("body", body_json_of(entry, cat(fields.path(), ".canonicalizedBody"), seen));
  }
  return out;
}

}  // namespace

json::Array describe_entries(const Fields& material, Seen& seen) {
  json::Array out;
  if (!material.has("tlogEntries")) return out;
  json::Value broken;
  const auto list = seen.take(material.array("tlogEntries", kLogEntriesMost),
                              cat(material.path(), ".tlogEntries"), broken);
  if (!list) {
    out.push_back(std::move(broken));
    return out;
  }
  for (const Fields& each : *list) out.push_back(entry_json_of(each, seen));
  return out;
}

}  // namespace sluice::sigstore::parts

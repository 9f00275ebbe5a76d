// SPDX-License-Identifier: Apache-2.0
// Signed notes and checkpoints: what is read is written back as it was, and neither a fixed key nor
// a fixed witness policy ever takes it for signed.
#include <cstdlib>

#include "base/codec.h"
#include "base/text.h"
#include "sigstore/witness.h"

namespace {

using namespace sluice;

// A key that is published: nobody here can sign with it.
constexpr std::string_view kKey =
    "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";

const crypto::PublicKey& fixed_key() {
  static const auto key = sigstore::parse_verifier_key(kKey).value();
  return key.key.key;
}

std::string written(const sigstore::Note& note) {
  std::string out = cat(note.text, "\n");
  for (const auto& one : note.signatures) {
    Bytes payload(one.key_id.begin(), one.key_id.end());
    payload.insert(payload.end(), one.bytes.begin(), one.bytes.end());
    out += cat("\xE2\x80\x94 ", one.name, " ", to_base64(payload), "\n");
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of(ByteView(data, size));
  const auto note = sigstore::parse_note(text);
  if (note && written(*note) != text) std::abort();
  const auto checkpoint = sigstore::parse_checkpoint(text);
  if (!checkpoint) return 0;
  if (!note || checkpoint->size > sigstore::kTreeMost) std::abort();
  std::string body =
      cat(checkpoint->origin, "\n", checkpoint->size, "\n", to_base64(checkpoint->root), "\n");
  for (const auto& one : checkpoint->extensions) body += cat(one, "\n");
  if (body != checkpoint->text) std::abort();

  // The key under whatever name and key id the first line has: always chosen, never right.
  const auto& first = checkpoint->signatures.front();
  const auto& key = fixed_key();
  const sigstore::NoteKey as_log{first.name, first.key_id, key, key.default_scheme()};
  if (sigstore::verify_note(*checkpoint, as_log).value() != sigstore::NoteMatch::no) std::abort();
  sigstore::WitnessPolicy policy;
  policy.witnesses.push_back({"w", as_log, ""});
  policy.quorum = sigstore::PolicyMember{};
  if (sigstore::judge(policy, *checkpoint)->met) std::abort();
  const auto log =
      sigstore::log_key("https://log.test", first.key_id, key, key.default_scheme()).value();
  if (sigstore::verify_checkpoint(*checkpoint, log).value() == sigstore::LogMatch::yes) {
    std::abort();
  }
  return 0;
}

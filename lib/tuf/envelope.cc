// SPDX-License-Identifier: Apache-2.0
#include "tuf/envelope.h"

#include <algorithm>
#include <deque>
#include <set>
#include <unordered_set>

#include "base/codec.h"
#include "base/text.h"
#include "tuf/canonical.h"
#include "tuf/limits.h"

namespace sluice::tuf {

namespace {

// "sig" is text; a bundle is an object, in a member of its own or (TAP 18) in the place of the
// text.
Result<void> take_signature(std::string_view json, bool is_sig, Signature& out) {
  if (!is_sig || json.starts_with('{')) {
    out.bundle = std::string(json);
    return {};
  }
  json::Tokenizer in(json, {.bytes = json.size()});
  SLUICE_TRY(const auto text, in.read_string());
  out.sig = std::string(text);
  return {};
}

Result<Signature> read_signature(json::Tokenizer& in, std::string_view document) {
  Signature out;
  bool has_keyid = false;
  bool has_sig = false;
  SLUICE_CHECK(in.enter_object());
  for (;;) {
    SLUICE_TRY(const auto key, in.next_key());
    if (!key) break;
    if (*key == "keyid") {
      SLUICE_TRY(const auto text, in.read_string());
      out.keyid = std::string(text);
      has_keyid = true;
    } else if (*key == "sig" || *key == "bundle") {
      const bool is_sig = *key == "sig";
      SLUICE_TRY(const auto slice, in.skip());
      SLUICE_CHECK(take_signature(slice.in(document), is_sig, out));
      has_sig = has_sig || is_sig;
    } else {
      SLUICE_CHECK(in.skip());
    }
  }
  if (!has_keyid || !has_sig) {
    return fail(in.error_here(Errc::malformed, "a signature without keyid or sig"));
  }
  return out;
}

Result<std::vector<Signature>> read_signatures(json::Tokenizer& in, std::string_view document) {
  std::vector<Signature> out;
  std::unordered_set<std::string> seen;
  SLUICE_CHECK(in.enter_array());
  for (;;) {
    SLUICE_TRY(const bool more, in.next_element());
    if (!more) return out;
    if (out.size() == kMaxSignatures) {
      return fail(in.error_here(Errc::limit, cat("more than ", kMaxSignatures, " signatures")));
    }
    SLUICE_TRY(auto one, read_signature(in, document));
    if (!seen.insert(one.keyid).second) {
      return fail(in.error_here(Errc::malformed,
                                cat("two signatures of one keyid, ", printable(one.keyid, 80))));
    }
    out.push_back(std::move(one));
  }
}

// The message as each scheme needs it, made once.
class Messages {
 public:
  explicit Messages(std::string_view bytes) : bytes_(bytes_of(bytes)) {}

  ByteView bytes() const { return bytes_; }

  Result<const crypto::Message*> of(crypto::Scheme scheme) {
    for (const auto& message : made_) {
      if (message.scheme() == scheme) return &message;
    }
    SLUICE_TRY(auto message, crypto::Message::of(scheme, bytes_));
    made_.push_back(std::move(message));
    return &made_.back();
  }

 private:
  ByteView bytes_;
  std::deque<crypto::Message> made_;  // those handed out stay where they are
};

std::string shown_key(const Key& key, const std::string& keyid) {
  return cat(key.describe(), " ", printable(keyid, 12));
}

Result<bool> signature_holds(const Key& key, const Signature& signature, Messages& messages) {
  if (key.foreign && !signature.bundle.empty()) {
    SLUICE_TRY(const auto* message, messages.of(key.foreign->scheme()));
    SLUICE_TRY(const auto match, key.foreign->verify(*message, bytes_of(signature.bundle)));
    return match == crypto::Match::yes;
  }
  const auto bytes = from_hex(lower_ascii(signature.sig));
  if (!bytes || bytes->empty()) return false;
  if (key.foreign) {
    SLUICE_TRY(const auto* message, messages.of(key.foreign->scheme()));
    SLUICE_TRY(const auto match, key.foreign->verify(*message, *bytes));
    return match == crypto::Match::yes;
  }
  // Pure Ed25519 takes no digest, so there is none to share among the keys.
  if (key.scheme->kind == crypto::SchemeKind::ed25519) {
    SLUICE_TRY(const auto match, crypto::verify(*key.key, *key.scheme, messages.bytes(), *bytes));
    return match == crypto::Match::yes;
  }
  SLUICE_TRY(const auto* message, messages.of(*key.scheme));
  SLUICE_TRY(const auto match, crypto::verify(*key.key, *message, *bytes));
  return match == crypto::Match::yes;
}

}  // namespace

Result<Envelope> open_envelope(std::string_view document, std::size_t max) {
  return open_envelope(document, max, [](json::Tokenizer& in) { return in.skip(); });
}

Result<Envelope> open_envelope(std::string_view document, std::size_t max,
                               const ReadSigned& signed_part) {
  Envelope out;
  bool has_signatures = false;
  std::optional<json::Slice> part;
  json::Tokenizer in(document, {.bytes = max});
  SLUICE_CHECK(in.enter_object());
  for (;;) {
    SLUICE_TRY(const auto key, in.next_key());
    if (!key) break;
    if (*key == "signatures") {
      SLUICE_TRY(out.signatures, read_signatures(in, document));
      has_signatures = true;
    } else if (*key == "signed") {
      SLUICE_TRY(part, signed_part(in));
    } else {
      SLUICE_CHECK(in.skip());
    }
  }
  SLUICE_CHECK(in.finish());
  if (!has_signatures || !part) {
    return fail(Errc::malformed, "metadata without \"signed\" and \"signatures\"");
  }
  out.signed_part = part->in(document);
  if (!out.signed_part.starts_with('{')) return fail(Errc::malformed, "\"signed\" is no object");
  if (!part->canonical) {
    SLUICE_TRY(out.canonical, canonical_form(out.signed_part));
  }
  return out;
}

std::optional<Envelope> guess_envelope(std::string_view document, std::size_t max) {
  json::Tokenizer in(document, {.bytes = max});
  if (!in.enter_object()) return std::nullopt;
  const auto first = in.next_key();
  if (!first || *first != "signatures") return std::nullopt;
  auto signatures = read_signatures(in, document);
  if (!signatures) return std::nullopt;
  const auto second = in.next_key();
  if (!second || *second != "signed") return std::nullopt;
  const std::size_t begin = in.offset() + in.raw().size() + 1;  // behind the colon
  if (document.substr(std::min(begin, document.size())).size() < 3) return std::nullopt;
  const auto part = document.substr(begin, document.size() - 1 - begin);
  // Blanks there would mean that it is not canonical: then something else is signed.
  if (!part.starts_with("{\"") || !document.ends_with("}}")) return std::nullopt;
  return Envelope{.signatures = *std::move(signatures), .signed_part = part, .canonical = {}};
}

Result<bool> read_role_member(json::Tokenizer& in, std::string_view key, RoleKeys& role) {
  if (key == "threshold") {
    SLUICE_TRY(role.threshold, in.read_integer());
    return true;
  }
  if (key != "keyids") return false;
  std::set<std::string, std::less<>> seen;
  SLUICE_CHECK(in.enter_array());
  for (;;) {
    SLUICE_TRY(const bool more, in.next_element());
    if (!more) return true;
    if (role.keyids.size() == kMaxKeyids) {
      return fail(in.error_here(Errc::limit, cat("more than ", kMaxKeyids, " keyids in a role")));
    }
    SLUICE_TRY(const auto text, in.read_string());
    if (!seen.insert(std::string(text)).second) {
      return fail(in.error_here(Errc::malformed, "a keyid a second time in one role"));
    }
    role.keyids.emplace_back(text);
  }
}

Result<void> check_role(const RoleKeys& role, std::string_view name) {
  if (role.threshold < 1) {
    return fail(Errc::malformed, cat("the role ", printable(name, 80), " has the threshold ",
                                     role.threshold, "; at least 1 is needed"));
  }
  return {};
}

Result<Signed> count_signatures(const Envelope& envelope, const Keys& keys, const RoleKeys& role) {
  Signed out;
  Messages messages(envelope.message());
  std::set<std::string_view> counted;
  for (const auto& keyid : role.keyids) {
    const auto key = keys.find(keyid);
    const auto signature = std::ranges::find(envelope.signatures, keyid, &Signature::keyid);
    if (key == keys.end()) {
      out.not_by.push_back(cat("no key ", printable(keyid, 12)));
    } else if (!key->second.usable()) {
      out.not_by.push_back(key->second.why_unusable);
    } else if (signature == envelope.signatures.end() ||
               (signature->sig.empty() && signature->bundle.empty())) {
      out.not_by.push_back(cat(shown_key(key->second, keyid), " did not sign"));
    } else if (counted.contains(key->second.material)) {
      out.not_by.push_back(cat(shown_key(key->second, keyid), " is a key that counted already"));
    } else {
      SLUICE_TRY(const bool holds, signature_holds(key->second, *signature, messages));
      if (!holds) {
        out.not_by.push_back(cat(shown_key(key->second, keyid), ": the signature is wrong"));
        continue;
      }
      counted.insert(key->second.material);
      out.by.push_back(shown_key(key->second, keyid));
      ++out.valid;
    }
  }
  return out;
}

}  // namespace sluice::tuf

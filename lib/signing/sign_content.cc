// SPDX-License-Identifier: Apache-2.0
// What is signed: read once, signed, and found again in a journal.
#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "base/text.h"
#include "signing/sign_parts.h"

namespace sluice::sigstore::signing {

namespace {

using crypto::HashAlgorithm;
using crypto::Message;
using crypto::Scheme;
using crypto::SchemeKind;

template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

Bytes pae_of(const SignPayload& payload) { return dsse::pae(payload.type, payload.bytes); }

Result<Message> message_of(const World& world, const SignItem& item, Scheme scheme) {
  return std::visit(
      Overloaded{[&](const Path& path) { return Message::of_file(scheme, world.files, path); },
                 [&](const crypto::Digest& digest) { return Message::of_digest(scheme, digest); },
                 [&](const SignPayload& payload) -> Result<Message> {
                   if (payload.bytes.size() > limits::kPayload) {
                     return fail(Errc::limit,
                                 cat("a payload of more than ", human_bytes(limits::kPayload)));
                   }
                   return Message::of(scheme, pae_of(payload));
                 }},
      item.content);
}

bool every_log_refuses(const SignServices& services, std::size_t payload) {
  const auto refuses = [&](const LogService& log) { return is_too_large(log, payload); };
  return !services.logs.empty() && std::ranges::all_of(services.logs, refuses) &&
         std::ranges::all_of(services.spare_logs, refuses);
}

Result<void> sign_one(Work& work, const crypto::Signer& key, const SignedBy& signer) {
  const bool ahead = std::exchange(work.signed_ahead, false);
  SLUICE_TRY(Bytes signature,
             ahead ? Result<Bytes>(signature_of(work.bundle)) : key.sign(*work.message));
  work.signer = signer;
  work.journal_text.clear();
  work.bundle.entries.clear();
  work.bundle.timestamps.clear();
  work.stamps.clear();
  work.proofs.clear();
  if (signer.certificate) {
    work.bundle.material = CertificateChain{{(*signer.certificate)->der}};
  } else {
    work.bundle.material = PublicKeyHint{key_hint(signer.key)};
  }
  if (const auto* payload = std::get_if<SignPayload>(&work.item->content)) {
    work.bundle.content =
        dsse::Envelope{payload->type, payload->bytes, {{std::move(signature), {}}}};
  } else {
    work.bundle.content = MessageSignature{work.digest, std::move(signature)};
  }
  return {};
}

void absorb_one(const Run& run, Work& work) {
  if (work.over()) return;
  work.scheme = scheme_for(run.options, *work.item);
  auto message = message_of(run.world, *work.item, work.scheme);
  if (!message) {
    work.error = std::move(message).error();
    return;
  }
  work.digest = message->digest();
  const bool payload = std::holds_alternative<SignPayload>(work.item->content);
  work.content = cat(payload ? "payload " : "file ", work.digest->text());
  work.message = *std::move(message);
  if (work.scheme.kind != SchemeKind::ed25519) return;
  // Not all files in memory at once. The same signature comes out each time.
  auto done = sign_by_key(work, *run.options.key, {});
  if (!done) work.error = std::move(done).error();
  work.message.reset();
}

// An item that a key signs is known by its hint; a certificate tells its own key.
std::optional<SignedBy> signer_of(const Run& run, const Bundle& bundle, const Work& work) {
  if (const auto* hint = std::get_if<PublicKeyHint>(&bundle.material)) {
    const crypto::Signer* key = run.options.key;
    if (key == nullptr || hint->hint != key_hint(key->public_key())) return std::nullopt;
    return SignedBy{key->public_key(), work.scheme, {}};
  }
  if (run.options.key != nullptr) return std::nullopt;
  const auto& chain = std::get<CertificateChain>(bundle.material);
  auto certificate = x509::Certificate::from_der(chain.certificates.front());
  if (!certificate) return std::nullopt;
  const crypto::PublicKey key = (*certificate)->key;
  return SignedBy{key, work.scheme, *std::move(certificate)};
}

// Is the bundle about this item, and signed by that signer?
bool belongs(const Work& work, const SignedBy& signer, const Bundle& bundle) {
  const auto* payload = std::get_if<SignPayload>(&work.item->content);
  const auto* envelope = std::get_if<dsse::Envelope>(&bundle.content);
  if ((payload == nullptr) != (envelope == nullptr)) return false;
  if (!work.message) return equal(signature_of(work.bundle), signature_of(bundle));
  const auto match = crypto::verify(signer.key, *work.message, signature_of(bundle));
  return match && *match == crypto::Match::yes;
}

std::string host_of(std::string_view url) {
  const auto from = url.find("://");
  const std::string_view rest = from == std::string_view::npos ? url : url.substr(from + 3);
  return lower_ascii(rest.substr(0, rest.find('/')));
}

// Which of the slots an entry of that log fills.
Result<Slot*> slot_for(const Run& run, Work& work, const LogEntry& entry) {
  std::vector<Slot*> open;
  for (Slot& slot : work.slots) {
    if (slot.is_log && !slot.done) open.push_back(&slot);
  }
  if (open.size() < 2) return open.empty() ? nullptr : open.front();
  SLUICE_TRY(const auto logs, run.options.trust->logs_with_id(entry.log_id));
  for (Slot* slot : open) {
    const std::string host = host_of(run.options.services.logs[slot->service].url);
    const bool same = std::ranges::any_of(
        logs, [&](const TransparencyLog& log) { return host_of(log.url) == host; });
    if (same) return slot;
  }
  return nullptr;
}

Result<void> keep_stamps(Run& run, const Bundle& old, Work& work) {
  for (const Bytes& der : old.timestamps) {
    const auto stamp = x509::Timestamp::from_reply(der);
    if (!stamp) continue;
    Report rows("");
    SLUICE_TRY(auto time, judge_stamp(*stamp,
                                      {.signature = signature_of(work.bundle),
                                       .nonce = {},
                                       .trust = *run.options.trust},
                                      "the journal", rows));
    const auto open = std::ranges::find_if(
        work.slots, [](const Slot& slot) { return !slot.is_log && !slot.done; });
    if (!time || open == work.slots.end()) continue;
    open->done = true;
    work.bundle.timestamps.push_back(der);
    work.stamps.push_back(*std::move(time));
    append_as_signing(work.report, rows);
  }
  return {};
}

Result<void> keep_entries(Run& run, const Bundle& old, Work& work) {
  std::vector<Time> stamped;
  for (const auto& stamp : work.stamps) stamped.push_back(stamp.time);
  if (stamped.empty()) stamped.push_back(run.now());
  for (const LogEntry& entry : old.entries) {
    Report rows("");
    SLUICE_TRY(auto proof, judge_entry(entry, work.recorded(), {*run.options.trust, stamped}, rows,
                                       "the journal"));
    if (!proof) continue;
    SLUICE_TRY(Slot * slot, slot_for(run, work, entry));
    if (slot == nullptr) continue;
    slot->done = true;
    work.bundle.entries.push_back(entry);
    work.proofs.push_back(*std::move(proof));
    append_as_signing(work.report, rows);
  }
  return {};
}

}  // namespace

Scheme scheme_of_type(crypto::KeyType type) {
  switch (type) {
    case crypto::KeyType::ecdsa_p384:
      return {SchemeKind::ecdsa, HashAlgorithm::sha384};
    case crypto::KeyType::ecdsa_p521:
      return {SchemeKind::ecdsa, HashAlgorithm::sha512};
    default:
      return {SchemeKind::ecdsa, HashAlgorithm::sha256};
  }
}

Scheme scheme_for(const SignOptions& options, const SignItem& item) {
  if (options.key == nullptr) return scheme_of_type(options.key_type);
  const Scheme own = options.key->scheme();
  if (own.kind != SchemeKind::ed25519) return own;
  const bool payload = std::holds_alternative<SignPayload>(item.content);
  // Both generations record a digest of what is signed; but v1 takes an envelope as it is.
  const auto wants_digest = [&](const LogService& log) { return !payload || log.version == 2; };
  const bool prehashed = std::ranges::any_of(options.services.logs, wants_digest);
  return prehashed ? Scheme{SchemeKind::ed25519ph, HashAlgorithm::sha512} : own;
}

void check_size(const SignOptions& options, Work& work) {
  const auto* payload = std::get_if<SignPayload>(&work.item->content);
  if (payload == nullptr || options.bad_days.without_log) return;
  if (!every_log_refuses(options.services, payload->bytes.size())) return;
  const LogService& log = options.services.logs.front();
  Check& check = work.refuse("sign.log.size", "transparency log",
                             "the attestation is larger than the log would take");
  check.expected = cat("an entry of at most ", human_bytes(log.request_most));
  check.found =
      cat("a payload of ", human_bytes(payload->bytes.size()), ", in base64 a third more");
  check.source = printable(log.url, 200);
  check.advice =
      "use a log of Rekor v2, which gets a digest alone, or a smaller attestation; nothing was "
      "sent";
}

void absorb_all(const Run& run, std::vector<Work>& works) {
  for_each_parallel(works.size(), run.options.threads,
                    [&](std::size_t i) { absorb_one(run, works[i]); });
}

Result<void> sign_by_key(Work& work, const crypto::Signer& key,
                         const std::optional<x509::Certificate>& certificate) {
  const SignedBy signer{key.public_key(), work.scheme, certificate};
  if (key.scheme() == work.scheme) return sign_one(work, key, signer);
  const auto* own = dynamic_cast<const crypto::PrivateKey*>(&key);
  if (own == nullptr) {
    return fail(Errc::unsupported, cat("the log wants ", crypto::name(work.scheme),
                                       ", and the key signs ", crypto::name(key.scheme())));
  }
  SLUICE_TRY(const auto other, own->with_scheme(work.scheme));
  return sign_one(work, other, signer);
}

Result<void> take_from_journal(Run& run, const Journal& journal, Work& work) {
  const JournalItem* item = work.over() ? nullptr : journal.find(work.content);
  if (item == nullptr) return {};
  SLUICE_TRY(const Bundle old, parse_bundle(item->bundle));
  auto signer = signer_of(run, old, work);
  if (!signer) return {};
  if (!belongs(work, *signer, old)) return {};
  work.bundle = old;
  work.bundle.entries.clear();
  work.bundle.timestamps.clear();
  work.embedded_sct = !signer->certificate || (*signer->certificate)->sct_list.has_value();
  work.signer = *std::move(signer);
  if (run.options.trust) {
    SLUICE_CHECK(keep_stamps(run, old, work));
    SLUICE_CHECK(keep_entries(run, old, work));
  }
  work.from_journal = true;
  return {};
}

}  // namespace sluice::sigstore::signing

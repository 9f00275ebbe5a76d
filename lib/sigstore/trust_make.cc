// SPDX-License-Identifier: Apache-2.0
#include "sigstore/trust_make.h"

#include "sigstore/names.h"

#include "base/text.h"
#include "json/value.h"

namespace sluice::sigstore {

namespace {

constexpr std::size_t kAnswerMost = 1U << 20;
constexpr std::size_t kChainsMost = 16;
constexpr x509::Oid kCommonName("2.5.4.3");
constexpr x509::Oid kOrganization("2.5.4.10");

// The first attribute of that kind; empty where there is none that people can read.
std::string attribute_of(const x509::Name& name, const x509::Oid& kind) {
  for (const ByteView part : name.parts()) {
    auto set = x509::enter_whole(part, x509::tag::kSet);
    if (!set) continue;
    auto pair = set->enter(x509::tag::kSequence);
    if (!pair) continue;
    const auto oid = pair->oid();
    const auto value = pair->any();
    if (oid && value && kind == *oid) return x509::clean_text(value->content).value_or("");
  }
  return {};
}

RawLog log_without_id(const crypto::PublicKey& key, const EntryFacts& facts, Time start) {
  RawLog out;
  out.path = facts.url;
  out.url = facts.url;
  out.operated_by = facts.operated_by;
  out.hash_algorithm = "SHA2_256";
  out.key = key.der();
  out.window = {facts.start.value_or(start), facts.end};
  return out;
}

Result<void> in_order(const x509::Window& window) {
  if (!window.end || window.start <= *window.end) return {};
  return fail(Errc::usage, cat("a span of time that ends (", human_time(*window.end),
                               ") before it starts (", human_time(window.start), ")"));
}

}  // namespace

Result<RawAuthority> make_authority(std::string_view pem, const EntryFacts& facts) {
  SLUICE_TRY(const auto chain, x509::Certificate::list_from_pem(pem, kTrustChainMost));
  RawAuthority out;
  out.path = facts.url.empty() ? chain.back().describe() : facts.url;
  out.url = facts.url;
  out.operated_by = facts.operated_by;
  out.organization = attribute_of(chain.back()->subject, kOrganization);
  out.common_name = attribute_of(chain.back()->subject, kCommonName);
  for (const auto& one : chain) out.certificates.push_back(one->der);
  out.window = {facts.start.value_or(chain.front()->validity.not_before), facts.end};
  SLUICE_CHECK(in_order(out.window));
  SLUICE_TRY(const auto authority, decode_authority(out));
  SLUICE_CHECK(authority.prove());
  return out;
}

Result<RawLog> make_log(const crypto::PublicKey& key, const EntryFacts& facts, Time start) {
  RawLog out = log_without_id(key, facts, start);
  SLUICE_CHECK(in_order(out.window));
  SLUICE_TRY(out.key_details, key_details_label(key, key.default_scheme()));
  out.id = key_log_id(key);
  return out;
}

Result<RawLog> make_note_log(const crypto::PublicKey& key, const EntryFacts& facts, Time start) {
  SLUICE_TRY(RawLog out, make_log(key, facts, start));
  SLUICE_TRY(const auto log, log_key(out.url, out.id, key, key.default_scheme()));
  SLUICE_TRY(out.id, note_log_id(log.names.front(), key));
  return out;
}

Result<std::string> Services::get(std::string_view base, std::string_view path) {
  while (base.ends_with('/')) base.remove_suffix(1);
  HttpRequest request{.url = cat(base, path)};
  request.budget.max_body = kAnswerMost;
  request.budget.total = total_;
  SLUICE_TRY(auto answer, within(http_.send(request), cat("asking ", request.url)));
  if (answer.status == 200) return std::move(answer.body);
  return fail(answer.status == 404 ? Errc::not_found : Errc::network,
              cat(request.url, " answered with status ", answer.status));
}

Result<std::vector<std::string>> Services::fulcio_chains(std::string_view url) {
  SLUICE_TRY(const std::string text, get(url, "/api/v2/trustBundle"));
  SLUICE_TRY(const auto value, within(json::parse_strict(text, {.bytes = kAnswerMost}),
                                      cat("reading the certificates of ", url)));
  SLUICE_TRY(const auto chains, json::Fields(value, "trustBundle").array("chains", kChainsMost));
  std::vector<std::string> out;
  for (const auto& chain : chains) {
    SLUICE_TRY(const auto certificates, chain.array("certificates", kTrustChainMost));
    std::string pem;
    for (const auto& one : certificates) {
      SLUICE_TRY(const std::string block, one.as_string());
      pem += block;
      if (!pem.ends_with('\n')) pem += '\n';
    }
    out.push_back(std::move(pem));
  }
  if (out.empty()) return fail(Errc::malformed, cat(url, " names no certificates"));
  return out;
}

Result<crypto::PublicKey> Services::rekor_key(std::string_view url) {
  SLUICE_TRY(const std::string pem, get(url, "/api/v1/log/publicKey"));
  return within(crypto::PublicKey::from_pem(pem), cat("reading the key of ", url));
}

Result<std::string> Services::tsa_chain(std::string_view url) {
  return get(url, "/api/v1/timestamp/certchain");
}

Result<Checkpoint> Services::rekor_checkpoint(std::string_view url) {
  SLUICE_TRY(const std::string text, get(url, "/api/v1/log"));
  SLUICE_TRY(const auto value, within(json::parse_strict(text, {.bytes = kAnswerMost}),
                                      cat("reading what ", url, " says of its tree")));
  SLUICE_TRY(const std::string note, json::Fields(value, "log").string("signedTreeHead"));
  return within(parse_checkpoint(note), cat("reading the checkpoint of ", url));
}

Result<Checkpoint> Services::tiled_checkpoint(std::string_view url) {
  auto note = get(url, "/api/v2/checkpoint");
  if (!note && note.error().code == Errc::not_found) note = get(url, "/checkpoint");
  if (!note) return fail(std::move(note).error());
  return within(parse_checkpoint(*note), cat("reading the checkpoint of ", url));
}

Result<void> prove_checkpoint(const RawLog& log, const Checkpoint& checkpoint) {
  SLUICE_TRY(const auto decoded, decode_log(log));
  SLUICE_TRY(const auto key, log_key(log.url, decoded.id, decoded.key, decoded.scheme));
  SLUICE_TRY(const LogMatch match, verify_checkpoint(checkpoint, key));
  const std::string origin = printable(checkpoint.origin, 200);
  switch (match) {
    case LogMatch::yes:
      return {};
    case LogMatch::other_log:
      return fail(
          Error{Errc::denied, cat("the log's live checkpoint is of \"", origin,
                                  "\", and its URL tells the name ", join(key.names, " or "))}
              .advise("give the URL whose host that is as url=, and where it is read from "
                      "as read="));
    case LogMatch::absent:
      return fail(Error{Errc::denied, cat("no signature on the live checkpoint of \"", origin,
                                          "\" is of this key and name")}
                      .advise("is that the log's key?"));
    case LogMatch::no:
      break;
  }
  return fail(Errc::denied, cat("the signature on the live checkpoint of \"", origin,
                                "\" does not verify with this key"));
}

}  // namespace sluice::sigstore

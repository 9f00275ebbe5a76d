// SPDX-License-Identifier: Apache-2.0
#include "sigstore/trust_root.h"

#include <algorithm>
#include <array>
#include <deque>
#include <mutex>

#include "base/codec.h"
#include "base/text.h"
#include "sigstore/embedded.h"
#include "sigstore/trust_raw.h"

namespace sluice::sigstore {

// An entry of the file, decoded by the first who asks.
template <class Raw, class Decoded, Result<Decoded> (*decode)(const Raw&)>
class Lazy {
 public:
  explicit Lazy(Raw raw) : raw_(std::move(raw)) {}
  const Raw& raw() const { return raw_; }
  const Result<Decoded>& get() const {
    std::call_once(once_, [this] { decoded_ = decode(raw_); });
    return *decoded_;
  }

 private:
  Raw raw_;
  mutable std::once_flag once_;
  mutable std::optional<Result<Decoded>> decoded_;
};

using LazyLog = Lazy<RawLog, TransparencyLog, decode_log>;
using LazyCtLog = Lazy<RawLog, x509::CtLog, decode_ct_log>;
using LazyAuthority = Lazy<RawAuthority, x509::Authority, decode_authority>;

namespace {

bool occurs(ByteView part, const RawAuthority& authority) {
  return std::ranges::any_of(authority.certificates, [&](const Bytes& der) {
    return text_of(der).find(text_of(part)) != std::string_view::npos;
  });
}

// What can be read of the chosen entries. Of the malformed ones the first is the error; those of
// unsupported kinds do not count.
template <class Decoded, class LazyOne, class Chosen>
Result<std::vector<Decoded>> chosen_of(const std::deque<LazyOne>& all, Chosen chosen) {
  std::vector<Decoded> out;
  for (const LazyOne& one : all) {
    if (!chosen(one.raw())) continue;
    const auto& decoded = one.get();
    if (decoded) {
      out.push_back(*decoded);
    } else if (decoded.error().code != Errc::unsupported) {
      return fail(decoded.error());
    }
  }
  return out;
}

template <class Decoded, class LazyOne>
std::vector<Decoded> readable_of(const std::deque<LazyOne>& all) {
  std::vector<Decoded> out;
  for (const LazyOne& one : all) {
    if (one.get()) out.push_back(*one.get());
  }
  return out;
}

template <class Decoded, class LazyOne, class Chosen>
Result<std::vector<Decoded>> chosen_or_all(const std::deque<LazyOne>& all, Chosen chosen) {
  SLUICE_TRY(auto out, chosen_of<Decoded>(all, chosen));
  if (out.empty()) return readable_of<Decoded>(all);
  return out;
}

TrustEntry shown_log(TrustKind kind, const RawLog& raw) {
  return {.kind = kind,
          .url = raw.url,
          .operated_by = raw.operated_by,
          .window = raw.window,
          .id = raw.id,
          .key_details = raw.key_details};
}

template <class LazyOne>
TrustEntry log_entry(TrustKind kind, const LazyOne& one, auto key_of) {
  TrustEntry out = shown_log(kind, one.raw());
  if (const auto& decoded = one.get()) {
    out.key = key_of(*decoded);
  } else {
    out.unusable = decoded.error();
  }
  return out;
}

TrustEntry authority_entry(TrustKind kind, const LazyAuthority& one) {
  const RawAuthority& raw = one.raw();
  TrustEntry out{.kind = kind,
                 .url = raw.url,
                 .operated_by = raw.operated_by,
                 .window = raw.window,
                 .id = {},
                 .key_details = {}};
  const auto& decoded = one.get();
  if (!decoded) {
    out.unusable = decoded.error();
    return out;
  }
  out.chain = *decoded;
  if (auto proven = decoded->prove(); !proven) {
    out.unusable = std::move(proven).error().in(cat("reading ", raw.path));
  }
  return out;
}

class TrustFile final : public TrustSource {
 public:
  TrustFile(Files& files, Path path) : files_(files), path_(std::move(path)) {}
  Result<TrustRoot> trust_root() override {
    SLUICE_TRY(const std::string text,
               within(files_.read(path_, kTrustedRootMost), "reading the trust material"));
    std::string source = shown(path_);
    if (const auto info = files_.info(path_); info && info->changed > 0) {
      const std::chrono::sys_time<std::chrono::nanoseconds> changed{
          std::chrono::nanoseconds(info->changed)};
      source +=
          cat(", last changed ", human_time(std::chrono::floor<std::chrono::seconds>(changed)));
    }
    return within(TrustRoot::parse(text, std::move(source)), cat("reading ", shown(path_)));
  }

 private:
  Files& files_;
  Path path_;
};

class EmbeddedTrust final : public TrustSource {
 public:
  explicit EmbeddedTrust(Instance instance) : instance_(instance) {}
  Result<TrustRoot> trust_root() override { return TrustRoot::embedded(instance_); }

 private:
  Instance instance_;
};

}  // namespace

std::string_view name(TrustKind kind) {
  switch (kind) {
    case TrustKind::certificate_authority:
      return "certificate authority";
    case TrustKind::log:
      return "transparency log";
    case TrustKind::ct_log:
      return "certificate log";
    case TrustKind::timestamp_authority:
      return "timestamp authority";
  }
  return {};
}

std::string_view name(Instance instance) {
  return instance == Instance::production ? "production" : "staging";
}

const EmbeddedMaterial& embedded_material(Instance instance) {
  return instance == Instance::production ? kEmbeddedProduction : kEmbeddedStaging;
}

struct TrustRoot::State {
  std::string text;
  std::string source;
  std::optional<Time> dated;
  std::string media_type;
  std::vector<std::string> unknown;
  // Not moved any more once they are here: they hold flags that others wait for.
  std::deque<LazyLog> logs;
  std::deque<LazyAuthority> issuers;
  std::deque<LazyCtLog> ct_logs;
  std::deque<LazyAuthority> stampers;

  const std::deque<LazyAuthority>& authorities(TrustKind kind) const {
    return kind == TrustKind::certificate_authority ? issuers : stampers;
  }
};

bool are_built_in(std::span<const Bytes> certificates) {
  std::vector<std::string> parts;
  for (const Bytes& der : certificates)
    parts.push_back(cat(R"({"rawBytes":")", to_base64(der), R"("})"));
  const std::string text = join(parts, ",");
  return std::ranges::any_of(
      std::array{Instance::production, Instance::staging},
      [&](Instance instance) { return embedded_material(instance).trusted_root.contains(text); });
}

Result<TrustRoot> TrustRoot::parse(std::string_view json, std::string source,
                                   std::optional<Time> dated) {
  SLUICE_TRY(RawTrust raw, parse_raw_trust(json));
  auto state = std::make_shared<State>();
  state->text = std::string(json);
  state->source = std::move(source);
  state->dated = dated;
  state->media_type = std::move(raw.media_type);
  state->unknown = std::move(raw.unknown);
  for (auto& one : raw.logs) state->logs.emplace_back(std::move(one));
  for (auto& one : raw.issuers) state->issuers.emplace_back(std::move(one));
  for (auto& one : raw.ct_logs) state->ct_logs.emplace_back(std::move(one));
  for (auto& one : raw.stampers) state->stampers.emplace_back(std::move(one));
  return TrustRoot(std::move(state));
}

Result<TrustRoot> TrustRoot::embedded(Instance instance, std::string_view because) {
  const EmbeddedMaterial& material = embedded_material(instance);
  SLUICE_TRY(const Time dated, parse_rfc3339(material.dated));
  return parse(material.trusted_root,
               cat("built in: Sigstore's ", name(instance), " instance, of ", material.origin,
                   because.empty() ? "" : "; ", because),
               dated);
}

const std::string& TrustRoot::source() const { return state_->source; }
std::optional<Time> TrustRoot::dated() const { return state_->dated; }
const std::string& TrustRoot::media_type() const { return state_->media_type; }
const std::string& TrustRoot::text() const { return state_->text; }
const std::vector<std::string>& TrustRoot::unknown_members() const { return state_->unknown; }

Result<std::vector<x509::Authority>> TrustRoot::issuers_for(
    const x509::Certificate& leaf, std::span<const x509::Certificate> intermediates) const {
  return chosen_or_all<x509::Authority>(state_->issuers, [&](const RawAuthority& authority) {
    return occurs(leaf->issuer.der(), authority) ||
           std::ranges::any_of(intermediates, [&](const x509::Certificate& one) {
             return occurs(one->issuer.der(), authority);
           });
  });
}

Result<std::vector<x509::Authority>> TrustRoot::stampers_for(
    const x509::Timestamp& timestamp) const {
  // With more than its own certificate beside it, the way up may lead through those.
  const bool named = timestamp->signer_issuer && timestamp->certificates.size() <= 1;
  return chosen_or_all<x509::Authority>(state_->stampers, [&](const RawAuthority& authority) {
    return !named || occurs(timestamp->signer_issuer->der(), authority);
  });
}

Result<std::vector<TransparencyLog>> TrustRoot::logs_with_id(ByteView id) const {
  return chosen_of<TransparencyLog>(state_->logs,
                                    [&](const RawLog& log) { return equal(log.id, id); });
}

Result<std::vector<x509::CtLog>> TrustRoot::ct_logs_for(const x509::Certificate& leaf) const {
  std::vector<x509::Sct> scts;
  if (leaf->sct_list) {
    // A list that cannot be read is for verify_embedded_scts to refuse.
    if (auto list = x509::parse_sct_list(*leaf->sct_list)) scts = *std::move(list);
  }
  return ct_logs_for(scts);
}

Result<std::vector<x509::CtLog>> TrustRoot::ct_logs_for(std::span<const x509::Sct> detached) const {
  return chosen_or_all<x509::CtLog>(state_->ct_logs, [&](const RawLog& log) {
    return std::ranges::any_of(detached,
                               [&](const x509::Sct& sct) { return equal(sct.log_id, log.id); });
  });
}

std::string TrustRoot::unsupported_log(ByteView id) const {
  for (const LazyLog& one : state_->logs) {
    if (!equal(one.raw().id, id)) continue;
    const auto& decoded = one.get();
    if (!decoded && decoded.error().code == Errc::unsupported) {
      return cat(one.raw().url, ": ", decoded.error().what);
    }
  }
  return {};
}

std::size_t TrustRoot::count(TrustKind kind) const { return urls(kind).size(); }

std::vector<std::string> TrustRoot::urls(TrustKind kind) const {
  std::vector<std::string> out;
  switch (kind) {
    case TrustKind::log:
      for (const auto& one : state_->logs) out.push_back(one.raw().url);
      break;
    case TrustKind::ct_log:
      for (const auto& one : state_->ct_logs) out.push_back(one.raw().url);
      break;
    case TrustKind::certificate_authority:
    case TrustKind::timestamp_authority:
      for (const auto& one : state_->authorities(kind)) out.push_back(one.raw().url);
      break;
  }
  return out;
}

void TrustRoot::ready_for_certificates() const {
  for (const LazyAuthority& one : state_->issuers) {
    if (one.get()) (void)one.get()->prove();
  }
  for (const LazyCtLog& one : state_->ct_logs) (void)one.get();
}

std::vector<TrustEntry> TrustRoot::entries() const {
  std::vector<TrustEntry> out;
  for (const auto& one : state_->issuers) {
    out.push_back(authority_entry(TrustKind::certificate_authority, one));
  }
  for (const auto& one : state_->logs) {
    out.push_back(
        log_entry(TrustKind::log, one, [](const TransparencyLog& log) { return log.key; }));
  }
  for (const auto& one : state_->ct_logs) {
    out.push_back(
        log_entry(TrustKind::ct_log, one, [](const x509::CtLog& log) { return log.key(); }));
  }
  for (const auto& one : state_->stampers) {
    out.push_back(authority_entry(TrustKind::timestamp_authority, one));
  }
  return out;
}

Result<void> TrustRoot::prove() const {
  for (TrustEntry& one : entries()) {
    if (one.unusable && one.unusable->code != Errc::unsupported) return fail(*one.unusable);
  }
  return {};
}

std::unique_ptr<TrustSource> embedded_trust(Instance instance) {
  return std::make_unique<EmbeddedTrust>(instance);
}

std::unique_ptr<TrustSource> trust_file(Files& files, Path path) {
  return std::make_unique<TrustFile>(files, std::move(path));
}

}  // namespace sluice::sigstore

// SPDX-License-Identifier: Apache-2.0
// Which services a signer uses: Sigstore's SigningConfig v0.2 (protobuf-specs, sigstore_trustroot),
// and the choice among them, which has to be the same in every client.
//
// Unknown members are skipped and listed, as in trusted roots. Versions before 0.2 are refused:
// they name services without saying for which times and versions.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/time.h"
#include "sigstore/trust_root.h"

namespace sluice::sigstore {

inline constexpr std::size_t kSigningConfigMost = 1U << 20;  // bytes of a file
inline constexpr std::size_t kServicesMost = 64;             // of one kind
inline constexpr std::string_view kSigningConfigV02 =
    "application/vnd.dev.sigstore.signingconfig.v0.2+json";

struct Service {
  std::string url;            // of a CA and of a log the base, of a timestamp authority the whole
  std::uint32_t version = 1;  // majorApiVersion
  x509::Window window;        // both ends belong to it
  std::string operated_by;    // several services of one operator are one witness
};

enum class Selector : std::uint8_t { undefined, all, any, exact };
std::string_view name(Selector selector);  // "ANY"

struct Selection {
  Selector selector = Selector::undefined;
  std::uint32_t count = 0;  // for EXACT
};

enum class ServiceKind : std::uint8_t { ca, oidc, log, timestamp };
std::string_view name(ServiceKind kind);  // "certificate authority"

struct SigningConfig {
  std::vector<Service> cas;
  std::vector<Service> issuers;  // of OIDC tokens
  std::vector<Service> logs;
  std::vector<Service> stampers;
  Selection log_selection = {};
  Selection stamper_selection = {};
  std::vector<std::string> unknown = {};  // members, as paths

  [[nodiscard]] static Result<SigningConfig> parse(std::string_view json);
  [[nodiscard]] static Result<SigningConfig> read(Files& files, const Path& path);
  [[nodiscard]] static Result<SigningConfig> embedded(Instance instance);
  std::string write() const;

  const std::vector<Service>& services(ServiceKind kind) const;
};

// One service that was looked at, and why it was taken or left out.
struct Considered {
  Service service;
  bool chosen = false;
  std::string why;  // one clause
};

struct ChosenServices {
  std::vector<Service> chosen;  // those that all have to be used
  // For ANY: those that could stand in for the one, in their order, should it not answer.
  std::vector<Service> spare;
  std::vector<Considered> considered;  // all of the kind, in the order of the file
};

// The rule: services that are valid at that time; of them the highest version that is among
// `supported`, never two versions; those that started last first; at most one of an operator (one
// that states none is one operator with all others that state none). Then ALL of these, ANY one
// (here the first), or EXACT so many. A CA and an OIDC issuer are exactly one, whatever the file
// says.
// Errc::not_found: too few; the error says why each was left out.
[[nodiscard]] Result<ChosenServices> choose_services(const SigningConfig& config, ServiceKind kind,
                                                     std::span<const std::uint32_t> supported,
                                                     Time now);

}  // namespace sluice::sigstore

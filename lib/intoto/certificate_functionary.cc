// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <set>
#include <tuple>

#include "base/text.h"
#include "intoto/evidence.h"
#include "x509/chain.h"
#include "x509/der.h"

namespace sluice::intoto {

namespace {

using x509::AlternativeName;

constexpr x509::Oid kCommonName("2.5.4.3");
constexpr x509::Oid kOrganization("2.5.4.10");
constexpr x509::ChainRules kLinkSigner{
    .id = "link.certificate", .title = "certificate", .moment = "now", .signs_data = true};
constexpr std::size_t kCertificatesInFile = 16;

// The values of one attribute in a subject; what is malformed was refused with the certificate.
std::vector<std::string> attributes(const x509::Name& subject, const x509::Oid& wanted) {
  std::vector<std::string> out;
  for (const ByteView part : subject.parts()) {
    auto set = x509::enter_whole(part, x509::tag::kSet);
    while (set && !set->done()) {
      auto one = set->enter(x509::tag::kSequence);
      if (!one) break;
      const auto type = one->oid();
      const auto value = one->any();
      if (type && value && wanted == *type) out.emplace_back(text_of(value->content));
    }
  }
  return out;
}

std::vector<std::string> names_of(const x509::Certificate& certificate,
                                  AlternativeName::Kind kind) {
  std::vector<std::string> out;
  for (const auto& each : certificate->alternative_names) {
    if (each.kind == kind) out.push_back(each.value);
  }
  return out;
}

// "*" is anything; otherwise the sets are equal. A single empty text is an empty list.
bool satisfied(std::vector<std::string> wanted, std::vector<std::string> found) {
  if (wanted.size() == 1 && wanted[0] == "*") return true;
  for (auto* each : {&wanted, &found}) {
    if (each->size() == 1 && each->front().empty()) each->clear();
    std::ranges::sort(*each);
  }
  return wanted == found;
}

std::optional<std::string> unsatisfied(const CertificateConstraint& constraint,
                                       const x509::Certificate& certificate) {
  const auto common = attributes(certificate->subject, kCommonName);
  if (constraint.common_name != "*" && common != std::vector<std::string>{constraint.common_name} &&
      !(constraint.common_name.empty() && common.empty())) {
    return cat("its common name is ", printable(join(common, ", "), 100), ", not ",
               printable(constraint.common_name, 100));
  }
  const std::array<
      std::tuple<std::string_view, const std::vector<std::string>&, std::vector<std::string>>, 4>
      parts{{{"DNS names", constraint.dns_names, names_of(certificate, AlternativeName::Kind::dns)},
             {"e-mail addresses", constraint.emails,
              names_of(certificate, AlternativeName::Kind::email)},
             {"organizations", constraint.organizations,
              attributes(certificate->subject, kOrganization)},
             {"URIs", constraint.uris, names_of(certificate, AlternativeName::Kind::uri)}}};
  for (const auto& [what, wanted, found] : parts) {
    if (!satisfied(wanted, found)) {
      return cat("its ", what, " are ", found.empty() ? "none" : printable(join(found, ", "), 200),
                 ", not ", wanted.empty() ? "none" : printable(join(wanted, ", "), 200));
    }
  }
  return std::nullopt;
}

Result<std::vector<x509::Authority>> authorities_of(const CertificateConstraint& constraint,
                                                    const Layout& layout) {
  std::vector<x509::Authority> out;
  const bool any = constraint.roots == std::vector<std::string>{"*"};
  for (const auto& [id, pem] : layout.roots) {
    if (!any && std::ranges::find(constraint.roots, id) == constraint.roots.end()) continue;
    SLUICE_TRY(auto certificate, x509::Certificate::from_pem(pem));
    SLUICE_TRY(auto authority, x509::Authority::from_chain({std::move(certificate)}, {Time{}}));
    out.push_back(std::move(authority));
  }
  return out;
}

Result<std::vector<x509::Certificate>> intermediates_of(const Layout& layout) {
  std::vector<x509::Certificate> out;
  for (const std::string& pem : layout.intermediates) {
    SLUICE_TRY(auto some, x509::Certificate::list_from_pem(pem, kCertificatesInFile));
    out.insert(out.end(), some.begin(), some.end());
  }
  return out;
}

// The names that make it who it is: another certificate with the same ones is the same functionary.
Signer signer_of(const x509::Certificate& certificate) {
  std::set<std::string> names;
  for (const auto& each : certificate->alternative_names) {
    names.insert(cat(name(each.kind), ":", each.value));
  }
  for (const auto& each : attributes(certificate->subject, kCommonName)) {
    names.insert(cat("CN:", each));
  }
  std::string material = "certificate";
  for (const auto& each : names) material += cat("\n", each);
  return {std::move(material), cat("certificate of ", certificate.describe()),
          certificate->key.fingerprint().text()};
}

}  // namespace

std::expected<Signer, std::string> judge_certificate(const std::string& pem,
                                                     const CertificateConstraint& constraint,
                                                     const Layout& layout, Time now) {
  const auto certificate = x509::Certificate::from_pem(pem);
  if (!certificate) return std::unexpected(certificate.error().text());
  if (auto why = unsatisfied(constraint, *certificate)) return std::unexpected(*std::move(why));
  const auto authorities = authorities_of(constraint, layout);
  if (!authorities) {
    return std::unexpected(cat("a root of the layout: ", authorities.error().text()));
  }
  if (authorities->empty()) return std::unexpected("the layout has no root that the step names");
  const auto intermediates = intermediates_of(layout);
  if (!intermediates) {
    return std::unexpected(
        cat("an intermediate certificate of the layout: ", intermediates.error().text()));
  }
  const std::array times{now};
  const auto chain =
      x509::verify_chain(*certificate, *intermediates, *authorities, times, kLinkSigner);
  if (!chain) return std::unexpected(chain.error().detail);
  return signer_of(*certificate);
}

}  // namespace sluice::intoto

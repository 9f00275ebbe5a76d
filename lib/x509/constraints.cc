// SPDX-License-Identifier: Apache-2.0
#include "x509/constraints.h"

#include <algorithm>

#include "base/text.h"

namespace sluice::x509 {

namespace {

// Bounds the work: names times constraints.
constexpr std::size_t kSubtreesMost = 128;

bool is_comparable(NameKind kind) {
  return kind == NameKind::email || kind == NameKind::dns || kind == NameKind::uri ||
         kind == NameKind::ip || kind == NameKind::directory;
}

// "host", or ".domain" for all hosts below it.
bool is_host_or_domain(std::string_view text) {
  return is_host_name(text.starts_with('.') ? text.substr(1) : text);
}

// A mask is ones, then zeros.
bool is_mask(ByteView mask) {
  bool ended = false;
  for (const std::uint8_t byte : mask) {
    for (unsigned bit = 0x80; bit != 0; bit >>= 1) {
      const bool one = (byte & bit) != 0;
      if (one && ended) return false;
      ended = !one;
    }
  }
  return true;
}

bool is_constraint(const GeneralName& base) {
  const std::string_view text = base.text();
  switch (base.kind) {
    case NameKind::email:
      return text.find('@') != std::string_view::npos ? check_alternative_name(base).has_value()
                                                      : is_host_or_domain(text);
    case NameKind::dns:
      return text.empty() || is_host_name(text);  // the empty name is every name
    case NameKind::uri:
      return is_host_or_domain(text);
    case NameKind::ip:
      return (text.size() == 8 || text.size() == 32) &&
             is_mask(base.value.subspan(text.size() / 2));
    default:
      return true;
  }
}

Result<std::vector<GeneralName>> parse_subtrees(DerReader in) {
  std::vector<GeneralName> out;
  if (in.done()) return fail(Errc::malformed, "an empty list of name constraints");
  while (!in.done()) {
    if (out.size() == kSubtreesMost) return fail(Errc::limit, "too many name constraints");
    SLUICE_TRY(DerReader subtree, in.enter(tag::kSequence));
    SLUICE_TRY(const GeneralName base, read_general_name(subtree));
    SLUICE_CHECK(subtree.finish());
    if (!is_constraint(base)) {
      return fail(Errc::malformed, cat("a constraint on every ", name(base.kind), " that is \"",
                                       printable(base.text(), 100), "\""));
    }
    out.push_back(base);
  }
  return out;
}

bool is_below(std::string_view host, std::string_view domain) {
  const std::string a = lower_ascii(host);
  const std::string b = lower_ascii(domain);
  return b.empty() || a == b ||
         (a.size() > b.size() && a.ends_with(b) && a[a.size() - b.size() - 1] == '.');
}

// "host" is that host, ".domain" every host below it.
bool is_host_in(std::string_view host, std::string_view constraint) {
  if (!constraint.starts_with('.')) return lower_ascii(host) == lower_ascii(constraint);
  return host.size() > constraint.size() && is_below(host, constraint.substr(1));
}

bool email_in(std::string_view mailbox, std::string_view constraint) {
  const auto at = mailbox.find('@');
  const std::string_view host = mailbox.substr(at + 1);
  const auto constrained_at = constraint.find('@');
  if (constrained_at == std::string_view::npos) return is_host_in(host, constraint);
  // The part before the @ is the mail system's own business: bytes.
  return mailbox.substr(0, at) == constraint.substr(0, constrained_at) &&
         lower_ascii(host) == lower_ascii(constraint.substr(constrained_at + 1));
}

// The host of "scheme://user@host:port/path"; empty where there is none, or an address.
std::string_view host_of(std::string_view uri) {
  const auto start = uri.find("://");
  if (start == std::string_view::npos) return {};
  std::string_view host = uri.substr(start + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  if (const auto at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
  host = host.substr(0, host.rfind(':'));
  const bool is_address = host.find_first_not_of("0123456789.") == std::string_view::npos;
  return is_host_name(host) && !is_address ? host : std::string_view();
}

bool ip_in(ByteView address, ByteView constraint) {
  if (constraint.size() != 2 * address.size()) return false;
  for (std::size_t i = 0; i < address.size(); ++i) {
    const std::uint8_t mask = constraint[address.size() + i];
    if ((address[i] & mask) != (constraint[i] & mask)) return false;
  }
  return true;
}

bool directory_in(ByteView directory, ByteView constraint) {
  DerReader name_in(directory);
  DerReader base_in(constraint);
  const auto full = Name::read(name_in);
  const auto base = Name::read(base_in);
  if (!full || !base) return false;
  const auto parts = full->parts();
  const auto first = base->parts();
  return first.size() <= parts.size() &&
         std::ranges::equal(first, std::span(parts).first(first.size()), equal);
}

// `doubt`: what to answer where a wildcard is only partly inside, or a URI has no host.
bool is_in(const GeneralName& one, const GeneralName& constraint, bool doubt) {
  const std::string_view text = one.text();
  const std::string_view base = constraint.text();
  switch (one.kind) {
    case NameKind::email:
      return email_in(text, base);
    case NameKind::dns: {
      if (!text.starts_with("*.")) return is_below(text, base);
      const std::string_view domain = text.substr(2);
      return is_below(domain, base) || (doubt && is_below(base, domain));
    }
    case NameKind::uri: {
      const std::string_view host = host_of(text);
      return host.empty() ? doubt : is_host_in(host, base);
    }
    case NameKind::ip:
      return ip_in(one.value, constraint.value);
    case NameKind::directory:
      return directory_in(one.value, constraint.value);
    default:
      return doubt;
  }
}

bool constrains(const std::vector<GeneralName>& constraints, NameKind kind) {
  return std::ranges::find(constraints, kind, &GeneralName::kind) != constraints.end();
}

std::string shown(const GeneralName& one) {
  switch (one.kind) {
    case NameKind::ip:
      return ip_text(one.value);
    case NameKind::directory: {
      DerReader in(one.value);
      const auto directory = Name::read(in);
      return directory ? directory->text() : std::string();
    }
    case NameKind::email:
    case NameKind::dns:
    case NameKind::uri:
      return printable(one.text(), 200);
    default:
      return "of a kind that is not compared";
  }
}

}  // namespace

Result<NameConstraints> NameConstraints::parse(ByteView value) {
  SLUICE_TRY(DerReader in, enter_whole(value, tag::kSequence));
  NameConstraints out;
  if (in.at(tag::constructed(0))) {
    SLUICE_TRY(const DerReader inside, in.enter(tag::constructed(0)));
    SLUICE_TRY(out.permitted, parse_subtrees(inside));
  }
  if (in.at(tag::constructed(1))) {
    SLUICE_TRY(const DerReader inside, in.enter(tag::constructed(1)));
    SLUICE_TRY(out.excluded, parse_subtrees(inside));
  }
  SLUICE_CHECK(in.finish());
  if (out.permitted.empty() && out.excluded.empty()) {
    return fail(Errc::malformed, "name constraints that constrain nothing");
  }
  return out;
}

std::optional<std::string> NameConstraints::violated_by(const Name& subject,
                                                        std::span<const GeneralName> names) const {
  std::vector<GeneralName> all(names.begin(), names.end());
  if (!subject.empty()) all.push_back({NameKind::directory, subject.der()});
  if (std::ranges::find(names, NameKind::email, &GeneralName::kind) == names.end()) {
    for (const std::string_view mail : subject.emails()) {
      all.push_back({NameKind::email, bytes_of(mail)});
    }
  }
  for (const GeneralName& one : all) {
    const bool known = is_comparable(one.kind);
    if (std::ranges::any_of(excluded, [&](const GeneralName& constraint) {
          return constraint.kind == one.kind && is_in(one, constraint, true);
        })) {
      return cat("the ", name(one.kind), " ", shown(one), " is excluded");
    }
    if (constrains(permitted, one.kind) &&
        (!known || std::ranges::none_of(permitted, [&](const GeneralName& constraint) {
          return constraint.kind == one.kind && is_in(one, constraint, false);
        }))) {
      return cat("the ", name(one.kind), " ", shown(one), " is not among those permitted");
    }
  }
  return std::nullopt;
}

}  // namespace sluice::x509

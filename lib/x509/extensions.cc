// SPDX-License-Identifier: Apache-2.0
#include "x509/extensions.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace sluice::x509 {

namespace {

constexpr std::size_t kPurposesMost = 32;
constexpr std::size_t kKeyIdMost = 64;

Result<void> read_basic_constraints(const Extension& extension, CertificateFields& fields) {
  SLUICE_TRY(DerReader in, enter_whole(extension.value, tag::kSequence));
  BasicConstraints out{extension.critical, false, std::nullopt};
  if (in.at(tag::kBoolean)) {
    SLUICE_TRY(out.authority, in.boolean());
  }
  if (!in.done()) {
    SLUICE_TRY(out.path_length, in.number(1000));
  }
  SLUICE_CHECK(in.finish());
  fields.basic_constraints = out;
  return {};
}

Result<void> read_key_usage(const Extension& extension, CertificateFields& fields) {
  DerReader in(extension.value);
  SLUICE_TRY(fields.key_usage, in.named_bits());
  if (*fields.key_usage == 0) return fail(Errc::malformed, "a key that may be used for nothing");
  return in.finish();
}

Result<void> read_purposes(const Extension& extension, CertificateFields& fields) {
  SLUICE_TRY(DerReader in, enter_whole(extension.value, tag::kSequence));
  ExtendedKeyUsage out{extension.critical, {}};
  while (!in.done()) {
    if (out.purposes.size() == kPurposesMost) return fail(Errc::limit, "too many purposes");
    SLUICE_TRY(const ByteView purpose, in.oid());
    out.purposes.push_back(purpose);
  }
  if (out.purposes.empty()) return fail(Errc::malformed, "an empty list of purposes");
  fields.extended_key_usage = std::move(out);
  return {};
}

Result<AlternativeName> alternative_name(const GeneralName& given) {
  using Kind = AlternativeName::Kind;
  switch (given.kind) {
    case NameKind::email:
      return AlternativeName{Kind::email, std::string(given.text())};
    case NameKind::uri:
      return AlternativeName{Kind::uri, std::string(given.text())};
    case NameKind::dns:
      return AlternativeName{Kind::dns, std::string(given.text())};
    case NameKind::ip:
      return AlternativeName{Kind::ip, ip_text(given.value)};
    case NameKind::directory:
      return AlternativeName{Kind::directory, {}};
    default:
      break;
  }
  if (given.kind != NameKind::other || oid::kFulcioUsername != given.type_id) {
    return AlternativeName{Kind::other, {}};
  }
  DerReader in(given.value);
  SLUICE_TRY(const ByteView text, in.content(tag::kUtf8));
  SLUICE_CHECK(in.finish());
  SLUICE_TRY(auto username, clean_text(text));
  if (username.empty()) return fail(Errc::malformed, "an empty user name");
  return AlternativeName{Kind::username, std::move(username)};
}

Result<void> read_alternative_names(const Extension& extension, CertificateFields& fields) {
  SLUICE_TRY(DerReader in, enter_whole(extension.value, tag::kSequence));
  if (in.done()) return fail(Errc::malformed, "an empty list of names");
  while (!in.done()) {
    if (fields.general_names.size() == kAlternativeNamesMost) {
      return fail(Errc::limit, cat("more than ", kAlternativeNamesMost, " names"));
    }
    SLUICE_TRY(const GeneralName given, read_general_name(in));
    SLUICE_CHECK(check_alternative_name(given));
    SLUICE_TRY(auto typed, alternative_name(given));
    fields.general_names.push_back(given);
    fields.alternative_names.push_back(std::move(typed));
  }
  fields.alternative_names_critical = extension.critical;
  return {};
}

Result<void> read_name_constraints(const Extension& extension, CertificateFields& fields) {
  SLUICE_TRY(fields.name_constraints, NameConstraints::parse(extension.value));
  return {};
}

Result<void> check_key_id(ByteView id) {
  if (!id.empty() && id.size() <= kKeyIdMost) return {};
  return fail(Errc::malformed, "a key identifier of an impossible length");
}

Result<void> read_subject_key_id(const Extension& extension, CertificateFields& fields) {
  DerReader in(extension.value);
  SLUICE_TRY(fields.subject_key_id, in.content(tag::kOctetString));
  SLUICE_CHECK(check_key_id(fields.subject_key_id));
  return in.finish();
}

// Issuer and serial number, its other two members, name what the chain is built by anyway.
Result<void> read_authority_key_id(const Extension& extension, CertificateFields& fields) {
  SLUICE_TRY(DerReader in, enter_whole(extension.value, tag::kSequence));
  if (in.at(tag::context(0))) {
    SLUICE_TRY(fields.authority_key_id, in.content(tag::context(0)));
    SLUICE_CHECK(check_key_id(fields.authority_key_id));
  }
  if (in.at(tag::constructed(1))) SLUICE_CHECK(in.content(tag::constructed(1)));
  if (in.at(tag::context(2))) SLUICE_CHECK(in.integer(tag::context(2)));
  return in.finish();
}

Result<void> read_sct_list(const Extension& extension, CertificateFields& fields) {
  DerReader in(extension.value);
  SLUICE_TRY(fields.sct_list, in.content(tag::kOctetString));
  return in.finish();
}

// Policies are not processed. A certificate that limits them says so in a critical extension, which
// a chain refuses; RFC 5280 4.2.1.11 leaves no other way.
Result<void> read_policy_constraints(const Extension& extension, CertificateFields&) {
  if (extension.critical) return {};
  return fail(Errc::malformed, "policy constraints that are not critical");
}

struct Known {
  Oid oid;
  Result<void> (*read)(const Extension&, CertificateFields&);
  bool understood = true;  // by the verification of a chain
  bool may_be_critical = true;
};
constexpr std::array kKnown{
    Known{oid::kBasicConstraints, read_basic_constraints},
    Known{oid::kKeyUsage, read_key_usage},
    Known{oid::kExtendedKeyUsage, read_purposes},
    Known{oid::kSubjectAltName, read_alternative_names},
    Known{oid::kNameConstraints, read_name_constraints},
    Known{oid::kPolicyConstraints, read_policy_constraints, false},
    Known{oid::kSubjectKeyId, read_subject_key_id, true, false},
    Known{oid::kAuthorityKeyId, read_authority_key_id, true, false},
    Known{oid::kSctList, read_sct_list},
};

const Known* known(ByteView oid) {
  const auto* const at =
      std::ranges::find_if(kKnown, [&](const Known& one) { return one.oid == oid; });
  return at == kKnown.end() ? nullptr : at;
}

Result<void> read_one(const Extension& extension, CertificateFields& fields) {
  const Known* const row = known(extension.oid);
  if (row == nullptr) {
    const ByteView claim = oid::kFulcio.below(extension.oid);
    if (claim.empty()) return {};
    return fields.fulcio.add(claim, extension.value);
  }
  if (extension.critical && !row->may_be_critical) {
    return fail(Errc::malformed, "it must not be critical (RFC 5280 4.2.1)");
  }
  return row->read(extension, fields);
}

Result<Extension> read_extension(DerReader& list) {
  SLUICE_TRY(const DerElement outer, list.element(tag::kSequence));
  DerReader in(outer.content);
  Extension out{{}, false, {}, outer.whole};
  SLUICE_TRY(out.oid, in.oid());
  if (in.at(tag::kBoolean)) {
    SLUICE_TRY(out.critical, in.boolean());
  }
  SLUICE_TRY(out.value, in.content(tag::kOctetString));
  SLUICE_CHECK(in.finish());
  return out;
}

}  // namespace

bool ExtendedKeyUsage::has(const Oid& purpose) const {
  return std::ranges::any_of(purposes, [&](ByteView one) { return purpose == one; });
}

const Extension* CertificateFields::find(const Oid& oid) const {
  const auto at =
      std::ranges::find_if(extensions, [&](const Extension& one) { return oid == one.oid; });
  return at == extensions.end() ? nullptr : &*at;
}

bool CertificateFields::has_use(KeyUse use) const {
  return key_usage && (*key_usage & static_cast<std::uint16_t>(use)) != 0;
}

bool is_understood(const Extension& extension) {
  const Known* const row = known(extension.oid);
  // Policies without constraints on them ask for nothing.
  return (row != nullptr && row->understood) || oid::kCertificatePolicies == extension.oid;
}

Result<void> read_extensions(DerReader list, CertificateFields& fields) {
  if (list.done()) return fail(Errc::malformed, "an empty list of extensions");
  while (!list.done()) {
    if (fields.extensions.size() == kExtensionsMost) {
      return fail(Errc::limit, cat("more than ", kExtensionsMost, " extensions"));
    }
    SLUICE_TRY(const Extension extension, read_extension(list));
    const bool again = std::ranges::any_of(
        fields.extensions, [&](const Extension& one) { return equal(one.oid, extension.oid); });
    if (again) {
      return fail(Errc::malformed, cat("the extension ", dotted(extension.oid), " stands twice"));
    }
    SLUICE_CHECK(
        within(read_one(extension, fields), cat("reading the extension ", dotted(extension.oid))));
    fields.extensions.push_back(extension);
  }
  return fields.fulcio.finish();
}

}  // namespace sluice::x509

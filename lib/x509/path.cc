// SPDX-License-Identifier: Apache-2.0
#include "x509/path.h"

#include "base/text.h"
#include "x509/extensions.h"

namespace sluice::x509 {

namespace {

class PathJudge {
 public:
  PathJudge(std::span<const Certificate> path, const ChainRules& rules)
      : path_(path), rules_(rules) {}

  Judged<void> judge(const Authority& authority, std::span<const Time> times) const {
    for (const Certificate& one : path_) SLUICE_CHECK(valid_at(one, times));
    SLUICE_CHECK(trusted_at(authority, times));
    for (const Certificate& one : path_.subspan(1)) SLUICE_CHECK(may_issue(one));
    for (const Certificate& one : path_) SLUICE_CHECK(well_made(one));
    SLUICE_CHECK(short_enough());
    SLUICE_CHECK(for_the_purpose());
    SLUICE_CHECK(leaf_as_due());
    return within_name_constraints();
  }

 private:
  std::unexpected<Check> refuse(std::string_view what, std::string detail, const Certificate& about,
                                std::string expected = {}, std::string found = {}) const {
    Check check = refusal(cat(rules_.id, ".", what), std::string(rules_.title), std::move(detail));
    check.expected = std::move(expected);
    check.found = std::move(found);
    check.source =
        cat(&about == &path_.front() ? "the certificate of " : "the authority ", about.describe());
    return std::unexpected(std::move(check));
  }

  Judged<void> valid_at(const Certificate& one, std::span<const Time> times) const {
    const Validity& validity = one->validity;
    for (const Time time : times) {
      if (validity.contains(time)) continue;
      const bool early = time < validity.not_before;
      return refuse("validity",
                    early ? cat("it was not yet valid at ", rules_.moment)
                          : cat("it had expired by ", rules_.moment),
                    one,
                    cat("a time from ", human_time(validity.not_before), " to ",
                        human_time(validity.not_after)),
                    human_time(time));
    }
    return {};
  }

  Judged<void> trusted_at(const Authority& authority, std::span<const Time> times) const {
    for (const Time time : times) {
      if (authority.window().contains(time)) continue;
      return refuse("trust-window", "the authority is not trusted for the time of the signature",
                    path_.back(), cat("a time ", authority.window().text()), human_time(time));
    }
    return {};
  }

  // What RFC 5280 demands of every certificate.
  Judged<void> well_made(const Certificate& one) const {
    for (const Extension& extension : one->extensions) {
      if (!extension.critical || is_understood(extension)) continue;
      return refuse("extensions",
                    oid::kPrecertificatePoison == extension.oid
                        ? "it is a precertificate, made for logs alone"
                        : "it demands something that is not known here",
                    one, "critical extensions that are known",
                    cat("the critical extension ", dotted(extension.oid)));
    }
    if (one->issuer.empty()) return refuse("names", "it does not name who issued it", one);
    if (one->is_authority()) {
      if (one->subject.empty()) return refuse("names", "an authority without a name", one);
    } else {
      if (one->subject.empty() && !one->alternative_names_critical) {
        return refuse("names", "it names its subject neither here nor there", one,
                      "a subject, or critical alternative names");
      }
      if (one->name_constraints) {
        return refuse("extensions", "it constrains names and is no authority", one);
      }
      if (one->has_use(KeyUse::certificate_signing)) {
        return refuse("usage", "its key may sign certificates, and it is no authority", one);
      }
    }
    return {};
  }

  Judged<void> may_issue(const Certificate& one) const {
    const auto& constraints = one->basic_constraints;
    if (!constraints || !constraints->authority || !constraints->critical) {
      return refuse("constraints", "it issued a certificate and is no authority", one,
                    "critical basic constraints that say CA",
                    !constraints             ? "no basic constraints"
                    : constraints->authority ? "basic constraints that are not critical"
                                             : "basic constraints that do not say CA");
    }
    if (one->key_usage && !one->has_use(KeyUse::certificate_signing)) {
      return refuse("usage", "its key must not sign certificates", one, "the key usage keyCertSign",
                    "a key usage without it");
    }
    return {};
  }

  Judged<void> short_enough() const {
    std::size_t below = 0;  // authorities between this one and the leaf, without self-issued ones
    for (const Certificate& one : path_.subspan(1)) {
      const auto& most = one->basic_constraints->path_length;
      if (most && below > *most) {
        return refuse("constraints", "there are more authorities below it than it allows", one,
                      cat("at most ", *most), cat(below));
      }
      const bool is_anchor = &one == &path_.back();
      if (!is_anchor && !one->is_self_issued()) ++below;
    }
    if (below <= rules_.depth) return {};
    return refuse("constraints", "the chain is too long", path_.front(),
                  cat("at most ", rules_.depth, " authorities below the anchor"), cat(below));
  }

  Judged<void> for_the_purpose() const {
    if (!rules_.purpose) return {};
    const std::string wanted = cat("the purpose ", dotted(rules_.purpose->bytes()));
    const Certificate& leaf = path_.front();
    const auto& own = leaf->extended_key_usage;
    if (!own || !own->has(*rules_.purpose)) {
      return refuse("purpose", "it was not made for this purpose", leaf, wanted, purposes(own));
    }
    if (rules_.purpose_stands_alone && (!own->critical || own->purposes.size() != 1)) {
      return refuse("purpose", "its purpose is not critical, or has others beside it", leaf,
                    cat(wanted, " alone, and critical"), purposes(own));
    }
    for (const Certificate& one : path_.subspan(1)) {
      const auto& allowed = one->extended_key_usage;
      if (!allowed || allowed->has(*rules_.purpose) || allowed->has(oid::kAnyPurpose)) continue;
      return refuse("purpose", "it may not certify for this purpose", one, wanted,
                    purposes(allowed));
    }
    return {};
  }

  static std::string purposes(const std::optional<ExtendedKeyUsage>& usage) {
    if (!usage) return "no extended key usage";
    std::vector<std::string> out;
    for (const ByteView one : usage->purposes) out.push_back(dotted(one));
    return cat(join(out, ", "), usage->critical ? " (critical)" : "");
  }

  Judged<void> leaf_as_due() const {
    const Certificate& leaf = path_.front();
    if (!rules_.signs_data) return {};
    if (leaf->is_authority()) {
      return refuse("constraints", "it is an authority's, and signs no data", leaf);
    }
    if (leaf->has_use(KeyUse::digital_signature)) return {};
    return refuse("usage", "its key must not sign data", leaf, "the key usage digitalSignature",
                  leaf->key_usage ? "a key usage without it" : "no key usage");
  }

  Judged<void> within_name_constraints() const {
    for (std::size_t i = 1; i < path_.size(); ++i) {
      if (!path_[i]->name_constraints) continue;
      for (std::size_t below = 0; below < i; ++below) {
        const Certificate& subject = path_[below];
        if (below != 0 && subject->is_self_issued()) continue;
        const auto violation =
            path_[i]->name_constraints->violated_by(subject->subject, subject->general_names);
        if (!violation) continue;
        return refuse("names", *violation, subject,
                      cat("names that ", path_[i].describe(), " may certify"));
      }
    }
    return {};
  }

  std::span<const Certificate> path_;
  const ChainRules& rules_;
};

}  // namespace

Judged<void> judge_path(std::span<const Certificate> path, const Authority& authority,
                        std::span<const Time> times, const ChainRules& rules) {
  return PathJudge(path, rules).judge(authority, times);
}

}  // namespace sluice::x509

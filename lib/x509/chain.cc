// SPDX-License-Identifier: Apache-2.0
#include "x509/chain.h"

#include <algorithm>

#include "base/text.h"
#include "x509/path.h"

namespace sluice::x509 {

namespace {

// Signatures that one search may check. An honest chain needs three; a hostile set of
// intermediates could ask for thousands.
constexpr std::size_t kSignaturesMost = 24;
// Paths that one search may begin: authorities that certify each other in circles make many.
constexpr std::size_t kStepsMost = 256;

}  // namespace

// Depth first from the leaf upwards; at each certificate the authorities come before the
// intermediates, so that an honest chain needs the fewest signatures.
class ChainSearch {
 public:
  ChainSearch(std::span<const Certificate> intermediates, std::span<const Authority> authorities,
              std::span<const Time> times, const ChainRules& rules, crypto::SignatureMemo* memo)
      : intermediates_(intermediates),
        authorities_(authorities),
        times_(times),
        rules_(rules),
        memo_(memo) {}

  Judged<VerifiedChain> run(const Certificate& leaf) {
    if (times_.empty() || times_.size() > kChainTimesMost) {
      return std::unexpected(refuse("time", times_.empty()
                                                ? "nothing proves when the signature was made"
                                                : "too many times"));
    }
    if (intermediates_.size() > kIntermediatesMost) {
      Check check = refuse("chain", "more certificates than a chain can need");
      check.expected = cat("at most ", kIntermediatesMost);
      check.found = cat(intermediates_.size());
      return std::unexpected(std::move(check));
    }
    path_.push_back(leaf);
    climb();
    if (found_) return *std::move(found_);
    if (failure_) return std::unexpected(*std::move(failure_));
    return std::unexpected(no_way(leaf));
  }

 private:
  Check refuse(std::string_view what, std::string detail) const {
    return refusal(cat(rules_.id, ".", what), std::string(rules_.title), std::move(detail));
  }

  Check no_way(const Certificate& leaf) const {
    Check check = refuse("chain", "no authority that is trusted here has issued it");
    std::vector<std::string> known;
    for (const Authority& one : authorities_) {
      if (known.size() < 4) known.push_back(one.chain().front().describe());
    }
    check.expected = known.empty() ? "an authority (none is trusted here)"
                                   : cat("one issued by ", join(known, "; or by "));
    check.found = cat("one issued by ", leaf->issuer.text());
    check.source = cat("the certificate of ", leaf.describe());
    return check;
  }

  // A failure that came further says more, and the first of equals more than the next.
  void note(Check failure, std::size_t progress) {
    if (failure_ && progress_ >= progress) return;
    progress_ = progress;
    failure_ = std::move(failure);
  }

  void climb() {
    for (const Authority& authority : authorities_) {
      if (found_) return;
      try_authority(authority);
    }
    if (found_ || path_.size() > kIntermediatesMost || ++steps_ > kStepsMost) return;
    for (const Certificate& next : intermediates_) {
      if (found_) return;
      if (std::ranges::find(path_, next) != path_.end() || !is_issuer(next)) continue;
      path_.push_back(next);
      climb();
      path_.pop_back();
    }
  }

  // Through each certificate of the authority that issued the path's last, or is that one.
  void try_authority(const Authority& authority) {
    const auto& chain = authority.chain();
    for (std::size_t i = 0; i < chain.size() && !found_; ++i) {
      if (chain[i] == path_.back()) {
        finish(authority, i + 1);
      } else if (is_issuer(chain[i])) {
        finish(authority, i);
      }
    }
  }

  void finish(const Authority& authority, std::size_t from) {
    std::vector<Certificate> whole = path_;
    const auto& chain = authority.chain();
    whole.insert(whole.end(), chain.begin() + static_cast<std::ptrdiff_t>(from), chain.end());
    if (auto judged = judge_path(whole, authority, times_, rules_); !judged) {
      // It reached an anchor: further than any path that found a wrong signature on its way.
      note(std::move(judged).error(), kIntermediatesMost + 2 + whole.size());
      return;
    }
    if (auto proven = authority.prove(); !proven) {
      note(unusable(authority, proven.error()), kIntermediatesMost + 3 + whole.size());
      return;
    }
    found_ = VerifiedChain(std::move(whole), authority, {times_.begin(), times_.end()});
  }

  // Did this certificate's key sign the path's last?
  bool is_issuer(const Certificate& issuer) {
    const Certificate& subject = path_.back();
    if (!may_have_issued(issuer, subject)) return false;
    for (const Link& link : links_) {
      if (link.subject == subject && link.issuer == issuer->key) return link.good;
    }
    if (links_.size() == kSignaturesMost) {
      note(refuse("chain", "its chain cannot be found with a reasonable number of tries"),
           path_.size());
      return false;
    }
    const auto match = subject.signed_by(issuer->key, memo_);
    const bool good = match && *match == crypto::Match::yes;
    links_.push_back({subject, issuer->key, good});
    if (!good) note(bad_signature(issuer, subject, match), path_.size());
    return good;
  }

  Check bad_signature(const Certificate& issuer, const Certificate& subject,
                      const Result<crypto::Match>& match) const {
    Check check = refuse("signature",
                         match ? "it was altered, or signed by another key" : match.error().text());
    check.expected = cat("a signature by ", issuer.describe());
    check.found = match ? "a signature that does not verify" : "one that is not accepted";
    check.source = cat("the certificate of ", subject.describe());
    return check;
  }

  Check unusable(const Authority& authority, const Error& why) const {
    Check check =
        refuse("authority", cat("the authority itself is not to be relied on: ", why.text()));
    check.expected = "an authority whose certificates sign each other";
    check.found = why.what;
    check.source = cat("the trust material of ", authority.label());
    return check;
  }

  struct Link {
    Certificate subject;
    crypto::PublicKey issuer;
    bool good;
  };

  std::span<const Certificate> intermediates_;
  std::span<const Authority> authorities_;
  std::span<const Time> times_;
  const ChainRules& rules_;
  crypto::SignatureMemo* memo_;
  std::vector<Certificate> path_;
  std::vector<Link> links_;
  std::size_t steps_ = 0;
  std::optional<Check> failure_;
  std::size_t progress_ = 0;
  std::optional<VerifiedChain> found_;
};

std::string VerifiedChain::detail() const {
  std::string out = cat("to ", path_.back().describe(), ", valid at ");
  std::vector<std::string> times;
  for (const Time time : times_) times.push_back(human_time(time));
  return cat(out, join(times, ", "));
}

Judged<VerifiedChain> verify_chain(const Certificate& leaf,
                                   std::span<const Certificate> intermediates,
                                   std::span<const Authority> authorities,
                                   std::span<const Time> times, const ChainRules& rules,
                                   crypto::SignatureMemo* memo) {
  return ChainSearch(intermediates, authorities, times, rules, memo).run(leaf);
}

}  // namespace sluice::x509

// SPDX-License-Identifier: Apache-2.0
// Patterns and what they are compared with: "PATTERN\nTEXT". Whatever compiles matches in full,
// and what a refusal offers instead does accept.
#include <cstdlib>
#include <vector>

#include "base/bytes.h"
#include "base/text.h"
#include "sigstore/identity.h"

namespace {

using namespace sluice;
using namespace sluice::sigstore;

void require(bool holds) {
  if (!holds) std::abort();
}

// What a glob means, by a table instead of an automaton. For patterns without \ and plain text.
bool fits(std::string_view glob, std::string_view text) {
  std::vector<bool> row(text.size() + 1);
  row[0] = true;
  for (std::size_t at = 0; at < glob.size(); ++at) {
    std::vector<bool> next(text.size() + 1);
    const bool star = glob[at] == '*';
    const bool wide =
        star && ((at + 1 < glob.size() && glob[at + 1] == '*') || (at > 0 && glob[at - 1] == '*'));
    if (star) next[0] = row[0];
    for (std::size_t i = 1; i <= text.size(); ++i) {
      const char c = text[i - 1];
      if (star) {
        next[i] = row[i] || (next[i - 1] && (wide || c != '/'));
      } else {
        next[i] = row[i - 1] && (glob[at] == '?' ? c != '/' : c == glob[at]);
      }
    }
    row = next;
  }
  return row[text.size()];
}

bool is_plain(std::string_view text) {
  for (const char c : text) {
    if (c < 0x20 || c > 0x7e) return false;
  }
  return true;
}

void use_regexp(const std::string& pattern, const std::string& text) {
  const auto strict = Pattern::regexp(pattern, About::subject);
  const auto loose = Pattern::regexp(pattern, About::subject, Compat::cosign);
  if (strict) require(loose && loose->warning().empty());
  if (!loose) return;
  if (loose->matches(text)) {
    require(!loose->anchored_for(text));
  } else if (const auto anchored = loose->anchored_for(text)) {
    const auto again = Pattern::regexp(*anchored, About::subject, Compat::cosign);
    require(again && again->matches(text));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view all = text_of(ByteView(data, size));
  const auto newline = all.find('\n');
  const std::string pattern(all.substr(0, newline));
  const std::string text(newline == std::string_view::npos ? std::string_view()
                                                           : all.substr(newline + 1));
  use_regexp(pattern, text);
  if (const auto exact = Pattern::exact(pattern)) {
    require(exact->matches(pattern) && exact->matches(text) == (text == pattern));
    require(shell_word(pattern).size() >= pattern.size());
  }
  if (const auto glob = Pattern::glob(pattern); glob && is_plain(pattern) && is_plain(text) &&
                                                !pattern.contains('\\') &&
                                                text.size() <= kMatchedMost) {
    require(glob->matches(text) == fits(pattern, text));
  }
  if (const auto own = Pattern::glob(glob_escaped(text))) {
    require(own->matches(text) && !own->matches(text + "x"));
  }
  for (const auto* const issuer : {"https://issuer.test", ""}) {
    IdentityWish wish{.repo = pattern, .workflow = text, .ref = text};
    if (*issuer != '\0') wish.issuer = issuer;
    if (const auto rule = make_identity_rule(wish)) require(!rule->describe().empty());
  }
  return 0;
}

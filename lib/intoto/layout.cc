// SPDX-License-Identifier: Apache-2.0
#include "intoto/layout.h"

#include <algorithm>

#include "base/text.h"

namespace sluice::intoto {

std::string IdentityKey::describe() const {
  const auto part = [this](const char* name) {
    const auto at = parts.find(name);
    return at == parts.end() ? std::string() : at->second;
  };
  std::string who = part("identity");
  if (who.empty()) who = part("identity_regexp");
  if (who.empty()) who = cat(part("repo"), " ", part("workflow"), " ", part("ref"));
  return cat("identity ", printable(trim(who), 200), " (",
             printable(cat(part("issuer"), part("issuer_regexp")), 200), ")");
}

std::string describe(const Functionary& functionary) {
  return std::visit([](const auto& each) { return each.describe(); }, functionary);
}

std::string material_of(const Functionary& functionary) {
  if (const auto* key = std::get_if<Key>(&functionary)) {
    return key->material().fingerprint().text();
  }
  if (const auto* gpg = std::get_if<GpgKey>(&functionary)) {
    return gpg->material().fingerprint().text();
  }
  std::string out = "identity";
  for (const auto& [name, value] : std::get<IdentityKey>(functionary).parts) {
    out += cat("\n", name, "=", value);
  }
  return out;
}

const Step* Layout::find_step(std::string_view wanted) const {
  const auto at = std::ranges::find(steps, wanted, &Step::name);
  return at == steps.end() ? nullptr : &*at;
}

}  // namespace sluice::intoto

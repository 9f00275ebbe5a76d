// SPDX-License-Identifier: Apache-2.0
// What is in a file that should be a bundle: all of it that can be read, the reason for each part
// that cannot, and what would keep it from verifying.
//
// Nothing is verified here and no key is asked: every line tells what the file says. A file that is
// no bundle at all is told what it looks like instead (sigstore/looks_like.h).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"

namespace sluice::sigstore {

struct Finding {
  std::string where;  // a path into the document: "bundle.verificationMaterial.tlogEntries[0]"
  std::string what;
  std::string advice = {};
};

struct Inspection {
  // media_type, version, content, signer, log_entries, timestamps, as far as there are any. A part
  // that cannot be read is {"broken": reason}.
  json::Value description;
  // Why parse_bundle refuses it; none where it does not.
  std::vector<Finding> problems;
  // Of a sound bundle or a broken one: why it would not verify, as far as the file alone tells.
  std::vector<Finding> remarks;
  std::string looks_like;  // where it is no bundle
  bool sound() const { return problems.empty(); }
};

// Of any bytes.
[[nodiscard]] Inspection inspect(std::string_view text);

// docs/schema/bundle-inspection.v1.json
json::Value to_json(const Inspection& inspection, std::string_view source);
// The same for people; colour is that of the first word.
std::string as_text(const Inspection& inspection, std::string_view source, bool colour);

}  // namespace sluice::sigstore

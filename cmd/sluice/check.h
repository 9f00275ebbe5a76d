// SPDX-License-Identifier: Apache-2.0
// One decision about a change, as `gate check` and `ci gate` make it: judged, signed where that is
// asked for, stored.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "change.h"
#include "gate/record.h"

namespace sluice::cli {

struct Checked {
  gate::Record record;
  std::string signed_file;  // empty: nothing was signed
};

// `about` is what people call the change where --change does not say.
[[nodiscard]] Result<Checked> check_change(Invocation& in, const ChangeFound& found,
                                           const std::string& about);
// What check_change reads; --output is the caller's.
std::vector<Option> gate_check_options();

int exit_of(gate::Verdict verdict);

}  // namespace sluice::cli

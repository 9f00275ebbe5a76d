// SPDX-License-Identifier: Apache-2.0
// The two halves of a recording, for `record` and in-toto-record.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "intoto_step.h"

namespace sluice::cli {

struct RecordingRequest {
  std::string step;
  std::vector<std::string> paths;  // materials at the start, products at the end
  intoto::RecordOptions record;
  intoto::Wrapping wrapping = intoto::Wrapping::metablock;  // of the unfinished link
  std::optional<intoto::StepOrigin> origin = {};
};

[[nodiscard]] Result<int> start_recording(Invocation& in, const RecordingRequest& request,
                                          LinkWriter& writer);
[[nodiscard]] Result<int> stop_recording(Invocation& in, const RecordingRequest& request,
                                         LinkWriter& writer);

}  // namespace sluice::cli

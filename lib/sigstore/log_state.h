// SPDX-License-Identifier: Apache-2.0
// What a monitor keeps between two looks at a log: its own word against the log's.
#pragma once

#include <string>
#include <string_view>

#include "sigstore/checkpoint.h"

namespace sluice::sigstore {

inline constexpr std::string_view kLogStateKind = "sluice.log-state/v1";
inline constexpr std::size_t kLogStateBytes = 2U << 20;

struct LogState {
  Bytes log_id;      // the trust root's, of the key that signed
  std::string note;  // the newest checkpoint, as the log signed it
  Frontier head;     // of the tree that it is of: proven
  Frontier read;     // of the entries that were looked at: the first of that tree
};

// As read: the note is a checkpoint of the head, and no more was read than it has. Its signature is
// not looked at. Errc::unsupported: written by a newer version.
[[nodiscard]] Result<LogState> parse_log_state(std::string_view json);
std::string write_log_state(const LogState& state);

}  // namespace sluice::sigstore

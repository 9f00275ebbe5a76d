// SPDX-License-Identifier: Apache-2.0
#include "server/watched.h"

namespace sluice::server {

Watched::Change Watched::look() {
  auto read = refresh_(print_);
  if (!read) {
    const bool known = trouble_ && trouble_->text() == read.error().text();
    trouble_ = std::move(read).error();
    return known ? Change::none : Change::broken;
  }
  const bool changed = *read != print_ || trouble_;
  trouble_.reset();
  print_ = *std::move(read);
  return changed ? Change::taken : Change::none;
}

}  // namespace sluice::server

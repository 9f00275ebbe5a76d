// SPDX-License-Identifier: Apache-2.0
#include "tuf/checks.h"

#include <algorithm>

#include "base/text.h"

namespace sluice::tuf {

std::string Checks::id(std::string_view what) const { return cat("tuf.", kind_, ".", what); }

std::string Checks::title(std::string_view what) const {
  std::string out = cat(kind_, " ", what);
  std::ranges::replace(out, '-', ' ');
  return out;
}

void Checks::pass(std::string_view what, std::string detail) {
  report_.pass(id(what), title(what), std::move(detail)).source = file_;
}

Check& Checks::refuse(std::string_view what, std::string_view attack, std::string_view clause,
                      std::string_view detail) {
  Check& row = report_.fail(
      id(what), title(what),
      cat(attack, attack.empty() ? "" : ": ", file_, ": ", detail, " (TUF ", clause, ")"));
  row.source = file_;
  return row;
}

void append(Report& to, const Report& from) {
  for (const Check& row : from.checks()) {
    Check* copy = nullptr;
    switch (row.outcome) {
      case Outcome::pass:
        copy = &to.pass(row.id, row.title, row.detail);
        break;
      case Outcome::fail:
        copy = &to.fail(row.id, row.title, row.detail);
        break;
      case Outcome::not_run:
        copy = &to.skip(row.id, row.title, row.detail);
        break;
    }
    *copy = row;
  }
}

}  // namespace sluice::tuf

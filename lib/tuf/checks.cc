// SPDX-License-Identifier: Apache-2.0
#include "tuf/checks.h"

#include <algorithm>

#include "base/http.h"
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
  Check& row = report_.fail(id(what), title(what),
                            cat(attack, attack.empty() ? "" : ": ", file_, ": ", detail,
                                clause.starts_with("TAP") ? " (" : " (TUF ", clause, ")"));
  row.source = file_;
  return row;
}

std::optional<TransferAttack> attack_in(const Error& error, std::string_view clause_of_size) {
  if (error.code == Errc::limit) {
    return TransferAttack{"endless-data", kEndlessData, clause_of_size};
  }
  // Only the list of attacks speaks of it: how slow is too slow is left to the client.
  if (is_too_slow(error)) return TransferAttack{"slow-retrieval", kSlowRetrieval, "1.5.2"};
  return std::nullopt;
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

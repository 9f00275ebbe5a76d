// SPDX-License-Identifier: Apache-2.0
#include "base/verdict.h"

#include <algorithm>

namespace sluice {

std::string_view name(Outcome outcome) {
  switch (outcome) {
    case Outcome::pass:
      return "pass";
    case Outcome::fail:
      return "fail";
    case Outcome::not_run:
      return "not-run";
  }
  return "not-run";
}

Check& Report::add(std::string id, std::string title, Outcome outcome, std::string detail) {
  return checks_.emplace_back(Check{std::move(id), std::move(title), outcome, std::move(detail)});
}

Check& Report::pass(std::string id, std::string title, std::string detail) {
  return add(std::move(id), std::move(title), Outcome::pass, std::move(detail));
}
Check& Report::fail(std::string id, std::string title, std::string detail) {
  return add(std::move(id), std::move(title), Outcome::fail, std::move(detail));
}
Check& Report::skip(std::string id, std::string title, std::string why) {
  return add(std::move(id), std::move(title), Outcome::not_run, std::move(why));
}

bool Report::passed() const {
  return !checks_.empty() && std::ranges::all_of(checks_, [](const Check& check) {
    return check.outcome == Outcome::pass;
  });
}

const Check* Report::first_failure() const {
  const auto at = std::ranges::find(checks_, Outcome::fail, &Check::outcome);
  return at == checks_.end() ? nullptr : &*at;
}

void Report::advise_first_failure(std::string advice, std::string command) {
  const auto at = std::ranges::find(checks_, Outcome::fail, &Check::outcome);
  if (at == checks_.end()) return;
  at->advice = std::move(advice);
  at->command = std::move(command);
}

void Report::fact(std::string label, std::string value) {
  facts_.emplace_back(std::move(label), std::move(value));
}

}  // namespace sluice

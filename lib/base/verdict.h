// SPDX-License-Identifier: Apache-2.0
// What a verification answers: the list of everything that was checked, and the thing itself only
// if all of it passed.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace sluice {

enum class Outcome : std::uint8_t { pass, fail, not_run };
std::string_view name(Outcome outcome);  // "pass", "fail", "not-run"

// One row of a report. Ids are stable and dotted ("bundle.signature"): tools and tests read them.
struct Check {
  std::string id;
  std::string title;  // for people: "signature"
  Outcome outcome = Outcome::not_run;
  std::string detail;  // one clause: what was found good, or what is wrong
  std::string expected = {};
  std::string found = {};
  std::string source = {};   // where "found" came from: a file, a field, a log
  std::string advice = {};   // for a failure: what to do next
  std::string command = {};  // that does what the advice says, ready for a shell
};

// Every check of one verification, in the order in which it was made.
class Report {
 public:
  explicit Report(std::string subject) : subject_(std::move(subject)) {}

  Check& pass(std::string id, std::string title, std::string detail);
  Check& fail(std::string id, std::string title, std::string detail);
  Check& skip(std::string id, std::string title, std::string why);

  // Passed means: something was checked, and no check failed or was left out.
  bool passed() const;
  const Check* first_failure() const;  // nullptr where none failed
  void advise_first_failure(std::string advice, std::string command = {});
  const std::string& subject() const { return subject_; }
  const std::vector<Check>& checks() const { return checks_; }

  // Facts worth showing beside the checks: "signed by", "digest".
  void fact(std::string label, std::string value);
  const std::vector<std::pair<std::string, std::string>>& facts() const { return facts_; }

 private:
  Check& add(std::string id, std::string title, Outcome outcome, std::string detail);

  std::string subject_;
  std::vector<Check> checks_;
  std::vector<std::pair<std::string, std::string>> facts_;
};

template <class T>
class Verdict;

// A T that passed its verification. Only conclude() makes one, from a report that passed.
template <class T>
class Verified {
 public:
  const T& operator*() const { return value_; }
  const T* operator->() const { return &value_; }

 private:
  friend class Verdict<T>;
  explicit Verified(T value) : value_(std::move(value)) {}
  T value_;
};

template <class T>
class Verdict {
 public:
  // The one decision: the value is handed on only where the report passed.
  static Verdict conclude(Report report, std::optional<T> value) {
    Verdict verdict(std::move(report));
    if (verdict.report_.passed() && value) verdict.value_ = Verified<T>(*std::move(value));
    return verdict;
  }

  bool passed() const { return value_.has_value(); }
  const Report& report() const { return report_; }
  const Verified<T>& value() const& { return value_.value(); }
  Verified<T> value() && { return std::move(value_).value(); }

 private:
  explicit Verdict(Report report) : report_(std::move(report)) {}
  Report report_;
  std::optional<Verified<T>> value_;
};

}  // namespace sluice

// SPDX-License-Identifier: Apache-2.0
// What a function answers: a value, or an Error that says what could not be done.
//
// An Error never means "refused": that is a Verdict (base/verdict.h).
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

// What callers branch on. The command line maps it to an exit code in one table
// (cmd/sluice/exit.h).
enum class Errc : std::uint8_t {
  usage,        // the call is wrong: an unknown flag, an unreadable policy
  malformed,    // bytes that do not follow their format
  unsupported,  // well formed, but not something that this program accepts
  not_found,
  io,
  network,
  denied,  // the other side, or the operating system, said no
  limit,   // a bound of ours was reached
  timeout,
  internal  // a bug
};

std::string_view name(Errc code);

struct Error {
  Errc code = Errc::internal;
  std::string what;                     // one clause, no full stop, no secret
  std::vector<std::string> where = {};  // innermost first
  std::string hint = {};                // what to do next, where we know it

  Error&& in(std::string frame) && {
    where.push_back(std::move(frame));
    return std::move(*this);
  }
  Error&& advise(std::string next) && {
    hint = std::move(next);
    return std::move(*this);
  }
  // "what, while checking a, while doing b"
  std::string text() const;
};

template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(Errc code, std::string what) {
  return std::unexpected(Error{code, std::move(what)});
}
inline std::unexpected<Error> fail(Error error) { return std::unexpected(std::move(error)); }

// Adds a frame to the error of a result that failed; a success passes through.
template <class T>
[[nodiscard]] Result<T> within(Result<T> result, std::string_view frame) {
  if (!result) return std::unexpected(std::move(result).error().in(std::string(frame)));
  return result;
}

}  // namespace sluice

#define SLUICE_CAT2(a, b) a##b
#define SLUICE_CAT(a, b) SLUICE_CAT2(a, b)
#define SLUICE_TRY_IMPL(tmp, decl, expr)                    \
  auto tmp = (expr);                                        \
  if (!tmp) return std::unexpected(std::move(tmp).error()); \
  decl = *std::move(tmp)
// SLUICE_TRY(auto x, f()): x is f's value, or this function returns f's error.
#define SLUICE_TRY(decl, expr) SLUICE_TRY_IMPL(SLUICE_CAT(try_, __COUNTER__), decl, expr)
#define SLUICE_CHECK(expr)                                                    \
  do {                                                                        \
    if (auto r_ = (expr); !r_) return std::unexpected(std::move(r_).error()); \
  } while (false)

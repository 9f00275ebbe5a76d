// SPDX-License-Identifier: Apache-2.0
#include "net/exchange.h"

#include "base/text.h"
#include "net/headers.h"

namespace sluice::net {

using std::chrono::milliseconds;

namespace {
constexpr std::chrono::seconds kRateWindow{10};
}

Exchange::Exchange(const HttpRequest& request, Clock& clock, Random& random,
                   RetryAllowance& allowance)
    : request_(request), clock_(clock), random_(random), allowance_(allowance) {
  const auto sound = check_request(request);
  auto url = parse_url(request.url);
  if (!sound) {
    finish(std::unexpected(sound.error()));
  } else if (!url) {
    finish(std::unexpected(std::move(url).error()));
  } else {
    url_ = *std::move(url);
    start_over();
  }
}

// Each try starts at the request's own URL: where a redirect led may be good for one visit only.
void Exchange::start_over() {
  hop_ = Hop{*url_, request_.method, !request_.body.empty(), true};
  redirects_ = 0;
  redirected_ = false;
}

void Exchange::begin() {
  const Ticks now = clock_.ticks();
  if (tries_ == 0) deadline_ = now + request_.budget.total;
  if (!redirected_) ++tries_;
  window_start_ = now;
  window_bytes_ = 0;
  moved_ = 0;
  state_ = State::sending;
}

void Exchange::wake() { state_ = State::ready; }

milliseconds Exchange::left() const {
  if (tries_ == 0) return request_.budget.total;
  const auto rest = std::chrono::ceil<milliseconds>(deadline_ - clock_.ticks());
  return std::max(rest, milliseconds(0));
}

std::string Exchange::tried() const { return tries_ > 1 ? cat(" (", tries_, " tries)") : ""; }

void Exchange::finish(Result<HttpResponse> result) {
  result_ = std::move(result);
  state_ = State::done;
}

void Exchange::conclude(TryResult outcome) {
  if (outcome) return on_answer(*std::move(outcome));
  on_failure(std::move(outcome).error());
}

void Exchange::on_answer(HttpResponse response) {
  const auto location = response.header("location");
  if (is_redirect(response.status) && location) {
    if (++redirects_ > request_.budget.redirects) {
      return finish(fail(Errc::limit, cat(url_->shown(), " redirects more than ",
                                          request_.budget.redirects, " times")));
    }
    auto next = follow_redirect(hop_, response.status, *location);
    if (!next) return finish(std::unexpected(std::move(next).error()));
    hop_ = *std::move(next);
    redirected_ = true;
    state_ = State::ready;
    return;
  }
  if (worth_repeating(response.status)) {
    const auto header = response.header("retry-after");
    const auto asked = header ? retry_after(*header, clock_.now()) : std::nullopt;
    if (schedule_retry(asked)) return;
    if (state_ == State::done) return;
  }
  response.tries = tries_;
  response.url = hop_.url.text();
  finish(std::move(response));
}

void Exchange::on_failure(Failure failure) {
  if (failure.out_of_time) return time_is_up();
  if (failure.again && schedule_retry(std::nullopt)) return;
  failure.error.what += tried();
  finish(std::unexpected(std::move(failure.error)));
}

bool Exchange::schedule_retry(std::optional<milliseconds> asked) {
  if (!may_repeat(request_) || tries_ >= request_.budget.tries) return false;
  const milliseconds rest = left();
  if (asked && *asked >= rest) {
    finish(fail(Error{Errc::timeout,
                      cat(hop_.url.shown(), " asks to come back in ", human_milliseconds(*asked),
                          ", and only ", human_milliseconds(rest), " of ",
                          human_milliseconds(request_.budget.total), " are left", tried())}
                    .advise("try again later, or allow more time")));
    return false;
  }
  // The jitter comes on top of what was asked for, where the budget has room for it.
  milliseconds wait = asked.value_or(milliseconds(0)) + back_off(tries_, random_);
  if (asked && wait >= rest) wait = *asked;
  if (wait >= rest || !allowance_.take()) return false;
  due_ = clock_.ticks() + wait;
  start_over();
  state_ = State::waiting;
  return true;
}

void Exchange::time_is_up() {
  const std::string within = cat(" within ", human_milliseconds(request_.budget.total), tried());
  finish(fail(Errc::timeout,
              moved_ > 0 ? cat(hop_.url.shown(), kTooSlow, moved_, " bytes and no end", within)
                         : cat("no answer from ", hop_.url.shown(), within)));
}

std::optional<Error> Exchange::too_slow(std::uint64_t bytes_moved, bool server_is_thinking) {
  const std::uint64_t least = request_.budget.least_rate;
  if (least == 0) return std::nullopt;
  const Ticks now = clock_.ticks();
  moved_ = server_is_thinking ? 0 : bytes_moved;
  if (server_is_thinking) {
    window_start_ = now;
    window_bytes_ = bytes_moved;
    return std::nullopt;
  }
  if (now - window_start_ < kRateWindow) return std::nullopt;
  const std::uint64_t moved = bytes_moved - window_bytes_;
  const auto length = std::chrono::floor<std::chrono::seconds>(now - window_start_).count();
  if (moved < least * static_cast<std::uint64_t>(length)) {
    return Error{Errc::timeout, cat(hop_.url.shown(), kTooSlow, moved, " bytes in ", length,
                                    " s, at least ", least, " a second are expected")};
  }
  window_start_ = now;
  window_bytes_ = bytes_moved;
  return std::nullopt;
}

}  // namespace sluice::net

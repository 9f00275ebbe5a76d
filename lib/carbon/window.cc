// SPDX-License-Identifier: Apache-2.0
#include "carbon/window.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace sluice::carbon {

namespace {

using std::chrono::seconds;

// Steps without a hole between them, and what is summed up before each of them.
struct Stretch {
  std::span<const Step> steps;
  std::span<const std::int64_t> before;

  Time from() const { return steps.front().from; }
  Time to() const { return steps.back().to; }

  // What is summed up until this time, which lies in step i (or at its end).
  std::int64_t until(std::size_t i, Time at) const {
    return before[i] + (at - steps[i].from).count() * steps[i].intensity.milligrams();
  }
  std::int64_t until(Time at) const {
    const auto after = std::ranges::upper_bound(steps, at, {}, &Step::from);
    return until(static_cast<std::size_t>(after - steps.begin()) - 1, at);
  }
  std::int64_t cost(Time start, seconds length) const {
    return until(start + length) - until(start);
  }
};

struct Candidate {
  Time start;
  std::int64_t sum = 0;
};

class Cheapest {
 public:
  void offer(Time start, std::int64_t sum) {
    if (!best_ || sum < best_->sum || (sum == best_->sum && start < best_->start)) {
      best_ = Candidate{start, sum};
    }
  }
  const std::optional<Candidate>& best() const { return best_; }

 private:
  std::optional<Candidate> best_;
};

// Both walks move their second index forward only, so each is linear.
void offer_starts_of_steps(const Stretch& stretch, seconds length, Time first, Time last,
                           Cheapest& cheapest) {
  std::size_t end = 0;
  for (std::size_t i = 0; i < stretch.steps.size(); ++i) {
    const Time start = stretch.steps[i].from;
    if (start < first) continue;
    if (start > last) return;
    while (stretch.steps[end].to < start + length) ++end;
    cheapest.offer(start, stretch.until(end, start + length) - stretch.before[i]);
  }
}

void offer_ends_of_steps(const Stretch& stretch, seconds length, Time first, Time last,
                         Cheapest& cheapest) {
  std::size_t begin = 0;
  for (std::size_t i = 0; i < stretch.steps.size(); ++i) {
    const Time end = stretch.steps[i].to;
    const Time start = end - length;
    if (start < first) continue;
    if (start > last) return;
    while (stretch.steps[begin].to < start) ++begin;
    cheapest.offer(start, stretch.until(i, end) - stretch.until(begin, start));
  }
}

void search(const Stretch& stretch, const Job& job, Window& out, Cheapest& cheapest) {
  const Time first = std::max(job.now, stretch.from());
  const Time last = std::min(job.finish_by, stretch.to()) - job.length;
  if (first > last) return;
  const std::int64_t earliest = stretch.cost(first, job.length);
  if (first == job.now) out.sum_now = earliest;
  cheapest.offer(first, earliest);
  cheapest.offer(last, stretch.cost(last, job.length));
  offer_starts_of_steps(stretch, job.length, first, last, cheapest);
  offer_ends_of_steps(stretch, job.length, first, last, cheapest);
}

double mean_of(std::int64_t sum, seconds length) {
  return static_cast<double>(sum) / static_cast<double>(length.count()) / 1000;
}

Result<void> check_job(const Job& job) {
  if (job.length <= seconds(0) || job.length > kLongestJob) {
    return fail(Errc::usage, "a job takes between a second and 14 days");
  }
  if (job.now + job.length > job.finish_by) {
    return fail(Errc::usage, cat(human_duration(job.length), " from ", human_time(job.now),
                                 " on do not end before ", human_time(job.finish_by)));
  }
  return {};
}

}  // namespace

double Window::mean() const { return mean_of(sum, length); }
std::optional<double> Window::mean_now() const {
  if (!sum_now) return std::nullopt;
  return mean_of(*sum_now, length);
}
std::optional<double> Window::saving() const {
  if (!sum_now) return std::nullopt;
  return mean_of(*sum_now - sum, length);
}
std::optional<double> Window::saving_percent() const {
  if (!sum_now || *sum_now == 0) return std::nullopt;
  return 100 * static_cast<double>(*sum_now - sum) / static_cast<double>(*sum_now);
}

Result<Window> best_window(std::span<const Step> steps, const Job& job) {
  SLUICE_CHECK(check_job(job));
  if (steps.empty()) return fail(Errc::not_found, "the forecast is empty");
  Window out{.start = job.now, .length = job.length, .covered_until = steps.back().to};
  out.short_horizon = out.covered_until < job.finish_by;
  out.gaps = steps.front().from > job.now;
  std::vector<std::int64_t> before(steps.size(), 0);
  Cheapest cheapest;
  std::size_t first = 0;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Step& step = steps[i];
    const bool last = i + 1 == steps.size();
    if (!last && steps[i + 1].from == step.to) {
      before[i + 1] = before[i] + (step.to - step.from).count() * step.intensity.milligrams();
      continue;
    }
    if (!last && step.to < job.finish_by && steps[i + 1].from > job.now) out.gaps = true;
    const std::size_t count = i + 1 - first;
    search({steps.subspan(first, count), std::span(before).subspan(first, count)}, job, out,
           cheapest);
    first = i + 1;
  }
  if (!cheapest.best()) {
    return fail(Errc::not_found,
                cat("the forecast, which ends at ", human_time(out.covered_until), ", covers no ",
                    human_duration(job.length), " before ", human_time(job.finish_by)));
  }
  out.start = cheapest.best()->start;
  out.sum = cheapest.best()->sum;
  return out;
}

std::string_view name(Reason reason) {
  constexpr std::array<std::string_view, 5> kNames = {"low", "best-is-now", "saves-little",
                                                      "now-not-known", "saves-enough"};
  return kNames[static_cast<std::size_t>(reason)];
}

Advice advise(const Window& window, const Patience& patience) {
  if (!window.sum_now) return {false, Reason::now_not_known};
  const std::int64_t now = *window.sum_now;
  const std::int64_t saved = now - window.sum;
  const std::int64_t length = window.length.count();
  if (now < patience.low.milligrams() * length) return {false, Reason::low};
  if (saved <= 0) return {false, Reason::best_is_now};
  const bool enough =
      saved * 100 >= now * patience.percent && saved >= patience.least.milligrams() * length;
  return {enough, enough ? Reason::saves_enough : Reason::saves_little};
}

}  // namespace sluice::carbon

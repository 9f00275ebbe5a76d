// SPDX-License-Identifier: Apache-2.0
#include "intoto/queue.h"

#include <algorithm>

#include "base/text.h"

namespace sluice::intoto {

namespace {

constexpr std::size_t kSampleMost = 5;

std::string folder_prefix(const std::string& folder) {
  return folder.empty() || folder.ends_with('/') ? folder : folder + "/";
}

// Walks a sorted list forward, for names that only ever grow.
class Cursor {
 public:
  explicit Cursor(const Artifacts& list, std::string prefix = {})
      : list_(list), prefix_(std::move(prefix)) {
    at_ = first_not_below("");
  }

  // The artifact whose name is the prefix and `tail`.
  const Artifact* find(std::string_view tail) {
    leap(tail);
    if (at_ == list_.size() || !is(at_, tail)) return nullptr;
    return &list_[at_];
  }

 private:
  // Is the name at `i` below prefix + tail?
  bool below(std::size_t i, std::string_view tail) const {
    const std::string_view name = list_[i].name;
    const int head = name.substr(0, prefix_.size()).compare(prefix_);
    return head != 0 ? head < 0 : name.substr(prefix_.size()) < tail;
  }
  bool is(std::size_t i, std::string_view tail) const {
    const std::string_view name = list_[i].name;
    return name.starts_with(prefix_) && name.substr(prefix_.size()) == tail;
  }
  std::size_t first_not_below(std::string_view tail) const { return search(0, list_.size(), tail); }
  std::size_t search(std::size_t begin, std::size_t end, std::string_view tail) const {
    while (begin < end) {
      const std::size_t middle = begin + (end - begin) / 2;
      if (below(middle, tail)) {
        begin = middle + 1;
      } else {
        end = middle;
      }
    }
    return begin;
  }
  void leap(std::string_view tail) {
    std::size_t step = 1;
    std::size_t end = at_;
    while (end < list_.size() && below(end, tail)) {
      at_ = end + 1;
      end += step;
      step *= 2;
    }
    at_ = search(at_, std::min(end, list_.size()), tail);
  }

  const Artifacts& list_;
  std::string prefix_;
  std::size_t at_ = 0;
};

// Decides for one rule and artifacts in ascending order: taken, or why not.
class RuleTaker {
 public:
  RuleTaker(const QueueInput& input, std::size_t number)
      : rule_(input.rules[number]),
        number_(number),
        own_(input.steps.find(input.step)->second),
        skip_(folder_prefix(rule_.in).size()),
        materials_(*own_.materials),
        products_(*own_.products) {
    if (rule_.kind != RuleKind::match) return;
    if (const auto other = input.steps.find(rule_.from); other != input.steps.end()) {
      theirs_.emplace(other->second.side(rule_.with), folder_prefix(rule_.with_in));
    }
  }

  // What every name that the rule can cover begins with.
  std::string prefix() const { return folder_prefix(rule_.in) + rule_.glob.literal_prefix(); }
  bool covers(const Artifact& artifact) const {
    return rule_.glob.matches(std::string_view(artifact.name).substr(skip_));
  }

  // Of an artifact that the rule covers.
  std::optional<NearMiss> miss(const Artifact& artifact) {
    switch (rule_.kind) {
      case RuleKind::match:
        return matched(artifact);
      case RuleKind::create:
        if (const auto* before = materials_.find(artifact.name))
          return near(Miss::was_there, before);
        return std::nullopt;
      case RuleKind::remove:
        if (const auto* after = products_.find(artifact.name))
          return near(Miss::still_there, after);
        return std::nullopt;
      case RuleKind::modify:
        return modified(artifact);
      case RuleKind::allow:
      case RuleKind::disallow:
      case RuleKind::require:
        return std::nullopt;
    }
    return std::nullopt;
  }

 private:
  std::optional<NearMiss> near(Miss miss, const Artifact* theirs = nullptr) const {
    return NearMiss{number_, miss, theirs};
  }

  std::optional<NearMiss> matched(const Artifact& artifact) {
    if (!theirs_) return near(Miss::no_such_step);
    const auto* other = theirs_->find(std::string_view(artifact.name).substr(skip_));
    if (other == nullptr) return near(Miss::not_there);
    switch (agreement(artifact.digests, other->digests)) {
      case Agreement::same:
        return std::nullopt;
      case Agreement::differ:
        return near(Miss::other_digest, other);
      case Agreement::no_common:
        return near(Miss::no_common_one, other);
    }
    return near(Miss::no_common_one, other);
  }

  std::optional<NearMiss> modified(const Artifact& artifact) {
    const auto* before = materials_.find(artifact.name);
    const auto* after = products_.find(artifact.name);
    if (before == nullptr || after == nullptr) return near(Miss::one_side_only);
    switch (agreement(before->digests, after->digests)) {
      case Agreement::same:
        return near(Miss::unchanged, before);
      case Agreement::differ:
        return std::nullopt;
      case Agreement::no_common:
        return near(Miss::no_common_one, before);
    }
    return near(Miss::no_common_one, before);
  }

  const Rule& rule_;
  std::size_t number_;
  StepArtifacts own_;
  std::size_t skip_;
  Cursor materials_;
  Cursor products_;
  std::optional<Cursor> theirs_;
};

// Which of the misses says most about why an artifact was not taken.
int telling(Miss miss) {
  switch (miss) {
    case Miss::other_digest:
      return 5;
    case Miss::no_common_one:
      return 4;
    case Miss::unchanged:
    case Miss::was_there:
    case Miss::still_there:
      return 3;
    case Miss::not_there:
      return 2;
    case Miss::no_such_step:
    case Miss::one_side_only:
      return 1;
  }
  return 0;
}

class QueueRun {
 public:
  QueueRun(const QueueInput& input, Tracing tracing)
      : input_(input),
        tracing_(tracing),
        list_(input.steps.find(input.step)->second.side(input.side)) {
    queue_.reserve(list_.size());
    for (const Artifact& each : list_) queue_.push_back(&each);
  }

  QueueResult run() {
    for (std::size_t i = 0; i < input_.rules.size() && !out_.failure; ++i) apply(i);
    out_.left = std::move(queue_);
    return std::move(out_);
  }

 private:
  using Place = std::vector<const Artifact*>::iterator;

  std::pair<Place, Place> part_of(std::string_view prefix) {
    const auto begin = std::ranges::lower_bound(
        queue_, prefix, {}, [](const Artifact* each) { return std::string_view(each->name); });
    const auto end = std::partition_point(begin, queue_.end(), [&](const Artifact* each) {
      return std::string_view(each->name).starts_with(prefix);
    });
    return {begin, end};
  }

  void apply(std::size_t number) {
    const Rule& rule = input_.rules[number];
    RuleTrace trace{.queued = queue_.size()};
    if (rule.kind == RuleKind::require) {
      require(number, trace);
    } else if (rule.kind == RuleKind::disallow) {
      disallow(number, trace);
    } else {
      take(number, trace);
    }
    out_.trace.push_back(std::move(trace));
  }

  void take(std::size_t number, RuleTrace& trace) {
    RuleTaker taker(input_, number);
    const auto [begin, end] = part_of(taker.prefix());
    auto kept = begin;
    for (auto at = begin; at != end; ++at) {
      const Artifact& artifact = **at;
      if (!taker.covers(artifact)) {
        *kept++ = *at;
        continue;
      }
      ++trace.covered;
      const auto missed = taker.miss(artifact);
      if (!missed) {
        note(trace, artifact);
        continue;
      }
      if (tracing_ == Tracing::samples && trace.missed.size() < kSampleMost) {
        trace.missed.emplace_back(&artifact, *missed);
      }
      *kept++ = *at;
    }
    trace.taken = static_cast<std::size_t>(end - kept);
    queue_.erase(kept, end);
  }

  void note(RuleTrace& trace, const Artifact& artifact) const {
    if (tracing_ == Tracing::samples && trace.sample.size() < kSampleMost) {
      trace.sample.push_back(&artifact);
    }
  }

  void disallow(std::size_t number, RuleTrace& trace) {
    const RuleTaker taker(input_, number);
    const auto [begin, end] = part_of(taker.prefix());
    std::optional<QueueFailure> failure;
    int best = -1;
    constexpr std::size_t kBlamedMost = 1000;  // among so many the most telling one is looked for
    for (auto at = begin; at != end; ++at) {
      if (!taker.covers(**at)) continue;
      if (++trace.covered > kBlamedMost) continue;
      note(trace, **at);
      const auto nearly = nearest(**at, number);
      const int tells = nearly ? telling(nearly->miss) : 0;
      if (tells <= best) continue;
      best = tells;
      failure = QueueFailure{.rule = number, .artifact = *at, .nearly = nearly};
    }
    if (failure) failure->count = trace.covered;
    out_.failure = failure;
  }

  void require(std::size_t number, RuleTrace& trace) {
    const std::string& name = input_.rules[number].pattern;
    const auto [begin, end] = part_of(name);
    if (begin != end && (*begin)->name == name) {
      trace.covered = 1;
      note(trace, **begin);
      return;
    }
    QueueFailure failure{.rule = number};
    Cursor all(list_);
    failure.artifact = all.find(name);
    if (failure.artifact != nullptr) failure.taken_by = taker_of(*failure.artifact, number);
    out_.failure = failure;
  }

  bool under(const RuleTaker& taker, const Artifact& artifact) const {
    return std::string_view(artifact.name).starts_with(taker.prefix()) && taker.covers(artifact);
  }

  std::optional<std::size_t> taker_of(const Artifact& artifact, std::size_t before) const {
    for (std::size_t i = 0; i < before; ++i) {
      const RuleKind kind = input_.rules[i].kind;
      if (kind == RuleKind::disallow || kind == RuleKind::require) continue;
      RuleTaker taker(input_, i);
      if (under(taker, artifact) && !taker.miss(artifact)) return i;
    }
    return std::nullopt;
  }

  std::optional<NearMiss> nearest(const Artifact& artifact, std::size_t before) const {
    std::optional<NearMiss> out;
    for (std::size_t i = 0; i < before; ++i) {
      RuleTaker taker(input_, i);
      if (!under(taker, artifact)) continue;
      const auto missed = taker.miss(artifact);
      if (missed && (!out || telling(missed->miss) > telling(out->miss))) out = missed;
    }
    return out;
  }

  const QueueInput& input_;
  Tracing tracing_;
  const Artifacts& list_;
  std::vector<const Artifact*> queue_;
  QueueResult out_;
};

}  // namespace

std::string clause(Miss miss, const Rule& rule) {
  const std::string_view thing = rule.with == Side::products ? "product" : "material";
  switch (miss) {
    case Miss::other_digest:
      return cat("step ", printable(rule.from, 200), " has it with another content");
    case Miss::no_common_one:
      return "the two digests are of different algorithms, so nothing can be compared";
    case Miss::not_there:
      return cat("step ", printable(rule.from, 200), " has no such ", thing);
    case Miss::no_such_step:
      return cat("there is no step ", printable(rule.from, 200), " to compare with");
    case Miss::was_there:
      return "it is a material too, so it was not created here";
    case Miss::still_there:
      return "it is a product too, so it was not deleted";
    case Miss::unchanged:
      return "it did not change";
    case Miss::one_side_only:
      return "it is not both material and product, so it was not modified";
  }
  return "";
}

QueueResult run_queue(const QueueInput& input, Tracing tracing) {
  return QueueRun(input, tracing).run();
}

}  // namespace sluice::intoto

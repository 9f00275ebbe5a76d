// SPDX-License-Identifier: Apache-2.0
#include "sources/sources.h"

#include <algorithm>
#include <future>
#include <system_error>
#include <variant>

#include "aiops/engine.h"
#include "base/text.h"
#include "carbon/cache.h"
#include "carbon/static_table.h"
#include "net/deadline.h"
#include "sources/evidence.h"

namespace sluice::sources {

namespace {

using Deadline = std::chrono::steady_clock::time_point;

// What is to be asked, with every file read and every URL looked at.
struct HealthPlan {
  aiops::Profile profile;
  std::variant<aiops::Sources, aiops::Endpoint> whom;  // the latter: an engine
};

struct CarbonPlan {
  carbon::Zone zone;
  std::optional<carbon::StaticTable> table = {};
  CarbonService service = {};  // where there is no table
  std::chrono::seconds rollout{};
  std::chrono::seconds patience{};  // the longest wait
};

Result<HealthPlan> plan_health(const policy::HealthSource& source, const policy::ReadFile& read,
                               const Credential& credential, std::chrono::milliseconds timeout) {
  HealthPlan plan;
  if (source.profile.empty()) {
    SLUICE_TRY(plan.profile, aiops::default_profile(source.service));
  } else {
    SLUICE_TRY(const std::string text, read(source.profile));
    SLUICE_TRY(plan.profile, aiops::parse_profile(text, source.profile));
  }
  if (!source.engine.empty()) {
    SLUICE_TRY(plan.whom, endpoint(source.engine, credential, timeout));
  } else {
    SLUICE_TRY(plan.whom, prometheus(source.prometheus, source.alertmanager, credential, timeout));
  }
  return plan;
}

Result<CarbonPlan> plan_carbon(const policy::Environment& environment, const policy::ReadFile& read,
                               const CarbonToken& token, std::chrono::milliseconds timeout) {
  const policy::CarbonSource& source = *environment.sources.carbon;
  SLUICE_TRY(auto zone, carbon_zone(source.zone, source.region));
  CarbonPlan plan{.zone = std::move(zone),
                  .rollout = source.duration,
                  .patience = environment.carbon.max_delay};
  if (source.table.empty()) {
    plan.service = {source.provider, source.url, token, timeout};
    return plan;
  }
  SLUICE_TRY(const std::string text, read(source.table));
  SLUICE_TRY(plan.table, carbon::parse_static_table(text, source.table));
  return plan;
}

struct Answered {
  gate::Signal signal;
  std::vector<std::string> notes = {};
};

Answered ask_health(const World& world, const Access& access, const HealthPlan& plan,
                    Deadline deadline, Time now) {
  const auto http = net::until(*access.metrics, world.clock, deadline);
  const auto* const engine = std::get_if<aiops::Endpoint>(&plan.whom);
  const auto report =
      engine != nullptr
          ? aiops::ask_engine(*http, *engine, plan.profile.service, now)
          : aiops::check(*http, plan.profile, std::get<aiops::Sources>(plan.whom), now);
  if (report) return {health_signal(*report)};
  const std::string& url =
      engine != nullptr ? engine->url : std::get<aiops::Sources>(plan.whom).prometheus.url;
  return {not_asked("health", url, report.error())};
}

// A provider, behind the cache where there is one and it asks over the network.
struct CarbonAsker {
  const World& world;
  const Access& access;
  Deadline deadline;
  carbon::Provider& direct;
  bool cached;
  std::vector<std::string>& notes;

  // Waits for another job's answer for half of what is left, so that there is time to ask.
  std::unique_ptr<carbon::Provider> cache() const {
    if (!cached || !access.carbon_cache) return nullptr;
    const auto left =
        std::chrono::floor<std::chrono::milliseconds>(deadline - world.clock.ticks()) / 2;
    const auto note = [this](const std::string& what) { notes.push_back(what); };
    return carbon::cached(
        direct, world.files,
        {*access.carbon_cache, std::max(left, std::chrono::milliseconds(0)), note});
  }
  template <class Ask>
  auto operator()(Ask ask) const {
    const auto before = cache();
    return ask(before ? *before : direct);
  }
};

carbon::Job job_of(const CarbonPlan& plan, Time now) {
  const std::chrono::seconds horizon = carbon::kHorizon;
  return {now, plan.rollout, now + std::min(plan.patience + plan.rollout, horizon)};
}

Answered ask_carbon(const World& world, const Access& access, const CarbonPlan& plan,
                    Deadline deadline, Time now) {
  const auto http = net::until(*access.carbon, world.clock, deadline);
  auto provider =
      plan.table ? carbon::static_provider(*plan.table) : carbon_service(*http, plan.service);
  if (!provider) return {not_asked("carbon", plan.service.url, provider.error())};
  Answered out;
  const CarbonAsker ask{world, access, deadline, **provider, !plan.table.has_value(), out.notes};
  const auto reading =
      ask([&](carbon::Provider& from) { return carbon::observe(&from, plan.zone, now); });
  out.signal = carbon_signal(reading, now);
  if (reading.assumed) return out;
  const auto job = job_of(plan, now);
  add_window(out.signal, ask([&](carbon::Provider& from) {
               return from.forecast(plan.zone, now, job.finish_by);
             }),
             job);
  return out;
}

// On a thread of its own; where the system has none left, on the one that waits for the answer.
template <class Ask>
std::future<Answered> start(Ask ask) {
  try {
    return std::async(std::launch::async, ask);
  } catch (const std::system_error&) {
    return std::async(std::launch::deferred, ask);
  }
}

std::future<Answered> at_hand(gate::Signal signal) {
  std::promise<Answered> promise;
  promise.set_value({std::move(signal)});
  return promise.get_future();
}

}  // namespace

std::vector<gate::Signal> gather(const World& world, const Access& access,
                                 const policy::Environment& environment,
                                 const policy::ReadFile& read, Time now,
                                 const std::function<void()>& meanwhile,
                                 const std::function<void(const std::string&)>& note) {
  const Deadline deadline = world.clock.ticks() + environment.sources.deadline;
  std::optional<Result<HealthPlan>> health;
  std::optional<Result<CarbonPlan>> carbon;
  const auto& sources = environment.sources;
  if (sources.health && environment.counts("health"))
    health = plan_health(*sources.health, read, access.credential, access.timeout);
  if (sources.carbon && environment.counts("carbon"))
    carbon = plan_carbon(environment, read, access.token, access.timeout);

  std::vector<std::future<Answered>> asked;
  if (health && *health) {
    asked.push_back(start([&] { return ask_health(world, access, **health, deadline, now); }));
  } else if (health) {
    const auto& url =
        sources.health->engine.empty() ? sources.health->prometheus : sources.health->engine;
    asked.push_back(at_hand(not_asked("health", url, health->error())));
  }
  if (carbon && *carbon) {
    asked.push_back(start([&] { return ask_carbon(world, access, **carbon, deadline, now); }));
  } else if (carbon) {
    asked.push_back(at_hand(not_asked("carbon", sources.carbon->provider, carbon->error())));
  }
  if (meanwhile) meanwhile();

  std::vector<gate::Signal> signals;
  for (auto& each : asked) {
    Answered answered = each.get();
    signals.push_back(std::move(answered.signal));
    for (const std::string& what : answered.notes) {
      if (note) note(what);
    }
  }
  return signals;
}

Result<void> check(const policy::Environment& environment, const policy::ReadFile& read) {
  const auto& sources = environment.sources;
  constexpr std::chrono::milliseconds kAny{1000};
  if (sources.health) {
    SLUICE_TRY(std::ignore, plan_health(*sources.health, read, {}, kAny));
  }
  if (sources.carbon) {
    SLUICE_TRY(std::ignore, plan_carbon(environment, read, {}, kAny));
    if (!sources.carbon->url.empty()) {
      SLUICE_TRY(std::ignore, endpoint(sources.carbon->url, {}, kAny));
    }
  }
  SLUICE_TRY(std::ignore, risk_scorer(sources, read));
  return {};
}

}  // namespace sluice::sources

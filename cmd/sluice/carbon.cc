// SPDX-License-Identifier: Apache-2.0
// sluice carbon: how clean the grid is now, and when it will be cleanest.
#include <array>
#include <charconv>
#include <cmath>

#include "base/limits.h"
#include "base/text.h"
#include "carbon/cache.h"
#include "carbon/documents.h"
#include "carbon/static_table.h"
#include "commands.h"
#include "exit.h"
#include "settings.h"
#include "sources.h"

namespace sluice::cli {

namespace {

// "45m", "6h", "1h30m", "90s", "2d": units from the largest to the smallest, each once.
Result<std::chrono::seconds> duration_given(const std::string& option, std::string_view text) {
  constexpr std::string_view kUnits = "dhms";
  constexpr std::array<std::int64_t, 4> kLengths = {86'400, 3'600, 60, 1};
  const auto refuse = [&] {
    return fail(Errc::usage, cat(option, ": not a duration: \"", printable(text, 40),
                                 "\"; durations look like 45m, 1h30m or 2d"));
  };
  std::int64_t total = 0;
  std::size_t unit = 0;
  std::string_view rest = text;
  if (rest.empty()) return refuse();
  while (!rest.empty()) {
    std::uint32_t number = 0;
    const auto [at, status] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    rest.remove_prefix(static_cast<std::size_t>(at - rest.data()));
    if (status != std::errc{} || number > 10'000'000 || rest.empty()) return refuse();
    const auto found = kUnits.find(rest[0], unit);
    if (found == std::string_view::npos) return refuse();
    total += kLengths[found] * number;
    unit = found + 1;
    rest.remove_prefix(1);
  }
  return std::chrono::seconds(total);
}

Result<Time> carbon_now(const Invocation& in) {
  if (const auto given = in.args.get("--now")) {
    auto time = parse_rfc3339(*given);
    if (!time) return fail(Errc::usage, cat("--now: ", time.error().what));
    return *time;
  }
  return in.world.clock.now();
}

Result<carbon::Zone> zone_given(const Invocation& in) {
  const auto zone = in.args.get("--zone");
  const auto region = in.args.get("--region");
  if (zone.has_value() == region.has_value()) {
    return fail(Error{Errc::usage, "say where: either --zone or --region"}.advise(
        "--zone DE, or --region aws:eu-central-1"));
  }
  return sources::carbon_zone(zone.value_or(""), region.value_or(""));
}

// What a command asks: the provider, behind the cache where it asks over the network.
struct CarbonSource {
  std::unique_ptr<Http> http;
  std::unique_ptr<carbon::Provider> direct;
  std::unique_ptr<carbon::Provider> cache;
  carbon::Provider* get() const { return cache ? cache.get() : direct.get(); }
};

void put_cache_before(Invocation& in, CarbonSource& source) {
  const auto folder = carbon_cache(in);
  if (!folder) return;
  const auto note = [&in](const std::string& what) {
    in.log.write(LogLevel::warning, "the carbon cache does not work", {{"what", what}});
  };
  const auto wait = in.settings.get(config::kNetTimeout).value * 2 + std::chrono::seconds(5);
  source.cache = carbon::cached(*source.direct, in.world.files, {*folder, wait, note});
}

// The provider that was asked for; otherwise the one for which there is a table or a token;
// otherwise none.
Result<CarbonSource> carbon_source(Invocation& in) {
  const auto table = in.args.get("--table");
  SLUICE_TRY(auto token, carbon_token(in));
  const std::string name = in.args.get("--provider")
                               .value_or(table          ? "static"
                                         : token.secret ? "electricitymaps"
                                                        : "none");
  if ((name == "static") != table.has_value()) {
    return fail(Errc::usage, table ? "--table goes with --provider static"
                                   : "--provider static wants --table FILE");
  }
  CarbonSource out;
  if (name == "none") return out;
  if (name == "static") {
    SLUICE_TRY(const auto text, in.world.files.read(*table, limits::kConfigFile));
    SLUICE_TRY(auto parsed, carbon::parse_static_table(text, shown(Path(*table))));
    out.direct = carbon::static_provider(std::move(parsed));
    return out;
  }
  out.http = net::make_client(in.world, client_options(in.settings));
  // The caller names the URL here, so that a token from the environment may go there, too.
  token.ambient = false;
  const auto url = in.args.get("--url").value_or("");
  SLUICE_TRY(out.direct, within(sources::carbon_service(
                                    *out.http, {name, url, std::move(token),
                                                in.settings.get(config::kNetTimeout).value}),
                                "reading --url"));
  put_cache_before(in, out);
  return out;
}

std::string coloured(const Invocation& in, std::string_view word, bool good) {
  if (!in.colour) return std::string(word);
  return cat(good ? "\x1b[32m" : "\x1b[33m", word, "\x1b[0m");
}

std::string carbon_row(std::string_view label, std::string_view text) {
  return cat("  ", label, std::string(12 - label.size(), ' '), text, "\n");
}

std::string g_per_kwh(double grams) { return cat(std::llround(grams), " g/kWh"); }

std::string signal_words(carbon::Signal signal) {
  return signal == carbon::Signal::average_lifecycle ? "average over the life cycle"
                                                     : "average, combustion only";
}

std::string carbon_text(const Invocation& in, const carbon::Reading& reading) {
  const auto level = carbon::level_of(reading.intensity);
  const std::string zone = printable(reading.zone.str());
  if (reading.assumed) {
    std::string out = cat(g_per_kwh(reading.intensity.grams()), "  ",
                          coloured(in, "assumed", false), "  ", zone, "\n");
    out += carbon_row("why", printable(reading.why));
    if (!reading.hint.empty()) out += carbon_row("try", printable(reading.hint));
    return out;
  }
  std::string out =
      cat(g_per_kwh(reading.intensity.grams()), "  ",
          coloured(in, carbon::name(level), level == carbon::Level::low), "  ", zone, "\n");
  out += carbon_row("at", cat(human_time(reading.at), reading.estimated ? ", estimated" : "",
                              reading.stale ? ", stale" : ""));
  out += carbon_row("source", cat(reading.provider, ", ", printable(reading.source),
                                  reading.cached ? ", asked earlier this hour" : ""));
  out += carbon_row("signal", signal_words(reading.signal));
  return out;
}

Result<int> run_carbon_now(Invocation& in) {
  SLUICE_TRY(const Time now, carbon_now(in));
  SLUICE_TRY(const auto zone, zone_given(in));
  SLUICE_TRY(const auto source, carbon_source(in));
  const auto reading = carbon::observe(source.get(), zone, now);
  SLUICE_CHECK(in.json ? in.print_json(carbon::as_json(reading))
                       : in.console.print(carbon_text(in, reading)));
  const auto limit = in.args.get("--fail-on");
  if (reading.assumed) return limit || source.get() != nullptr ? kUndecided : kDone;
  if (limit && carbon::level_of(reading.intensity) >= *carbon::level_named(*limit)) return kRefused;
  return kDone;
}

std::string why_of(const carbon::Window& window, const carbon::Advice& advice,
                   const carbon::Patience& patience) {
  const auto saving = [&] {
    const auto percent = window.saving_percent();
    return cat(g_per_kwh(window.saving().value_or(0)), " (", std::llround(percent.value_or(0)),
               " %)");
  };
  switch (advice.reason) {
    case carbon::Reason::low:
      return cat("clean enough: ", g_per_kwh(*window.mean_now()), " is below ",
                 g_per_kwh(patience.low.grams()));
    case carbon::Reason::best_is_now:
      return "there is no better time before the deadline";
    case carbon::Reason::saves_little:
      return cat("waiting until ", human_time(window.start), " would save ", saving(),
                 ", less than asked for");
    case carbon::Reason::now_not_known:
      return "the forecast does not cover now, so nothing says what waiting would save";
    case carbon::Reason::saves_enough:
      return cat(g_per_kwh(window.mean()), " then, ", g_per_kwh(*window.mean_now()), " now: saves ",
                 saving());
  }
  return {};
}

std::string carbon_text(const Invocation& in, const carbon::Window& window,
                        const carbon::Advice& advice, const carbon::Patience& patience,
                        const carbon::Forecast& forecast, const carbon::Job& job) {
  std::string out = advice.wait
                        ? cat(coloured(in, "WAIT", false), " until ", human_time(window.start))
                        : coloured(in, "NOW", true);
  out += cat("   ", human_duration(job.length), " in ", printable(forecast.zone.str()), "\n");
  out += cat("  ", why_of(window, advice, patience), "\n\n");
  out += carbon_row("finish by", human_time(job.finish_by));
  out += carbon_row("forecast",
                    cat("until ", human_time(window.covered_until),
                        window.short_horizon ? "; the time after that was not looked at" : "",
                        window.gaps ? "; it has gaps" : ""));
  out += carbon_row("source", cat(forecast.provider, ", ", printable(forecast.source),
                                  forecast.cached ? ", asked earlier this hour" : ""));
  out += carbon_row("signal", signal_words(forecast.signal));
  return out;
}

Result<carbon::Job> job_given(const Invocation& in) {
  SLUICE_TRY(const Time now, carbon_now(in));
  SLUICE_TRY(const auto length, duration_given("--for", *in.args.get("--for")));
  const auto finish_by = in.args.get("--finish-by");
  const auto span = in.args.get("--within");
  if (finish_by.has_value() == span.has_value()) {
    return fail(Errc::usage, "say until when: either --finish-by or --within");
  }
  if (span) {
    SLUICE_TRY(const auto ahead, duration_given("--within", *span));
    return carbon::Job{now, length, now + std::min<std::chrono::seconds>(ahead, carbon::kHorizon)};
  }
  auto time = parse_rfc3339(*finish_by);
  if (!time) return fail(Errc::usage, cat("--finish-by: ", time.error().what));
  return carbon::Job{now, length, *time};
}

Result<carbon::Patience> patience_given(const Invocation& in) {
  carbon::Patience out;
  if (const auto given = in.args.get("--save-at-least")) {
    double grams = 0;
    const char* end = given->data() + given->size();
    const auto [at, status] = std::from_chars(given->data(), end, grams);
    const auto least =
        status == std::errc{} && at == end ? carbon::Intensity::of(grams) : std::nullopt;
    if (!least) return fail(Errc::usage, "--save-at-least: grams per kWh, a number from 0 to 5000");
    out.least = *least;
  }
  return out;
}

Result<int> run_carbon_window(Invocation& in) {
  SLUICE_TRY(const auto job, job_given(in));
  SLUICE_TRY(const auto patience, patience_given(in));
  SLUICE_TRY(const auto zone, zone_given(in));
  SLUICE_TRY(const auto source, carbon_source(in));
  if (source.get() == nullptr) {
    const auto unknown = carbon::observe(nullptr, zone, job.now);
    return fail(Error{Errc::not_found, unknown.why, {}, unknown.hint});
  }
  const auto forecast = source.get()->forecast(zone, job.now, job.finish_by);
  if (!forecast) return fail(forecast.error().error);
  SLUICE_TRY(const auto window, carbon::best_window(forecast->steps, job));
  const auto advice = carbon::advise(window, patience);
  SLUICE_CHECK(in.json
                   ? in.print_json(carbon::as_json(window, advice, *forecast, job))
                   : in.console.print(carbon_text(in, window, advice, patience, *forecast, job)));
  return kDone;
}

std::vector<Option> carbon_options(std::vector<Option> own) {
  const std::vector<Option> shared = {
      {"--zone", "ZONE", "the grid zone, in the words of the provider: DE, US-CAL-CISO, GB-RG10"},
      {"--region", "REGION", "a cloud region instead: aws:…, gcp:… or azure:…"},
      {"--provider",
       "NAME",
       "who is asked; default: static with --table, electricitymaps with a "
       "token, otherwise nobody",
       {"electricitymaps", "uk", "static"}},
      {"--table", "FILE", "the numbers of the provider static, as YAML or JSON"},
      {"--url", "URL", "where the provider is; default: its public address"},
      {"--now", "TIME", "as if it were that time (RFC 3339); default: the clock"}};
  own.insert(own.end(), shared.begin(), shared.end());
  const auto access = carbon_access_options();
  own.insert(own.end(), access.begin(), access.end());
  const auto network = network_options();
  own.insert(own.end(), network.begin(), network.end());
  return own;
}

Command now_command() {
  return {.words = {"carbon", "now"},
          .summary = "how clean the electricity of a place is now",
          .description =
              "Grams of CO2 equivalent for each kWh: low below 200, medium below 300, high below "
              "400, very-high from there on. The answer of one hour is kept in "
              "~/.cache/sluice/carbon.\n"
              "Where nothing is configured, 300 is assumed and marked so. Where the source fails, "
              "too, and the exit code is 3. With --fail-on, exit code 1 from that level on; an "
              "assumed value then is 3, never 1.",
          .examples = {{"a cloud region, with the token of the environment",
                        "sluice carbon now --region aws:eu-central-1"},
                       {"Great Britain, without a token",
                        "sluice carbon now --provider uk --zone GB-RG10"},
                       {"numbers of one's own",
                        "sluice carbon now --zone DE --table carbon.yaml --fail-on high"}},
          .options = carbon_options({{"--fail-on",
                                      "LEVEL",
                                      "exit code 1 from this level on",
                                      {"low", "medium", "high", "very-high"}}}),
          .run = run_carbon_now};
}

Command window_command() {
  return {.words = {"carbon", "window"},
          .summary = "the cleanest time for a job before a deadline",
          .description =
              "Finds the start that is exactly the best in the forecast. Waiting is advised only "
              "where now is not low (below 200 g/kWh) and it saves at least 10 % and what "
              "--save-at-least asks for.\n"
              "Exit code 0 with either answer, 3 where there is no forecast.",
          .examples = {{"a rollout of 45 minutes, done in six hours",
                        "sluice carbon window --region gcp:europe-west3 --for 45m --within 6h"},
                       {"by a point in time",
                        "sluice carbon window --provider uk --zone GB --for 2h --finish-by "
                        "2030-01-16T06:00:00Z"}},
          .options = carbon_options(
              {{"--for", "DURATION", "how long the job takes: 45m, 1h30m", {}, true},
               {"--finish-by", "TIME", "when it has to be done (RFC 3339)"},
               {"--within", "DURATION", "the same, from now on"},
               {"--save-at-least", "GRAMS", "wait only for this much less per kWh; default: 0"}}),
          .run = run_carbon_window};
}

}  // namespace

std::vector<Command> carbon_commands() { return {now_command(), window_command()}; }

}  // namespace sluice::cli

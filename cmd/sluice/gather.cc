// SPDX-License-Identifier: Apache-2.0
#include "gather.h"

#include <algorithm>

#include "base/text.h"
#include "report/report.h"
#include "settings.h"
#include "sources.h"

namespace sluice::cli {

namespace {

Result<gate::Signal> read_signal(const Invocation& in, const std::string& file) {
  SLUICE_TRY(const std::string text, in.world.files.read(file, gate::kMaxSignalFile));
  SLUICE_TRY(auto signal,
             within(gate::parse_signal(text), cat("reading the evidence ", printable(file, 200))));
  // Whatever the file says of itself: the gate did not see it happen.
  signal.asserted = true;
  if (signal.source.empty()) signal.source = file;
  return signal;
}

}  // namespace

Result<std::vector<gate::Signal>> gather(Invocation& in, const policy::Environment& environment,
                                         const ChangeFound& found, const policy::ReadFile& read,
                                         Time now) {
  const auto files = in.args.all("--signal");
  if (files.size() > gate::kMaxSignals) {
    return fail(Errc::usage, cat("--signal was given ", files.size(), " times, at most ",
                                 gate::kMaxSignals, " are taken"));
  }
  std::vector<gate::Signal> signals;
  for (const std::string& file : files) {
    SLUICE_TRY(auto signal, read_signal(in, file));
    signals.push_back(std::move(signal));
  }
  const bool given = std::ranges::find(signals, "risk", &gate::Signal::id) != signals.end();
  if (given && !in.args.positionals().empty()) {
    return fail(Errc::usage,
                "the risk is to come from the range or from a --signal file, not from both");
  }
  SLUICE_TRY(const auto access, source_access(in));
  const auto scorer = sources::risk_scorer(environment.sources, read);
  std::optional<gate::Signal> risk;
  auto gathered = sources::gather(
      in.world, access, environment, read, now,
      [&] {
        if (given || !environment.counts("risk")) return;
        risk = found.change ? risk_signal(*found.change, scorer, now) : missing_risk(found, now);
      },
      [&](const std::string& what) {
        in.log.write(LogLevel::warning, "the carbon cache does not work", {{"what", what}});
      });
  if (risk && !found.change) {
    in.console.talk(cat("sluice: no change to judge: ", report::as_text(found.why_none)));
  }
  if (risk) signals.push_back(*std::move(risk));
  for (auto& each : gathered) signals.push_back(std::move(each));
  return signals;
}

std::vector<Option> gather_options() {
  std::vector<Option> options = {
      {.name = "--signal",
       .value = "FILE",
       .help = "evidence gathered elsewhere (sluice.signal/v1): it is marked as the caller's "
               "word, and counts where the policy says \"asserted: accept\"",
       .repeated = true}};
  for (auto& each : source_options()) options.push_back(std::move(each));
  for (auto& each : network_options()) options.push_back(std::move(each));
  return options;
}

}  // namespace sluice::cli

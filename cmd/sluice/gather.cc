// SPDX-License-Identifier: Apache-2.0
#include "gather.h"

#include "base/text.h"

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

Result<std::vector<gate::Signal>> gather(Invocation& in, const policy::Environment&) {
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
  return signals;
}

std::vector<Option> gather_options() {
  return {{.name = "--signal",
           .value = "FILE",
           .help = "evidence gathered elsewhere (sluice.signal/v1): it is marked as the caller's "
                   "word, and counts where the policy says \"asserted: accept\"",
           .repeated = true}};
}

}  // namespace sluice::cli

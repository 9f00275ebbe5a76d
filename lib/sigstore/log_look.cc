// SPDX-License-Identifier: Apache-2.0
#include "sigstore/log_look.h"

#include "base/text.h"

namespace sluice::sigstore {

namespace {

constexpr std::chrono::milliseconds kStateLockWait{2000};

}  // namespace

Result<LogStateFile> LogStateFile::open(Files& files, Path path) {
  auto lock = files.lock(path.native() + ".lock", kStateLockWait);
  if (lock) return LogStateFile(files, std::move(path), *std::move(lock));
  if (lock.error().code != Errc::timeout) return fail(std::move(lock).error());
  return fail(Error{Errc::timeout, cat("another watcher has ", shown(path))}.advise(
      "one state is one watch: give this one a --state of its own"));
}

Result<std::optional<LogState>> LogStateFile::read() {
  auto text = files_.read_plain(path_, kLogStateBytes, Links::followed);
  if (!text && text.error().code == Errc::not_found) return std::nullopt;
  if (!text) return fail(std::move(text).error());
  auto state = parse_log_state(*text);
  if (!state) {
    return fail(std::move(state)
                    .error()
                    .in(cat("reading ", shown(path_)))
                    .advise("without it nothing is known of the log's past: restore it, or move it "
                            "away and begin anew"));
  }
  kept_ = *std::move(text);
  return *std::move(state);
}

Result<void> LogStateFile::keep(const std::optional<LogState>& state) {
  if (!state) return {};
  std::string text = write_log_state(*state);
  if (text == kept_) return {};
  SLUICE_CHECK(within(files_.replace(path_, text), "keeping the state of the watch"));
  kept_ = std::move(text);
  return {};
}

Result<Path> LogStateFile::store_evidence(const LogAlert& alert, std::string_view content) {
  const auto digest =
      crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(cat(alert.kept, alert.seen)));
  Path path = cat(path_.native(), ".", alert.id, "-", digest.hex().substr(0, 16), ".json");
  auto stored = files_.create(path, content);
  const bool there = !stored && stored.error().code == Errc::denied && files_.info(path);
  if (stored || there) return path;
  return fail(std::move(stored).error().in("storing the evidence"));
}

Result<Look> look_at_log(Monitor& monitor, LogStateFile& file, Begin begin,
                         const LookListener& listener) {
  Look out{.began = !monitor.state() && begin == Begin::at_present_head};
  SLUICE_TRY(Progress head, monitor.take_head(begin));
  if (head.alert) return Look{.alert = std::move(head.alert)};
  SLUICE_CHECK(file.keep(monitor.state()));
  out.size = monitor.size();
  out.first = out.end = monitor.size() - monitor.left();
  while (monitor.left() != 0) {
    SLUICE_TRY(Progress round, monitor.read_on());
    if (round.alert) {
      out.alert = std::move(round.alert);
      return out;
    }
    for (const EntryFinding& finding : round.findings) SLUICE_CHECK(listener.tell(finding));
    SLUICE_CHECK(file.keep(monitor.state()));
    out.end = round.end;
    if (listener.progress) listener.progress(out.end, out.size);
  }
  return out;
}

}  // namespace sluice::sigstore

// SPDX-License-Identifier: Apache-2.0
#include "tuf_session.h"

#include "base/limits.h"
#include "base/text.h"
#include "exit.h"
#include "report/report.h"
#include "settings.h"

namespace sluice::cli {

namespace {

// The report with everything that tools want to know beside it.
json::Value tuf_json(const Report& report, const tuf::State* state, json::Array targets) {
  json::Value checked = report::as_json(report);
  json::Value out;
  out.set("kind", "sluice.tuf-client/v1");
  out.set("subject", *checked.find("subject"));
  out.set("verdict", *checked.find("verdict"));
  if (state != nullptr) {
    json::Value roles;
    const auto role = [&](const char* name, const tuf::RoleState& of) {
      json::Value entry;
      entry.set("version", of.version);
      entry.set("expires", rfc3339(of.expires));
      roles.set(name, std::move(entry));
    };
    role("root", state->root);
    role("timestamp", state->timestamp);
    role("snapshot", state->snapshot);
    role("targets", state->targets);
    out.set("roles", std::move(roles));
  }
  out.set("targets", json::Value(std::move(targets)));
  out.set("checks", *checked.find("checks"));
  return out;
}

}  // namespace

Result<Headers> tuf_headers(const Invocation& in) {
  Headers out;
  const auto file = in.args.get("--headers");
  if (!file) return out;
  SLUICE_TRY(const auto text, in.world.files.read(*file, limits::kConfigFile));
  for (const auto line : split(text, '\n')) {
    if (trim(line).empty()) continue;
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) {
      return fail(Errc::usage, "--headers: a line is not of the form Name: value");
    }
    out.emplace_back(trim(line.substr(0, colon)), trim(line.substr(colon + 1)));
  }
  return out;
}

TufSession open_tuf(Invocation& in, tuf::ClientOptions options) {
  TufSession out;
  options.request_time = in.settings.get(config::kNetTimeout).value;
  options.note = [&in](const std::string& what) {
    in.log.write(LogLevel::warning, "overcome", {{"what", what}});
  };
  if (in.console.terminal_out() && !in.json) {
    options.progress = [&in](const tuf::Progress& progress) {
      in.console.talk(cat("\r\x1b[K", "fetching   ", human_bytes(progress.done), " of ",
                          human_bytes(progress.total), "   ", printable(progress.what, 40),
                          progress.done == progress.total ? "\r\x1b[K" : ""));
    };
  }
  if (!options.offline) out.http = net::make_client(in.world, client_options(in.settings));
  out.client = std::make_unique<tuf::Client>(in.world.files, in.world.clock, out.http.get(),
                                             std::move(options));
  return out;
}

void add_tuf_facts(Report& report, const tuf::State& state) {
  const auto role = [&](const char* name, const tuf::RoleState& of, const std::string& more = "") {
    report.fact(name, cat(of.version, ", good until ", human_time(of.expires), more));
  };
  role("root", state.root);
  role("timestamp", state.timestamp);
  role("snapshot", state.snapshot);
  std::string more =
      cat("; ", state.target_count, state.target_count == 1 ? " target" : " targets");
  if (state.delegations > 0) {
    more += cat(", ", state.delegations, " delegated ", state.delegations == 1 ? "role" : "roles");
  }
  role("targets", state.targets, more);
}

json::Value target_json(const tuf::TargetFile& file) {
  json::Value out;
  out.set("path", printable(file.path, tuf::kMaxTargetPath * 4));
  out.set("length", static_cast<std::int64_t>(file.length));
  json::Value hashes{json::Object{}};
  for (const auto& each : file.hashes.known) {
    hashes.set(std::string(crypto::name(each.algorithm())), each.hex());
  }
  out.set("hashes", std::move(hashes));
  return out;
}

json::Value found_json(const tuf::Found& found) {
  json::Value out = target_json(found.file);
  out.set("role", printable(found.role.str(), 300));
  return out;
}

json::Value fetched_json(const tuf::Fetched& fetched) {
  json::Value out = found_json(fetched.target);
  out.set("file", shown(fetched.path));
  out.set("present", fetched.present);
  return out;
}

void add_fetched_facts(Report& report, const tuf::Fetched& fetched) {
  report.fact("file", cat(shown(fetched.path), fetched.present ? ", was there already" : ""));
  report.fact("digest", listed_digest(fetched.target.file));
  report.fact("listed by", printable(fetched.target.role.str(), 300));
}

Result<int> tuf_answer(Invocation& in, const Report& report, const tuf::State* state,
                       json::Array targets) {
  SLUICE_CHECK(in.json ? in.print_json(tuf_json(report, state, std::move(targets)))
                       : in.console.print(report::as_text(report, {in.colour, false})));
  return report.passed() ? kDone : kRefused;
}

std::string listed_digest(const tuf::TargetFile& file) {
  return file.hashes.known.empty() ? "a hash of an unknown kind" : file.hashes.known[0].text();
}

}  // namespace sluice::cli

// SPDX-License-Identifier: Apache-2.0
// sluice doctor: what would get in the way, found before it does.
#include <sys/resource.h>

#include "base/text.h"
#include "commands.h"
#include "crypto/digest.h"
#include "exit.h"
#include "invocation.h"
#include "net/ca.h"
#include "net/client.h"
#include "settings.h"
#include "version.h"

namespace sluice::cli {

namespace {

enum class Finding : std::uint8_t { good, odd, bad };

struct Row {
  std::string id;
  Finding finding;
  std::string text;
  std::string advice = {};
};

std::string_view word(Finding finding) {
  switch (finding) {
    case Finding::good:
      return "ok";
    case Finding::odd:
      return "warn";
    case Finding::bad:
      return "FAIL";
  }
  return "FAIL";
}

// Years in which this program can have been built and be in use.
Row clock_row(const World& world) {
  const Time now = world.clock.now();
  const auto year = std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(now)).year();
  if (year >= std::chrono::year(2026) && year < std::chrono::year(2100))
    return {"clock", Finding::good, human_time(now)};
  return {"clock", Finding::bad, cat("the clock says ", human_time(now)),
          "set the clock: certificates and expiry depend on it"};
}

Row locked_memory_row() {
  rlimit limit{};
  ::getrlimit(RLIMIT_MEMLOCK, &limit);
  constexpr rlim_t kEnough = 64U << 10;
  if (limit.rlim_cur >= kEnough) {
    return {"locked-memory", Finding::good,
            limit.rlim_cur == RLIM_INFINITY ? "no limit" : human_bytes(limit.rlim_cur)};
  }
  return {"locked-memory", Finding::odd,
          cat("only ", human_bytes(limit.rlim_cur), " can be locked: a password may reach swap"),
          "ulimit -l 64"};
}

Row temp_row(Invocation& in) {
  const Path folder = in.world.environment.get("TMPDIR").value_or("/tmp");
  const Path probe = folder / cat(".sluice-doctor-", in.world.random.below(1U << 30));
  const auto written = in.world.files.create(probe, "probe", 0600);
  if (!written)
    return {"temporary-folder", Finding::bad, written.error().text(),
            "free space there, or set TMPDIR"};
  (void)in.world.files.remove(probe);
  return {"temporary-folder", Finding::good, cat(shown(folder), " can be written and synced")};
}

Row digest_row() {
  const auto digest = crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of("abc"));
  const bool right =
      digest.hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  if (right) return {"digest", Finding::good, "SHA-256 gives its known answer"};
  return {"digest", Finding::bad, "SHA-256 gives a wrong answer", "do not use this installation"};
}

Row authorities_row(Invocation& in) {
  const auto found = net::find_ca_bundle(in.world.environment, in.world.files);
  if (found) return {"authorities", Finding::good, cat(found->shown(), ", from ", found->origin)};
  return {"authorities", Finding::odd, found.error().text(),
          found.error().hint.empty() ? "install the package ca-certificates, or set SSL_CERT_FILE"
                                     : found.error().hint};
}

Row proxy_row(const Invocation& in) {
  const auto setting = in.settings.get(config::kNetProxy);
  if (setting.value) return {"proxy", Finding::good, cat("from ", setting.origin.text)};
  for (const auto* name : {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}) {
    if (in.world.environment.get(name))
      return {"proxy", Finding::good, cat("from the variable ", name)};
  }
  return {"proxy", Finding::good, "none"};
}

// Tries a server as every command would: same proxy, same authorities, same bounds.
Row connect_row(Invocation& in, const std::string& url) {
  const auto client = net::make_client(in.world, client_options(in.settings));
  HttpRequest request{.method = "HEAD", .url = url};
  request.budget.tries = 1;
  request.budget.total = in.settings.get(config::kNetTimeout).value;
  const auto answer = client->send(request);
  if (answer)
    return {"connect", Finding::good, cat(printable(answer->url), " answered ", answer->status)};
  return {"connect", Finding::bad, answer.error().text(), answer.error().hint};
}

Result<int> run_doctor(Invocation& in) {
  std::vector<Row> rows = {clock_row(in.world), digest_row(),        locked_memory_row(),
                           temp_row(in),        authorities_row(in), proxy_row(in)};
  for (const auto& url : in.args.all("--connect")) rows.push_back(connect_row(in, url));
  bool sound = true;
  json::Array list;
  std::string text = cat("sluice ", kVersion, " (", SLUICE_LINKING, ")\n");
  for (const auto& row : rows) {
    sound = sound && row.finding != Finding::bad;
    text += cat("  ", word(row.finding), std::string(6 - word(row.finding).size(), ' '), row.id,
                std::string(18 - row.id.size(), ' '), printable(row.text), "\n");
    if (!row.advice.empty())
      text += cat(std::string(26, ' '), "try: ", printable(row.advice), "\n");
    json::Value entry;
    entry.set("id", row.id);
    entry.set("finding", lower_ascii(word(row.finding)));
    entry.set("text", printable(row.text));
    if (!row.advice.empty()) entry.set("advice", printable(row.advice));
    list.push_back(std::move(entry));
  }
  json::Value out;
  out.set("kind", "sluice.doctor/v1");
  out.set("version", kVersion);
  out.set("findings", std::move(list));
  SLUICE_CHECK(in.json ? in.print_json(out) : in.console.print(text));
  return sound ? kDone : kUndecided;
}

std::vector<Option> doctor_options() {
  auto options = network_options();
  options.insert(
      options.begin(),
      {"--connect", "URL", "try to reach this server, as every command would", {}, false, true});
  return options;
}

}  // namespace

std::vector<Command> doctor_commands() {
  return {{.words = {"doctor"},
           .summary = "look for what would get in the way",
           .description = "Looks at the clock, memory that can be locked, the temporary folder, "
                          "certificate authorities "
                          "and the proxy. Opens no connection unless --connect asks for one. Exit "
                          "code 3 if something fails.",
           .examples = {{"before the first use", "sluice doctor"},
                        {"can this machine reach a server?",
                         "sluice doctor --connect https://example.org/"}},
           .options = doctor_options(),
           .run = run_doctor}};
}

}  // namespace sluice::cli

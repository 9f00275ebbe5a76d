// SPDX-License-Identifier: Apache-2.0
#include "tuf_map.h"

#include <map>

#include "base/text.h"
#include "tuf/checks.h"
#include "tuf/map.h"
#include "tuf_identity.h"
#include "tuf_session.h"

namespace sluice::cli {

namespace {

std::string url_below(const std::string& url, std::string_view part) {
  return cat(url, url.ends_with('/') ? "" : "/", part);
}

// The repositories of a map that were asked so far, each refreshed once.
class MappedSessions {
 public:
  MappedSessions(Invocation& in, Headers headers) : in_(in), headers_(std::move(headers)) {}

  Result<Verdict<tuf::Found>> ask(const tuf::MappedRepository& repository,
                                  const std::string& path) {
    SLUICE_TRY(auto* opened, open(repository));
    if (opened->refused) {
      return Verdict<tuf::Found>::conclude(*opened->refused, std::nullopt);
    }
    return opened->session.client->find(path);
  }
  tuf::Client& client(const std::string& name) { return *opened_.at(name).session.client; }

 private:
  struct Opened {
    TufSession session;
    std::optional<Report> refused = {};
  };

  Result<Opened*> open(const tuf::MappedRepository& repository) {
    if (const auto at = opened_.find(repository.name); at != opened_.end()) return &at->second;
    tuf::ClientOptions options;
    options.folder = Path(*in_.args.get("--cache")) / tuf::repository_folder(repository.name);
    options.offline = in_.args.has("--offline");
    options.headers = headers_;
    options.foreign = identity_keys(in_);
    for (const auto& url : repository.urls) {
      options.metadata_urls.push_back(url_below(url, "metadata"));
      options.metadata_urls.push_back(url);
      options.target_urls.push_back(url_below(url, "targets"));
    }
    Opened made{.session = open_tuf(in_, std::move(options))};
    auto refreshed = made.session.client->refresh();
    if (!refreshed) {
      Error error = std::move(refreshed).error();
      if (error.hint.starts_with("sluice tuf client init")) {
        error.hint = cat("sluice tuf client init --cache DIR --repository '",
                         printable(repository.name, 80), "' ROOT.json");
      }
      return fail(std::move(error));
    }
    if (!refreshed->passed()) made.refused = refreshed->report();
    return &opened_.emplace(repository.name, std::move(made)).first->second;
  }

  Invocation& in_;
  Headers headers_;
  std::map<std::string, Opened> opened_;
};

// From the first of those that agree, in their order, whose copy is good; nothing where none has.
Result<std::optional<tuf::Fetched>> fetch_agreed(Invocation& in, MappedSessions& sessions,
                                                 const tuf::Agreed& agreed, Report& report) {
  std::optional<Report> refused;
  std::optional<Error> error;
  for (const auto& name : agreed.repositories) {
    auto fetched = sessions.client(name).download({agreed.target}, *in.args.get("--to"));
    if (!fetched) {
      if (!error) error = std::move(fetched).error();
    } else if (!fetched->passed()) {
      if (!refused) refused = fetched->report();
    } else {
      tuf::append(report, fetched->report());
      return fetched->value()->front();
    }
  }
  if (!refused) return fail(*std::move(error));
  tuf::append(report, *refused);
  return std::nullopt;
}

Result<tuf::RepositoryMap> read_map(const Invocation& in) {
  for (const auto* one : {"--metadata-url", "--target-url", "--root"}) {
    if (in.args.has(one)) {
      return fail(Errc::usage, cat("--map says where things are: leave out ", one));
    }
  }
  const Path file = *in.args.get("--map");
  SLUICE_TRY(const auto text, in.world.files.read(file, tuf::kMapBytes));
  return within(tuf::parse_map(text), cat("reading ", shown(file)));
}

}  // namespace

Result<int> download_by_map(Invocation& in) {
  SLUICE_TRY(const auto map, read_map(in));
  SLUICE_TRY(auto headers, tuf_headers(in));
  MappedSessions sessions(in, std::move(headers));
  const auto& names = in.args.positionals();
  Report report(names.size() == 1 ? printable(names[0], 300) : cat(names.size(), " targets"));
  json::Array files;
  for (const auto& path : names) {
    SLUICE_TRY(const auto agreed,
               tuf::find_agreed(map, path, [&](const tuf::MappedRepository& repository) {
                 return sessions.ask(repository, path);
               }));
    tuf::append(report, agreed.report());
    if (!agreed.passed()) break;
    SLUICE_TRY(const auto fetched, fetch_agreed(in, sessions, *agreed.value(), report));
    if (!fetched) break;
    json::Value entry = fetched_json(*fetched);
    json::Array repositories;
    std::vector<std::string> shown_names;
    for (const auto& name : agreed.value()->repositories) {
      shown_names.push_back(printable(name, 80));
      repositories.emplace_back(shown_names.back());
    }
    entry.set("repositories", std::move(repositories));
    files.push_back(std::move(entry));
    add_fetched_facts(report, *fetched);
    report.fact("agreed by", join(shown_names, ", "));
  }
  return tuf_answer(in, report, nullptr, std::move(files));
}

}  // namespace sluice::cli

// SPDX-License-Identifier: Apache-2.0
// sluice tuf publish, refresh-online, clean.
#include <algorithm>

#include "base/limits.h"
#include "base/text.h"
#include "commands.h"
#include "exit.h"
#include "report/report.h"
#include "settings.h"
#include "sign_services.h"
#include "tuf_repo.h"
#include "tuf_signers.h"
#include "tufrepo/clean.h"
#include "tufrepo/mirror.h"

namespace sluice::cli {

namespace {

constexpr std::size_t kToldReleased = 12;

std::string publish_place(const Invocation& in, const tuf::Repository& repository) {
  return in.args.get("--to").value_or(repository.policy().publish_to);
}

// Another place, where there is one.
struct Place {
  std::unique_ptr<Http> http;
  std::unique_ptr<tuf::Store> store;  // nullptr: only the folder itself
};
Result<Place> other_place(Invocation& in, const tuf::Repository& repository) {
  Place out;
  const std::string place = publish_place(in, repository);
  if (place.empty()) return out;
  out.http = net::make_client(in.world, client_options(in.settings));
  SLUICE_TRY(out.store, tuf::open_store(place, {}, in.world, out.http.get()));
  return out;
}

Result<int> tell_refused(Invocation& in, const Report& report) {
  SLUICE_CHECK(in.json ? in.print_json(report::as_json(report))
                       : in.console.print(report::as_text(report, {in.colour, false})));
  return kRefused;
}

json::Value released_json(const tuf::Release& release, Time now) {
  json::Value out;
  out.set("kind", "sluice.tuf-published/v1");
  out.set("nothing_to_do", release.nothing_to_do);
  json::Array roles;
  for (const auto& each : release.roles) {
    json::Value entry;
    entry.set("role", printable(each.role.str(), 200));
    entry.set("from", each.from);
    entry.set("to", each.to);
    entry.set("expires", rfc3339(each.expires));
    roles.push_back(std::move(entry));
  }
  out.set("roles", json::Value(std::move(roles)));
  json::Array waiting;
  for (const auto& each : release.waiting) {
    json::Value entry;
    entry.set("role", printable(each.role.str(), 200));
    entry.set("version", each.version);
    entry.set("expires", rfc3339(each.expires));
    entry.set("expired", each.expired(now));
    entry.set("says", each.says(now));
    entry.set("next", each.next);
    waiting.push_back(std::move(entry));
  }
  out.set("waiting", json::Value(std::move(waiting)));
  if (!release.warning.empty()) out.set("warning", release.warning);
  return out;
}

// What has to be done by people, and with what they go on.
std::string left_text(const tuf::Release& release, Time now) {
  std::string out;
  if (!release.warning.empty()) out += cat("warning  ", release.warning, "\n");
  if (!release.waiting.empty()) out += "waits for people\n";
  for (std::size_t i = 0; i < release.waiting.size(); ++i) {
    if (i == kToldReleased) {
      out += cat("  and ", release.waiting.size() - i, " more: sluice tuf status\n");
      break;
    }
    const auto& each = release.waiting[i];
    out +=
        cat("  ", printable(each.role.str(), 80), ": ", each.says(now), "\n    ", each.next, "\n");
  }
  return out;
}

std::string roles_text(const std::vector<tuf::ReleasedRole>& roles) {
  std::string out;
  const std::size_t count = roles.size();
  for (std::size_t i = 0; i < count; ++i) {
    // The last two are snapshot and timestamp.
    if (count > kToldReleased && i >= kToldReleased - 3 && i + 2 < count) {
      if (i == kToldReleased - 3) out += cat(", and ", count - kToldReleased + 1, " more");
      continue;
    }
    out += cat(i == 0 ? "" : ", ", printable(roles[i].role.str(), 80), " ", roles[i].to);
  }
  return out;
}

// places: that it went to; of a release with nothing to do, one that was brought up to date.
Result<int> tell_released(Invocation& in, const tuf::Release& release, const std::string& places,
                          const PublishRequest& request) {
  const Time now = in.world.clock.now();
  // A renewal has done what it could do: who runs it at set times has to notice the rest.
  const bool all = release.waiting.empty() && release.warning.empty();
  const int code = all || !request.renew_only ? kDone : kNotNow;
  if (in.json) {
    SLUICE_CHECK(in.print_json(released_json(release, now)));
    return code;
  }
  std::string text;
  if (release.nothing_to_do) {
    if (!places.empty()) text += cat("brought up to date  ", places, "\n");
    text += !release.waiting.empty() ? "nothing was signed\n"
            : places.empty()         ? "nothing is due\n"
                                     : "nothing else is due\n";
  } else {
    text += cat("published  ", roles_text(release.roles), "\n  to  ", places, "\n");
    for (const auto& note : request.edited.notes) text += cat("  ", note, "\n");
  }
  SLUICE_CHECK(in.console.print(cat(text, left_text(release, now))));
  return code;
}

// The place that is meant: the other one where there is one, else the folder.
Result<tuf::Store*> meant(Invocation& in, const tuf::Repository& repository, Place& place,
                          std::unique_ptr<tuf::Store>& here) {
  SLUICE_TRY(place, other_place(in, repository));
  if (place.store) return place.store.get();
  here = tuf::folder_store(in.world.files, repository.folder());
  return here.get();
}

Result<int> abandon_publication(Invocation& in, tuf::Repository& repository) {
  Place place;
  std::unique_ptr<tuf::Store> here;
  SLUICE_TRY(auto* const store, meant(in, repository, place, here));
  SLUICE_TRY(const auto gone, tuf::abandon(*store));
  if (!in.json) {
    SLUICE_CHECK(
        in.console.print(cat("given up  ", gone, gone == 1 ? " file went\n" : " files went\n")));
    return kDone;
  }
  json::Value out;
  out.set("kind", "sluice.tuf-abandoned/v1");
  out.set("files", static_cast<std::int64_t>(gone));
  SLUICE_CHECK(in.print_json(out));
  return kDone;
}

Result<int> run_tuf_publish(Invocation& in) {
  SLUICE_TRY(auto open, open_to_change(in));
  if (in.args.has("--abandon")) return abandon_publication(in, open.repository);
  return publish_and_tell(in, open.repository,
                          {.force = in.args.has("--new-timestamp"), .read_targets = true});
}

Result<int> run_tuf_refresh_online(Invocation& in) {
  SLUICE_TRY(auto open, open_to_change(in));
  open.repository.ignore_staging();
  return publish_and_tell(in, open.repository, {.renew_only = true});
}

tuf::PublishOptions place_options(const Invocation& in, const tuf::Repository& repository) {
  tuf::PublishOptions out;
  out.verify = false;  // prepare_release() did, or it is published already
  out.single_writer = in.args.has("--single-writer") || repository.policy().single_writer;
  out.foreign = repository.foreign();
  return out;
}

// A place that is new, or where publishing was interrupted, gets all that is published here first;
// and where it was interrupted here, behind the place, this folder gets it. Which of them did.
Result<std::string> bring_up_to_date(Invocation& in, tuf::Repository& repository,
                                     tuf::Store& place) {
  SLUICE_TRY(const bool finished, tuf::finish_here(repository, place));
  if (finished) return shown(repository.folder());
  SLUICE_TRY(const auto mirror, tuf::look_at_mirror(repository, place));
  if (mirror.state == tuf::MirrorState::same) return std::string();
  if (mirror.state == tuf::MirrorState::unknown) {
    return fail(Error{Errc::denied, cat("somebody else published to ", place.describe(),
                                        ": its timestamp was never published from this folder")}
                    .advise("bring this folder up to date first, say by git pull"));
  }
  if (mirror.state == tuf::MirrorState::ahead) {
    return fail(Error{Errc::denied, cat("this folder is behind ", place.describe(),
                                        ": its timestamp was published from here, and the one "
                                        "that is here now is older")}
                    .advise("bring back metadata/timestamp.json, say by git, or from there"));
  }
  SLUICE_TRY(auto whole, tuf::whole_publication(repository, repository.policy().targets_here));
  whole.timestamp_before = mirror.timestamp;
  SLUICE_CHECK(tuf::check_for_place(place, whole, repository.foreign()));
  SLUICE_CHECK(tuf::publish(place, whole, in.world.clock.now(), place_options(in, repository)));
  in.log.write(LogLevel::info, "brought another place up to date", {{"place", place.describe()}});
  return place.describe();
}

// What is proposed lists files that nothing published reaches: they must stay.
Result<void> refuse_with_proposed_targets(tuf::Repository& repository) {
  SLUICE_TRY(const auto staged, repository.staged_roles());
  for (const auto& role : staged) {
    if (tuf::type_of_role(role) != tuf::RoleType::targets) continue;
    return fail(Error{Errc::denied, cat(printable(role.str(), 80),
                                        " is proposed: its files would go with the rest")}
                    .advise("publish the proposal first, or give it up"));
  }
  return {};
}

// Whoever keeps a repository there may have proposals, whose files nothing published reaches.
Result<void> refuse_kept_folder(tuf::Store& store) {
  SLUICE_TRY(const auto policy, store.read(std::string(tuf::kPolicyFile), limits::kConfigFile));
  if (!policy) return {};
  return fail(Error{Errc::denied, cat(store.describe(),
                                      " is where a repository is kept: files of "
                                      "what is proposed there would go")}
                  .advise("clean it there, without --to"));
}

Result<int> tell_cleaned(Invocation& in, const tuf::Cleaned& cleaned, bool dry) {
  if (in.json) {
    json::Value out;
    out.set("kind", "sluice.tuf-cleaned/v1");
    out.set("dry_run", dry);
    json::Array removed;
    for (const auto& each : cleaned.removed) removed.emplace_back(printable(each.name, 4'096));
    out.set("removed", json::Value(std::move(removed)));
    json::Array unknown;
    for (const auto& each : cleaned.not_understood) unknown.emplace_back(printable(each, 4'096));
    out.set("not_understood", json::Value(std::move(unknown)));
    out.set("kept", static_cast<std::int64_t>(cleaned.kept));
    out.set("bytes", static_cast<std::int64_t>(cleaned.bytes));
    SLUICE_CHECK(in.print_json(out));
    return kDone;
  }
  std::string text = cat(dry ? "would remove  " : "removed  ", cleaned.removed.size(),
                         cleaned.removed.size() == 1 ? " file, " : " files, ",
                         human_bytes(cleaned.bytes), "; ", cleaned.kept, " can be reached\n");
  if (dry) {
    for (const auto& each : cleaned.removed) text += cat("  ", printable(each.name, 300), "\n");
  }
  for (const auto& each : cleaned.not_understood) {
    text += cat("  not ours, and left alone  ", printable(each, 300), "\n");
  }
  SLUICE_CHECK(in.console.print(text));
  return kDone;
}

Result<int> run_tuf_clean(Invocation& in) {
  SLUICE_TRY(auto open, open_to_change(in));
  Place place;
  std::unique_ptr<tuf::Store> here;
  SLUICE_TRY(auto* const store, meant(in, open.repository, place, here));
  SLUICE_CHECK(here ? refuse_with_proposed_targets(open.repository) : refuse_kept_folder(*store));
  tuf::CleanOptions options;
  options.dry_run = in.args.has("--dry-run");
  options.single_writer = in.args.has("--single-writer") || open.repository.policy().single_writer;
  options.foreign = open.repository.foreign();
  SLUICE_TRY(const auto cleaned, tuf::clean(*store, in.world.clock.now(), options));
  return tell_cleaned(in, cleaned, options.dry_run);
}

}  // namespace

Result<int> publish_and_tell(Invocation& in, tuf::Repository& repository,
                             const PublishRequest& request) {
  const Time now = in.world.clock.now();
  SLUICE_TRY(const auto place, other_place(in, repository));
  std::string brought;
  if (place.store) {
    SLUICE_TRY(brought, bring_up_to_date(in, repository, *place.store));
  }
  const auto here = tuf::folder_store(in.world.files, repository.folder());
  SLUICE_TRY(const auto verdict,
             tuf::prepare_release(
                 repository, online_signers(in, repository),
                 {.now = now,
                  .renew_only = request.renew_only,
                  .unsaved = request.unsaved,
                  .force = request.force,
                  .list_targets = place.store != nullptr && repository.policy().targets_here,
                  .read_targets = request.read_targets,
                  .published = brought.empty() ? request.published : nullptr,
                  .store = here.get(),
                  .look_for_targets = repository.policy().targets_here && !request.read_targets}));
  if (!verdict.passed()) return tell_refused(in, verdict.report());
  const tuf::Release& release = *verdict.value();
  if (release.nothing_to_do) {
    SLUICE_CHECK(tuf::finish_release(repository, release));
    return tell_released(in, release, brought, request);
  }
  std::string places;
  // The other place first: where somebody was faster there, nothing happens here.
  if (place.store) {
    SLUICE_CHECK(tuf::publish_to_place(*here, *place.store, release.publication, now,
                                       place_options(in, repository)));
    places = cat(place.store->describe(), " and ");
  }
  SLUICE_CHECK(tuf::publish(*here, release.publication, now,
                            {.verify = false, .foreign = repository.foreign()}));
  SLUICE_CHECK(tuf::finish_release(repository, release));
  SLUICE_CHECK(repository.save_names());
  return tell_released(in, release, cat(places, shown(repository.folder())), request);
}

std::vector<Option> with_publish_options(std::vector<Option> own) {
  own.push_back(
      {"--to", "PLACE", "another place that it is published to: DIR, or s3://BUCKET/PREFIX"});
  own.push_back({"--single-writer", "", "nobody else publishes to that place"});
  std::ranges::move(token_options(), std::back_inserter(own));
  auto out = with_repository_options(std::move(own));
  std::ranges::move(network_options(), std::back_inserter(out));
  return out;
}

std::vector<Command> tuf_publish_commands() {
  return {
      {.words = {"tuf", "publish"},
       .summary = "publish what is proposed, once all have signed",
       .description =
           "Signs what online keys sign, lists it in a new snapshot and a new timestamp, and walks "
           "our own client through the result: an incomplete or invalid set is refused by name, "
           "and nothing is written. Then new files are written first, synced once, and "
           "timestamp.json last: readers see the old repository or the new one.\n"
           "Where people sign snapshot or timestamp too, each is proposed in its turn, and publish "
           "goes on when it is signed.\n"
           "Exit code 0: published. 1: not complete, or not valid. 3: could not, say because "
           "somebody else published in between.",
       .examples = {{"here", "sluice tuf publish"},
                    {"to a bucket that only this job writes to",
                     "sluice tuf publish --to s3://releases/tuf --single-writer"}},
       .options = with_publish_options(
           {{"--new-timestamp", "", "a new timestamp even where nothing changed"},
            {"--abandon", "", "give up a publication that was interrupted, and remove its files"}}),
       .run = run_tuf_publish},
      {.words = {"tuf", "refresh-online"},
       .summary = "sign again what expires soon, with online keys",
       .description =
           "Signs the roles whose keys are online (tuf-repo.yaml) where less than half of their "
           "time is left, or what \"renew\" says, and publishes them; snapshot and timestamp "
           "follow. "
           "Where nothing is due nothing is written, so that it may run as often as you like; it "
           "leaves proposals alone, and makes none.\n"
           "What online keys cannot renew keeps nothing else from being renewed. It is told, with "
           "the command to go on with: roles of people from two weeks before they expire on, "
           "snapshot and timestamp without an online key when they are due, a key that could not "
           "be opened; and a clock that is behind what is published.\n"
           "Exit code 0: everything that is due was renewed. 75: everything that online keys can "
           "renew was, and something waits for people; what was signed is published. 1: what is "
           "published here is not valid. 3: could not, say because the timestamp's key cannot be "
           "opened.",
       .examples = {{"in a cron job", "sluice tuf refresh-online --repo /srv/tuf"}},
       .options = with_publish_options({}),
       .run = run_tuf_refresh_online},
      {.words = {"tuf", "clean"},
       .summary = "remove files that no client can reach any more",
       .description =
           "A client may hold any timestamp that has not expired: what one of them reaches stays, "
           "and so do all roots. Only files that are understood go: metadata whose name says what "
           "is in it, and targets whose name begins with their hash.",
       .examples = {{"look first", "sluice tuf clean --dry-run"}},
       .options = with_publish_options({{"--dry-run", "", "say what would go"}}),
       .run = run_tuf_clean}};
}

}  // namespace sluice::cli

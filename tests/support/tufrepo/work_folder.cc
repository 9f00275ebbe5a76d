// SPDX-License-Identifier: Apache-2.0
#include "support/tufrepo/work_folder.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/codec.h"
#include "base/text.h"

namespace sluice::test {

namespace {

constexpr std::size_t kServedAtMost = 64U << 20;

std::string failures(const Report& report, std::string& detail) {
  std::vector<std::string> out;
  for (const auto& row : report.checks()) {
    if (row.outcome == Outcome::pass) continue;
    out.push_back(row.id);
    detail = cat(row.title, ": ", row.detail);
  }
  return join(out, " ");
}

}  // namespace

Result<HttpResponse> FolderHttp::send(const HttpRequest& request) {
  const std::string head = "http://repo/";
  HttpResponse out;
  const auto body = system_files().read(folder_ / request.url.substr(head.size()), kServedAtMost);
  out.status = body ? 200 : 404;
  if (body) out.body = *body;
  return out;
}

std::vector<Result<HttpResponse>> FolderHttp::send_all(const std::vector<HttpRequest>& requests) {
  std::vector<Result<HttpResponse>> out;
  for (const auto& request : requests) out.push_back(send(request));
  return out;
}

WorkFolder::WorkFolder(Time now) { clock.set(now); }

tuf::RoleKey WorkFolder::key(const std::string& person) {
  auto at = keys_.find(person);
  if (at == keys_.end()) {
    auto made = crypto::PrivateKey::generate(crypto::KeyType::ed25519);
    at = keys_.emplace(person, *std::move(made)).first;
  }
  return tuf::role_key(at->second.public_key()).value();
}

tuf::RoleKeySet WorkFolder::keys(const std::vector<std::string>& people, std::int64_t threshold) {
  tuf::RoleKeySet out;
  for (const auto& person : people) out.keys.push_back(key(person));
  out.threshold = threshold;
  return out;
}

tuf::NewRepository WorkFolder::plan() {
  using tuf::RoleType;
  tuf::NewRepository out;
  const auto at = [&](RoleType type) -> tuf::RoleKeySet& {
    return out.roles[static_cast<std::size_t>(type)];
  };
  at(RoleType::root) = keys({"ann", "ben"}, 2);
  at(RoleType::targets) = keys({"carla"});
  at(RoleType::snapshot) = keys({"online"});
  at(RoleType::timestamp) = keys({"online"});
  for (const std::string role : {"snapshot", "timestamp"}) {
    auto of = out.policy.of(tuf::RoleName(role));
    of.online = {"online"};
    out.policy.roles[role] = of;
  }
  return out;
}

void WorkFolder::init(const tuf::NewRepository& plan) {
  EXPECT_TRUE(system_files().make_folders(folder));
  const auto made = tuf::init_repository(system_files(), folder, plan, clock.now());
  problem = made ? "" : made.error().what;
}

tuf::Repository WorkFolder::open() { return tuf::Repository::open(system_files(), folder).value(); }

void WorkFolder::save(tuf::Repository& repository) { EXPECT_TRUE(repository.save()); }

void WorkFolder::sign(const std::string& role, const std::string& person) {
  auto repository = open();
  const auto listed = key(person);
  const auto staged = repository.staged(tuf::RoleName(role));
  ASSERT_TRUE(staged && *staged != nullptr) << role;
  auto signer = tuf::role_signer(keys_.at(person), {}, person);
  ASSERT_TRUE(signer);
  const auto message = (*staged)->draft.message();
  const auto signature = (*signer)->sign(message.value());
  ASSERT_TRUE(signature);
  json::Value value;
  value.set("keyid", signature->keyid.str());
  value.set("sig", signature->sig);
  EXPECT_TRUE(repository.add_signatures(
      {{tuf::RoleName(role),
        {listed.keyid.str(), value, (*staged)->draft.version(), (*staged)->sha256}}}));
}

void WorkFolder::overwrite(const std::string& role, tuf::Draft draft, const std::string& person) {
  draft.clear_signatures();
  const auto signature = keys_.at(person).sign_bytes(bytes_of(draft.message().value()));
  ASSERT_TRUE(signature);
  draft.add_signature(key(person).keyid.str(), to_hex(*signature));
  const std::string file =
      role == "timestamp" ? "timestamp.json" : cat(draft.version(), ".", role, ".json");
  ASSERT_TRUE(system_files().replace(folder / "metadata" / file, draft.document().value()));
}

void WorkFolder::sign_all(const std::vector<std::string>& people) {
  auto repository = open();
  const auto proposal = tuf::examine_proposal(repository, clock.now());
  ASSERT_TRUE(proposal);
  for (const auto& role : proposal->roles) {
    for (const auto& person : people) {
      const std::string keyid = key(person).keyid.str();
      bool asked = false;
      for (const auto& quorum : role.quorums) {
        for (const auto& voter : quorum.voters) asked = asked || voter.keyid == keyid;
      }
      if (asked) sign(role.role.str(), person);
    }
  }
}

tuf::OnlineSigners WorkFolder::signers() {
  return [this](const tuf::RoleName&, const tuf::Signatories& signatories)
             -> Result<std::vector<std::shared_ptr<tuf::RoleSigner>>> {
    std::vector<std::shared_ptr<tuf::RoleSigner>> out;
    for (auto& [person, key] : keys_) {
      if (!person.starts_with("online")) continue;
      SLUICE_TRY(const auto listed, tuf::role_key(key.public_key()));
      const auto& keyids = signatories.role.keyids;
      if (std::ranges::find(keyids, listed.keyid.str()) == keyids.end()) continue;
      SLUICE_TRY(out.emplace_back(), tuf::role_signer(key, {}, person));
    }
    return out;
  };
}

std::string WorkFolder::publish_with(Files& files, const tuf::ReleaseOptions& given) {
  auto repository = open();
  tuf::ReleaseOptions options = given;
  options.now = clock.now();
  if (options.renew_only) repository.ignore_staging();
  const auto store = tuf::folder_store(files, folder);
  options.store = store.get();
  const auto verdict = tuf::prepare_release(repository, signers(), options);
  if (!verdict) return cat("error: ", verdict.error().text());
  if (!verdict->passed()) return failures(verdict->report(), detail);
  if (!verdict->value()->nothing_to_do) {
    const auto done =
        tuf::publish(*store, verdict->value()->publication, clock.now(), {.verify = false});
    if (!done) return cat("error: ", done.error().text());
  }
  EXPECT_TRUE(tuf::finish_release(repository, *verdict->value()));
  return verdict->value()->nothing_to_do ? "nothing" : "good";
}

void WorkFolder::swell_snapshot() {
  auto repository = open();
  tuf::Draft snapshot = *repository.published(tuf::RoleName("snapshot")).value();
  snapshot.head().set("x-filler", std::string(300U << 10, 'x'));
  tuf::Draft timestamp = *repository.published(tuf::RoleName("timestamp")).value();
  timestamp.put("snapshot.json", cat("{\"version\":", snapshot.version(), "}"));
  overwrite("snapshot", std::move(snapshot), "online");
  overwrite("timestamp", std::move(timestamp), "online");
}

std::string WorkFolder::refresh_online() {
  tuf::ReleaseOptions options;
  options.renew_only = true;
  return publish(options);
}

void WorkFolder::add(const std::string& path, const std::string& content) {
  const auto digest = crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(content));
  const tuf::NewTarget target{path, content.size(), {digest}, ""};
  const auto store = tuf::folder_store(system_files(), folder);
  const std::vector<tuf::NewFile> files{
      {tuf::target_files(path, {digest})[0], tuf::Content::of(content)}};
  EXPECT_TRUE(store->write_new(files));
  EXPECT_TRUE(store->sync());
  change([&](tuf::Repository& repository) {
    return tuf::add_targets(repository, {target}, std::nullopt, clock.now());
  });
}

std::string WorkFolder::client(const std::string& cache, const std::vector<std::string>& targets) {
  FolderHttp http(folder);
  tuf::ClientOptions options;
  options.folder = temp / cache;
  options.metadata_urls = {"http://repo/metadata/"};
  options.target_urls = {"http://repo/targets/"};
  tuf::Client client(system_files(), clock, &http, options);
  const auto outcome = [&](const auto& result) -> std::string {
    if (!result) return cat("error: ", result.error().text());
    return result->passed() ? "good" : failures(result->report(), detail);
  };
  if (!system_files().info(temp / cache)) {
    const auto begun = outcome(client.init(read_file(folder / "metadata" / "1.root.json")));
    if (begun != "good") return begun;
  }
  if (const auto refreshed = outcome(client.refresh()); refreshed != "good") return refreshed;
  for (const auto& target : targets) {
    const auto found = client.find(target);
    if (outcome(found) != "good") return outcome(found);
    const auto fetched = outcome(client.download({*found->value()}, temp / "out"));
    if (fetched != "good") return fetched;
  }
  return "good";
}

}  // namespace sluice::test

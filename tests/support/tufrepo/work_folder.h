// SPDX-License-Identifier: Apache-2.0
// A repository in a folder of its test, people with keys, a clock that the test sets, and a web
// server before what is published.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/http.h"
#include "support/fake_world.h"
#include "support/temp_folder.h"
#include "support/tuf/fake_repo.h"
#include "tuf/client.h"
#include "tufrepo/edit.h"
#include "tufrepo/publish.h"
#include "tufrepo/release.h"
#include "tufrepo/store.h"

namespace sluice::test {

// The files of a folder at http://repo/.
class FolderHttp final : public Http {
 public:
  explicit FolderHttp(Path folder) : folder_(std::move(folder)) {}
  Result<HttpResponse> send(const HttpRequest& request) override;
  std::vector<Result<HttpResponse>> send_all(const std::vector<HttpRequest>& requests) override;

 private:
  Path folder_;
};

// The people of a repository are names; "online" is the key that nobody has to ask.
class WorkFolder {
 public:
  explicit WorkFolder(Time now = kTufNow);

  tuf::RoleKey key(const std::string& person);  // made when it is first asked for
  tuf::RoleKeySet keys(const std::vector<std::string>& people, std::int64_t threshold = 1);
  // Root by ann and ben, both; targets by carla; snapshot and timestamp online.
  tuf::NewRepository plan();
  void init() { init(plan()); }
  void init(const tuf::NewRepository& plan);
  // As a command opens it: what was not saved is not there.
  tuf::Repository open();

  // The person signs the role as it is staged.
  void sign(const std::string& role, const std::string& person);
  // Everything that is staged, by all of them that it asks for.
  void sign_all(const std::vector<std::string>& people);
  // The ids of what was refused, joined; "good"; "nothing".
  std::string publish(const tuf::ReleaseOptions& options = {}) {
    return publish_with(system_files(), options);
  }
  // What is written goes through these.
  std::string publish_with(Files& files, const tuf::ReleaseOptions& options = {});
  std::string refresh_online();
  void add(const std::string& path, const std::string& content);  // as a change of its own
  template <class Edit>
  void change(Edit edit) {
    auto repository = open();
    const auto done = edit(repository);
    problem = done ? "" : done.error().what;
    if (done) save(repository);
  }
  static void save(tuf::Repository& repository);
  // What is published of a role that has no staging becomes this, signed by the person.
  void overwrite(const std::string& role, tuf::Draft draft, const std::string& person);
  // The published snapshot becomes so large that two threads work on it.
  void swell_snapshot();

  // A client with a cache of its own name: "good", or the id of the refusal.
  std::string client(const std::string& cache, const std::vector<std::string>& targets = {});

  TempFolder temp;
  Path folder = temp / "repo";
  FakeClock clock;
  std::string problem;  // of the last change
  std::string detail;   // of the last refusal

 private:
  tuf::OnlineSigners signers();
  std::map<std::string, crypto::PrivateKey> keys_;
};

}  // namespace sluice::test

// SPDX-License-Identifier: Apache-2.0
// A TUF repository in memory, good until a test makes it bad, and the web server before it.
#pragma once

#include <functional>
#include <initializer_list>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/http.h"
#include "base/time.h"
#include "crypto/private_key.h"
#include "json/value.h"

namespace sluice::test {

// 2030-01-15 12:00:00Z
inline constexpr Time kTufNow =
    std::chrono::sys_days(std::chrono::year(2030) / 1 / 15) + std::chrono::hours(12);

struct TufKey {
  crypto::PrivateKey key;
  std::string keyid;
  json::Value value;  // as metadata lists it
  // Of a key that is something else: the whole signature, over this message.
  std::function<json::Value(const std::string&)> sign_as = {};
};
TufKey make_tuf_key(crypto::KeyType type = crypto::KeyType::ed25519);
TufKey with_keyid(TufKey key, std::string keyid);

// Roles are named as in metadata. publish() gives a role its next version, signs it, lists it in
// snapshot (in timestamp), and puts the file where clients look for it. Everything may be edited
// before: part() is "signed", signers() are the keys.
class FakeRepo {
 public:
  FakeRepo();

  json::Value& part(const std::string& role);
  std::vector<TufKey>& signers(const std::string& role) { return signers_[role]; }
  void set_version(const std::string& role, std::int64_t version);  // what publish() makes next
  void set_expires(const std::string& role, Time expires);
  void publish(std::initializer_list<std::string> roles);

  // A root that lists these keys for the role, in its next version. Sign with more keys through
  // signers("root").
  void set_keys(const std::string& role, std::vector<TufKey> keys, int threshold);
  void add_target(const std::string& role, const std::string& path, const std::string& content);
  void delegate(const std::string& parent, const std::string& role,
                const std::vector<std::string>& paths, bool terminating = false);
  void delegate_by_hash(const std::string& parent, const std::string& role,
                        const std::vector<std::string>& prefixes);
  void delegate_bins(const std::string& parent, const std::string& prefix, int bits);

  // {"signatures": …, "signed": …}
  static std::string sign(const json::Value& part, const std::vector<TufKey>& keys);
  std::string sign(const std::string& role) { return sign(part(role), signers(role)); }

  // Below metadata/ and targets/, as they are served.
  std::map<std::string, std::string> files;
  bool state_hashes = false;  // length and sha256 in snapshot and timestamp

 private:
  void put(const std::string& role);
  json::Value meta_of(const std::string& role, const std::string& text) const;

  std::map<std::string, json::Value> parts_;
  std::map<std::string, std::vector<TufKey>> signers_;
};

json::Value hashes_of(const std::string& content);

// Serves a repository below any host's /metadata/ and /targets/, with ranges. For any number of
// threads.
class RepoHttp final : public Http {
 public:
  explicit RepoHttp(const FakeRepo& repo) : repo_(repo) {}
  using Answer = std::function<Result<HttpResponse>(const HttpRequest&)>;
  // Instead of what the repository has, for URLs that end so.
  void answer(const std::string& ending, Answer answer) { answers_[ending] = std::move(answer); }
  void clear_answers() { answers_.clear(); }

  Result<HttpResponse> send(const HttpRequest& request) override;
  std::vector<Result<HttpResponse>> send_all(const std::vector<HttpRequest>& requests) override;
  std::vector<std::string> take_requests();  // paths since the last call, without the host

 private:
  Result<HttpResponse> answer_to(const HttpRequest& request) const;
  const FakeRepo& repo_;
  std::map<std::string, Answer> answers_;
  std::mutex mutex_;
  std::vector<std::string> requests_;
};

}  // namespace sluice::test

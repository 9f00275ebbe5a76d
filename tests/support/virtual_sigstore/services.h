// SPDX-License-Identifier: Apache-2.0
// The services of the virtual Sigstore as a client meets them: what they are asked, and what they
// answer, without sockets. They check what the real ones check, in their own words, and can be told
// to have a bad day or to lie.
//
//   VirtualServices services;                        // an Http: any client can be given it
//   const auto token = services.issuer.token("release@example.org");
//   services.rekor_v2.hooks.before = [](const HttpRequest&) { return busy(503); };
//   services.fulcio.change_leaf = [](CertificateWish& leaf) { leaf.for_key = other; };
//
// Behind a real server, hand each request to the `answer` of its service: only the path of the URL
// counts.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/http.h"
#include "support/virtual_sigstore/virtual_sigstore.h"

namespace sluice::test {

using Answer = Result<HttpResponse>;

// What may go wrong around a service. Each is asked at every request.
struct ServiceHooks {
  // Instead of the service, which does nothing then: busy(429), dropped().
  std::function<std::optional<Answer>(const HttpRequest&)> before = {};
  // After the service has done what it was asked: an answer that is lost, or another one.
  std::function<void(Answer&)> after = {};
  // The document of a good answer.
  Change change_answer = {};
};
Answer busy(int status, Headers headers = {});  // HTML, as a front end writes it
Answer dropped();                               // the connection ended: Errc::network

class VirtualService {
 public:
  virtual ~VirtualService() = default;
  Answer answer(const HttpRequest& request);
  std::size_t requests() const { return requests_; }
  // Requests by "METHOD path".
  std::size_t requests(std::string_view what) const;

  ServiceHooks hooks;
  Time now = at("2026-06-01T12:00:00Z");

 protected:
  virtual HttpResponse serve(const HttpRequest& request) = 0;

 private:
  std::size_t requests_ = 0;
  std::map<std::string, std::size_t, std::less<>> counts_;
};

// Whom the tokens are from. Claims are as the kind needs them unless `change` says otherwise.
struct VirtualIssuer {
  enum class Kind : std::uint8_t { email, uri, github };

  Kind kind = Kind::email;
  std::string url = std::string(kIssuer);
  std::string audience = "sigstore";
  crypto::PrivateKey key =
      crypto::PrivateKey::generate(crypto::KeyType::rsa, 2048).value();  // RS256

  std::string token(std::string_view subject, Time now = at("2026-06-01T12:00:00Z"),
                    const Change& change_claims = {}, const Change& change_header = {}) const;
};
VirtualIssuer github_issuer();

// Fulcio v2: signingCert by public key and by CSR, trustBundle, configuration.
class VirtualFulcio final : public VirtualService {
 public:
  VirtualFulcio(const VirtualSigstore& world, std::vector<const VirtualIssuer*> issuers)
      : world_(world), issuers_(std::move(issuers)) {}

  std::size_t issued() const { return issued_; }

  std::function<void(CertificateWish&)> change_leaf = {};  // another key, another identity
  std::vector<SctRequest> scts = {{}};                     // none: no log has seen it
  std::function<void(std::vector<Bytes>&)> change_chain = {};

 private:
  HttpResponse serve(const HttpRequest& request) override;
  HttpResponse sign(const HttpRequest& request);
  HttpResponse configuration() const;

  const VirtualSigstore& world_;
  std::vector<const VirtualIssuer*> issuers_;
  std::size_t issued_ = 0;
};

// What both generations of logs do with an entry.
class VirtualLogService : public VirtualService {
 public:
  std::size_t size() const { return bodies_.size(); }
  const std::vector<std::string>& bodies() const { return bodies_; }
  void add_other(std::string body) { append(std::move(body)); }  // somebody else's entry

  std::function<void(std::string&)> change_body = {};  // what is logged instead of what was asked
  std::function<void(std::string&)> change_checkpoint = {};  // before it is signed
  std::function<void(std::string&)> change_note = {};
  std::vector<std::size_t> cosigners = {};  // of VirtualSigstore::witnesses

 protected:
  VirtualLogService(const VirtualSigstore& world, std::size_t log) : world_(world), log_(log) {}

  const VirtualLog& log() const { return world_.logs.at(log_); }
  // The place of the entry, and whether it was new.
  std::pair<std::uint64_t, bool> append(std::string body);
  std::string note() const;  // of the whole tree, signed
  std::vector<Bytes> path(std::uint64_t index) const { return tree_.inclusion(index, size()); }
  const MerkleTree& tree() const { return tree_; }

 private:
  const VirtualSigstore& world_;
  std::size_t log_;
  MerkleTree tree_;
  std::vector<std::string> bodies_;
  std::map<std::string, std::uint64_t> places_;
};

// Rekor v2: create, and the files of the log: checkpoint, tiles, entries.
class VirtualRekorV2 final : public VirtualLogService {
 public:
  explicit VirtualRekorV2(const VirtualSigstore& world, std::size_t log = kLogV2)
      : VirtualLogService(world, log) {}

  bool frozen = false;  // 405

 private:
  HttpResponse serve(const HttpRequest& request) override;
  HttpResponse create(const std::string& text);
  HttpResponse tile(std::string_view path) const;
};

// Rekor v1: create, read by id, by index and several at once, the state of the log, its key.
class VirtualRekorV1 final : public VirtualLogService {
 public:
  explicit VirtualRekorV1(const VirtualSigstore& world, std::size_t log = kLogV1)
      : VirtualLogService(world, log) {}

  std::function<void(json::Value&)> change_promise = {};  // before it is signed

 private:
  HttpResponse serve(const HttpRequest& request) override;
  HttpResponse create(const std::string& text);
  HttpResponse retrieve(const std::string& text) const;
  HttpResponse proof(std::string_view query) const;
  std::string uuid(std::uint64_t index) const;
  json::Value entry(std::uint64_t index) const;  // {id: {…}}
  std::optional<std::uint64_t> find(std::string_view id) const;

  std::map<std::uint64_t, Time> times_;
};

// RFC 3161 over HTTP.
class VirtualStampService final : public VirtualService {
 public:
  explicit VirtualStampService(const VirtualSigstore& world, std::size_t service = 0)
      : world_(world), service_(service) {}

  std::function<void(StampWish&)> change_stamp = {};
  // Stamps this instead of what was asked.
  std::optional<Bytes> other_message = {};

 private:
  HttpResponse serve(const HttpRequest& request) override;

  const VirtualSigstore& world_;
  std::size_t service_;
};

// All of them, by the addresses that signing_config() names. For any number of threads, though
// hooks are called one at a time.
class VirtualServices final : public Http {
 public:
  VirtualServices();

  VirtualSigstore world;
  VirtualIssuer issuer;  // by e-mail address
  VirtualIssuer github;  // workflows
  VirtualFulcio fulcio;
  VirtualRekorV2 rekor_v2;
  VirtualRekorV1 rekor_v1;
  VirtualStampService stamps;
  VirtualStampService other_stamps;

  void set_time(Time now);
  // SigningConfig v0.2. Either generation of logs may be left out, and so may the timestamps.
  std::string signing_config(bool v2 = true, bool v1 = true, bool stamped = true) const;
  std::string trusted_root() const { return world.trusted_root(); }

  Answer send(const HttpRequest& request) override;
  std::vector<Answer> send_all(const std::vector<HttpRequest>& requests) override;

 private:
  VirtualService* service_of(std::string_view url);
  std::mutex mutex_;
};

}  // namespace sluice::test

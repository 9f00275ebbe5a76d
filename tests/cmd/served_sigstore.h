// SPDX-License-Identifier: Apache-2.0
// Commands called in the test's own process, by a clock of the test's, and a virtual Sigstore that
// they meet over real sockets, each service behind a front that may have a bad day.
#pragma once

#include <sys/prctl.h>

#include <atomic>
#include <mutex>

#include "base/text.h"
#include "cmd/sluice/run.h"
#include "support/fake_world.h"
#include "support/servers/faulty_front.h"
#include "support/temp_folder.h"
#include "support/virtual_sigstore/services.h"

namespace sluice::test {

// For any number of threads. Sleeping moves it on, and takes no time.
class SharedClock final : public Clock {
 public:
  Time now() const override { return start_ + std::chrono::floor<std::chrono::seconds>(passed()); }
  std::chrono::steady_clock::time_point ticks() const override {
    return std::chrono::steady_clock::time_point(std::chrono::hours(1)) + passed();
  }
  void sleep(std::chrono::milliseconds length) override { advance(length); }
  void advance(std::chrono::milliseconds length) { passed_ += length.count(); }
  std::chrono::milliseconds passed() const { return std::chrono::milliseconds(passed_.load()); }

 private:
  Time start_ = at("2026-06-01T12:00:00Z");
  std::atomic<std::int64_t> passed_{0};
};

// Nobody sits there; what is written is kept.
class KeptConsole final : public cli::Console {
 public:
  Result<void> print(std::string_view data) override {
    out += data;
    return {};
  }
  void talk(std::string_view text) override { err += text; }
  bool terminal_out() const override { return false; }
  bool terminal_in() const override { return false; }
  Result<SecretBytes> ask_secret(std::string_view) override {
    return fail(Errc::denied, "there is no terminal");
  }
  Result<std::string> ask(std::string_view) override {
    return fail(Errc::denied, "there is no terminal");
  }
  std::string out;
  std::string err;
};

struct Told {
  int code = -1;
  std::string out;
  std::string err;
  std::string all() const { return out + err; }
};

class ServedSigstore {
 public:
  SharedClock clock;
  FakeEnvironment environment;
  FakeRandom random;
  VirtualServices services;
  FaultyFront fulcio{serving(services.fulcio)};
  FaultyFront stamps{serving(services.stamps)};
  FaultyFront rekor_v1{serving(services.rekor_v1)};
  FaultyFront rekor_v2{serving(services.rekor_v2)};

  // Signing configs with one log, of that version; the timestamps stay away where they are not
  // wanted.
  std::string signing_config(int log_version, bool stamped = true) const {
    const auto entry = [](std::string url, int version) {
      return object({{"url", std::move(url)},
                     {"majorApiVersion", version},
                     {"validFor", object({{"start", "2026-01-01T00:00:00Z"}})},
                     {"operator", "example.org"}});
    };
    const FaultyFront& log = log_version == 1 ? rekor_v1 : rekor_v2;
    json::Array stampers;
    if (stamped) stampers.push_back(entry(stamps.url("/api/v1/timestamp"), 1));
    return json::write_pretty(
        object({{"mediaType", "application/vnd.dev.sigstore.signingconfig.v0.2+json"},
                {"caUrls", json::Array{entry(fulcio.url(), 1)}},
                {"rekorTlogUrls", json::Array{entry(log.url(), log_version)}},
                {"rekorTlogConfig", object({{"selector", "ANY"}})},
                {"tsaUrls", std::move(stampers)},
                {"tsaConfig", object({{"selector", "ANY"}})}}));
  }
  std::string token() const { return services.issuer.token(kIdentity, clock.now()); }

  Told call(std::string_view called_as, const std::vector<std::string>& words) {
    KeptConsole console;
    const World world{clock, system_files(), environment, random, system_processes()};
    const int code = cli::run_program(console, world, called_as, words);
    // Who signs gives up core files. This process goes on.
    (void)::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    return {code, std::move(console.out), std::move(console.err)};
  }

 private:
  FaultyFront::Service serving(VirtualService& service) {
    return [this, &service](const RawRequest& asked) -> ServedAnswer {
      HttpRequest request;
      request.method = asked.method;
      request.url = cat("http://127.0.0.1", asked.target);
      request.headers = asked.headers;
      request.body = asked.body;
      const std::lock_guard hold(mutex_);
      services.set_time(clock.now());
      const Answer answer = service.answer(request);
      ServedAnswer out{.status = answer->status, .body = answer->body};
      for (const auto& [name, value] : answer->headers) {
        if (name == "content-type") {
          out.type = value;
        } else {
          out.headers.emplace_back(name, value);
        }
      }
      return out;
    };
  }

  std::mutex mutex_;  // one request at a time
};

}  // namespace sluice::test

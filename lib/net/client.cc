// SPDX-License-Identifier: Apache-2.0
#include "net/client.h"

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>

#include "base/text.h"
#include "net/exchange.h"
#include "net/session.h"

namespace sluice::net {

using std::chrono::milliseconds;

namespace {

// The sessions that no call uses at the moment. The one used last is given first: its connections
// are the freshest.
class SessionPool {
 public:
  explicit SessionPool(const ClientOptions& options) : options_(options) {}

  std::unique_ptr<Session> take() {
    {
      const std::lock_guard hold(mutex_);
      if (!idle_.empty()) {
        auto session = std::move(idle_.back());
        idle_.pop_back();
        return session;
      }
    }
    return std::make_unique<Session>(options_);
  }
  void give_back(std::unique_ptr<Session> session) {
    const std::lock_guard hold(mutex_);
    if (idle_.size() < kMostIdle) idle_.push_back(std::move(session));
  }

 private:
  static constexpr std::size_t kMostIdle = 16;
  const ClientOptions& options_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Session>> idle_;
};

// What each transfer needs to know beside its request.
class Surroundings {
 public:
  Surroundings(const World& world, const ClientOptions& options)
      : world_(world), options_(options) {}

  Result<Transfer> transfer(const Exchange& exchange) {
    const Hop& hop = exchange.hop();
    Transfer out{exchange.request(),
                 hop,
                 choose_proxy(hop.url, options_.proxy, world_.environment),
                 {},
                 exchange.left()};
    if (hop.url.secure() || lower_ascii(out.proxy.proxy).starts_with("https:")) {
      SLUICE_TRY(out.authorities, authorities());
    }
    return out;
  }

 private:
  Result<CaBundle> authorities() {
    if (!options_.ca_file.empty() || !options_.ca_folder.empty()) {
      return CaBundle{options_.ca_file, options_.ca_folder, "as set"};
    }
    const std::lock_guard hold(mutex_);
    if (!found_) found_ = find_ca_bundle(world_.environment, world_.files);
    return *found_;
  }

  const World& world_;
  const ClientOptions& options_;
  std::mutex mutex_;
  std::optional<Result<CaBundle>> found_;
};

// The requests of one call, carried out over one session.
class Batch {
 public:
  Batch(const World& world, const ClientOptions& options, Surroundings& surroundings,
        Session& session, std::span<const HttpRequest> requests, const Http::Meanwhile& meanwhile)
      : world_(world),
        clock_(world.clock),
        options_(options),
        surroundings_(surroundings),
        session_(session),
        meanwhile_(meanwhile),
        more_due_(static_cast<bool>(meanwhile.more)) {
    add(requests);
  }

  std::vector<Result<HttpResponse>> run() {
    for (;;) {
      wake_the_due();
      start_ready();
      if (!sending_.empty()) {
        const auto longest = more_due_ ? milliseconds(0) : patience();
        for (Finished& finished : session_.carry_on(longest)) {
          release(finished.id);
          conclude(finished.id, std::move(finished.outcome));
        }
        check_bounds();
      }
      if (more_due_) {
        ask_for_more();
      } else if (!sending_.empty()) {
        continue;
      } else if (!waiting_.empty()) {
        clock_.sleep(std::max(until_next_due(), milliseconds(1)));
      } else if (ready_.empty()) {
        break;
      }
    }
    std::vector<Result<HttpResponse>> results;
    results.reserve(exchanges_.size());
    for (Exchange& exchange : exchanges_) results.push_back(exchange.take());
    return results;
  }

 private:
  void add(std::span<const HttpRequest> requests) {
    allowance_.grow(requests.size());
    for (const HttpRequest& request : requests) {
      exchanges_.emplace_back(request, world_.clock, world_.random, allowance_);
      if (exchanges_.back().state() == Exchange::State::ready)
        ready_.push_back(exchanges_.size() - 1);
    }
  }

  void ask_for_more() {
    more_due_ = false;
    more_ = meanwhile_.more();
    add(more_);
  }

  void wake_the_due() {
    const auto now = clock_.ticks();
    std::erase_if(waiting_, [&](std::size_t id) {
      if (exchanges_[id].due() > now) return false;
      exchanges_[id].wake();
      ready_.push_back(id);
      return true;
    });
  }

  void start_ready() {
    std::deque<std::size_t> not_yet;
    while (!ready_.empty() && sending_.size() < options_.max_parallel) {
      const std::size_t id = ready_.front();
      ready_.pop_front();
      const std::string host = exchanges_[id].hop().url.authority();
      if (busy_[host] >= options_.max_connections_per_host) {
        not_yet.push_back(id);
        continue;
      }
      start(id, host);
    }
    ready_.insert(ready_.begin(), not_yet.begin(), not_yet.end());
  }

  void start(std::size_t id, const std::string& host) {
    Exchange& exchange = exchanges_[id];
    exchange.begin();
    if (exchange.left() <= milliseconds(0)) return exchange.time_is_up();
    auto transfer = surroundings_.transfer(exchange);
    if (!transfer) return conclude(id, std::unexpected(Failure{std::move(transfer).error()}));
    ++busy_[host];
    sending_.emplace(id, host);
    session_.start(id, *std::move(transfer));
  }

  void release(std::size_t id) {
    const auto at = sending_.find(id);
    if (at == sending_.end()) return;
    --busy_[at->second];
    sending_.erase(at);
  }

  void conclude(std::size_t id, TryResult outcome) {
    Exchange& exchange = exchanges_[id];
    exchange.conclude(std::move(outcome));
    if (exchange.state() == Exchange::State::ready) ready_.push_front(id);
    if (exchange.state() == Exchange::State::waiting) waiting_.push_back(id);
    if (exchange.state() == Exchange::State::done && meanwhile_.answered) {
      meanwhile_.answered(id, exchange.result());
    }
  }

  void check_bounds() {
    const auto now = clock_.ticks();
    std::vector<std::size_t> late;
    std::vector<std::pair<std::size_t, Error>> slow;
    for (const auto& [id, host] : sending_) {
      if (exchanges_[id].deadline() <= now) {
        late.push_back(id);
        continue;
      }
      const Progress progress = session_.progress(id);
      auto error = exchanges_[id].too_slow(progress.bytes_moved, progress.server_is_thinking);
      if (error) slow.emplace_back(id, *std::move(error));
    }
    for (const std::size_t id : late) {
      session_.stop(id);
      release(id);
      exchanges_[id].time_is_up();
    }
    for (auto& [id, error] : slow) {
      session_.stop(id);
      release(id);
      conclude(id, std::unexpected(Failure{std::move(error), true}));
    }
  }

  milliseconds until_next_due() const {
    auto next = milliseconds::max();
    const auto now = clock_.ticks();
    for (const std::size_t id : waiting_) {
      next = std::min(next, std::chrono::ceil<milliseconds>(exchanges_[id].due() - now));
    }
    return next;
  }

  // How long to wait for the network before something of ours may be due.
  milliseconds patience() const {
    milliseconds longest = std::min(milliseconds(500), until_next_due());
    const auto now = clock_.ticks();
    for (const auto& [id, host] : sending_) {
      longest = std::min(longest, std::chrono::ceil<milliseconds>(exchanges_[id].deadline() - now));
    }
    return std::max(longest, milliseconds(1));
  }

  const World& world_;
  Clock& clock_;
  const ClientOptions& options_;
  Surroundings& surroundings_;
  Session& session_;
  const Http::Meanwhile& meanwhile_;
  bool more_due_;
  std::vector<HttpRequest> more_;
  RetryAllowance allowance_;
  std::deque<Exchange> exchanges_;
  std::deque<std::size_t> ready_;
  std::vector<std::size_t> waiting_;
  std::map<std::size_t, std::string> sending_;  // and to which host
  std::map<std::string, std::size_t> busy_;
};

class Client final : public Http {
 public:
  Client(const World& world, ClientOptions options)
      : world_(world),
        options_(std::move(options)),
        surroundings_(world_, options_),
        pool_(options_) {}

  Result<HttpResponse> send(const HttpRequest& request) override {
    return std::move(run({&request, 1}).front());
  }
  std::vector<Result<HttpResponse>> send_all(const std::vector<HttpRequest>& requests) override {
    return run(requests);
  }
  std::vector<Result<HttpResponse>> send_all_meanwhile(const std::vector<HttpRequest>& requests,
                                                       const Meanwhile& meanwhile) override {
    return run(requests, meanwhile);
  }

 private:
  std::vector<Result<HttpResponse>> run(std::span<const HttpRequest> requests,
                                        const Meanwhile& meanwhile = {}) {
    if (requests.empty() && !meanwhile.more) return {};
    auto session = pool_.take();
    auto results = Batch(world_, options_, surroundings_, *session, requests, meanwhile).run();
    pool_.give_back(std::move(session));
    return results;
  }

  const World world_;
  const ClientOptions options_;
  Surroundings surroundings_;
  SessionPool pool_;
};

class OfflineClient final : public Http {
 public:
  Result<HttpResponse> send(const HttpRequest& request) override {
    const auto url = parse_url(request.url);
    return fail(
        Error{Errc::denied, cat("offline: ", url ? url->shown() : "the network", " is not asked")}
            .advise("leave out --offline, or give what is needed as files"));
  }
  std::vector<Result<HttpResponse>> send_all(const std::vector<HttpRequest>& requests) override {
    std::vector<Result<HttpResponse>> results;
    for (const HttpRequest& request : requests) results.push_back(send(request));
    return results;
  }
};

}  // namespace

std::unique_ptr<Http> make_client(const World& world, ClientOptions options) {
  if (options.offline) return make_offline_client();
  options.max_connections_per_host = std::max<std::size_t>(options.max_connections_per_host, 1);
  options.max_parallel = std::max<std::size_t>(options.max_parallel, 1);
  return std::make_unique<Client>(world, std::move(options));
}

std::unique_ptr<Http> make_offline_client() { return std::make_unique<OfflineClient>(); }

}  // namespace sluice::net

// SPDX-License-Identifier: Apache-2.0
#include "net/session.h"

#include <curl/curl.h>
#include <pthread.h>

#include <csignal>
#include <ctime>
#include <map>
#include <new>

#include "net/transfer.h"

namespace sluice::net {

namespace {

void prepare_libcurl() {
  static const CURLcode once = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (once != CURLE_OK) throw std::bad_alloc();
}

// A peer that goes away while we write must not end this process. libcurl and its TLS write with
// MSG_NOSIGNAL where they can; this holds for the rest, in this thread alone.
class NoSigpipe {
 public:
  NoSigpipe() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~NoSigpipe() {
    const timespec no_time{0, 0};
    if (!was_pending_) sigtimedwait(&pipe_, nullptr, &no_time);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  NoSigpipe(const NoSigpipe&) = delete;
  NoSigpipe& operator=(const NoSigpipe&) = delete;

 private:
  sigset_t pipe_{};
  sigset_t before_{};
  bool was_pending_ = false;
};

}  // namespace

struct Session::State {
  struct MultiCleanup {
    void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
  };

  const ClientOptions& options;
  std::unique_ptr<CURLM, MultiCleanup> multi;
  std::map<std::size_t, std::unique_ptr<CurlTransfer>> running;

  void remove(std::size_t id) {
    const auto at = running.find(id);
    if (at == running.end()) return;
    curl_multi_remove_handle(multi.get(), at->second->handle());
    running.erase(at);
  }

  std::vector<Finished> collect() {
    std::vector<Finished> finished;
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi.get(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      void* owner = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &owner);
      auto& transfer = *static_cast<CurlTransfer*>(owner);
      finished.push_back({transfer.id(), transfer.outcome(message->data.result)});
      remove(transfer.id());  // the message is gone with it
    }
    return finished;
  }
};

Session::Session(const ClientOptions& options) {
  prepare_libcurl();
  state_ = std::make_unique<State>(options, nullptr, decltype(State::running){});
  state_->multi.reset(curl_multi_init());
  if (!state_->multi) throw std::bad_alloc();
  CURLM* const multi = state_->multi.get();
  curl_multi_setopt(multi, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_MULTIPLEX));
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, static_cast<long>(options.max_parallel));
  curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                    static_cast<long>(options.max_connections_per_host));
}

Session::~Session() {
  const NoSigpipe quiet;
  while (!state_->running.empty()) state_->remove(state_->running.begin()->first);
  state_->multi.reset();
}

void Session::start(std::size_t id, Transfer transfer) {
  auto added = std::make_unique<CurlTransfer>(id, std::move(transfer), state_->options);
  if (curl_multi_add_handle(state_->multi.get(), added->handle()) != CURLM_OK) {
    throw std::bad_alloc();
  }
  state_->running.emplace(id, std::move(added));
}

void Session::stop(std::size_t id) {
  const NoSigpipe quiet;
  state_->remove(id);
}

Progress Session::progress(std::size_t id) const {
  const auto at = state_->running.find(id);
  return at == state_->running.end() ? Progress{} : at->second->progress();
}

std::vector<Finished> Session::carry_on(std::chrono::milliseconds longest) {
  const NoSigpipe quiet;
  CURLM* const multi = state_->multi.get();
  int running = 0;
  curl_multi_perform(multi, &running);
  auto finished = state_->collect();
  if (!finished.empty() || state_->running.empty()) return finished;
  curl_multi_poll(multi, nullptr, 0, static_cast<int>(longest.count()), nullptr);
  curl_multi_perform(multi, &running);
  return state_->collect();
}

}  // namespace sluice::net

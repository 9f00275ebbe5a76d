// SPDX-License-Identifier: Apache-2.0
// The one file that includes Beast and Asio: compiled alone, since it takes half a minute and a
// gigabyte (docs/dependencies.md).
#include "server/server.h"

#include <openssl/ssl.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "base/text.h"
#include "server/budget.h"
#include "server/crowd.h"
#include "server/message.h"
#include "server/tls.h"
#include "server/workers.h"

namespace sluice::server {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using Steady = std::chrono::steady_clock;
constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

// What has been received and not yet parsed: a line that does not end must not grow without end.
constexpr std::size_t kBuffer = 128U << 10;

class Connection;

// What all connections share.
struct Shared {
  explicit Shared(Setup from)
      : setup(std::move(from)),
        bodies(setup.limits),
        quick(setup.limits.quick, setup.limits.queued),
        large(setup.limits.large, setup.limits.queued_large),
        slow(setup.limits.slow, setup.limits.queued) {}

  Setup setup;
  std::atomic<bool> stopping{false};
  BodyBudget bodies;

  mutable std::mutex mutex;  // of what follows
  std::condition_variable changed;
  std::map<std::uint64_t, std::weak_ptr<Connection>> connections;
  std::map<std::string, std::size_t, std::less<>> addresses;  // and how many connections of each
  std::shared_ptr<const TlsContext> tls;  // shared with the handshakes that began under it

  asio::io_context io;
  // After io: a handler that still runs posts to it when it is done.
  Workers quick;
  Workers large;
  Workers slow;

  std::size_t count() const {
    const std::lock_guard hold(mutex);
    return connections.size();
  }
  std::size_t count_of(const std::string& address) const {
    const std::lock_guard hold(mutex);
    const auto at = addresses.find(address);
    return at == addresses.end() ? 0 : at->second;
  }
  void tell(const Exchange& exchange) const {
    if (setup.observe) setup.observe(exchange);
  }
};

// A body as Beast's parser fills it: it grows with what arrives, and asks the budget each time.
struct CountedBody {
  struct value_type {
    std::string text = {};
    BodyShare* share = nullptr;
  };

  class reader {
   public:
    template <bool kRequest, class Fields>
    reader(http::header<kRequest, Fields>&, value_type& body) : body_(body) {}
    void init(const boost::optional<std::uint64_t>& length, error_code& error) {
      length_ = static_cast<std::size_t>(length.value_or(0));
      error = {};
    }
    template <class Buffers>
    std::size_t put(const Buffers& buffers, error_code& error) {
      const std::size_t size = asio::buffer_size(buffers);
      if (!body_.share->make_room(body_.text, size, length_)) {
        error = make_error_code(boost::system::errc::not_enough_memory);
        return 0;
      }
      for (auto at = asio::buffer_sequence_begin(buffers); at != asio::buffer_sequence_end(buffers);
           ++at) {
        const asio::const_buffer one(*at);
        body_.text.append(static_cast<const char*>(one.data()), one.size());
      }
      error = {};
      return size;
    }
    static void finish(error_code& error) { error = {}; }

   private:
    value_type& body_;
    std::size_t length_ = 0;  // 0: not announced
  };
};
using Parser = http::request_parser<CountedBody>;

// An answer that comes from another thread. Shared with that thread, which may outlive the
// connection; all but the response is touched on the connection's strand alone.
struct Awaited {
  explicit Awaited(const asio::any_io_executor& strand) : ready(strand) {}
  asio::steady_timer ready;
  std::optional<Response> response;
};

Response run_handler(const Route& route, const Request& request) {
  try {
    return route.handler(request);
  } catch (const std::bad_alloc&) {
    return refusal(503, "there is not enough memory");
  } catch (...) {
    return refusal(500, "a fault of ours");
  }
}

bool is_full(const error_code& error) { return error == boost::system::errc::not_enough_memory; }

// Nobody is left to hear an answer.
bool ends_the_stream(const error_code& error) {
  const error_code end = http::make_error_code(http::error::end_of_stream);
  return error == end || error.category() != end.category();
}

class Connection final : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Shared& shared, std::uint64_t id, tcp::socket socket, SSL* tls)
      : shared_(shared), id_(id), stream_(std::move(socket), tls), timer_(stream_.get_executor()) {
    error_code ignored;
    const auto remote = stream_.lowest_layer().remote_endpoint(ignored).address();
    remote_ = remote.to_string();
    address_ = address_group(
        remote.is_v4() ? asio::ip::make_address_v6(asio::ip::v4_mapped, remote.to_v4()).to_bytes()
                       : remote.to_v6().to_bytes());
    turn_to(Doing::shaking_hands);
  }
  ~Connection() {
    {
      const std::lock_guard hold(shared_.mutex);
      shared_.connections.erase(id_);
      const auto at = shared_.addresses.find(address_);
      if (at != shared_.addresses.end() && --at->second == 0) shared_.addresses.erase(at);
    }
    shared_.changed.notify_all();
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start() {
    asio::co_spawn(
        stream_.get_executor(),
        [self = shared_from_this()]() -> asio::awaitable<void> { co_await self->run(); },
        asio::detached);
  }
  // These from any thread.
  void close_if_idle() {
    asio::post(stream_.get_executor(), [self = shared_from_this()] {
      if (self->doing_ <= Doing::idle) self->close();
    });
  }
  void give_way() {
    leaving_ = true;
    asio::post(stream_.get_executor(), [self = shared_from_this()] {
      self->leaving_ = self->doing_ != Doing::handling;
      if (self->leaving_) self->close();
    });
  }
  bool leaving() const { return leaving_; }
  const std::string& address() const { return address_; }
  Guest guest() const {
    return {.id = id_,
            .address = address_,
            .doing = doing_,
            .since = Steady::now() - Steady::time_point(Steady::duration(since_)),
            .answered = answered_,
            .certified = certified_};
  }

 private:
  void turn_to(Doing what) {
    since_ = Steady::now().time_since_epoch().count();
    doing_ = what;
  }
  const Limits& limits() const { return shared_.setup.limits; }
  void close() {
    error_code ignored;
    stream_.lowest_layer().close(ignored);
  }

  // From now until the next call, what the socket waits for is cancelled once the time is over; and
  // again, for one cancel can fall between two steps of one operation.
  void bound(std::chrono::milliseconds length) {
    expired_ = false;
    timer_.expires_after(length);
    watch(++phase_);
  }
  void unbound() {
    ++phase_;
    timer_.cancel();
  }
  void watch(std::uint64_t phase) {
    timer_.async_wait([weak = weak_from_this(), phase](const error_code&) {
      const auto self = weak.lock();
      if (!self || self->phase_ != phase) return;
      self->expired_ = true;
      error_code ignored;
      self->stream_.lowest_layer().cancel(ignored);
      self->timer_.expires_after(std::chrono::milliseconds(50));
      self->watch(phase);
    });
  }

  asio::awaitable<void> run() {
    try {
      bound(limits().handshake);
      const auto [failed] =
          co_await stream_.async_handshake(asio::ssl::stream_base::server, kAwait);
      if (!failed) {
        certificate_ = shown_certificate(stream_.native_handle());
        certified_ = certificate_.has_value();
        turn_to(Doing::idle);
        while (co_await serve_one()) {
        }
      }
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch)
      // No memory, most likely: this connection ends, the others go on.
    }
    unbound();
    close();
  }

  // True: another request may follow.
  asio::awaitable<bool> serve_one() {
    if (buffer_.size() == 0 && !co_await wait_for_bytes()) co_return false;
    turn_to(Doing::reading);
    request_ = Request{};
    request_.received = Steady::now();
    bound(limits().read);
    BodyShare share(shared_.bodies);
    Parser parser;
    parser.get().body().share = &share;
    parser.header_limit(static_cast<std::uint32_t>(limits().header));
    parser.body_limit(limits().body);
    const auto [failed, _] = co_await http::async_read_header(stream_, buffer_, parser, kAwait);
    if (failed) co_return co_await refuse_broken(failed);
    const bool kept = co_await serve_parsed(parser);
    turn_to(Doing::idle);
    co_return kept && !shared_.stopping;
  }

  asio::awaitable<bool> wait_for_bytes() {
    if (shared_.stopping) co_return false;
    bound(limits().idle);
    const auto [failed, size] =
        co_await stream_.async_read_some(buffer_.prepare(std::size_t{4096}), kAwait);
    buffer_.commit(size);
    co_return !failed && size > 0;
  }

  asio::awaitable<bool> serve_parsed(Parser& parser) {
    const Found found = take_header(parser.get());
    // Where it is not clear what came, it is not clear either where the next request would begin.
    const auto unclear = check_framing(request_, parser.get().version(), limits());
    if (unclear) co_return co_await answer(*unclear, false);
    const auto refused = check_header(parser, found);
    if (refused) co_return co_await answer(*refused, parser.is_done() && stays(parser));
    route_ = found.route;
    parser.body_limit(body_limit(*route_));
    if (!parser.is_done()) {
      if (parser.get().count(http::field::expect) != 0 && !co_await say_continue()) co_return false;
      const auto [failed, _] = co_await http::async_read(stream_, buffer_, parser, kAwait);
      if (failed) co_return co_await refuse_broken(failed);
    }
    request_.body = std::move(parser.get().body().text);
    received_ = request_.body.size();
    const bool keep = stays(parser);
    const auto response = co_await handle();
    if (response) co_return co_await answer(*response, keep);
    const Response late = refusal(503, "it took too long");
    co_return co_await answer(late, false);
  }

  bool stays(const Parser& parser) const {
    return parser.get().version() == 11 && parser.get().keep_alive() && !shared_.stopping;
  }

  Found take_header(const Parser::value_type& message) {
    request_.method = std::string(message.method_string());
    const std::string_view target = {message.target().data(), message.target().size()};
    const auto mark = target.find('?');
    request_.path = target.substr(0, mark);
    if (mark != std::string_view::npos) request_.query = target.substr(mark + 1);
    request_.remote = remote_;
    request_.certificate = certificate_;
    head_only_ = request_.method == "HEAD";
    // Copied now: Beast adds the trailers of a body in chunks to the same list.
    for (const auto& field : message) {
      request_.headers.emplace_back(
          lower_ascii({field.name_string().data(), field.name_string().size()}),
          std::string(field.value().data(), field.value().size()));
    }
    return find_route(shared_.setup.routes, request_.method, request_.path);
  }

  // What is wrong with the header, in the order in which it matters.
  std::optional<Response> check_header(const Parser& parser, const Found& found) const {
    if (found.route == nullptr && found.status == 405) {
      auto response = refusal(405, cat("this takes ", found.allowed));
      response.headers.emplace_back("Allow", found.allowed);
      return response;
    }
    if (found.route == nullptr) return refusal(404, "nothing is here");
    if (found.route->certified && !request_.certificate) {
      return refusal(403, "a client certificate is needed here");
    }
    if (const auto expected = request_.header("expect");
        expected && lower_ascii(*expected) != "100-continue") {
      return refusal(417, "no such expectation is known");
    }
    return check_body(parser, *found.route);
  }

  std::optional<Response> check_body(const Parser& parser, const Route& route) const {
    if (route.method == "GET") {
      if (parser.is_done()) return std::nullopt;
      return refusal(413, "this takes no body");
    }
    const bool sized = request_.header("content-length") || request_.header("transfer-encoding");
    if (!sized) return refusal(411, "say how long the body is");
    const auto length = parser.content_length();
    if (length && *length > body_limit(route)) return too_large(body_limit(route));
    const auto type = request_.header("content-type");
    if (!route.content_type.empty() && !is_type(type.value_or(""), route.content_type)) {
      return refusal(415, cat("this takes ", route.content_type));
    }
    return std::nullopt;
  }

  static Response too_large(std::size_t most) {
    return refusal(413, cat("the body is larger than ", human_bytes(most)));
  }
  std::size_t body_limit(const Route& route) const {
    return route.body == 0 ? limits().body : std::min(route.body, limits().body);
  }

  asio::awaitable<bool> say_continue() {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    const auto [failed, _] = co_await asio::async_write(
        stream_, asio::buffer(kContinue.data(), kContinue.size()), kAwait);
    co_return !failed;
  }

  // What is said where reading failed; nothing where nobody is there to hear it.
  std::optional<Response> reply_to_broken(const error_code& failed) const {
    if (expired_) return refusal(408, "the request came too slowly");
    // Also for the length alone: it is reported with the header.
    if (failed == http::error::body_limit) {
      return too_large(route_ != nullptr ? body_limit(*route_) : limits().body);
    }
    if (is_full(failed)) return refusal(503, "too many requests at a time");
    if (failed == http::error::header_limit) {
      const std::string_view seen(static_cast<const char*>(buffer_.data().data()), buffer_.size());
      if (seen.find("\r\n") == std::string_view::npos) {
        return refusal(414, "the target is too long");
      }
      return refusal(431, "the headers are too long");
    }
    if (ends_the_stream(failed)) return std::nullopt;
    return refusal(400, "this is no HTTP/1.1 request");
  }

  // g++ 12 destroys twice what a conditional expression makes inside of a co_await: what is awaited
  // here takes named values.
  asio::awaitable<bool> refuse_broken(error_code failed) {
    const auto response = reply_to_broken(failed);
    if (!response) co_return false;
    co_return co_await answer(*response, false);
  }

  // Nothing: it took too long.
  asio::awaitable<std::optional<Response>> handle() {
    unbound();
    turn_to(Doing::handling);
    if (route_->lane == Lane::at_once) co_return run_handler(*route_, request_);
    const auto awaited = std::make_shared<Awaited>(stream_.get_executor());
    const bool taken = workers().take([awaited, route = route_, request = std::move(request_)] {
      auto response = run_handler(*route, request);
      const auto strand = awaited->ready.get_executor();
      asio::post(strand, [awaited, response = std::move(response)]() mutable {
        awaited->response = std::move(response);
        awaited->ready.cancel();
      });
    });
    if (!taken) co_return refusal(503, "too many requests wait");
    awaited->ready.expires_after(limits().handle);
    const auto [woken] = co_await awaited->ready.async_wait(kAwait);
    (void)woken;
    co_return std::move(awaited->response);
  }

  Workers& workers() {
    if (route_->lane == Lane::slow) return shared_.slow;
    return request_.body.size() > limits().small_body ? shared_.large : shared_.quick;
  }

  asio::awaitable<bool> answer(const Response& response, bool keep) {
    // From here on: the answer may be there before this thread hears of it, and a connection must
    // not count as a stranger's meanwhile.
    answered_ = answered_ || response.status < 400;
    turn_to(Doing::writing);
    keep = keep && !shared_.stopping;
    const std::string text = answer_text(
        response, {.keep = keep, .head_only = head_only_, .now = shared_.setup.clock.now()});
    bound(limits().write);
    const auto [failed, _] = co_await asio::async_write(stream_, asio::buffer(text), kAwait);
    shared_.tell(
        {.route = route_ != nullptr ? route_->path : std::string(),
         .status = response.status,
         .took = std::chrono::duration_cast<std::chrono::microseconds>(Steady::now() - started()),
         .received = received_});
    route_ = nullptr;
    received_ = 0;
    head_only_ = false;
    if (!failed && !keep) co_await take_leave();
    co_return !failed && keep;
  }

  // The request may have moved to a handler by now, but its times are plain values.
  Steady::time_point started() const { return request_.received; }

  // A socket that is closed with bytes unread takes the answer with it: so say good-bye, and let
  // the other side finish, for a moment.
  asio::awaitable<void> take_leave() {
    bound(std::chrono::milliseconds(1000));
    const auto [closed] = co_await stream_.async_shutdown(kAwait);
    (void)closed;
    error_code ignored;
    stream_.next_layer().shutdown(tcp::socket::shutdown_send, ignored);
    std::array<char, 16384> rest{};
    for (std::size_t total = 0; !expired_ && total < (16U << 20);) {
      const auto [failed, size] =
          co_await stream_.next_layer().async_read_some(asio::buffer(rest), kAwait);
      if (failed || size == 0) break;
      total += size;
    }
  }

  Shared& shared_;
  const std::uint64_t id_;
  asio::ssl::stream<tcp::socket> stream_;
  asio::steady_timer timer_;
  boost::beast::flat_buffer buffer_{kBuffer};
  std::uint64_t phase_ = 0;
  bool expired_ = false;
  std::string remote_;
  std::string address_;  // what counts as one
  std::optional<ClientCertificate> certificate_;
  Request request_;
  const Route* route_ = nullptr;  // of the request that is being handled
  std::size_t received_ = 0;
  bool head_only_ = false;
  // For those who decide who has to go.
  std::atomic<Doing> doing_{Doing::shaking_hands};
  std::atomic<Steady::rep> since_{0};
  std::atomic<bool> answered_{false};
  std::atomic<bool> certified_{false};
  std::atomic<bool> leaving_{false};
};

class BeastServer final : public Server {
 public:
  explicit BeastServer(Setup setup)
      : shared_(std::move(setup)), acceptor_(shared_.io), pause_(shared_.io) {}
  // What could be thrown is that the system has no locks: that ends the program.
  // NOLINTNEXTLINE(bugprone-exception-escape)
  ~BeastServer() override { (void)stop(std::chrono::milliseconds(0)); }

  Result<void> listen(const TlsFiles& tls) {
    SLUICE_CHECK(replace(tls));
    error_code failed;
    const auto address = asio::ip::make_address(shared_.setup.address, failed);
    if (failed) {
      return fail(Errc::usage, cat("\"", printable(shared_.setup.address, 80),
                                   "\" is no address: numbers are, as 127.0.0.1 and ::"));
    }
    const tcp::endpoint endpoint(address, shared_.setup.port);
    acceptor_.open(endpoint.protocol(), failed);
    if (!failed) acceptor_.set_option(tcp::acceptor::reuse_address(true), failed);
    if (!failed) acceptor_.bind(endpoint, failed);
    if (!failed) acceptor_.listen(shared_.setup.limits.waiting, failed);
    if (failed) {
      return fail(failed == asio::error::access_denied ? Errc::denied : Errc::io,
                  cat("cannot listen at ", shared_.setup.address, " port ", shared_.setup.port,
                      ": ", failed.message()));
    }
    port_ = acceptor_.local_endpoint(failed).port();
    asio::co_spawn(shared_.io, accept_all(), asio::detached);
    for (unsigned i = 0; i < std::max(shared_.setup.limits.movers, 1U); ++i) {
      movers_.emplace_back([this] { shared_.io.run(); });
    }
    return {};
  }

  std::uint16_t port() const override { return port_; }
  std::size_t connections() const override { return shared_.count(); }
  Time certificate_ends() const override {
    const std::lock_guard hold(shared_.mutex);
    return shared_.tls->ends;
  }

  Result<void> replace(const TlsFiles& tls) override {
    SLUICE_TRY(auto made, make_tls_context(tls));
    auto context = std::make_shared<const TlsContext>(std::move(made));
    const std::lock_guard hold(shared_.mutex);
    shared_.tls = std::move(context);
    return {};
  }

  std::size_t stop(std::chrono::milliseconds within) override {
    if (movers_.empty()) return 0;
    shared_.stopping = true;
    asio::post(shared_.io, [this] {
      error_code ignored;
      acceptor_.close(ignored);
      pause_.cancel();
    });
    for (const auto& each : all_connections()) each->close_if_idle();
    std::size_t left = 0;
    {
      std::unique_lock hold(shared_.mutex);
      shared_.changed.wait_for(hold, within, [this] { return shared_.connections.empty(); });
      left = shared_.connections.size();
    }
    shared_.io.stop();
    movers_.clear();
    return left;
  }

 private:
  std::vector<std::shared_ptr<Connection>> all_connections() {
    const std::lock_guard hold(shared_.mutex);
    std::vector<std::shared_ptr<Connection>> out;
    for (const auto& [id, weak] : shared_.connections) {
      if (auto one = weak.lock()) out.push_back(std::move(one));
    }
    return out;
  }

  asio::awaitable<void> accept_all() {
    while (!shared_.stopping) {
      auto [failed, socket] =
          co_await acceptor_.async_accept(asio::make_strand(shared_.io), kAwait);
      if (failed == asio::error::operation_aborted || !acceptor_.is_open()) co_return;
      if (!failed) {
        if (const auto newcomer = admit(std::move(socket))) hold_to_its_bound(newcomer);
      } else {
        co_await pause(std::chrono::milliseconds(100));  // out of descriptors, most likely
      }
      // One more than the bound is here: the next waits outside until one has gone.
      while (shared_.count() > shared_.setup.limits.connections && !shared_.stopping) {
        end_one_of(all_connections(), shared_.setup.limits.connections);
        co_await pause(std::chrono::milliseconds(1));
      }
    }
  }

  asio::awaitable<void> pause(std::chrono::milliseconds length) {
    pause_.expires_after(length);
    const auto [woken] = co_await pause_.async_wait(kAwait);
    (void)woken;
  }

  std::shared_ptr<Connection> admit(tcp::socket socket) {
    try {
      error_code ignored;
      socket.set_option(tcp::no_delay(true), ignored);
      std::shared_ptr<const TlsContext> context;
      {
        const std::lock_guard hold(shared_.mutex);
        context = shared_.tls;
      }
      SSL* tls = SSL_new(context->context.get());  // it keeps the context
      if (tls == nullptr) return nullptr;
      const auto id = ++last_id_;
      const auto connection = std::make_shared<Connection>(shared_, id, std::move(socket), tls);
      {
        const std::lock_guard hold(shared_.mutex);
        shared_.connections.emplace(id, connection);
        ++shared_.addresses[connection->address()];
      }
      connection->start();
      return connection;
    } catch (const std::exception&) {
      return nullptr;  // no memory for one more: it is closed
    }
  }

  // Where these are more than that, one has to go. Those that go already do not count.
  bool end_one_of(std::vector<std::shared_ptr<Connection>> connections, std::size_t most) {
    std::erase_if(connections, [](const auto& each) { return each->leaving(); });
    if (connections.size() <= most) return true;
    std::vector<Guest> guests;
    for (const auto& each : connections) guests.push_back(each->guest());
    const auto chosen = who_goes(guests, last_id_, std::max<std::size_t>(most / 8, 1));
    for (const auto& each : connections) {
      if (chosen == each->guest().id) each->give_way();
    }
    return chosen.has_value();
  }

  void hold_to_its_bound(const std::shared_ptr<Connection>& newcomer) {
    const std::size_t most = shared_.setup.limits.per_address;
    if (shared_.count_of(newcomer->address()) <= most) return;
    auto connections = all_connections();
    std::erase_if(connections,
                  [&](const auto& each) { return each->address() != newcomer->address(); });
    // All others are being answered: then there is no room for this one.
    if (!end_one_of(std::move(connections), most)) newcomer->give_way();
  }

  Shared shared_;
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  std::uint64_t last_id_ = 0;
  std::uint16_t port_ = 0;
  std::vector<std::jthread> movers_;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::start(Setup setup, const TlsFiles& tls) {
  auto server = std::make_unique<BeastServer>(std::move(setup));
  SLUICE_CHECK(server->listen(tls));
  return server;
}

}  // namespace sluice::server

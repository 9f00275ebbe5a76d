// SPDX-License-Identifier: Apache-2.0
#include "support/servers/faulty_front.h"

#include "base/text.h"

namespace sluice::test {

namespace {

constexpr std::string_view kPage = "<html><body>Scheduled maintenance</body></html>\n";

std::string as_text(const ServedAnswer& answer) {
  std::string lines = cat("Content-Type: ", answer.type, "\r\nConnection: close\r\n");
  for (const auto& [name, value] : answer.headers) lines += cat(name, ": ", value, "\r\n");
  return RawServer::answer(answer.status, answer.body, lines);
}

}  // namespace

Fault busy_fault(int status, Headers headers) {
  return {Fault::Kind::answer,
          {.status = status,
           .body = std::string(kPage),
           .headers = std::move(headers),
           .type = "text/html"}};
}

Fault page_fault() { return busy_fault(200); }

FaultyFront::FaultyFront(Service service) : service_(std::move(service)) { up(); }
FaultyFront::~FaultyFront() = default;

void FaultyFront::up() {
  server_ = std::make_unique<RawServer>([this](RawConnection& connection) { serve(connection); },
                                        std::nullopt, port_);
  port_ = server_->port();
}

void FaultyFront::down() { server_.reset(); }

std::string FaultyFront::url(std::string_view path) const {
  return cat("http://127.0.0.1:", port_, path);
}

void FaultyFront::meet(std::vector<Fault> next, Fault afterwards) {
  const std::lock_guard hold(mutex_);
  next_.assign(next.begin(), next.end());
  afterwards_ = std::move(afterwards);
}

void FaultyFront::meet_reads(Fault always) {
  const std::lock_guard hold(mutex_);
  reads_ = std::move(always);
}

Fault FaultyFront::next_fault(const RawRequest& request) {
  const std::lock_guard hold(mutex_);
  if (request.method != "POST") return reads_;
  if (next_.empty()) return afterwards_;
  Fault out = std::move(next_.front());
  next_.pop_front();
  return out;
}

void FaultyFront::count_read() {
  const std::lock_guard hold(mutex_);
  ++read_;
  changed_.notify_all();
}

std::size_t FaultyFront::read() const {
  const std::lock_guard hold(mutex_);
  return read_;
}

void FaultyFront::wait_until_read(std::size_t answers) const {
  std::unique_lock hold(mutex_);
  changed_.wait(hold, [&] { return read_ >= answers; });
}

void FaultyFront::serve(RawConnection& connection) {
  const auto request = connection.read_request();
  if (!request) return;
  const Fault fault = next_fault(*request);
  if (fault.kind == Fault::Kind::reset) return connection.reset();
  const ServedAnswer answer =
      fault.kind == Fault::Kind::answer ? fault.instead : service_(*request);
  std::string text = as_text(answer);
  switch (fault.kind) {
    case Fault::Kind::lost:
      return connection.reset();
    case Fault::Kind::held:
      if (while_held) while_held();
      return connection.wait_until_closed();
    case Fault::Kind::truncated:
      text.resize(text.size() - answer.body.size() / 2);
      (void)connection.write(text);
      return;
    default:
      break;
  }
  // The client closes what it has read to the end: then this is known to have arrived.
  if (connection.write(text)) connection.wait_until_closed();
  count_read();
}

}  // namespace sluice::test

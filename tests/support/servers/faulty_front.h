// SPDX-License-Identifier: Apache-2.0
// What stands in front of a service on 127.0.0.1 and has a bad day: over real sockets, and without
// waiting for any clock.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "support/servers/http_server.h"
#include "support/servers/raw_server.h"

namespace sluice::test {

struct Fault {
  enum class Kind : std::uint8_t {
    none,
    held,       // the service does what it was asked; the answer never comes
    lost,       // the service does what it was asked; the connection is reset
    reset,      // the connection is reset before the service hears of it
    answer,     // this one instead of the service's
    truncated,  // the service's answer, and the connection ends in its middle
  };
  Kind kind = Kind::none;
  ServedAnswer instead = {};
};
Fault busy_fault(int status, Headers headers = {});  // a page of HTML, as a front end writes it
Fault page_fault();                                  // a page of HTML with status 200

// Each connection carries one request and one answer, and ends.
class FaultyFront {
 public:
  using Service = std::function<ServedAnswer(const RawRequest&)>;

  explicit FaultyFront(Service service);
  ~FaultyFront();
  FaultyFront(const FaultyFront&) = delete;
  FaultyFront& operator=(const FaultyFront&) = delete;

  // What the next requests that write (POST) meet, and all of those after them.
  void meet(std::vector<Fault> next, Fault afterwards = {});
  void meet_reads(Fault always);  // and what those meet that only read
  // Nobody listens; and again, at the same port.
  void down();
  void up();

  std::string url(std::string_view path = "") const;
  // Answers that their client has read to the end.
  std::size_t read() const;
  void wait_until_read(std::size_t answers) const;
  // Called by the thread of a request that is held, once the service has done its work.
  std::function<void()> while_held = {};

 private:
  void serve(RawConnection& connection);
  Fault next_fault(const RawRequest& request);
  void count_read();

  Service service_;
  int port_ = 0;
  mutable std::mutex mutex_;  // what follows
  mutable std::condition_variable changed_;
  std::deque<Fault> next_;
  Fault afterwards_;
  Fault reads_;
  std::size_t read_ = 0;
  std::unique_ptr<RawServer> server_;  // last: its threads use the rest
};

}  // namespace sluice::test

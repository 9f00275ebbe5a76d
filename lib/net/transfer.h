// SPDX-License-Identifier: Apache-2.0
// One libcurl transfer: its options, what it collects, what it came to. Private to session.cc.
#pragma once

#include <memory>
#include <optional>

#include "net/headers.h"
#include "net/session.h"

namespace sluice::net {

class CurlTransfer {
 public:
  CurlTransfer(std::size_t id, Transfer transfer, const ClientOptions& options);
  ~CurlTransfer();
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  void* handle() const { return handle_.get(); }  // CURL*; libcurl's headers stay in the .cc files
  std::size_t id() const { return id_; }
  Progress progress() const;
  TryResult outcome(int curl_code);

 private:
  struct Cleanup {
    void operator()(void* handle) const;
  };
  struct HeaderList;

  void set_options(const ClientOptions& options);
  void set_method();
  void set_tls(const ClientOptions& options);
  void collect_headers();
  Failure failure(int curl_code) const;
  void refuse(Error error);  // remembered; libcurl then ends the transfer

  static std::size_t on_header(char* data, std::size_t one, std::size_t count, void* self);
  void make_room();
  static std::size_t on_body(char* data, std::size_t one, std::size_t count, void* self);

  std::size_t id_;
  Transfer transfer_;
  HeaderReader headers_;
  std::string body_;
  std::optional<Error> refused_;
  std::unique_ptr<HeaderList> sent_headers_;
  std::string error_text_;                 // libcurl writes here
  std::unique_ptr<void, Cleanup> handle_;  // last: gone before what it points to
};

}  // namespace sluice::net

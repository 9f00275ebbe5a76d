// SPDX-License-Identifier: Apache-2.0
// Certificates for servers and clients in tests, made while the test runs.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace sluice::test {

struct TestIdentity {
  std::string certificate;  // PEM
  std::string key;          // PEM, not encrypted
};

struct TestCertificate {
  std::vector<std::string> names = {"IP:127.0.0.1", "DNS:localhost"};
  // From now; the wall clock counts here, since TLS looks at it.
  std::chrono::seconds not_before = -std::chrono::hours(1);
  std::chrono::seconds not_after = std::chrono::hours(1);
};

// An authority with a P-256 key of its own.
class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name = "sluice test authority");
  ~TestAuthority();
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  const std::string& pem() const;
  TestIdentity issue(const TestCertificate& wish = {}) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sluice::test

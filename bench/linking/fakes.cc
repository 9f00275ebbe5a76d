// SPDX-License-Identifier: Apache-2.0
// What a test of ours does: the client that we link (static curl and OpenSSL) talks TLS to Debian's
// httplib (a shared library on a shared OpenSSL) in the same process.
#include <curl/curl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <nlohmann/json.hpp>
#include <string>
#include <thread>

namespace {

std::string key_file, certificate_file;

std::size_t append(char* data, std::size_t size, std::size_t count, void* to) {
  static_cast<std::string*>(to)->append(data, size * count);
  return size * count;
}

TEST(Fakes, AnswersOverTls) {
  httplib::SSLServer server(certificate_file.c_str(), key_file.c_str());
  ASSERT_TRUE(server.is_valid());
  server.Get("/(.*)", [](const httplib::Request& request, httplib::Response& response) {
    response.set_content(nlohmann::json{{"path", request.path}}.dump(), "application/json");
  });
  const int port = server.bind_to_any_port("127.0.0.1");
  std::jthread listener([&] { server.listen_after_bind(); });

  CURL* curl = curl_easy_init();
  std::string body;
  const std::string url = "https://localhost:" + std::to_string(port) + "/a/b";
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_IPRESOLVE, static_cast<long>(CURL_IPRESOLVE_V4));
  curl_easy_setopt(curl, CURLOPT_CAINFO, certificate_file.c_str());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, append);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
  for (int i = 0; i < 20; ++i) {
    body.clear();
    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
    ASSERT_EQ(curl_easy_perform(curl), CURLE_OK);
    EXPECT_THAT(body, testing::HasSubstr("/a/b"));
  }
  curl_easy_cleanup(curl);
  server.stop();
}

TEST(Fakes, ThrowsAcrossTheCppLibrary) {
  EXPECT_THROW(nlohmann::json(nlohmann::json::parse("{")), nlohmann::json::parse_error);
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc != 3) return 2;
  key_file = argv[1];
  certificate_file = argv[2];
  return RUN_ALL_TESTS();
}

// SPDX-License-Identifier: Apache-2.0
// Reads a targets.json of 100,000 targets (about 16 MB) in several ways in one run. Prints JSON.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/text.h"
#include "json/tokenizer.h"
#include "json/value.h"

namespace {

using namespace sluice;

constexpr int kTargets = 100'000;

enum class Form { compact, pretty, unsorted };

std::string padded(int number) {
  std::string digits = cat(number);
  return std::string(7 - digits.size(), '0') + digits;
}

std::string target(int number, Form form) {
  std::string digest;
  auto state = static_cast<std::uint64_t>(number) * 0x9E3779B97F4A7C15U + 1;
  for (int i = 0; i < 64; ++i) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    digest += "0123456789abcdef"[state >> 60];
  }
  const std::string name = cat("packages/", padded(number).substr(2, 2), "/package-",
                               padded(number), "-1.0.0-py3-none-any.whl");
  const std::string length = cat(1'000'000 + number);
  if (form == Form::pretty) {
    return cat("   \"", name, "\": {\n    \"hashes\": {\n     \"sha256\": \"", digest,
               "\"\n    },\n    \"length\": ", length, "\n   }");
  }
  if (form == Form::unsorted) {
    return cat("\"", name, "\":{\"length\":", length, ",\"hashes\":{\"sha256\":\"", digest, "\"}}");
  }
  return cat("\"", name, "\":{\"hashes\":{\"sha256\":\"", digest, "\"},\"length\":", length, "}");
}

std::string document(Form form) {
  std::string out =
      R"({"signatures":[],"signed":{"_type":"targets","expires":"2030-01-01T00:00:00Z","targets":{)";
  for (int i = 0; i < kTargets; ++i) {
    // A stride that is prime to the count visits each number once, out of order.
    const int number =
        form == Form::unsorted ? static_cast<int>(std::int64_t{i} * 7919 % kTargets) : i;
    if (i > 0) out += form == Form::pretty ? ",\n" : ",";
    out += target(number, form);
  }
  return out + "},\"version\":1}}";
}

struct Nothing : nlohmann::json_sax<nlohmann::json> {
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(std::int64_t) override { return true; }
  bool number_unsigned(std::uint64_t) override { return true; }
  bool number_float(double, const std::string&) override { return true; }
  bool string(std::string&) override { return true; }
  bool binary(nlohmann::json::binary_t&) override { return true; }
  bool start_object(std::size_t) override { return true; }
  bool key(std::string&) override { return true; }
  bool end_object() override { return true; }
  bool start_array(std::size_t) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }
};

bool skip_all(const std::string& text, const json::Limits& limits) {
  json::Tokenizer in(text, limits);
  return in.skip() && in.finish();
}

// What a TUF client does: walks the targets by name and reads one of them.
bool find_one(const std::string& text, const json::Limits& limits) {
  json::Tokenizer in(text, limits);
  std::size_t targets = 0;
  const auto walk = [&]() -> Result<void> {
    SLUICE_CHECK(in.enter_object());
    for (;;) {
      SLUICE_TRY(const auto part, in.next_key());
      if (!part) break;
      if (*part != "signed") {
        SLUICE_CHECK(in.skip());
        continue;
      }
      SLUICE_CHECK(in.enter_object());
      for (;;) {
        SLUICE_TRY(const auto key, in.next_key());
        if (!key) break;
        if (*key != "targets") {
          SLUICE_CHECK(in.skip());
          continue;
        }
        SLUICE_CHECK(in.enter_object());
        for (;;) {
          SLUICE_TRY(const auto name, in.next_key());
          if (!name) break;
          ++targets;
          SLUICE_CHECK(in.skip());
        }
      }
    }
    return in.finish();
  };
  return walk() && targets == kTargets;
}

struct Case {
  std::string name;
  const std::string* text;
  std::function<bool()> run;
};

void measure(const Case& one, int rounds, bool last) {
  std::vector<double> seconds;
  for (int i = 0; i < rounds; ++i) {
    const auto start = std::chrono::steady_clock::now();
    if (!one.run()) {
      std::fprintf(stderr, "%s: refused\n", one.name.c_str());
      std::exit(1);
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    seconds.push_back(took.count());
  }
  std::ranges::sort(seconds);
  const double least = seconds.front();
  const double median = seconds[seconds.size() / 2];
  std::printf(
      "  {\"case\": \"%s\", \"bytes\": %zu, \"n\": %d, \"median_ms\": %.3f, \"min_ms\": "
      "%.3f, \"gb_per_s\": %.3f}%s\n",
      one.name.c_str(), one.text->size(), rounds, median * 1e3, least * 1e3,
      static_cast<double>(one.text->size()) / median / 1e9, last ? "" : ",");
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 21;
  const json::Limits limits{.bytes = 64U << 20};
  const std::string compact = document(Form::compact);
  const std::string pretty = document(Form::pretty);
  const std::string unsorted = document(Form::unsorted);
  const std::vector<Case> cases = {
      {"tokenizer skip", &compact, [&] { return skip_all(compact, limits); }},
      {"tokenizer walk", &compact, [&] { return find_one(compact, limits); }},
      {"tokenizer skip, pretty", &pretty, [&] { return skip_all(pretty, limits); }},
      {"tokenizer skip, unsorted", &unsorted, [&] { return skip_all(unsorted, limits); }},
      {"tree", &compact, [&] { return json::parse_strict(compact, limits).has_value(); }},
      {"nlohmann sax", &compact,
       [&] {
         Nothing sink;
         return nlohmann::json::sax_parse(compact, &sink);
       }},
  };
  std::printf("[\n");
  for (const Case& one : cases) measure(one, rounds, &one == &cases.back());
  std::printf("]\n");
}

// SPDX-License-Identifier: Apache-2.0
#include "aiops/prometheus.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "base/codec.h"
#include "base/text.h"
#include "json/text_out.h"
#include "json/tokenizer.h"

namespace sluice::aiops {

namespace {

constexpr std::size_t kMostWarningsKept = 20;
constexpr json::Limits kAnswerLimits{.bytes = kMostBytes, .depth = 16, .values = 1'000'000};

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    const auto byte = static_cast<unsigned char>(c);
    if (plain) {
      out += c;
    } else {
      out += cat('%', kDigits[byte >> 4U], kDigits[byte & 15U]);
    }
  }
  return out;
}

std::string address(const Endpoint& endpoint, std::string_view path) {
  std::string_view base = endpoint.url;
  while (base.ends_with('/')) base.remove_suffix(1);
  return cat(base, path);
}

HttpRequest request_to(const Endpoint& endpoint, std::string_view path) {
  HttpRequest out;
  out.url = address(endpoint, path);
  out.headers.emplace_back("accept", "application/json");
  out.authorization_scheme = endpoint.scheme;
  out.authorization = endpoint.credential;
  out.budget = endpoint.budget;
  out.budget.max_body = std::min(out.budget.max_body, kMostBytes);
  return out;
}

// An Alertmanager's matcher knows these three escapes and takes every other one as it stands, so
// that PromQL's would match nothing, and no alerts would look like peace.
std::string matcher_value(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

// Why an answer is worth nothing.
struct Bad {
  State state = State::malformed;
  std::string detail;
};
template <class T>
using Read = std::expected<T, Bad>;

std::unexpected<Bad> bad(std::string detail, State state = State::malformed) {
  return std::unexpected(Bad{state, std::move(detail)});
}
std::unexpected<Bad> bad(const Error& error) {
  return bad(error.what, error.code == Errc::limit ? State::too_large : State::malformed);
}

// Reads the answer to a range query token by token: no tree of a hundred thousand values.
class RangeReader {
 public:
  RangeReader(std::string_view body, const Grid& grid) : in_(body, kAnswerLimits), grid_(grid) {}

  Fetched read() {
    const auto done = document();
    if (!done) return {.state = done.error().state, .detail = done.error().detail};
    if (status_ != "success") return failed();
    if (type_ != "matrix") {
      return {.state = State::malformed,
              .detail = type_.empty()
                            ? "an answer without a result"
                            : cat("the result is no matrix but \"", printable(type_, 40), "\"")};
    }
    out_.state = out_.series.empty() ? State::no_data : State::normal;
    if (out_.series.empty()) out_.detail = "nothing fits the query";
    return std::move(out_);
  }

 private:
  Fetched failed() const {
    // "error" is the server's text, foreign like everything else here.
    if (status_ != "error") return {.state = State::malformed, .detail = "no Prometheus answer"};
    const bool query = error_type_ == "bad_data" || error_type_ == "execution";
    return {.state = query ? State::rejected : State::unreachable,
            .detail = cat(printable(error_type_, 40), ": ", printable(error_, 300))};
  }

  Read<void> document() {
    if (auto r = in_.enter_object(); !r) return bad(r.error());
    for (;;) {
      const auto key = in_.next_key();
      if (!key) return bad(key.error());
      if (!*key) break;
      const std::string name(**key);
      auto done = member(name);
      if (!done) return done;
    }
    if (auto r = in_.finish(); !r) return bad(r.error());
    return {};
  }

  Read<void> member(const std::string& name) {
    if (name == "status") return text(status_);
    if (name == "errorType") return text(error_type_);
    if (name == "error") return text(error_);
    if (name == "warnings") return warnings();
    if (name == "data") return data();
    return skip();
  }

  Read<void> text(std::string& into) {
    const auto value = in_.read_string();
    if (!value) return bad(value.error());
    into = *value;
    return {};
  }

  Read<void> skip() {
    if (auto r = in_.skip(); !r) return bad(r.error());
    return {};
  }

  // Calls one for each element of the array that comes.
  template <class One>
  Read<void> each(One one) {
    if (auto r = in_.enter_array(); !r) return bad(r.error());
    for (;;) {
      const auto more = in_.next_element();
      if (!more) return bad(more.error());
      if (!*more) return {};
      auto done = one();
      if (!done) return done;
    }
  }

  // Calls one with each key of the object that comes.
  template <class One>
  Read<void> members(One one) {
    if (auto r = in_.enter_object(); !r) return bad(r.error());
    for (;;) {
      const auto key = in_.next_key();
      if (!key) return bad(key.error());
      if (!*key) return {};
      auto done = one(std::string(**key));
      if (!done) return done;
    }
  }

  Read<void> warnings() {
    return each([this]() -> Read<void> {
      const auto warning = in_.read_string();
      if (!warning) return bad(warning.error());
      if (out_.warnings.size() < kMostWarningsKept)
        out_.warnings.push_back(printable(*warning, 300));
      return {};
    });
  }

  Read<void> data() {
    return members([this](const std::string& key) {
      if (key == "resultType") return text(type_);
      if (key == "result") return each([this] { return one_series(); });
      return skip();
    });
  }

  Read<void> one_series() {
    if (++series_ > 1) {
      return bad("several series where one is due: sum them up in the query, or choose by label",
                 State::ambiguous);
    }
    return members([this](const std::string& key) {
      if (key == "values") return each([this] { return point(); });
      if (key == "histograms") return Read<void>(bad("native histograms are not read"));
      return skip();
    });
  }

  Read<void> point() {
    if (auto r = in_.enter_array(); !r) return bad(r.error());
    const auto time = timestamp();
    if (!time) return std::unexpected(time.error());
    const auto second = in_.next_element();
    if (!second) return bad(second.error());
    if (!*second) return bad("a point without a value");
    const auto text = in_.read_string();
    if (!text) return bad(text.error());
    const auto value = number(*text);
    if (!value) return bad(cat("\"", printable(*text, 40), "\" is no value"));
    const auto third = in_.next_element();
    if (!third) return bad(third.error());
    if (*third) return bad("a point with more than a time and a value");
    return add(*time, *value);
  }

  Read<Time> timestamp() {
    const auto first = in_.next_element();
    if (!first) return bad(first.error());
    if (!*first || in_.next() != json::Token::number) return bad("a point without a time");
    if (const auto whole = in_.integer()) return Time(std::chrono::seconds(*whole));
    const auto time = json::nearest_double(in_.raw());
    if (!time || !(std::abs(*time) < 1e11)) return bad("a point whose time is no time");
    return Time(std::chrono::seconds(static_cast<std::int64_t>(std::floor(*time))));
  }

  static std::optional<double> number(std::string_view text) {
    if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
    if (text == "+Inf" || text == "Inf") return std::numeric_limits<double>::infinity();
    if (text == "-Inf") return -std::numeric_limits<double>::infinity();
    if (text.starts_with('+')) text.remove_prefix(1);
    const bool digit_or_minus =
        !text.empty() && (text[0] == '-' || text[0] == '.' || (text[0] >= '0' && text[0] <= '9'));
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (!digit_or_minus || error != std::errc() || end != text.data() + text.size())
      return std::nullopt;
    if (!std::isfinite(value)) return std::nullopt;  // "-inf" of from_chars is not Prometheus's
    return value;
  }

  Read<void> add(Time time, double value) {
    Series& series = out_.series;
    if (time < grid_.begin || time > grid_.end) {
      return bad("a point outside the time that was asked for");
    }
    if (!series.empty() && time <= series.times.back()) {
      return bad("times that do not ascend");
    }
    if (series.size() >= grid_.points()) {
      return bad("more points than were asked for", State::too_large);
    }
    series.add(time, value);
    return {};
  }

  json::Tokenizer in_;
  const Grid& grid_;
  Fetched out_;
  std::size_t series_ = 0;
  std::string status_;
  std::string type_;
  std::string error_;
  std::string error_type_;
};

std::string shown_text(const json::Value* value, std::size_t most) {
  const std::string* text = value == nullptr ? nullptr : value->string();
  return text == nullptr ? std::string() : printable(*text, most);
}

}  // namespace

Result<SecretBytes> basic_credential(const SecretBytes& user_and_password) {
  const auto text = user_and_password.reveal_text();
  const auto colon = text.find(':');
  if (colon == 0 || colon == std::string_view::npos) {
    return fail(Errc::malformed, "not USER:PASSWORD in one line");
  }
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
      return fail(Errc::malformed, "not USER:PASSWORD in one line");
  }
  std::string encoded = to_base64(user_and_password.reveal());
  SecretBytes out = SecretBytes::copy_of(encoded);
  wipe({reinterpret_cast<std::uint8_t*>(encoded.data()), encoded.size()});
  return out;
}

HttpRequest range_request(const Endpoint& endpoint, std::string_view query, const Grid& grid) {
  HttpRequest out = request_to(endpoint, "/api/v1/query_range");
  out.method = "POST";
  out.headers.emplace_back("content-type", "application/x-www-form-urlencoded");
  const auto since_epoch = [](Time time) { return time.time_since_epoch().count(); };
  out.body = cat("query=", percent_encoded(query), "&start=", since_epoch(grid.begin),
                 "&end=", since_epoch(grid.end), "&step=", grid.step.count());
  out.repeatable = true;  // it changes nothing there
  return out;
}

Refusal refusal_of(const Error& error) {
  std::string detail = printable(error.text(), 400);
  if (!error.hint.empty()) detail += cat(" (", printable(error.hint, 200), ")");
  switch (error.code) {
    case Errc::limit:
      return {State::too_large, std::move(detail)};
    case Errc::malformed:
      return {State::malformed, std::move(detail)};
    default:
      return {State::unreachable, std::move(detail)};
  }
}

Refusal refusal_of(const HttpResponse& answer) {
  std::string detail = cat("status ", answer.status);
  // What the server says in its own words, where it says it the way it should.
  if (const auto body = json::parse_strict(answer.body, kAnswerLimits)) {
    const std::string said = shown_text(body->find("error"), 300);
    if (!said.empty()) detail += cat(": ", said);
    if (shown_text(body->find("errorType"), 40) == "timeout") return {State::unreachable, detail};
  }
  if (answer.status == 401 || answer.status == 403) return {State::unauthorised, detail};
  if (answer.status == 429 || answer.status == 408 || answer.status >= 500)
    return {State::unreachable, detail};
  if (answer.status >= 400) return {State::rejected, detail};
  return {State::malformed, cat(detail, ", which is no answer to a query")};
}

Fetched read_range_document(std::string_view body, const Grid& grid) {
  return RangeReader(body, grid).read();
}

Fetched read_range(const Result<HttpResponse>& answer, const Grid& grid) {
  if (!answer || answer->status != 200) {
    auto refusal = answer ? refusal_of(*answer) : refusal_of(answer.error());
    return {.state = refusal.state, .detail = std::move(refusal.detail)};
  }
  return read_range_document(answer->body, grid);
}

Fetched join_parts(std::vector<Fetched> parts) {
  Fetched out;
  for (auto& part : parts) {
    if (part.state != State::normal && part.state != State::no_data) return std::move(part);
    if (part.state == State::normal) out.state = State::normal;
    out.series.times.insert(out.series.times.end(), part.series.times.begin(),
                            part.series.times.end());
    out.series.values.insert(out.series.values.end(), part.series.values.begin(),
                             part.series.values.end());
    for (auto& warning : part.warnings) {
      if (out.warnings.size() < kMostWarningsKept) out.warnings.push_back(std::move(warning));
    }
  }
  if (out.state == State::no_data) out.detail = "nothing fits the query";
  return out;
}

HttpRequest alerts_request(const Endpoint& endpoint, const Labels& labels) {
  std::string path = "/api/v2/alerts?active=true&silenced=false&inhibited=false&unprocessed=true";
  for (const auto& [name, value] : labels)
    path += cat("&filter=", percent_encoded(cat(name, "=\"", matcher_value(value), "\"")));
  return request_to(endpoint, path);
}

FetchedAlerts read_alerts_document(std::string_view body, Time now) {
  constexpr std::size_t kMostAlerts = 1000;
  const auto refuse = [](std::string detail, State state = State::malformed) {
    return FetchedAlerts{.state = state, .detail = std::move(detail)};
  };
  const auto document = json::parse_strict(body, kAnswerLimits);
  if (!document) {
    const bool large = document.error().code == Errc::limit;
    return refuse(document.error().what, large ? State::too_large : State::malformed);
  }
  const json::Array* list = document->array();
  if (list == nullptr) return refuse("no list of alerts");
  if (list->size() > kMostAlerts) return refuse(cat(list->size(), " alerts"), State::too_large);
  FetchedAlerts out;
  for (const auto& each : *list) {
    const json::Value* labels = each.find("labels");
    const json::Value* notes = each.find("annotations");
    if (labels == nullptr || labels->object() == nullptr) return refuse("an alert without labels");
    Alert alert{.name = shown_text(labels->find("alertname"), 120),
                .severity = shown_text(labels->find("severity"), 40)};
    if (alert.name.empty()) return refuse("an alert without a name");
    if (notes != nullptr) alert.summary = shown_text(notes->find("summary"), 300);
    const json::Value* since = each.find("startsAt");
    const auto time = parse_rfc3339(since != nullptr && since->string() ? *since->string() : "");
    if (!time) return refuse("an alert that does not say since when");
    alert.since = std::min(*time, now);  // its clock may be a little ahead
    out.alerts.push_back(std::move(alert));
  }
  return out;
}

FetchedAlerts read_alerts(const Result<HttpResponse>& answer, Time now) {
  if (!answer || answer->status != 200) {
    auto refusal = answer ? refusal_of(*answer) : refusal_of(answer.error());
    return {.state = refusal.state, .detail = std::move(refusal.detail)};
  }
  return read_alerts_document(answer->body, now);
}

}  // namespace sluice::aiops

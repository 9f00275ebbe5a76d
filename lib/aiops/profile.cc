// SPDX-License-Identifier: Apache-2.0
#include "aiops/profile.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/text.h"
#include "yaml/fields.h"

namespace sluice::aiops {

using std::chrono::seconds;

namespace {

constexpr std::size_t kMostNamed = 50;  // signals, labels
constexpr std::size_t kLongestQuery = 8192;

struct GoldenSignal {
  std::string_view name;
  std::string_view title;
  Unit unit;
  Direction direction;
};
constexpr std::array<GoldenSignal, 5> kGolden = {{
    {"request_rate", "request rate", Unit::per_second, Direction::both},
    {"error_rate", "error rate", Unit::ratio, Direction::up},
    {"latency_p95", "p95 latency", Unit::seconds, Direction::up},
    {"memory", "memory", Unit::bytes, Direction::up},
    {"cpu", "cpu", Unit::cores, Direction::up},
}};

// Of a family of metric names: the queries in the order of kGolden.
//
// Without errors there is no series that could say "none". What stands in for it is a zero made of
// the requests that carry a status: where that label has another name, there is no data instead of
// no errors.
struct Family {
  std::string_view name;
  std::array<std::string_view, 5> queries;
};
constexpr std::array<Family, 3> kFamilies = {{
    {"http",
     {"sum(rate(http_requests_total{${selector}}[${range}]))",
      "(sum(rate(http_requests_total{${selector},code=~\"5..\"}[${range}])) or "
      "0 * sum(rate(http_requests_total{${selector},code!=\"\"}[${range}]))) / "
      "sum(rate(http_requests_total{${selector}}[${range}]))",
      "histogram_quantile(0.95, sum by (le) "
      "(rate(http_request_duration_seconds_bucket{${selector}}[${range}])))",
      "max(process_resident_memory_bytes{${selector}})",
      "max(rate(process_cpu_seconds_total{${selector}}[${range}]))"}},
    {"opentelemetry",
     {"sum(rate(http_server_request_duration_seconds_count{${selector}}[${range}]))",
      "(sum(rate(http_server_request_duration_seconds_count{${selector},"
      "http_response_status_code=~\"5..\"}[${range}])) or "
      "0 * sum(rate(http_server_request_duration_seconds_count{${selector},"
      "http_response_status_code!=\"\"}[${range}]))) / "
      "sum(rate(http_server_request_duration_seconds_count{${selector}}[${range}]))",
      "histogram_quantile(0.95, sum by (le) "
      "(rate(http_server_request_duration_seconds_bucket{${selector}}[${range}])))",
      "max(process_resident_memory_bytes{${selector}})",
      "max(rate(process_cpu_seconds_total{${selector}}[${range}]))"}},
    {"istio",
     {"sum(rate(istio_requests_total{reporter=\"destination\",${selector}}[${range}]))",
      "(sum(rate(istio_requests_total{reporter=\"destination\",${selector},"
      "response_code=~\"5..\"}[${range}])) or "
      "0 * sum(rate(istio_requests_total{reporter=\"destination\",${selector},"
      "response_code!=\"\"}[${range}]))) / "
      "sum(rate(istio_requests_total{reporter=\"destination\",${selector}}[${range}]))",
      "histogram_quantile(0.95, sum by (le) (rate(istio_request_duration_milliseconds_bucket{"
      "reporter=\"destination\",${selector}}[${range}]))) / 1000",
      "max(container_memory_working_set_bytes{container!=\"\",${selector}})",
      "max(rate(container_cpu_usage_seconds_total{container!=\"\",${selector}}[${range}]))"}},
}};

const GoldenSignal* golden(std::string_view name) {
  const auto at = std::ranges::find(kGolden, name, &GoldenSignal::name);
  return at == kGolden.end() ? nullptr : at;
}

bool is_name(std::string_view text) {  // of a label, and of a signal
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.empty() || text.size() > 100 || digit(text[0])) return false;
  return std::ranges::all_of(text, [&](char c) { return letter(c) || digit(c) || c == '_'; });
}

std::optional<seconds> parse_length(std::string_view text) {
  if (text.size() < 2) return std::nullopt;
  std::int64_t factor = 0;
  switch (text.back()) {
    case 's':
      factor = 1;
      break;
    case 'm':
      factor = 60;
      break;
    case 'h':
      factor = 3600;
      break;
    case 'd':
      factor = 86'400;
      break;
    default:
      return std::nullopt;
  }
  text.remove_suffix(1);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  constexpr std::int64_t kMost = 400;  // days
  if (number < 0 || number > kMost * 86'400 / factor) return std::nullopt;
  return seconds(number * factor);
}

std::string matchers(const Labels& labels) {
  std::vector<std::string> out;
  for (const auto& [name, value] : labels)
    out.push_back(cat(name, "=\"", escape_promql(value), "\""));
  return join(out, ",");
}

// Puts in what ${...} stands for; the error is the name that stands for nothing.
std::expected<std::string, std::string> expand(std::string_view query, const Profile& profile) {
  std::string out;
  for (;;) {
    const auto at = query.find("${");
    out += query.substr(0, at);
    if (at == std::string_view::npos) return out;
    query.remove_prefix(at + 2);
    const auto end = query.find('}');
    if (end == std::string_view::npos) return std::unexpected(std::string(query.substr(0, 40)));
    const std::string_view name = query.substr(0, end);
    if (name == "selector") {
      out += matchers(profile.labels);
    } else if (name == "service") {
      out += escape_promql(profile.service);
    } else if (name == "range") {
      out += cat(profile.range.count(), "s");
    } else {
      return std::unexpected(std::string(name.substr(0, 40)));
    }
    query.remove_prefix(end + 1);
  }
}

// Reads one file; every refusal names its line.
class ProfileReader {
 public:
  explicit ProfileReader(const yaml::Fields& root) : root_(root) {}

  Result<Profile> read() {
    SLUICE_CHECK(check_kind());
    SLUICE_CHECK(root_.only({"apiVersion", "kind", "service", "labels", "alertLabels", "metrics",
                             "history", "step", "range", "ingestLag", "staleAfter", "converge",
                             "window", "sigmas", "hold", "signals"}));
    SLUICE_TRY(const auto service, root_.at("service"));
    SLUICE_TRY(out_.service, service.as_string());
    if (out_.service.empty() || out_.service.size() > 200 || !is_utf8(out_.service))
      return service.refuse("service: a name of 1 to 200 bytes is due");
    SLUICE_TRY(out_.labels, labels("labels", {{"job", out_.service}}));
    SLUICE_TRY(out_.alert_labels, labels("alertLabels", out_.labels));
    SLUICE_CHECK(read_times());
    SLUICE_CHECK(read_rule());
    SLUICE_CHECK(read_signals());
    return std::move(out_);
  }

 private:
  Result<void> check_kind() const {
    SLUICE_TRY(const auto version, root_.at("apiVersion"));
    SLUICE_CHECK(version.as_choice("apiVersion", {"sluice/v1"}));
    SLUICE_TRY(const auto kind, root_.at("kind"));
    SLUICE_CHECK(kind.as_choice("kind", {"AiopsProfile"}));
    return {};
  }

  Result<Labels> labels(std::string_view key, Labels fallback) const {
    if (!root_.has(key)) return fallback;
    SLUICE_TRY(const auto fields, root_.mapping(key));
    const auto& members = fields.node().members;
    if (members.empty() || members.size() > kMostNamed)
      return fields.refuse(cat(key, ": 1 to ", kMostNamed, " labels are due"));
    Labels out;
    for (const auto& member : members) {
      const yaml::Fields value(member.value, root_.file(), member.key);
      if (!is_name(member.key))
        return value.refuse(cat("\"", printable(member.key, 64), "\" is no label name"));
      SLUICE_TRY(auto text, value.as_string());
      if (!is_utf8(text) || text.size() > 1000) return value.refuse("a label value is too long");
      out.emplace_back(member.key, std::move(text));
    }
    return out;
  }

  Result<seconds> length(std::string_view key, seconds fallback, seconds least) const {
    if (!root_.has(key)) return fallback;
    SLUICE_TRY(const auto field, root_.at(key));
    SLUICE_TRY(const auto text, field.as_string());
    const auto value = parse_length(text);
    if (!value || *value < least) {
      return field.refuse(cat(key, ": \"", printable(text, 40), "\" is no length of time from ",
                              least.count(), "s to 400d (write 90s, 5m, 6h or 14d)"));
    }
    return *value;
  }

  Result<void> read_times() {
    SLUICE_TRY(out_.step, length("step", out_.step, seconds(1)));
    SLUICE_TRY(out_.range,
               length("range", std::max<seconds>(out_.step, std::chrono::minutes(1)), seconds(1)));
    SLUICE_TRY(out_.history, length("history", out_.history, seconds(1)));
    SLUICE_TRY(out_.ingest_lag, length("ingestLag", out_.ingest_lag, seconds(0)));
    SLUICE_TRY(
        out_.stale_after,
        length("staleAfter", std::max<seconds>(2 * out_.step, std::chrono::minutes(5)), out_.step));
    SLUICE_TRY(out_.rule.hold, length("hold", out_.rule.hold, out_.step));
    const auto points = static_cast<std::size_t>(out_.history / out_.step) + 1;
    if (points > kMostPoints) {
      return root_.refuse(
          cat("history and step make ", points, " points for each signal; at most ", kMostPoints));
    }
    return {};
  }

  Result<void> read_rule() {
    if (root_.has("window")) {
      SLUICE_TRY(const auto field, root_.at("window"));
      SLUICE_TRY(const auto window, field.as_integer());
      if (window < 12 || window > 10'000) return field.refuse("window: from 12 to 10000 points");
      out_.rule.window = static_cast<std::size_t>(window);
    }
    if (root_.has("sigmas")) {
      SLUICE_TRY(const auto field, root_.at("sigmas"));
      SLUICE_TRY(out_.rule.sigmas, field.as_number());
      // Above this the plain rule could never mark anything.
      const auto n = static_cast<double>(out_.rule.window);
      if (!(out_.rule.sigmas >= 1) || out_.rule.sigmas * out_.rule.sigmas * n >= (n - 1) * (n - 1))
        return field.refuse("sigmas: at least 1, and below (window - 1) / sqrt(window)");
    }
    if (out_.history / out_.step < static_cast<std::int64_t>(out_.rule.window)) {
      return root_.refuse(
          cat("history holds fewer than the ", out_.rule.window, " points of the window"));
    }
    return {};
  }

  Result<const Family*> family() const {
    if (!root_.has("metrics")) return &kFamilies.front();
    SLUICE_TRY(const auto word,
               root_.choice("metrics", "family of metrics", {"http", "opentelemetry", "istio"}));
    return std::ranges::find(kFamilies, word, &Family::name);
  }

  Result<void> read_signals() {
    SLUICE_TRY(const Family* names, family());
    if (root_.has("signals")) {
      SLUICE_TRY(const auto fields, root_.mapping("signals"));
      for (const auto& member : fields.node().members) {
        const yaml::Fields field(member.value, root_.file(), cat("signals.", member.key));
        SLUICE_CHECK(read_signal(member.key, field, *names));
      }
    } else {
      for (const auto& each : kGolden) SLUICE_CHECK(add(each.name, {}, *names, root_));
    }
    if (out_.signals.size() > kMostNamed)
      return root_.refuse(cat("more than ", kMostNamed, " signals"));
    if (root_.has("converge")) {
      SLUICE_TRY(const auto field, root_.at("converge"));
      SLUICE_TRY(const auto converge, field.as_integer());
      if (converge < 1 || converge > static_cast<std::int64_t>(out_.signals.size()))
        return field.refuse("converge: from 1 to the number of signals");
      out_.converge = static_cast<std::size_t>(converge);
    }
    if (out_.signals.size() < out_.converge) {
      return root_.refuse(cat(out_.signals.size(), " signals can never be the ", out_.converge,
                              " that an incident needs"));
    }
    return {};
  }

  Result<void> read_signal(const std::string& name, const yaml::Fields& field,
                           const Family& names) {
    if (!is_name(name))
      return field.refuse(cat("\"", printable(name, 64), "\" is no name for a signal"));
    if (name == "alerts") return field.refuse("alerts come from --alertmanager");
    SLUICE_CHECK(field.only({"query", "title", "unit", "direction"}));
    std::string query;
    if (field.has("query")) {
      SLUICE_TRY(query, field.string("query"));
      if (query.empty() || query.size() > kLongestQuery || !is_utf8(query))
        return field.refuse(cat("query: from 1 to ", kLongestQuery, " bytes"));
    } else if (golden(name) == nullptr) {
      return field.refuse(cat("signal \"", name, "\" needs a query; without one there are ",
                              "request_rate, error_rate, latency_p95, memory, cpu"));
    }
    SLUICE_CHECK(add(name, query, names, field));
    SignalPlan& plan = out_.signals.back();
    if (field.has("title")) {
      SLUICE_TRY(plan.title, field.string("title"));
      if (plan.title.empty() || plan.title.size() > 60)
        return field.refuse("title: from 1 to 60 bytes");
    }
    if (field.has("unit")) {
      SLUICE_TRY(const auto word,
                 field.choice("unit", "unit",
                              {"count", "ratio", "per-second", "seconds", "bytes", "cores"}));
      for (int i = 0; i <= static_cast<int>(Unit::cores); ++i)
        if (aiops::name(static_cast<Unit>(i)) == word) plan.unit = static_cast<Unit>(i);
    }
    if (field.has("direction")) {
      SLUICE_TRY(const auto word, field.choice("direction", "direction", {"up", "down", "both"}));
      plan.direction = word == "up"     ? Direction::up
                       : word == "down" ? Direction::down
                                        : Direction::both;
    }
    return {};
  }

  Result<void> add(std::string_view name, std::string_view query, const Family& names,
                   const yaml::Fields& where) {
    SignalPlan plan{.name = std::string(name), .title = std::string(name), .query = {}};
    std::ranges::replace(plan.title, '_', ' ');
    if (const GoldenSignal* known = golden(name)) {
      plan.title = known->title;
      plan.unit = known->unit;
      plan.direction = known->direction;
      if (query.empty()) query = names.queries[static_cast<std::size_t>(known - kGolden.data())];
    }
    auto expanded = expand(query, out_);
    if (!expanded) {
      return where.refuse(cat("${", printable(expanded.error(), 60),
                              "} stands for nothing; there are ${selector}, ${service}, ${range}"));
    }
    plan.query = *std::move(expanded);
    out_.signals.push_back(std::move(plan));
    return {};
  }

  const yaml::Fields& root_;
  Profile out_;
};

}  // namespace

// \x is understood in both kinds of quoted strings, where \" and \' are not; in a raw string it
// stays as it is, which matches nothing and leaves nothing.
std::string escape_promql(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7F && c != '"' && c != '\'' && c != '`' && c != '\\') {
      out += c;
      continue;
    }
    constexpr std::string_view kDigits = "0123456789abcdef";
    out += cat("\\x", kDigits[byte >> 4U], kDigits[byte & 15U]);
  }
  return out;
}

Result<Profile> parse_profile(std::string_view text, std::string_view file) {
  SLUICE_TRY(const auto node, yaml::parse(text, file));
  const yaml::Fields root(node, std::string(file));
  return ProfileReader(root).read();
}

Result<Profile> default_profile(std::string_view service) {
  yaml::Node root;
  root.kind = yaml::Node::Kind::mapping;
  const auto put = [&root](std::string_view key, std::string_view value) {
    yaml::Node scalar;
    scalar.quoted = true;
    scalar.text = value;
    root.members.push_back({std::string(key), 1, 1, std::move(scalar)});
  };
  put("apiVersion", "sluice/v1");
  put("kind", "AiopsProfile");
  put("service", service);
  const yaml::Fields fields(root, "default profile");
  return ProfileReader(fields).read();
}

}  // namespace sluice::aiops

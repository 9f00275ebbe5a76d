// SPDX-License-Identifier: Apache-2.0
#include "sigstore/signing_config.h"

#include <algorithm>
#include <array>
#include <limits>

#include "base/text.h"
#include "json/value.h"
#include "sigstore/embedded.h"
#include "sigstore/trust_raw.h"

namespace sluice::sigstore {

namespace {

using json::Fields;

constexpr std::size_t kServiceUrlMost = 2048;
constexpr std::size_t kUnknownServicesMost = 32;

constexpr std::array<std::pair<std::string_view, Selector>, 4> kSelectors = {
    {{"SERVICE_SELECTOR_UNDEFINED", Selector::undefined},
     {"ALL", Selector::all},
     {"ANY", Selector::any},
     {"EXACT", Selector::exact}}};

class ConfigReader {
 public:
  Result<SigningConfig> read(const Fields& root) {
    SLUICE_TRY(const std::string media_type, root.string("mediaType"));
    if (media_type != kSigningConfigV02) {
      return fail(Errc::unsupported, cat("the signing config is of the kind \"",
                                         printable(media_type, 100), "\"; version 0.2 is known"));
    }
    skip_unknown(root, {"mediaType", "caUrls", "oidcUrls", "rekorTlogUrls", "rekorTlogConfig",
                        "tsaUrls", "tsaConfig"});
    SLUICE_TRY(out_.cas, services(root, "caUrls"));
    SLUICE_TRY(out_.issuers, services(root, "oidcUrls"));
    SLUICE_TRY(out_.logs, services(root, "rekorTlogUrls"));
    SLUICE_TRY(out_.stampers, services(root, "tsaUrls"));
    SLUICE_TRY(out_.log_selection, selection(root, "rekorTlogConfig"));
    SLUICE_TRY(out_.stamper_selection, selection(root, "tsaConfig"));
    return std::move(out_);
  }

 private:
  void skip_unknown(const Fields& fields, std::initializer_list<std::string_view> names) {
    for (const auto& [key, value] : *fields.value().object()) {
      if (std::ranges::find(names, key) == names.end() &&
          out_.unknown.size() < kUnknownServicesMost) {
        out_.unknown.push_back(cat(fields.path(), ".", printable(key, 60)));
      }
    }
  }

  Result<std::vector<Service>> services(const Fields& root, std::string_view key) {
    std::vector<Service> out;
    if (!root.has(key)) return out;
    SLUICE_TRY(const auto items, root.array(key, kServicesMost));
    for (const Fields& item : items) {
      SLUICE_TRY(auto one, service(item));
      out.push_back(std::move(one));
    }
    return out;
  }

  Result<Service> service(const Fields& fields) {
    Service out;
    SLUICE_TRY(out.url, fields.string("url"));
    skip_unknown(fields, {"url", "majorApiVersion", "validFor", "operator"});
    const bool http = out.url.starts_with("https://") || out.url.starts_with("http://");
    const bool plain =
        std::ranges::all_of(out.url, [](char one) { return one > ' ' && one < '\x7f'; });
    if (!plain || out.url.size() > kServiceUrlMost || !http) {
      return fail(Errc::malformed,
                  cat(fields.path(), ".url is no URL: \"", printable(out.url, 80), "\""));
    }
    SLUICE_TRY(const std::int64_t version, fields.integer("majorApiVersion"));
    if (version < 1 || version > std::numeric_limits<std::int32_t>::max()) {
      return fail(Errc::malformed, cat(fields.path(), ".majorApiVersion is ", version));
    }
    out.version = static_cast<std::uint32_t>(version);
    SLUICE_TRY(const auto span, fields.object("validFor"));
    skip_unknown(span, {"start", "end"});
    SLUICE_TRY(const std::string start, span.string("start"));
    std::optional<std::string> end;
    if (span.has("end")) {
      SLUICE_TRY(end, span.string("end"));
    }
    SLUICE_TRY(out.window, within(parse_window(start, end), cat("reading ", span.path())));
    if (fields.has("operator")) {
      SLUICE_TRY(out.operated_by, fields.string("operator"));
      if (printable(out.operated_by, 200) != out.operated_by) {
        return fail(Errc::malformed, cat(fields.path(), ".operator is too long or not for people"));
      }
    }
    return out;
  }

  Result<Selection> selection(const Fields& root, std::string_view key) {
    Selection out;
    if (!root.has(key)) return out;
    SLUICE_TRY(const auto fields, root.object(key));
    skip_unknown(fields, {"selector", "count"});
    if (fields.has("selector")) {
      SLUICE_TRY(const std::string text, fields.string("selector"));
      const auto* const found = std::ranges::find(kSelectors, std::string_view(text),
                                                  [](const auto& one) { return one.first; });
      if (found == kSelectors.end()) {
        return fail(Errc::unsupported, cat(fields.path(), ".selector is \"", printable(text, 40),
                                           "\"; ALL, ANY and EXACT are known"));
      }
      out.selector = found->second;
    }
    if (fields.has("count")) {
      SLUICE_TRY(const std::int64_t count, fields.integer("count"));
      if (count < 0 || count > static_cast<std::int64_t>(kServicesMost)) {
        return fail(Errc::malformed, cat(fields.path(), ".count is ", count));
      }
      out.count = static_cast<std::uint32_t>(count);
    }
    if (out.selector == Selector::exact && out.count == 0) {
      return fail(Errc::malformed, cat(fields.path(), " asks for EXACT 0 services"));
    }
    return out;
  }

  SigningConfig out_;
};

json::Value service_list(const std::vector<Service>& services) {
  json::Array out;
  for (const Service& one : services) {
    json::Value span;
    span.set("start", rfc3339(one.window.start));
    if (one.window.end) span.set("end", rfc3339(*one.window.end));
    json::Value value;
    value.set("url", one.url);
    value.set("majorApiVersion", std::int64_t{one.version});
    value.set("validFor", std::move(span));
    if (!one.operated_by.empty()) value.set("operator", one.operated_by);
    out.push_back(std::move(value));
  }
  return out;
}

json::Value selection_value(const Selection& selection) {
  json::Value out;
  out.set("selector", name(selection.selector));
  if (selection.selector == Selector::exact) out.set("count", std::int64_t{selection.count});
  return out;
}

// The choice, step by step; each service that a step leaves out gets its reason.
class Chooser {
 public:
  Chooser(const std::vector<Service>& services, ServiceKind kind) : kind_(kind) {
    for (const Service& one : services) out_.considered.push_back({one, false, {}});
  }

  Result<ChosenServices> choose(Selection selection, std::span<const std::uint32_t> supported,
                                Time now) {
    keep_valid(now);
    keep_version(supported);
    const auto left = one_of_each_operator();
    SLUICE_TRY(const std::size_t wanted, wanted_of(selection, left.size()));
    if (left.empty() || left.size() < wanted) return fail(too_few(left.size(), wanted));
    for (Considered* one : left) {
      if (out_.chosen.size() < wanted) {
        one->chosen = true;
        one->why = cat("version ", one->service.version, ", valid ", one->service.window.text(),
                       ", by the rule ", name(selection.selector));
        out_.chosen.push_back(one->service);
      } else {
        one->why = cat("not needed: ", wanted, wanted == 1 ? " is" : " are", " enough");
        if (selection.selector == Selector::any) out_.spare.push_back(one->service);
      }
    }
    return std::move(out_);
  }

 private:
  void keep_valid(Time now) {
    for (Considered& one : out_.considered) {
      if (one.service.window.contains(now)) continue;
      one.why = cat(one.service.window.start > now ? "not yet valid: " : "not valid any more: ",
                    one.service.window.text());
    }
  }

  void keep_version(std::span<const std::uint32_t> supported) {
    std::uint32_t highest = 0;
    for (const Considered& one : out_.considered) {
      const bool known = std::ranges::find(supported, one.service.version) != supported.end();
      if (one.why.empty() && known) highest = std::max(highest, one.service.version);
    }
    for (Considered& one : out_.considered) {
      if (!one.why.empty() || one.service.version == highest) continue;
      const bool known = std::ranges::find(supported, one.service.version) != supported.end();
      one.why =
          known ? cat("version ", one.service.version, ", where version ", highest, " is to be had")
                : cat("version ", one.service.version, ", which this program does not speak");
    }
  }

  std::vector<Considered*> one_of_each_operator() {
    std::vector<Considered*> left;
    for (Considered& one : out_.considered) {
      if (one.why.empty()) left.push_back(&one);
    }
    std::ranges::stable_sort(left, [](const Considered* a, const Considered* b) {
      return a->service.window.start > b->service.window.start;
    });
    std::vector<Considered*> out;
    for (Considered* one : left) {
      const auto same = std::ranges::find_if(out, [&](const Considered* other) {
        return other->service.operated_by == one->service.operated_by;
      });
      if (same == out.end()) {
        out.push_back(one);
      } else {
        one->why = cat("of the same operator as ", (*same)->service.url, ", which is newer");
      }
    }
    return out;
  }

  Result<std::size_t> wanted_of(Selection selection, std::size_t available) const {
    switch (selection.selector) {
      case Selector::all:
        return available;
      case Selector::any:
        return 1;
      case Selector::exact:
        return selection.count;
      case Selector::undefined:
        break;
    }
    return fail(Errc::malformed,
                cat("the signing config does not say how many to take of each ", name(kind_)));
  }

  Error too_few(std::size_t found, std::size_t wanted) const {
    std::vector<std::string> reasons;
    for (const Considered& one : out_.considered) {
      if (!one.why.empty()) reasons.push_back(cat(one.service.url, " is ", one.why));
    }
    std::string what = cat("the signing config has ", found, " usable of the kind ", name(kind_),
                           " where ", std::max<std::size_t>(wanted, 1),
                           std::max<std::size_t>(wanted, 1) == 1 ? " is" : " are", " needed");
    if (!reasons.empty()) what += cat(": ", join(reasons, "; "));
    return {Errc::not_found, std::move(what)};
  }

  ServiceKind kind_;
  ChosenServices out_;
};

}  // namespace

std::string_view name(Selector selector) {
  return std::ranges::find(kSelectors, selector, [](const auto& one) { return one.second; })->first;
}

std::string_view name(ServiceKind kind) {
  switch (kind) {
    case ServiceKind::ca:
      return "certificate authority";
    case ServiceKind::oidc:
      return "OIDC issuer";
    case ServiceKind::log:
      return "transparency log";
    case ServiceKind::timestamp:
      return "timestamp authority";
  }
  return {};
}

Result<SigningConfig> SigningConfig::parse(std::string_view json) {
  SLUICE_TRY(const auto value,
             json::parse_strict(json, {.bytes = kSigningConfigMost, .values = 20'000}));
  return ConfigReader().read(Fields(value, "signing config"));
}

Result<SigningConfig> SigningConfig::read(Files& files, const Path& path) {
  SLUICE_TRY(const std::string text,
             within(files.read(path, kSigningConfigMost), "reading the signing config"));
  return within(parse(text), cat("reading ", shown(path)));
}

Result<SigningConfig> SigningConfig::embedded(Instance instance) {
  return parse(embedded_material(instance).signing_config);
}

std::string SigningConfig::write() const {
  json::Value out;
  out.set("mediaType", kSigningConfigV02);
  out.set("caUrls", service_list(cas));
  out.set("oidcUrls", service_list(issuers));
  out.set("rekorTlogUrls", service_list(logs));
  out.set("rekorTlogConfig", selection_value(log_selection));
  out.set("tsaUrls", service_list(stampers));
  out.set("tsaConfig", selection_value(stamper_selection));
  return json::write_pretty(out);
}

const std::vector<Service>& SigningConfig::services(ServiceKind kind) const {
  switch (kind) {
    case ServiceKind::ca:
      return cas;
    case ServiceKind::oidc:
      return issuers;
    case ServiceKind::log:
      return logs;
    case ServiceKind::timestamp:
      break;
  }
  return stampers;
}

Result<ChosenServices> choose_services(const SigningConfig& config, ServiceKind kind,
                                       std::span<const std::uint32_t> supported, Time now) {
  Selection selection{Selector::any, 0};
  if (kind == ServiceKind::log) selection = config.log_selection;
  if (kind == ServiceKind::timestamp) selection = config.stamper_selection;
  return Chooser(config.services(kind), kind).choose(selection, supported, now);
}

}  // namespace sluice::sigstore

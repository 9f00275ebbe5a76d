// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "base/text.h"
#include "intoto/layout.h"
#include "intoto/limits.h"
#include "intoto/link.h"
#include "json/value.h"

namespace sluice::intoto {

namespace {

constexpr std::size_t kLayoutBytesMost = 16U << 20;
constexpr std::size_t kWordsMost = 64;  // of one rule
constexpr std::size_t kCertificatesMost = 64;
constexpr std::array kIdentityParts{"issuer", "issuer_regexp", "identity", "identity_regexp",
                                    "repo",   "workflow",      "ref",      "trigger"};

// One row of the report: what was wrong first, and how much more of it there is.
struct Category {
  std::string_view id;
  std::string_view title;
  std::vector<Error> problems = {};
  std::string good = {};

  bool take(Result<void> result) {
    if (result) return true;
    problems.push_back(std::move(result).error());
    return false;
  }
  void write(Report& report) const {
    if (problems.empty()) {
      report.pass(std::string(id), std::string(title), good);
      return;
    }
    const Error& first = problems.front();
    std::string detail = first.text();
    if (problems.size() > 1) detail += cat(" (and ", problems.size() - 1, " more)");
    report.fail(std::string(id), std::string(title), std::move(detail)).advice = first.hint;
  }
};

using Fields = json::Fields;

// Lists may be null, as Go writes an empty one.
Result<std::vector<Fields>> list_of(const Fields& fields, std::string_view key, std::size_t most) {
  if (!fields.has(key)) return std::vector<Fields>{};
  return fields.array(key, most);
}

Result<std::vector<std::string>> words_of(const Fields& fields, std::string_view key,
                                          std::size_t most) {
  std::vector<std::string> out;
  SLUICE_TRY(const auto all, list_of(fields, key, most));
  for (const Fields& each : all) {
    SLUICE_TRY(auto word, each.as_string());
    out.push_back(std::move(word));
  }
  return out;
}

Result<std::chrono::seconds> duration_of(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  constexpr std::int64_t kMost = 100'000'000;
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (status == std::errc{} && number > 0 && number < kMost) {
    if (unit == "s") return std::chrono::seconds(number);
    if (unit == "m") return std::chrono::minutes(number);
    if (unit == "h") return std::chrono::hours(number);
    if (unit == "d") return std::chrono::days(number);
  }
  return fail(Errc::malformed,
              cat("\"", printable(text, 40), "\" is no duration, as 90m, 24h, 7d"));
}

// As the reference writes it: 2026-11-20T14:02:11Z, and nothing else.
Result<Time> expiry_of(const std::string& text, bool any) {
  SLUICE_TRY(const Time time, parse_rfc3339(text));
  if (!any && rfc3339(time) != text) {
    return fail(Errc::malformed, cat("\"", printable(text, 60),
                                     "\" is not in UTC and whole seconds, as "
                                     "2026-11-20T14:02:11Z"));
  }
  return time;
}

class LayoutReader {
 public:
  LayoutReader(const Parameters& parameters, const LayoutReading& reading)
      : parameters_(parameters), reading_(reading) {}

  std::optional<Layout> run(std::string_view payload, Report& report) {
    auto value = json::parse_strict(payload, {.bytes = kLayoutBytesMost});
    if (!value) {
      format_.problems.push_back(std::move(value).error());
      format_.write(report);
      return std::nullopt;
    }
    const Fields root(*value, "layout");
    if (!format_.take(read_root(root))) {
      format_.write(report);
      return std::nullopt;
    }
    check_names();
    check_shared_keys();
    resolve_subkeys();
    check_functionaries();
    for (const auto& each : parameters_) values_.take(check_parameter(each.first, each.second));
    finish();
    bool good = true;
    for (const Category* each :
         {&format_, &expires_, &keys_, &names_, &functionaries_, &thresholds_, &values_, &rules_}) {
      each->write(report);
      good = good && each->problems.empty();
    }
    if (root.has("sluice")) {
      extension_.write(report);
      good = good && extension_.problems.empty();
    }
    if (!good) return std::nullopt;
    return std::move(out_);
  }

 private:
  Result<void> read_root(const Fields& root) {
    SLUICE_CHECK(root.only({"_type", "expires", "inspect", "intermediatecas", "keys", "readme",
                            "rootcas", "sluice", "steps"}));
    SLUICE_TRY(const auto type, root.string("_type"));
    if (type != "layout") return fail(Errc::malformed, "\"_type\" is not \"layout\"");
    if (root.has("readme")) {
      SLUICE_TRY(out_.readme, root.string("readme"));
    }
    SLUICE_TRY(const auto expires, root.string("expires"));
    if (auto time = expiry_of(expires, reading_.any_rfc3339)) {
      out_.expires = *time;
    } else {
      expires_.problems.push_back(std::move(time).error());
    }
    SLUICE_CHECK(read_keys(root));
    SLUICE_CHECK(read_authorities(root));
    SLUICE_TRY(const auto steps, list_of(root, "steps", kStepsMost));
    for (const Fields& each : steps) SLUICE_CHECK(read_step(each));
    SLUICE_TRY(const auto inspections, list_of(root, "inspect", kStepsMost));
    for (const Fields& each : inspections) SLUICE_CHECK(read_inspection(each));
    if (root.has("sluice")) {
      SLUICE_TRY(const auto fields, root.object("sluice"));
      extension_.take(read_extension(fields));
    }
    return {};
  }

  Result<void> read_keys(const Fields& root) {
    if (!root.has("keys")) return {};
    SLUICE_TRY(const auto keys, root.object("keys"));
    const auto& members = *keys.value().object();
    if (members.size() > kLayoutKeysMost) {
      return fail(Errc::limit, cat("more than ", kLayoutKeysMost, " keys"));
    }
    for (const auto& [id, value] : members) {
      auto one = functionary_of(id, Fields(value, cat("key ", printable(id, 16))));
      if (one) {
        out_.keys.emplace(id, *std::move(one));
      } else {
        keys_.problems.push_back(std::move(one).error());
        unusable_.insert(id);
      }
    }
    return {};
  }

  static Result<Functionary> functionary_of(const std::string& id, const Fields& fields) {
    if (fields.value().object() == nullptr) {
      return fail(Errc::malformed, cat(fields.path(), " is no object"));
    }
    if (GpgKey::is_one(fields)) {
      SLUICE_TRY(auto key, GpgKey::parse(fields));
      return key;
    }
    if (fields.string("keytype").value_or("") == "sigstore-oidc") return identity_of(id, fields);
    SLUICE_TRY(auto key, Key::parse(fields));
    return key;
  }

  static Result<Functionary> identity_of(const std::string& id, const Fields& fields) {
    SLUICE_CHECK(fields.only({"keyid", "keytype", "keyval", "scheme", "keyid_hash_algorithms"}));
    SLUICE_TRY(const auto scheme, fields.string("scheme"));
    if (scheme != "Fulcio") {
      return fail(Errc::unsupported, cat(fields.path(), ": an identity with the scheme ",
                                         printable(scheme, 40), ", not Fulcio"));
    }
    SLUICE_TRY(const auto keyval, fields.object("keyval"));
    IdentityKey out{.id = id, .parts = {}};
    for (const auto& [name, value] : *keyval.value().object()) {
      if (std::ranges::find(kIdentityParts, name) == kIdentityParts.end() ||
          value.string() == nullptr || value.string()->empty()) {
        return fail(Errc::malformed, cat(fields.path(), ": \"", printable(name, 40),
                                         "\" says nothing about an "
                                         "identity that is known here"));
      }
      out.parts.emplace(name, *value.string());
    }
    return out;
  }

  Result<void> read_authorities(const Fields& root) {
    for (const auto* const member : {"rootcas", "intermediatecas"}) {
      if (!root.has(member)) continue;
      SLUICE_TRY(const auto all, root.object(member));
      if (all.value().object()->size() > kCertificatesMost) {
        return fail(Errc::limit, cat("more than ", kCertificatesMost, " authorities"));
      }
      for (const auto& [id, value] : *all.value().object()) {
        const Fields entry(value, cat(member, " ", printable(id, 16)));
        SLUICE_TRY(const auto keyval, entry.object("keyval"));
        SLUICE_TRY(auto pem, keyval.string("certificate"));
        if (std::string_view(member) == "rootcas") {
          out_.roots.emplace(id, std::move(pem));
        } else {
          out_.intermediates.push_back(std::move(pem));
        }
      }
    }
    return {};
  }

  Result<void> read_rules(const Fields& owner, std::string_view key, std::vector<Rule>& into) {
    SLUICE_TRY(const auto lists, list_of(owner, key, kRulesMost));
    for (const Fields& each : lists) {
      std::vector<std::string> words;
      const auto* array = each.value().array();
      if (array == nullptr || array->size() > kWordsMost) {
        return fail(Errc::malformed, cat(each.path(), " is no list of words"));
      }
      for (const auto& word : *array) {
        if (word.string() == nullptr) {
          return fail(Errc::malformed, cat(each.path(), " has a word that is no string"));
        }
        words.push_back(*word.string());
      }
      auto rule = parse_rule(words, parameters_, {.unclean_names = reading_.unclean_names});
      if (rule) {
        into.push_back(*std::move(rule));
        ++rule_count_;
      } else {
        auto& category = rule.error().code == Errc::usage ? values_ : rules_;
        category.problems.push_back(std::move(rule).error().in(each.path()));
      }
    }
    return {};
  }

  Result<void> read_command(const Fields& owner, std::string_view key,
                            std::vector<std::string>& into) {
    SLUICE_TRY(const auto words, words_of(owner, key, limits::kCommandWords));
    for (const std::string& word : words) {
      auto text = substitute_known(word, parameters_);
      if (text) {
        into.push_back(*std::move(text));
      } else {
        values_.problems.push_back(std::move(text).error());
      }
    }
    return {};
  }

  Result<void> read_step(const Fields& fields) {
    SLUICE_CHECK(fields.only({"_type", "name", "cert_constraints", "expected_command",
                              "expected_materials", "expected_products", "pubkeys", "threshold"}));
    if (fields.has("_type") && fields.string("_type").value_or("") != "step") {
      return fail(Errc::malformed, cat(fields.path(), "._type is not \"step\""));
    }
    Step step;
    SLUICE_TRY(step.name, fields.string("name"));
    SLUICE_TRY(step.functionaries, words_of(fields, "pubkeys", kLayoutKeysMost));
    const auto threshold = fields.value().find("threshold");
    if (threshold != nullptr) {
      const auto number = threshold->integer();
      if (!number || *number < 1 || *number > kThresholdMost) {
        thresholds_.problems.push_back(
            Error{Errc::malformed, cat("step ", printable(step.name, 60), ": the threshold ",
                                       printable(json::write(*threshold), 40),
                                       " is no number from 1 to ", kThresholdMost)});
      } else {
        step.threshold = static_cast<std::size_t>(*number);
      }
    }
    SLUICE_TRY(const auto constraints, list_of(fields, "cert_constraints", kCertificatesMost));
    for (const Fields& each : constraints) {
      SLUICE_TRY(auto constraint, constraint_of(each));
      step.certificates.push_back(std::move(constraint));
    }
    SLUICE_CHECK(read_command(fields, "expected_command", step.command));
    SLUICE_CHECK(read_rules(fields, "expected_materials", step.materials));
    SLUICE_CHECK(read_rules(fields, "expected_products", step.products));
    out_.steps.push_back(std::move(step));
    return {};
  }

  static Result<CertificateConstraint> constraint_of(const Fields& fields) {
    SLUICE_CHECK(
        fields.only({"common_name", "dns_names", "emails", "organizations", "roots", "uris"}));
    CertificateConstraint out;
    if (fields.has("common_name")) {
      SLUICE_TRY(out.common_name, fields.string("common_name"));
    }
    SLUICE_TRY(out.dns_names, words_of(fields, "dns_names", kCertificatesMost));
    SLUICE_TRY(out.emails, words_of(fields, "emails", kCertificatesMost));
    SLUICE_TRY(out.organizations, words_of(fields, "organizations", kCertificatesMost));
    SLUICE_TRY(out.roots, words_of(fields, "roots", kCertificatesMost));
    SLUICE_TRY(out.uris, words_of(fields, "uris", kCertificatesMost));
    return out;
  }

  Result<void> read_inspection(const Fields& fields) {
    SLUICE_CHECK(fields.only({"_type", "name", "expected_materials", "expected_products", "run"}));
    if (fields.has("_type") && fields.string("_type").value_or("") != "inspection") {
      return fail(Errc::malformed, cat(fields.path(), "._type is not \"inspection\""));
    }
    Inspection one;
    SLUICE_TRY(one.name, fields.string("name"));
    SLUICE_CHECK(read_command(fields, "run", one.run));
    SLUICE_CHECK(read_rules(fields, "expected_materials", one.materials));
    SLUICE_CHECK(read_rules(fields, "expected_products", one.products));
    out_.inspections.push_back(std::move(one));
    return {};
  }

  Result<void> read_extension(const Fields& fields) {
    SLUICE_CHECK(fields.only({"name", "version", "max_age", "run", "commit", "steps"}));
    SLUICE_TRY(out_.name, fields.string("name"));
    SLUICE_CHECK(within(check_step_name(out_.name), "reading the layout's name"));
    if (fields.has("version")) {
      SLUICE_TRY(const auto version, fields.integer("version"));
      if (version < 1) return fail(Errc::malformed, "the layout's version is below 1");
      out_.version = version;
    }
    if (fields.has("max_age")) {
      SLUICE_TRY(const auto text, fields.string("max_age"));
      SLUICE_TRY(out_.freshness.max_age, duration_of(text));
    }
    for (auto [key, into] :
         {std::pair{"run", &out_.freshness.run}, std::pair{"commit", &out_.freshness.commit}}) {
      if (!fields.has(key)) continue;
      SLUICE_TRY(const auto text, fields.string(key));
      auto value = substitute(text, parameters_);
      if (!value) {
        values_.problems.push_back(std::move(value).error());
        continue;
      }
      if (value->empty()) return fail(Errc::malformed, cat("\"", key, "\" demands nothing"));
      *into = *std::move(value);
    }
    return read_extended_steps(fields);
  }

  Result<void> read_extended_steps(const Fields& fields) {
    if (!fields.has("steps")) return {};
    SLUICE_TRY(const auto steps, fields.object("steps"));
    for (const auto& [name, value] : *steps.value().object()) {
      const auto step = std::ranges::find(out_.steps, name, &Step::name);
      if (step == out_.steps.end()) {
        return fail(Errc::malformed, cat("there is no step ", printable(name, 60)));
      }
      const Fields each(value, cat("sluice.steps.", printable(name, 60)));
      SLUICE_CHECK(each.only({"success", "command"}));
      if (each.has("success")) {
        SLUICE_TRY(step->success, each.boolean("success"));
      }
      if (each.has("command")) {
        SLUICE_TRY(const auto word, each.string("command"));
        if (word != "exact")
          return fail(Errc::malformed, cat(each.path(), ".command is \"exact\""));
        step->exact_command = true;
      }
    }
    return {};
  }

  void check_names() {
    std::set<std::string> seen;
    const auto check = [&](const std::string& name, std::string_view what, bool may_repeat) {
      names_.take(within(check_step_name(name), cat("reading the name of ", what)));
      if (!seen.insert(name).second && !may_repeat) {
        names_.problems.push_back(Error{Errc::malformed,
                                        cat("the name ", printable(name, 60), " is there twice"),
                                        {},
                                        "a MATCH rule could mean either of them"});
      }
    };
    for (const Step& each : out_.steps) check(each.name, "a step", false);
    for (const Inspection& each : out_.inspections) {
      check(each.name, "an inspection", reading_.inspection_names);
    }
    if (seen.empty()) {
      names_.problems.push_back(
          Error{Errc::malformed, "there are neither steps nor inspections: nothing is demanded"});
    }
  }

  // A signature by a key that two functionaries have would count as both of them.
  void check_shared_keys() {
    std::map<std::string, std::string> whose;
    for (const auto& [id, functionary] : out_.keys) {
      const auto* gpg = std::get_if<GpgKey>(&functionary);
      const auto* key = std::get_if<Key>(&functionary);
      std::vector<crypto::PublicKey> parts;
      if (gpg != nullptr) parts = gpg->materials();
      if (key != nullptr) parts = {key->material()};
      for (const auto& part : parts) {
        const std::string who = material_of(functionary);
        const auto& owner = whose.emplace(part.fingerprint().text(), who).first->second;
        if (owner == who) continue;
        keys_.problems.push_back(
            Error{Errc::malformed, cat("key ", printable(id, 16),
                                       " has a key, or a subkey, that another functionary has, "
                                       "too: one signature would count as two")});
      }
    }
  }

  // python in-toto lets a step name a subkey of a GPG key that the layout lists.
  void resolve_subkeys() {
    for (const Step& step : out_.steps) {
      for (const std::string& id : step.functionaries) {
        if (out_.keys.contains(id) || unusable_.contains(id)) continue;
        for (const auto& [master, functionary] : out_.keys) {
          const auto* gpg = std::get_if<GpgKey>(&functionary);
          auto alone = gpg == nullptr ? std::nullopt : gpg->only(lower_ascii(id));
          if (!alone) continue;
          out_.keys.emplace(id, *std::move(alone));
          break;
        }
      }
    }
  }

  void check_functionaries() {
    for (const Step& step : out_.steps) {
      std::set<std::string> different;
      for (const std::string& id : step.functionaries) {
        const auto at = out_.keys.find(id);
        if (at != out_.keys.end()) {
          different.insert(material_of(at->second));
        } else if (!unusable_.contains(id)) {
          functionaries_.problems.push_back(
              Error{Errc::malformed, cat("step ", printable(step.name, 60), " names the key ",
                                         printable(id, 16), ", which the layout does not have")});
        }
      }
      if (step.functionaries.empty() && step.certificates.empty()) {
        functionaries_.problems.push_back(
            Error{Errc::malformed,
                  cat("step ", printable(step.name, 60), " names nobody who may do it")});
      } else if (step.certificates.empty() && different.size() < step.threshold &&
                 keys_.problems.empty() && functionaries_.problems.empty()) {
        thresholds_.problems.push_back(
            Error{Errc::malformed,
                  cat("step ", printable(step.name, 60), ": the threshold is ", step.threshold,
                      ", and it names ", different.size(), " different functionaries"),
                  {},
                  "one key under two ids is one functionary"});
      }
    }
  }

  void finish() {
    format_.good = cat(out_.steps.size(), " steps, ", out_.inspections.size(), " inspections");
    expires_.good = rfc3339(out_.expires);
    keys_.good = cat(out_.keys.size(), " functionaries");
    names_.good = "each is a name, and there once";
    functionaries_.good = "each step names some that the layout has";
    thresholds_.good = "each can be met";
    values_.good = parameters_.empty() ? "none" : cat(parameters_.size(), " given");
    rules_.good = cat(rule_count_, " rules");
    extension_.good = out_.name;
    if (out_.version) extension_.good += cat(", version ", *out_.version);
  }

  const Parameters& parameters_;
  const LayoutReading& reading_;
  Layout out_;
  std::set<std::string> unusable_;
  std::size_t rule_count_ = 0;
  Category format_{"layout.format", "layout's form"};
  Category expires_{"layout.expires", "layout's expiry"};
  Category keys_{"layout.keys", "layout's keys"};
  Category names_{"layout.steps", "steps"};
  Category functionaries_{"layout.functionaries", "functionaries"};
  Category thresholds_{"layout.thresholds", "thresholds"};
  Category values_{"layout.parameters", "parameters"};
  Category rules_{"layout.rules", "rules' form"};
  Category extension_{"layout.extension", "layout's name"};
};

void collect_parameters(const json::Value& value, std::set<std::string>& into) {
  if (const auto* text = value.string()) {
    if (const auto names = parameters_in(*text)) into.insert(names->begin(), names->end());
  }
  if (const auto* array = value.array()) {
    for (const auto& each : *array) collect_parameters(each, into);
  }
  if (const auto* object = value.object()) {
    for (const auto& [key, each] : *object) {
      if (key != "keys" && key != "readme") collect_parameters(each, into);
    }
  }
}

}  // namespace

std::optional<Layout> read_layout(std::string_view payload, const Parameters& parameters,
                                  const LayoutReading& reading, Report& report) {
  return LayoutReader(parameters, reading).run(payload, report);
}

std::vector<std::string> layout_parameters(std::string_view payload) {
  std::set<std::string> out;
  if (const auto value = json::parse_strict(payload, {.bytes = kLayoutBytesMost})) {
    collect_parameters(*value, out);
  }
  return {out.begin(), out.end()};
}

}  // namespace sluice::intoto

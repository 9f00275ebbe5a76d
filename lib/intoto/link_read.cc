// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <iterator>

#include "base/text.h"
#include "intoto/limits.h"
#include "intoto/link.h"
#include "json/tokenizer.h"

namespace sluice::intoto {

namespace {

constexpr std::array<std::string_view, 2> kStatementTypes{"https://in-toto.io/Statement/v0.1",
                                                          "https://in-toto.io/Statement/v1"};

// What a link's text or a statement's may say, whichever comes first in the text.
struct RawLink {
  std::optional<std::string> type;
  std::optional<std::string> predicate_type;
  std::optional<std::string> name;
  std::optional<std::vector<Artifact>> materials;
  std::optional<std::vector<Artifact>> products;  // or subjects
  std::optional<std::vector<std::string>> command;
  std::optional<json::Value> byproducts;
  std::optional<json::Value> environment;
  bool predicate = false;
};

class LinkReader {
 public:
  explicit LinkReader(std::string_view text) : in_(text, {.bytes = limits::kMetadataFile}) {}

  Result<Link> run() {
    SLUICE_CHECK(in_.enter_object());
    for (;;) {
      SLUICE_TRY(const auto key, in_.next_key());
      if (!key) break;
      SLUICE_CHECK(top_member(*key));
    }
    SLUICE_CHECK(in_.finish());
    return finish();
  }

 private:
  Result<void> top_member(std::string_view key) {
    if (key == "_type") return text_into(raw_.type);
    if (key == "predicateType") return text_into(raw_.predicate_type);
    if (key == "subject") return descriptors_into(raw_.products);
    if (key == "predicate") {
      raw_.predicate = true;
      SLUICE_CHECK(in_.enter_object());
      for (;;) {
        SLUICE_TRY(const auto inner, in_.next_key());
        if (!inner) return {};
        SLUICE_CHECK(predicate_member(*inner));
      }
    }
    in_link_ = true;
    if (key == "materials") return artifacts_into(raw_.materials);
    if (key == "products") return artifacts_into(raw_.products);
    return common_member(key);
  }

  Result<void> predicate_member(std::string_view key) {
    if (key == "materials") return descriptors_into(raw_.materials);
    return common_member(key);
  }

  Result<void> common_member(std::string_view key) {
    if (key == "name") return text_into(raw_.name);
    if (key == "command") return words_into(raw_.command);
    if (key == "byproducts") return object_into(raw_.byproducts);
    if (key == "environment") return object_into(raw_.environment);
    return fail(in_.error_here(Errc::malformed,
                               cat("\"", printable(key, 60), "\" is no member of a link")));
  }

  Result<void> text_into(std::optional<std::string>& into) {
    SLUICE_TRY(const auto text, in_.read_string());
    if (into) return fail(in_.error_here(Errc::malformed, "a member of the link is there twice"));
    into = std::string(text);
    return {};
  }

  Result<void> words_into(std::optional<std::vector<std::string>>& into) {
    if (into) return fail(in_.error_here(Errc::malformed, "two commands in one link"));
    into.emplace();
    SLUICE_CHECK(in_.enter_array());
    for (;;) {
      SLUICE_TRY(const bool more, in_.next_element());
      if (!more) return {};
      if (into->size() == limits::kCommandWords) {
        return fail(in_.error_here(Errc::limit, "the command has too many words"));
      }
      SLUICE_TRY(const auto word, in_.read_string());
      into->emplace_back(word);
    }
  }

  Result<void> object_into(std::optional<json::Value>& into) {
    SLUICE_TRY(auto value, json::read_value(in_));
    if (into || value.object() == nullptr) {
      return fail(in_.error_here(Errc::malformed,
                                 "byproducts and environment of a link are one object each"));
    }
    into = std::move(value);
    return {};
  }

  Result<void> check_room(const std::vector<Artifact>& artifacts) const {
    if (artifacts.size() < limits::kArtifacts) return {};
    return fail(in_.error_here(Errc::limit, cat("more than ", limits::kArtifacts, " artifacts")));
  }

  // {"name": {"sha256": "…"}, …}
  Result<void> artifacts_into(std::optional<std::vector<Artifact>>& into) {
    into.emplace();
    SLUICE_CHECK(in_.enter_object());
    for (;;) {
      SLUICE_TRY(const auto key, in_.next_key());
      if (!key) return {};
      SLUICE_CHECK(check_room(*into));
      Artifact& artifact = into->emplace_back();
      artifact.name = std::string(*key);
      SLUICE_TRY(artifact.digests, digests_of(artifact.name));
    }
  }

  Result<DigestSet> digests_of(std::string_view artifact) {
    DigestSet out;
    SLUICE_CHECK(in_.enter_object());
    for (;;) {
      SLUICE_TRY(const auto key, in_.next_key());
      if (!key) break;
      algorithm_.assign(*key);
      SLUICE_TRY(const auto hex, in_.read_string());
      if (auto added = out.add(algorithm_, hex); !added) {
        return fail(std::move(added).error().in(
            cat("reading the artifact \"", printable(artifact, 200), "\"")));
      }
    }
    if (artifact.empty() || artifact.size() > limits::kArtifactName) {
      return fail(in_.error_here(Errc::malformed, "an artifact's name is empty or too long"));
    }
    if (!out.strong()) {
      return fail(in_.error_here(Errc::unsupported,
                                 cat("the artifact \"", printable(artifact, 200), "\" has ",
                                     out.empty() ? "no digest" : "only weak digests",
                                     "; one of sha256, "
                                     "sha384 or sha512 is needed")));
    }
    return out;
  }

  // [{"name": "…", "digest": {…}}, …]
  Result<void> descriptors_into(std::optional<std::vector<Artifact>>& into) {
    into.emplace();
    SLUICE_CHECK(in_.enter_array());
    for (;;) {
      SLUICE_TRY(const bool more, in_.next_element());
      if (!more) return {};
      SLUICE_CHECK(check_room(*into));
      SLUICE_TRY(auto artifact, descriptor());
      into->push_back(std::move(artifact));
    }
  }

  Result<Artifact> descriptor() {
    Artifact out;
    std::string uri;
    std::optional<DigestSet> digests;
    SLUICE_CHECK(in_.enter_object());
    for (;;) {
      SLUICE_TRY(const auto key, in_.next_key());
      if (!key) break;
      if (*key == "name" || *key == "uri") {
        std::string& into = *key == "name" ? out.name : uri;
        SLUICE_TRY(const auto text, in_.read_string());
        into = std::string(text);
      } else if (*key == "digest") {
        SLUICE_TRY(digests, digests_of("of a statement"));
      } else {
        SLUICE_CHECK(in_.skip());
      }
    }
    if (out.name.empty()) out.name = std::move(uri);
    if (out.name.empty() || out.name.size() > limits::kArtifactName || !digests) {
      return fail(in_.error_here(Errc::malformed, "an artifact without a name or a digest"));
    }
    out.digests = *std::move(digests);
    return out;
  }

  Result<Link> finish() {
    if (!raw_.type) return fail(Errc::malformed, "the link has no \"_type\"");
    const bool statement = std::ranges::find(kStatementTypes, *raw_.type) != kStatementTypes.end();
    if (statement) {
      if (in_link_ || !raw_.predicate) {
        return fail(Errc::malformed, "a statement that has other members than a statement's");
      }
      if (raw_.predicate_type != kLinkPredicate) {
        return fail(Errc::unsupported,
                    cat("the statement's predicate is \"",
                        printable(raw_.predicate_type.value_or(""), 100), "\", not a link v0.3"));
      }
    } else if (*raw_.type != "link") {
      return fail(Errc::unsupported,
                  cat("of the type \"", printable(*raw_.type, 60), "\", no link"));
    } else if (raw_.predicate || raw_.predicate_type) {
      return fail(Errc::malformed, "a link that has members of a statement");
    }
    return made(statement ? LinkForm::statement : LinkForm::link);
  }

  Result<Link> made(LinkForm form) {
    if (!raw_.name || raw_.name->empty()) return fail(Errc::malformed, "the link names no step");
    if (!raw_.materials && form == LinkForm::statement) raw_.materials.emplace();
    if (!raw_.materials || !raw_.products) {
      return fail(Errc::malformed, "the link has no materials or no products");
    }
    Link out;
    out.form = form;
    out.name = *std::move(raw_.name);
    SLUICE_TRY(out.materials,
               within(Artifacts::of(*std::move(raw_.materials)), "reading materials"));
    SLUICE_TRY(out.products, within(Artifacts::of(*std::move(raw_.products)), "reading products"));
    if (raw_.command) out.command = *std::move(raw_.command);
    if (raw_.byproducts) out.byproducts = *std::move(raw_.byproducts);
    if (raw_.environment) out.environment = *std::move(raw_.environment);
    return out;
  }

  json::Tokenizer in_;
  std::string algorithm_;
  RawLink raw_;
  bool in_link_ = false;  // a member was seen that only a plain link has
};

}  // namespace

Result<Link> parse_link(std::string_view text) {
  return within(LinkReader(text).run(), "reading a link");
}

}  // namespace sluice::intoto

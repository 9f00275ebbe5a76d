// SPDX-License-Identifier: Apache-2.0
#include "intoto/evidence.h"

#include <algorithm>
#include <set>

#include "base/parallel.h"
#include "base/text.h"
#include "intoto/limits.h"

namespace sluice::intoto {

namespace {

constexpr std::string_view kLinkEnding = ".link";
constexpr std::size_t kShortId = 8;

// "8a98b525" of "build.8a98b525.link", where the file is one of that step.
std::optional<std::string> short_id_of(std::string_view file, std::string_view step) {
  if (file.size() != step.size() + 1 + kShortId + kLinkEnding.size()) return std::nullopt;
  if (!file.starts_with(step) || file[step.size()] != '.' || !file.ends_with(kLinkEnding)) {
    return std::nullopt;
  }
  const std::string_view id = file.substr(step.size() + 1, kShortId);
  const bool hex = std::ranges::all_of(id, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  });
  if (!hex) return std::nullopt;
  return std::string(id);
}

std::vector<std::string> ids_of(const Functionary& functionary) {
  if (const auto* key = std::get_if<Key>(&functionary)) return key->ids();
  if (const auto* gpg = std::get_if<GpgKey>(&functionary)) return gpg->ids();
  return {};
}

// Judges one file. Each is judged by one thread alone.
class LinkJudge {
 public:
  LinkJudge(Files& files, const Path& folder, const Layout& layout, const Step& step,
            const EvidenceRules& rules)
      : files_(files), folder_(folder), layout_(layout), step_(step), rules_(rules) {}

  Result<void> run(StepLink& out) const {
    auto text = files_.read_plain(folder_ / out.file, limits::kMetadataFile, Links::followed);
    if (!text) return set_aside(out, "format", text.error().text());
    if (rules_.identities != nullptr && rules_.identities->is_one(*text)) {
      return judge_identity(out, *text);
    }
    auto metadata = SignedMetadata::parse(*std::move(text));
    if (!metadata) return set_aside(out, "format", metadata.error().text());
    out.form = name(metadata->wrapping());
    SLUICE_CHECK(find_signers(out, *metadata));
    if (out.signers.empty()) return tell_nobody(out, *metadata), Result<void>{};
    out.set_aside.clear();  // what is wrong with the signatures of others does not matter
    if (metadata->kind() == PayloadKind::layout) {
      out.sublayout = SignedLayout{.metadata = *std::move(metadata)};
      return {};
    }
    take_payload(out, metadata->payload());
    return {};
  }

 private:
  static Result<void> set_aside(StepLink& out, std::string_view reason, std::string why) {
    out.reason = reason;
    out.set_aside = std::move(why);
    return {};
  }

  void take_payload(StepLink& out, std::string_view payload) const {
    auto link = parse_link(payload);
    if (!link) {
      static_cast<void>(set_aside(out, "format", link.error().text()));
      return;
    }
    if (link->name != step_.name) {
      static_cast<void>(set_aside(
          out, "name",
          cat("it is a link of the step ", printable(link->name, 60), ", under this step's name")));
      return;
    }
    out.link = *std::move(link);
  }

  Result<void> find_signers(StepLink& out, SignedMetadata& metadata) const {
    std::set<std::string> tried;
    for (const std::string& id : step_.functionaries) {
      const Functionary& functionary = layout_.keys.find(id)->second;
      std::string material = material_of(functionary);
      // A key that is listed under both of its ids is tried once: large links take their time.
      const auto* key = std::get_if<Key>(&functionary);
      if (!tried.insert(cat(material, key == nullptr ? id : key->scheme_name())).second) continue;
      SLUICE_TRY(const auto finding, check_signature(metadata, functionary, rules_.now));
      if (finding.outcome == SignatureFinding::Outcome::expired) {
        out.set_aside = cat("the signature is of ", describe(functionary),
                            ", and that key or the signature has expired");
      }
      if (finding.outcome != SignatureFinding::Outcome::valid) continue;
      std::string of_key = key == nullptr ? "" : material;
      add(out,
          {std::move(material), describe_by_material(layout_, functionary), std::move(of_key)});
      if (!out.delegate) out.delegate = functionary;
    }
    if (step_.certificates.empty()) return {};
    for (const MetadataSignature& signature : metadata.signatures()) {
      if (!signature.certificate.empty()) SLUICE_CHECK(judge_signed(out, metadata, signature));
    }
    return {};
  }

  Result<void> judge_signed(StepLink& out, SignedMetadata& metadata,
                            const MetadataSignature& signature) const {
    std::string why;
    for (const CertificateConstraint& constraint : step_.certificates) {
      auto signer = judge_certificate(signature.certificate, constraint, layout_, rules_.now);
      if (!signer) {
        why = std::move(signer).error();
        continue;
      }
      SLUICE_TRY(const auto certificate, x509::Certificate::from_pem(signature.certificate));
      const auto& key = certificate->key;
      const auto& scheme = crypto::default_metadata_scheme(key.type());
      SLUICE_TRY(const auto match, metadata.check(key, scheme.scheme, signature));
      if (match == crypto::Match::yes) {
        add(out, *std::move(signer));
        return {};
      }
      why = "its key did not make the signature";
    }
    out.set_aside = cat("the certificate in it is nobody's that the step names: ", why);
    return {};
  }

  static void add(StepLink& out, Signer signer) {
    if (std::ranges::find(out.signers, signer.material, &Signer::material) == out.signers.end()) {
      out.signers.push_back(std::move(signer));
    }
  }

  void tell_nobody(StepLink& out, const SignedMetadata& metadata) const {
    out.reason = "signature";
    if (!out.set_aside.empty()) return;
    if (metadata.signatures().empty()) {
      out.set_aside = "it is not signed";
      return;
    }
    std::vector<std::string> found;
    for (const MetadataSignature& signature : metadata.signatures()) {
      for (const std::string& id : step_.functionaries) {
        const Functionary& functionary = layout_.keys.find(id)->second;
        const auto ids = ids_of(functionary);
        if (std::ranges::find(ids, signature.keyid) == ids.end()) continue;
        out.set_aside =
            cat("its signature is not valid for the key that it names, ",
                describe_by_material(layout_, functionary),
                ": the file was changed after it was signed, or somebody else signed it");
        out.advice =
            "Get the original from whoever holds that key, and find out who changed or made this "
            "one.";
        return;
      }
      std::string who = signer_named(signature.keyid);
      if (std::ranges::find(found, who) == found.end()) found.push_back(std::move(who));
    }
    out.set_aside = cat("it is signed as ", join(found, ", "), ", whom the step does not name");
    out.advice =
        cat("Whoever did step ", printable(step_.name, 60),
            " has to be one of those whom the layout names there: have it done again by one of "
            "them. Only if whoever holds that key is meant to do this step, too, the layout's "
            "owner adds it there and signs the layout again.");
  }

  // By what the layout knows of the key, also for other steps; else by its id.
  std::string signer_named(const std::string& keyid) const {
    for (const auto& [listed, functionary] : layout_.keys) {
      const auto ids = ids_of(functionary);
      if (std::ranges::find(ids, keyid) == ids.end()) continue;
      std::vector<std::string> steps;
      for (const Step& step : layout_.steps) {
        const auto its = [&](const std::string& id) {
          return material_of(layout_.keys.find(id)->second) == material_of(functionary);
        };
        if (std::ranges::any_of(step.functionaries, its)) steps.push_back(printable(step.name, 60));
      }
      return cat(describe_by_material(layout_, functionary), " (of ",
                 steps.empty()       ? "no step"
                 : steps.size() == 1 ? "step "
                                     : "the steps ",
                 join(steps, ", "), ")");
    }
    return printable(keyid.substr(0, kShortId), kShortId);
  }

  Result<void> judge_identity(StepLink& out, const std::string& text) const {
    out.form = "bundle";
    std::string why = "it is signed by an identity, and the step names none";
    std::optional<IdentityEvidence> good;
    for (const std::string& id : step_.functionaries) {
      const auto* who = std::get_if<IdentityKey>(&layout_.keys.find(id)->second);
      if (who == nullptr) continue;
      SLUICE_TRY(auto judged, rules_.identities->judge(text, out.file, *who));
      if (!judged) {
        why = cat(judged.error().detail,
                  judged.error().found.empty() ? "" : cat("; found ", judged.error().found));
        continue;
      }
      out.signers.push_back({cat("identity\n", judged->signer), judged->signer});
      good = *std::move(judged);
      out.delegate = *who;
      break;
    }
    if (!good) return set_aside(out, "signature", std::move(why));
    out.times = good->times;
    if (payload_kind(good->payload) == PayloadKind::layout) {
      out.sublayout = SignedLayout{.bundle = text, .source = out.file};
      return {};
    }
    take_payload(out, good->payload);
    return {};
  }

  Files& files_;
  const Path& folder_;
  const Layout& layout_;
  const Step& step_;
  const EvidenceRules& rules_;
};

struct Job {
  const Step* step;
  StepLink* link;
};

}  // namespace

Result<SignatureFinding> check_signature(SignedMetadata& metadata, const Functionary& functionary,
                                         Time now) {
  if (const auto* key = std::get_if<Key>(&functionary)) return metadata.check(*key);
  if (const auto* gpg = std::get_if<GpgKey>(&functionary)) return gpg->check(metadata, now);
  return SignatureFinding{};
}

std::size_t count_different(const std::vector<Signer>& signers) {
  // What is known of each one so far; those that a signer has something in common with become one.
  std::vector<std::set<std::string>> known;
  for (const Signer& signer : signers) {
    std::set<std::string> its{signer.material};
    if (!signer.key.empty()) its.insert(signer.key);
    std::erase_if(known, [&its](std::set<std::string>& other) {
      const bool same = std::ranges::any_of(
          other, [&its](const std::string& each) { return its.contains(each); });
      if (same) its.merge(other);
      return same;
    });
    known.push_back(std::move(its));
  }
  return known.size();
}

std::string describe_by_material(const Layout& layout, const Functionary& functionary) {
  const std::string material = material_of(functionary);
  std::string out = describe(functionary);
  for (const auto& [id, each] : layout.keys) {
    if (material_of(each) != material) continue;
    out = describe(each);
    const auto* key = std::get_if<Key>(&each);
    if (key == nullptr || key->id() == key->python_id()) break;
  }
  return out;
}

Result<StepEvidence> gather_evidence(Files& files, const Path& folder, const Layout& layout,
                                     const EvidenceRules& rules) {
  SLUICE_TRY(const auto entries, within(files.list(folder), "looking for links"));
  StepEvidence out;
  std::vector<Job> jobs;
  for (const Step& step : layout.steps) {
    auto& found = out[step.name];
    for (const FolderEntry& entry : entries) {
      auto id = short_id_of(entry.name, step.name);
      if (!id || entry.kind == FileKind::folder) continue;
      if (found.size() == kLinksMost) {
        return fail(Errc::limit,
                    cat("more than ", kLinksMost, " links of the step ", printable(step.name, 60)));
      }
      found.push_back({.file = entry.name, .short_id = *std::move(id)});
    }
    for (StepLink& each : found) jobs.push_back({&step, &each});
  }
  std::vector<std::optional<Error>> errors(jobs.size());
  for_each_parallel(jobs.size(), rules.threads, [&](std::size_t i) {
    const LinkJudge judge(files, folder, layout, *jobs[i].step, rules);
    if (auto done = judge.run(*jobs[i].link); !done) errors[i] = std::move(done).error();
  });
  for (auto& each : errors) {
    if (each) return fail(*std::move(each));
  }
  return out;
}

}  // namespace sluice::intoto

// SPDX-License-Identifier: Apache-2.0
// The evidence for one step: its link files, and whose they are.
//
// A file counts for a functionary of the step whose signature it bears, whatever it is called by:
// python and Go give one key two ids, so files are found by the step's name and keys are compared
// by their material. What is signed is read after somebody of the step turned out to have signed
// it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/verdict.h"
#include "intoto/layout.h"
#include "intoto/link.h"
#include "intoto/signed.h"
#include "x509/authority.h"

namespace sluice::intoto {

inline constexpr std::size_t kLinksMost = 1024;  // files of one step

// What an identity's signature says, once it was verified.
struct IdentityEvidence {
  std::string payload;      // what is signed: a link, or a statement of one
  std::string signer;       // for people
  std::vector<Time> times;  // proven by a log or a timestamping service; at least one
};

// Functionaries that are identities: cmd gives what can verify them.
class IdentityJudge {
 public:
  virtual ~IdentityJudge() = default;
  // Is this file of the kind that identities sign, whoever they are?
  virtual bool is_one(std::string_view document) const = 0;
  // Error: it could not be decided. A refusal is the check that failed.
  [[nodiscard]] virtual Result<std::expected<IdentityEvidence, Check>> judge(
      const std::string& document, const std::string& source, const IdentityKey& who) const = 0;
};

// A layout's file, whoever signed it: metadata, or the bundle of an identity.
struct SignedLayout {
  std::optional<SignedMetadata> metadata = {};
  std::string bundle = {};  // where there is no metadata
  std::string source = {};
};

struct Signer {
  std::string material;  // equal ones are one functionary
  std::string who;       // for people
  std::string key = {};  // the key that signed, where it is one that lasts: likewise
};
// How many different functionaries these are. Whoever has a key, and a certificate for it, is one.
std::size_t count_different(const std::vector<Signer>& signers);

// One file, judged for one step.
struct StepLink {
  std::string file;      // "build.8a98b525.link"
  std::string short_id;  // "8a98b525"
  std::vector<Signer> signers = {};
  std::optional<Link> link = {};
  // The payload is a layout: the step is delegated. Kept whole, for its signer.
  std::optional<SignedLayout> sublayout = {};
  std::optional<Functionary> delegate = {};  // whose the sublayout is
  std::vector<Time> times = {};              // that are proven; mostly none
  std::string form = {};                     // for people: "metablock", "dsse", "bundle"
  // Why it does not count; empty where it does.
  std::string set_aside = {};
  std::string_view reason = {};  // of that, as a check's last part: "signature", "format", "name"
  std::string advice = {};

  bool counts() const { return set_aside.empty(); }
};

struct EvidenceRules {
  const IdentityJudge* identities = nullptr;  // none: such functionaries cannot be verified
  Time now{};                                 // for certificates that nothing else gives a time
  unsigned threads = 1;
};

// For each step of the layout its files in the folder, in the order of their names. A file that
// does not count is there too, and says why. Error: the folder cannot be listed, or an identity
// could not be judged.
using StepEvidence = std::map<std::string, std::vector<StepLink>, std::less<>>;
[[nodiscard]] Result<StepEvidence> gather_evidence(Files& files, const Path& folder,
                                                   const Layout& layout,
                                                   const EvidenceRules& rules);

// A key that is listed under two ids is called by one of them everywhere: python's.
std::string describe_by_material(const Layout& layout, const Functionary& functionary);

// Does the certificate satisfy the constraint, and lead to a root of the layout? Who it is, or why
// not.
[[nodiscard]] std::expected<Signer, std::string> judge_certificate(
    const std::string& pem, const CertificateConstraint& constraint, const Layout& layout,
    Time now);

// What a key finds in a file's signatures.
[[nodiscard]] Result<SignatureFinding> check_signature(SignedMetadata& metadata,
                                                       const Functionary& functionary, Time now);

}  // namespace sluice::intoto

// SPDX-License-Identifier: Apache-2.0
// What the commands about layouts share.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "intoto/draft.h"
#include "intoto/verify.h"
#include "invocation.h"
#include "sigstore/identity.h"

namespace sluice::cli {

// A verification as the arguments ask for it.
struct ChainPlan {
  std::string layout;  // its text
  std::string subject;
  Path links;
  intoto::VerifyOptions options;
  std::unique_ptr<intoto::IdentityJudge> identities;
};
[[nodiscard]] Result<ChainPlan> chain_plan(Invocation& in);
std::vector<Option> chain_options();

// NAME=VALUE, each; what is in them is judged with the layout.
[[nodiscard]] Result<intoto::Parameters> layout_parameters_given(const Invocation& in);
[[nodiscard]] Result<intoto::Functionary> owner_key(Invocation& in, const std::string& file);
// A public key of gpg's keyring, through the gpg program.
[[nodiscard]] Result<intoto::Functionary> gpg_owner(Invocation& in, const std::string& id);

// A layout as it stands in its file: signed or not, in metadata or in a bundle. Nothing of it is
// verified.
[[nodiscard]] Result<std::string> layout_payload(const std::string& text);
bool is_bundle(std::string_view document);

// Whom --certificate-identity and so on ask for, as a layout lists it.
std::map<std::string, std::string> identity_parts(const sigstore::IdentityWish& wish);
std::vector<Option> layout_identity_options();

// A failed row for each identity that nobody could be asked for by.
void judge_identities(const intoto::Layout& layout, Report& report);

// Functionaries that are identities: by the trust material of `sluice verify`.
std::unique_ptr<intoto::IdentityJudge> identity_judge(Invocation& in);

Command layout_new_command();
Command layout_check_command();
Command layout_sign_command();

}  // namespace sluice::cli

// SPDX-License-Identifier: Apache-2.0
#include "commands.h"

namespace sluice::cli {

const std::vector<Group>& groups() {
  static const std::vector<Group> all = {
      {"sign", "sign files or payloads, by your identity or with a key", sign_commands},
      {"attest", "sign what is said about artifacts", attest_commands},
      {"verify", "verify files against their bundles, offline", verify_commands},
      {"layout", "in-toto layouts: who does what, and whether that is what was done",
       layout_commands},
      {"run", "perform a step of a supply chain, and record it", run_commands},
      {"record", "record a step that is no single command", record_commands},
      {"bundle", "look into bundles, and convert older ones", bundle_commands},
      {"key", "make, import, export and look at keys", key_commands},
      {"trust", "whom verifications by identity trust", trust_commands},
      {"log", "watch transparency logs", log_commands},
      {"risk", "say how risky a change is", risk_commands},
      {"gate", "approve, delay or block a change; and what was decided", gate_commands},
      {"policy", "read policy files", policy_commands},
      {"carbon", "how clean the electricity is, and when it will be", carbon_commands},
      {"aiops", "tell from its metrics how a service is", aiops_commands},
      {"tuf", "keep a TUF repository, or fetch what one vouches for", tuf_commands},
      {"serve", "admit only what the gate approved, to a cluster that asks", serve_commands},
      {"ci", "sluice in git hooks and in CI", ci_commands},
      {"config", "settings, and where each comes from", config_commands},
      {"doctor", "look for what would get in the way", doctor_commands},
      {"completion", "completion for shells, and man pages", completion_commands},
      {"version", "print the version", version_commands}};
  return all;
}

}  // namespace sluice::cli

// SPDX-License-Identifier: Apache-2.0
// Every group of commands; each is defined in a file of its own.
#pragma once

#include <vector>

#include "cli.h"

namespace sluice::cli {

std::vector<Command> sign_commands();
std::vector<Command> attest_commands();
std::vector<Command> verify_commands();
std::vector<Command> layout_commands();
std::vector<Command> run_commands();
std::vector<Command> record_commands();
std::vector<Command> bundle_commands();
std::vector<Command> key_commands();
std::vector<Command> trust_commands();
std::vector<Command> log_commands();
std::vector<Command> risk_commands();
std::vector<Command> policy_commands();
std::vector<Command> gate_commands();
std::vector<Command> carbon_commands();
std::vector<Command> aiops_commands();
std::vector<Command> tuf_commands();
std::vector<Command> serve_commands();
std::vector<Command> ci_commands();
std::vector<Command> config_commands();
std::vector<Command> doctor_commands();
std::vector<Command> completion_commands();
std::vector<Command> version_commands();

}  // namespace sluice::cli

// SPDX-License-Identifier: Apache-2.0
// One layout of a verification, and those below it: what verify.h's functions share.
#pragma once

#include <functional>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "intoto/verify.h"

namespace sluice::intoto {

// What one layout's steps did. In a list: queues point into it.
struct ChainLevel {
  Layout layout;
  std::string at;  // "" or the step that is delegated to it: "build/"
  std::map<std::string, StepLink, std::less<>> links =
      {};  // of each step, the one that speaks for it
  std::map<std::string, Inspected, std::less<>> inspected = {};
  std::vector<std::string> signers = {};
};

class ChainVerifier {
 public:
  ChainVerifier(const World& world, const VerifyOptions& options, Report& report)
      : world_(world), options_(options), report_(report), now_(world.clock.now()) {}

  // Nothing where a check failed. `skip_rules`: up to them, and no further.
  [[nodiscard]] Result<ChainLevel*> run(SignedLayout file, const std::vector<Functionary>& owners,
                                        const Path& links, const std::string& at, bool skip_rules);

  // Each queue of the level's steps, with its row; `seen` gets each one.
  using Seen = std::function<void(const QueueInput&, const QueueResult&)>;
  bool judge_rules(const ChainLevel& level, Tracing tracing, const Seen& seen);
  [[nodiscard]] Result<bool> judge_inspections(ChainLevel& level);

  static Link summary_of(const ChainLevel& level, const std::string& name);
  std::list<ChainLevel>& levels() { return levels_; }
  Time now() const { return now_; }

 private:
  // The payload, where all owners signed it.
  [[nodiscard]] Result<std::optional<std::string>> judge_owners(
      SignedLayout& file, const std::vector<Functionary>& owners, const std::string& at);
  bool judge_signatures(SignedMetadata& metadata, const std::vector<Functionary>& owners,
                        const std::string& title);
  [[nodiscard]] Result<std::optional<std::string>> judge_identities(
      const SignedLayout& file, const std::vector<Functionary>& owners, const std::string& title);
  void refuse_kind(const Functionary& owner, const std::string& title, std::string found);
  bool judge_time(const Layout& layout, const std::string& at);
  [[nodiscard]] Result<bool> judge_version(const Layout& layout,
                                           const std::vector<Functionary>& owners);
  [[nodiscard]] Result<bool> judge_step(ChainLevel& level, const Step& step,
                                        std::vector<StepLink> found, const Path& links);
  [[nodiscard]] Result<bool> open_sublayouts(const ChainLevel& level, const Step& step,
                                             std::vector<StepLink>& found, const Path& links);
  bool judge_threshold(const ChainLevel& level, const Step& step,
                       const std::vector<StepLink>& found, const Path& links,
                       std::vector<std::string>& signers);
  bool judge_agreement(const ChainLevel& level, const Step& step,
                       const std::vector<StepLink>& found);
  bool judge_command(const ChainLevel& level, const Step& step, const StepLink& link);
  bool judge_success(const ChainLevel& level, const Step& step, const StepLink& link);
  bool judge_queue(const ChainLevel& level, const std::string& step, const char* id,
                   const QueueInput& input, Tracing tracing, const Seen& seen);
  std::string title(const ChainLevel& level, std::string_view step) const;

  const World& world_;
  const VerifyOptions& options_;
  Report& report_;
  Time now_;
  int depth_ = 0;
  std::list<ChainLevel> levels_;
};

// The row of a queue that failed: step, rule, artifact and both digests.
void report_failure(const QueueInput& input, const QueueResult& result, const std::string& id,
                    const std::string& title, const std::string& explain, Report& report);
StepsArtifacts artifacts_of(const ChainLevel& level);

}  // namespace sluice::intoto

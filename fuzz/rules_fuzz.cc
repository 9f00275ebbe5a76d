// SPDX-License-Identifier: Apache-2.0
// Rules, one a line, with words apart by blanks, over a queue: first the rules, an empty line, then
// names. What a queue answers adds up, and a suggested rule does what it is suggested for.
#include <cstdint>
#include <cstdlib>
#include <set>

#include "base/bytes.h"
#include "base/text.h"
#include "intoto/queue.h"

namespace {

using namespace sluice;
using namespace sluice::intoto;

void require(bool holds) {
  if (!holds) std::abort();
}

DigestSet digest(std::size_t i) {
  DigestSet out;
  require(out.add("sha256", std::string(64, static_cast<char>('0' + i % 3))).has_value());
  return out;
}

void check(const QueueInput& input) {
  const auto result = run_queue(input, Tracing::samples);
  std::size_t queued = input.steps.find(input.step)->second.side(input.side).size();
  for (const auto& trace : result.trace) {
    require(trace.queued == queued && trace.taken <= trace.covered && trace.covered <= queued);
    queued -= trace.taken;
  }
  require(result.left.size() == queued);
  const std::vector<std::string> earlier{"prev"};
  if (const auto advice = suggest(input, result, earlier)) {
    const auto rules = applied(*advice, input.rules);
    require(run_queue({input.step, input.side, rules, input.steps}).passed());
    require(!advice->allows(input.step).empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kMost = 4096;
  if (size > kMost) return 0;
  std::vector<Rule> rules;
  std::vector<Artifact> lists[2];
  std::set<std::string_view> seen[2];
  bool names = false;
  std::size_t count = 0;
  for (const auto line : split(text_of({data, size}), '\n')) {
    if (line.empty()) {
      names = true;
    } else if (names) {
      ++count;
      // In both lists, in the first or in the second; with equal digests or others.
      for (const std::size_t list : {0U, 1U}) {
        if (count % 3 == list || !is_utf8(line) || !seen[list].insert(line).second) continue;
        lists[list].push_back({std::string(line), digest(count / 2 * list)});
      }
    } else {
      std::vector<std::string> words;
      for (const auto word : split(line, ' ')) words.emplace_back(word);
      if (auto rule = parse_rule(words, {})) rules.push_back(*std::move(rule));
    }
  }
  const auto first = Artifacts::of(std::move(lists[0]));
  const auto second = Artifacts::of(std::move(lists[1]));
  if (!first || !second) return 0;
  const StepsArtifacts steps{{"it", {&*first, &*second}}, {"prev", {&*second, &*first}}};
  check({"it", Side::materials, rules, steps});
  check({"it", Side::products, rules, steps});
  return 0;
}

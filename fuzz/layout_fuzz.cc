// SPDX-License-Identifier: Apache-2.0
// Layouts: what is read without complaint can be looked through, and its rules come back as they
// were.
#include <cstdint>
#include <cstdlib>

#include "base/bytes.h"
#include "intoto/lint.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  using namespace sluice::intoto;
  const std::string_view text = text_of({data, size});
  Parameters parameters;
  for (const auto& name : layout_parameters(text)) parameters.try_emplace(name, "x");
  Report report("layout");
  const auto layout = read_layout(text, parameters, {}, report);
  if (layout.has_value() != report.passed()) std::abort();
  if (!layout) return 0;
  static_cast<void>(lint_layout(*layout, Time{}));
  for (const Step& step : layout->steps) {
    if (step.threshold == 0 || step.name.empty()) std::abort();
    for (const auto* rules : {&step.materials, &step.products}) {
      for (const Rule& rule : *rules) {
        const auto again = parse_rule(rule.words(), {{"x", "x"}});
        // Text that a parameter put in may look like another one; anything else reads again.
        if (again && again->words() != rule.words()) std::abort();
      }
    }
  }
  return 0;
}

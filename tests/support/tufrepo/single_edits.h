// SPDX-License-Identifier: Apache-2.0
// Every way to change one thing in a JSON document.
#pragma once

#include <string>
#include <vector>

#include "json/value.h"

namespace sluice::test {

struct SingleEdit {
  std::string what;  // "/roles/root/threshold becomes true"
  json::Value document;
};
// Each member and each element: taken away, or something else of every kind in its place; one more
// in each object and array; members under another name; elements twice, and with their neighbour.
std::vector<SingleEdit> single_edits(const json::Value& document);

}  // namespace sluice::test

// SPDX-License-Identifier: Apache-2.0
// What every store of decisions promises (store/store.h). An implementation's test hands in how to
// make an empty store and how to open it again: INSTANTIATE_TEST_SUITE_P(Sqlite, StoreContract,
// ...).
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "store/store.h"

namespace sluice::test {

// One place that holds one store, empty at first; open() may be called any number of times, from
// any process.
class StorePlace {
 public:
  virtual ~StorePlace() = default;
  virtual Result<std::unique_ptr<store::DecisionStore>> open() = 0;
};

struct StoreMaker {
  std::string name;
  std::function<std::unique_ptr<StorePlace>()> make;
};

class StoreContract : public testing::TestWithParam<StoreMaker> {
 protected:
  std::unique_ptr<store::DecisionStore> open() const {
    auto opened = place_->open();
    EXPECT_TRUE(opened) << opened.error().text();
    return *std::move(opened);
  }
  std::unique_ptr<StorePlace> place_ = GetParam().make();
};

}  // namespace sluice::test

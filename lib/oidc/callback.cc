// SPDX-License-Identifier: Apache-2.0
#include "oidc/callback.h"

#include "base/text.h"
#include "net/loopback.h"

namespace sluice::oidc {

namespace {

constexpr std::string_view kCallbackPath = "/auth/callback";

class LoopbackCallback final : public Callback {
 public:
  explicit LoopbackCallback(net::Loopback listener) : listener_(std::move(listener)) {}

  std::string redirect_uri() const override {
    return cat("http://localhost:", listener_.port(), kCallbackPath);
  }

  Result<void> wait(std::chrono::milliseconds within,
                    const std::function<CallbackReply(std::string_view)>& judge) override {
    return listener_.serve(kCallbackPath, within, [&](std::string_view query) {
      auto reply = judge(query);
      return net::LoopbackPage{.status = reply.last ? 200 : 400,
                               .title = "sluice",
                               .text = std::move(reply.text),
                               .last = reply.last};
    });
  }

 private:
  net::Loopback listener_;
};

}  // namespace

Result<std::unique_ptr<Callback>> open_callback() {
  SLUICE_TRY(auto listener, net::Loopback::open());
  return std::make_unique<LoopbackCallback>(std::move(listener));
}

}  // namespace sluice::oidc

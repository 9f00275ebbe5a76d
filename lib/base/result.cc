// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

namespace sluice {

std::string_view name(Errc code) {
  switch (code) {
    case Errc::usage:
      return "usage";
    case Errc::malformed:
      return "malformed";
    case Errc::unsupported:
      return "unsupported";
    case Errc::not_found:
      return "not_found";
    case Errc::io:
      return "io";
    case Errc::network:
      return "network";
    case Errc::denied:
      return "denied";
    case Errc::limit:
      return "limit";
    case Errc::timeout:
      return "timeout";
    case Errc::internal:
      return "internal";
  }
  return "internal";
}

std::string Error::text() const {
  std::string out = what;
  for (const auto& frame : where) {
    out += ", while ";
    out += frame;
  }
  return out;
}

}  // namespace sluice

// SPDX-License-Identifier: Apache-2.0
#include "support/virtual_sigstore/log.h"

#include "base/text.h"

namespace sluice::test {

std::string VirtualLog::origin() const {
  return generation == Generation::v1 ? cat(host, " - ", tree_id) : host;
}

Bytes VirtualLog::id() const {
  return generation == Generation::v1 ? copy_of(key.public_key().fingerprint().bytes())
                                      : note_hash(host, key.public_key());
}

}  // namespace sluice::test

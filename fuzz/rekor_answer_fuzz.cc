// SPDX-License-Identifier: Apache-2.0
// What logs of both generations answer. The first byte says which, and where it stands: a body, or
// the header of a duplicate. What is read is an entry that a bundle can hold, and read again.
#include <cstdlib>

#include "signing/rekor_client.h"

namespace {

using namespace sluice;
using namespace sluice::sigstore;

void check_entry(const LogEntry& entry) {
  Bundle bundle;
  bundle.material = PublicKeyHint{};
  bundle.content = MessageSignature{{}, Bytes{1}};
  bundle.entries.push_back(entry);
  const auto again = parse_bundle(write_bundle(bundle));
  if (!again || again->entries.size() != 1 || again->entries[0].body != entry.body) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView rest(data + 1, size - 1);
  const std::string text(text_of(rest));
  const LogService log{"https://rekor.example.org", (data[0] & 1U) + 1};
  HttpResponse response;
  response.status = (data[0] & 2U) != 0 ? 409 : 201;
  response.body = text;
  response.headers = {{log.version == 1 ? "location" : "x-log-index", text}};
  const auto answer = read_entry_answer(log, response);
  if (answer && std::holds_alternative<LogEntry>(*answer)) check_entry(std::get<LogEntry>(*answer));
  if (!answer && answer.error().check.id.empty()) std::abort();
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
#include "ci/outputs.h"

#include <array>

#include "base/codec.h"
#include "base/text.h"

namespace sluice::ci {

std::string github_outputs(const Outputs& outputs, Random& random) {
  std::string out;
  for (const auto& [name, value] : outputs) {
    std::array<std::uint8_t, 16> noise{};
    random.fill(noise);
    const std::string end = cat("end_", to_hex(noise));
    out += cat(name, "<<", end, "\n", value, "\n", end, "\n");
  }
  return out;
}

std::string dotenv(const Outputs& outputs) {
  std::string out;
  for (const auto& [name, value] : outputs) {
    out += "SLUICE_";
    for (const char c : name) {
      out += c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    out += '=';
    for (const char c : value) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
    out += '\n';
  }
  return out;
}

Result<void> append(Files& files, const Path& file, std::string_view text, std::size_t max) {
  auto before = files.read(file, max);
  if (!before && before.error().code != Errc::not_found) return fail(before.error());
  std::string all = before ? *std::move(before) : std::string();
  if (all.size() + text.size() > max) {
    return fail(Errc::limit, cat(shown(file), " would be larger than ", human_bytes(max)));
  }
  return files.replace(file, all + std::string(text));
}

}  // namespace sluice::ci

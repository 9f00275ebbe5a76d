// SPDX-License-Identifier: Apache-2.0
// What bench-tuf measures with: makes repositories, serves a folder, and verifies one large file in
// process.
//
//   bench_tuf make bins|flat COUNT FOLDER   16,384 hash bins, or one flat targets.json
//   bench_tuf serve FOLDER                  prints a port, and serves until it is ended
//   bench_tuf verify FOLDER RUNS            the flat targets.json: milliseconds, one a line
#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "base/codec.h"
#include "base/files.h"
#include "base/text.h"
#include "crypto/private_key.h"
#include "tuf/trusted_set.h"

namespace {

using namespace sluice;

constexpr int kBits = 14;
constexpr std::size_t kReal = 102'400;  // the first target is there

std::string sha256(std::string_view text) {
  return crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(text)).hex();
}

std::string target_name(std::size_t i) {
  char out[100];
  std::snprintf(out, sizeof out, "packages/%02zx/%02zx/package-%07zu-1.0.0-py3-none-any.whl",
                i % 256, i / 256 % 256, i);
  return out;
}

std::string target_content() {
  std::string out(kReal, '\0');
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<char>(i * 2654435761U >> 24U);
  return out;
}

std::string header(std::string_view type) { return cat(R"({"_type":")", type, "\","); }
std::string footer() { return R"("spec_version":"1.0.31","version":1})"; }
constexpr std::string_view kExpires = R"("expires":"2090-01-01T00:00:00Z",)";

struct Maker {
  explicit Maker(Path into) : folder(std::move(into)) {
    const Bytes der = key.public_key().der();
    const std::string value = cat(R"({"keytype":"ed25519","keyval":{"public":")",
                                  to_hex(ByteView(der).last(32)), R"("},"scheme":"ed25519"})");
    keyid = sha256(value);
    keys = cat(R"({")", keyid, R"(":)", value, "}");
    role = cat(R"("keyids":[")", keyid, R"("])");
  }

  void put(const std::string& name, const std::string& part) {
    const auto message = crypto::Message::of(key.scheme(), bytes_of(part)).value();
    write(cat("metadata/", name),
          cat(R"({"signatures":[{"keyid":")", keyid, R"(","sig":")",
              to_hex(key.sign(message).value()), R"("}],"signed":)", part, "}"));
  }
  void write(const std::string& name, std::string_view text) {
    const Path path = folder / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }
  void root() {
    std::string roles;
    for (const std::string name : {"root", "snapshot", "targets", "timestamp"}) {
      roles += cat(roles.empty() ? "" : ",", "\"", name, "\":{", role, ",\"threshold\":1}");
    }
    put("1.root.json", cat(header("root"), R"("consistent_snapshot":true,)", kExpires, R"("keys":)",
                           keys, R"(,"roles":{)", roles, "},", footer()));
  }
  void rest(const std::string& meta) {
    put("1.snapshot.json", cat(header("snapshot"), kExpires, R"("meta":{)", meta, "},", footer()));
    put("timestamp.json",
        cat(header("timestamp"), kExpires, R"("meta":{"snapshot.json":{"version":1}},)", footer()));
    root();
    const std::string content = target_content();
    const std::string name = target_name(0);
    const auto slash = name.rfind('/') + 1;
    write(cat("targets/", name.substr(0, slash), sha256(content), ".", name.substr(slash)),
          content);
  }

  Path folder;
  crypto::PrivateKey key = crypto::PrivateKey::generate(crypto::KeyType::ed25519).value();
  std::string keyid;
  std::string keys;
  std::string role;
};

std::string target_entry(std::size_t i, const std::string& name) {
  const std::string hash = i == 0 ? sha256(target_content()) : sha256(name);
  return cat("\"", name, R"(":{"hashes":{"sha256":")", hash, R"("},"length":)",
             i == 0 ? kReal : 1'000'000 + i, "}");
}

std::string targets_part(const std::vector<std::size_t>& numbers,
                         std::string_view delegations = "") {
  std::string list;
  for (const std::size_t i : numbers) {
    list += list.empty() ? "" : ",";
    list += target_entry(i, target_name(i));
  }
  return cat(header("targets"), delegations, kExpires, R"("spec_version":"1.0.31","targets":{)",
             list, R"(},"version":1})");
}

void sort_by_name(std::vector<std::size_t>& numbers) {
  std::ranges::sort(numbers, {}, target_name);
}

void make_flat(Maker& maker, std::size_t count) {
  std::vector<std::size_t> numbers(count);
  for (std::size_t i = 0; i < count; ++i) numbers[i] = i;
  sort_by_name(numbers);
  const std::string part = targets_part(numbers);
  maker.put("1.targets.json", part);
  const auto size = std::filesystem::file_size(maker.folder / "metadata/1.targets.json");
  maker.rest(cat(R"("targets.json":{"length":)", size, R"(,"version":1})"));
}

void make_bins(Maker& maker, std::size_t count) {
  const tuf::Bins bins{"bin", kBits, {}};
  std::vector<std::vector<std::size_t>> numbers(std::size_t{1} << kBits);
  const auto index = [&](const std::string& name) {
    std::size_t out = 0;
    const std::string role = bins.bin_of(tuf::path_hash(name)).str().substr(4);
    std::from_chars(role.data(), role.data() + role.size(), out, 16);
    return out;
  };
  for (std::size_t i = 0; i < count; ++i) numbers[index(target_name(i))].push_back(i);
  std::string meta;
  for (std::size_t bin = 0; bin < numbers.size(); ++bin) {
    sort_by_name(numbers[bin]);
    char name[20];
    std::snprintf(name, sizeof name, "bin-%04zx", bin);
    maker.put(cat("1.", name, ".json"), targets_part(numbers[bin]));
    meta += cat("\"", name, R"(.json":{"version":1},)");
  }
  maker.put("1.targets.json",
            targets_part({}, cat(R"("delegations":{"keys":)", maker.keys,
                                 R"(,"succinct_roles":{"bit_length":)", kBits, ",", maker.role,
                                 R"(,"name_prefix":"bin","threshold":1}},)")));
  maker.rest(meta + R"("targets.json":{"version":1})");
}

std::string whole(const Path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void answer(int fd, const Path& folder) {
  std::string buffer;
  for (;;) {
    char piece[4096];
    const auto got = ::recv(fd, piece, sizeof piece, 0);
    if (got <= 0) break;
    buffer.append(piece, static_cast<std::size_t>(got));
    const auto end = buffer.find("\r\n\r\n");
    if (end == std::string::npos) continue;
    const std::string path = buffer.substr(5, buffer.find(' ', 5) - 5);
    buffer.erase(0, end + 4);
    const bool there =
        path.find("..") == std::string::npos && std::filesystem::is_regular_file(folder / path);
    const int file = there ? ::open((folder / path).c_str(), O_RDONLY) : -1;
    const std::size_t size = there ? std::filesystem::file_size(folder / path) : 0;
    const std::string head = cat("HTTP/1.1 ", there ? "200 OK" : "404 Not Found",
                                 "\r\nContent-Length: ", size, "\r\n\r\n");
    if (::send(fd, head.data(), head.size(), MSG_NOSIGNAL | (there ? MSG_MORE : 0)) < 0) break;
    for (off_t sent = 0; sent < static_cast<off_t>(size);) {
      if (::sendfile(fd, file, &sent, size - static_cast<std::size_t>(sent)) <= 0) break;
    }
    if (there) ::close(file);
  }
  ::close(fd);
}

int serve(const Path& folder) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(listener, 64) != 0 ||
      ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return 1;
  }
  std::printf("%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  for (;;) {
    const int fd = ::accept(listener, nullptr, nullptr);
    if (fd < 0) continue;
    std::thread(answer, fd, folder).detach();
  }
}

int verify(const Path& folder, int runs) {
  const std::string targets = whole(folder / "metadata/1.targets.json");
  tuf::TrustOptions options{.now = std::chrono::sys_days(std::chrono::year(2030) / 1 / 1)};
  const auto start = tuf::TrustedSet::start(whole(folder / "metadata/1.root.json"), options);
  tuf::TrustedSet base = *start.value();
  if (!base.finish_root().passed() ||
      !base.update_timestamp(whole(folder / "metadata/timestamp.json"), tuf::Origin::repository)
           .passed() ||
      !base.update_snapshot(whole(folder / "metadata/1.snapshot.json"), tuf::Origin::repository)
           .passed()) {
    return 1;
  }
  for (int i = 0; i < runs; ++i) {
    tuf::TrustedSet set = base;
    const tuf::RoleName role("targets");
    std::string document = targets;
    const auto began = std::chrono::steady_clock::now();
    const bool passed = set.update_targets(std::move(document), role, nullptr).passed();
    const bool found =
        passed && set.targets(role, nullptr)->find(target_name(0)).value().has_value();
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
    if (!found) return 1;
    std::printf("%.3f\n", took.count());
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 4 && words[0] == "make") {
    Maker maker(words[3]);
    const auto count = static_cast<std::size_t>(std::stoul(words[2]));
    words[1] == "bins" ? make_bins(maker, count) : make_flat(maker, count);
    return 0;
  }
  if (words.size() == 2 && words[0] == "serve") return serve(words[1]);
  if (words.size() == 3 && words[0] == "verify") return verify(words[1], std::stoi(words[2]));
  std::fputs("usage: bench_tuf make bins|flat COUNT FOLDER | serve FOLDER | verify FOLDER RUNS\n",
             stderr);
  return 2;
}

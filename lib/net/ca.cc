// SPDX-License-Identifier: Apache-2.0
#include "net/ca.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace sluice::net {

namespace {

constexpr std::array kBundleFiles = {
    "/etc/ssl/certs/ca-certificates.crt",                 // Debian, Ubuntu, Arch, Gentoo, Alpine
    "/etc/pki/tls/certs/ca-bundle.crt",                   // Fedora, RHEL 6 and later
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // RHEL 7 and later, Fedora 42
    "/etc/ssl/ca-bundle.pem",                             // openSUSE, SLES
    "/etc/ssl/certs/ca-bundle.crt",                       // NixOS
    "/etc/pki/tls/cacert.pem",                            // OpenELEC
    "/etc/ssl/cert.pem",                                  // Alpine without its package, BSD
};
constexpr std::size_t kLargestBundle = 16U << 20;
constexpr std::array kBundleFolders = {"/etc/ssl/certs", "/etc/pki/tls/certs"};

bool is_kind(Files& files, const Path& path, FileKind kind) {
  const auto info = files.info(path);
  return info && info->kind == kind;
}

std::unexpected<Error> named_but_absent(std::string_view variable, const Path& path) {
  return fail(Error{Errc::not_found,
                    cat(variable, " names ", sluice::shown(path), ", and there is no such thing")}
                  .advise(cat("correct ", variable, " or unset it")));
}

// The name under which OpenSSL looks a certificate up: "4a6481c9.0".
bool is_hashed_name(std::string_view name) {
  if (name.size() < 10 || name[8] != '.') return false;
  const auto only = [](std::string_view text, std::string_view of) {
    return text.find_first_not_of(of) == std::string_view::npos;
  };
  return only(name.substr(0, 8), "0123456789abcdef") && only(name.substr(9), "0123456789");
}

// To read a whole bundle costs 20 ms before the first byte is sent; a folder of hashed names costs
// next to nothing. It is taken where it holds no fewer certificates than the bundle beside it.
bool folder_is_as_complete(Files& files, const Path& bundle) {
  const auto entries = files.list(bundle.parent_path());
  const auto text = files.read(bundle, kLargestBundle);
  if (!entries || !text) return false;
  const auto hashed = std::ranges::count_if(
      *entries, [](const FolderEntry& entry) { return is_hashed_name(entry.name); });
  constexpr std::string_view kStart = "-----BEGIN ";
  std::ptrdiff_t certificates = 0;
  for (auto at = text->find(kStart); at != std::string::npos; at = text->find(kStart, at + 1)) {
    ++certificates;
  }
  return hashed > 0 && hashed >= certificates;
}

CaBundle system_bundle(Files& files, const Path& file) {
  if (folder_is_as_complete(files, file)) return {{}, file.parent_path(), "the system's"};
  return {file, {}, "the system's"};
}

}  // namespace

std::string CaBundle::shown() const {
  const Path& place = file.empty() ? folder : file;
  return cat(sluice::shown(place), " (", origin, ")");
}

Result<CaBundle> find_ca_bundle(const Environment& environment, Files& files) {
  const auto named_file = environment.get("SSL_CERT_FILE");
  const auto named_folder = environment.get("SSL_CERT_DIR");
  if (named_file && !is_kind(files, *named_file, FileKind::file)) {
    return named_but_absent("SSL_CERT_FILE", *named_file);
  }
  // OpenSSL takes a list of folders here; the first must be there.
  if (named_folder) {
    const Path first(split(*named_folder, ':').front());
    if (!is_kind(files, first, FileKind::folder)) return named_but_absent("SSL_CERT_DIR", first);
  }
  if (named_file || named_folder) {
    return CaBundle{named_file.value_or(""), named_folder.value_or(""),
                    named_file ? "SSL_CERT_FILE" : "SSL_CERT_DIR"};
  }
  for (const char* path : kBundleFiles) {
    if (is_kind(files, path, FileKind::file)) return system_bundle(files, path);
  }
  for (const char* path : kBundleFolders) {
    if (is_kind(files, path, FileKind::folder)) return CaBundle{{}, path, "the system's"};
  }
  return fail(Error{Errc::not_found, "this machine has no certificate authorities to trust"}.advise(
      "install the package ca-certificates, or set SSL_CERT_FILE to a file of PEM certificates"));
}

}  // namespace sluice::net

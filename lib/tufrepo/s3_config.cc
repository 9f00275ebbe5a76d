// SPDX-License-Identifier: Apache-2.0
#include "tufrepo/s3_config.h"

#include <algorithm>
#include <map>

#include "base/limits.h"
#include "base/text.h"

namespace sluice::tuf {

namespace {

// "[name]", "key = value", comments. Files that other programs write: what else is in them (nested
// settings, say) is read over.
using IniSection = std::map<std::string, std::string, std::less<>>;

IniSection read_ini_section(std::string_view text, std::string_view wanted) {
  IniSection out;
  bool inside = false;
  for (const auto raw : split(text, '\n')) {
    if (raw.starts_with(' ') || raw.starts_with('\t')) continue;
    const auto line = trim(raw);
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.front() == '[') {
      inside = line.back() == ']' && trim(line.substr(1, line.size() - 2)) == wanted;
      continue;
    }
    const auto equals = line.find('=');
    if (!inside || equals == std::string_view::npos) continue;
    out[std::string(trim(line.substr(0, equals)))] = std::string(trim(line.substr(equals + 1)));
  }
  return out;
}

std::string first_of(std::initializer_list<std::string> candidates) {
  for (const auto& one : candidates) {
    if (!one.empty()) return one;
  }
  return {};
}

// Settings of one profile, as far as the files have it.
class AwsFiles {
 public:
  AwsFiles(const World& world, std::string profile)
      : environment_(world.environment), profile_(std::move(profile)) {
    const std::string in_config = profile_ == "default" ? profile_ : cat("profile ", profile_);
    credentials_ = load(world.files, "AWS_SHARED_CREDENTIALS_FILE", "credentials", profile_);
    config_ = load(world.files, "AWS_CONFIG_FILE", "config", in_config);
  }
  AwsFiles(const AwsFiles&) = delete;
  AwsFiles& operator=(const AwsFiles&) = delete;
  ~AwsFiles() {
    for (auto* section : {&credentials_, &config_}) {
      for (auto& [name, value] : *section) {
        wipe({reinterpret_cast<std::uint8_t*>(value.data()), value.size()});
      }
    }
  }

  const std::string& profile() const { return profile_; }
  std::string_view get(std::string_view name) const {
    for (const auto* section : {&credentials_, &config_}) {
      if (const auto at = section->find(name); at != section->end()) return at->second;
    }
    return {};
  }

 private:
  IniSection load(Files& files, const char* variable, const char* name, std::string_view section) {
    Path path = environment_.get(variable).value_or("");
    const auto home = environment_.get("HOME");
    if (path.empty() && home) path = Path(*home) / ".aws" / name;
    if (path.empty()) return {};
    auto text = files.read_plain(path, limits::kConfigFile, Links::followed);
    if (!text) return {};
    IniSection out = read_ini_section(*text, section);
    wipe({reinterpret_cast<std::uint8_t*>(text->data()), text->size()});
    return out;
  }

  Environment& environment_;
  std::string profile_;
  IniSection credentials_;
  IniSection config_;
};

Result<S3Credentials> find_credentials(const Environment& environment, const AwsFiles& files,
                                       bool profile_named) {
  S3Credentials out;
  const auto access = environment.get("AWS_ACCESS_KEY_ID");
  const auto secret = environment.get("AWS_SECRET_ACCESS_KEY");
  if (access && secret && !profile_named) {
    out.access_key = *access;
    out.secret_key = SecretBytes::copy_of(*secret);
    out.session_token = SecretBytes::copy_of(environment.get("AWS_SESSION_TOKEN").value_or(""));
  } else {
    out.access_key = std::string(files.get("aws_access_key_id"));
    out.secret_key = SecretBytes::copy_of(files.get("aws_secret_access_key"));
    out.session_token = SecretBytes::copy_of(files.get("aws_session_token"));
  }
  const bool plain = std::ranges::all_of(
      out.access_key, [](char c) { return c > ' ' && c <= '~' && c != ',' && c != '/'; });
  if (out.access_key.empty() || out.secret_key.empty()) {
    return fail(Error{Errc::usage, cat("no credentials for the bucket (profile ",
                                       printable(files.profile(), 60), ")")}
                    .advise("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile of "
                            "~/.aws/credentials"));
  }
  if (!plain) return fail(Errc::usage, "an access key with characters that none has");
  return out;
}

bool is_bucket_name(std::string_view name) {
  return name.size() >= 3 && name.size() <= 63 && name.front() != '.' && name.back() != '.' &&
         name.find("..") == std::string_view::npos && std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
         });
}

bool is_region_name(std::string_view name) {
  return !name.empty() && name.size() <= 60 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

bool is_this_machine(const net::Url& url) {
  return url.host == "127.0.0.1" || url.host == "[::1]" || url.host == "localhost";
}

bool is_address(std::string_view host) {
  return host.starts_with('[') ||
         std::ranges::all_of(host, [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
}

Result<net::Url> endpoint_url(const std::string& stated, const std::string& region) {
  SLUICE_TRY(
      net::Url url,
      net::parse_url(stated.empty() ? cat("https://s3.", region, ".amazonaws.com") : stated));
  if (!url.query.empty() || (url.path != "/" && !url.path.empty())) {
    return fail(Errc::usage, cat("the endpoint ", url.shown(), " has more than a host and a port"));
  }
  if (!url.secure() && !is_this_machine(url)) {
    return fail(Error{Errc::usage, cat("the endpoint ", url.shown(), " is not https")}.advise(
        "what is signed could be replayed by whoever listens; http is for this machine alone"));
  }
  return url;
}

Result<S3Place> take_apart(std::string_view location) {
  constexpr std::string_view kScheme = "s3://";
  const auto rest = location.substr(kScheme.size());
  const auto slash = rest.find('/');
  S3Place out;
  out.bucket = std::string(rest.substr(0, slash));
  if (!is_bucket_name(out.bucket)) {
    return fail(Errc::usage, cat("\"", printable(out.bucket, 80), "\" cannot be a bucket's name"));
  }
  std::string_view prefix = slash == std::string_view::npos ? "" : rest.substr(slash + 1);
  if (prefix.ends_with('/')) prefix.remove_suffix(1);
  if (prefix.empty()) return out;
  if (auto good = check_store_name(prefix); !good || prefix.size() > 300) {
    return fail(Errc::usage, cat("\"", printable(prefix, 80), "\" cannot be a prefix in a bucket"));
  }
  out.prefix = cat(prefix, "/");
  return out;
}

}  // namespace

std::string S3Place::path_of(std::string_view key) const {
  return path_style ? cat("/", bucket, "/", key) : cat("/", key);
}

Result<S3Config> s3_config(std::string_view location, const StoreOptions& options,
                           const World& world) {
  const auto get = [&](const char* name) { return world.environment.get(name).value_or(""); };
  SLUICE_TRY(S3Place place, take_apart(location));
  const AwsFiles files(world, first_of({options.profile, get("AWS_PROFILE"), "default"}));
  const std::string endpoint =
      first_of({options.endpoint, get("AWS_ENDPOINT_URL_S3"), get("AWS_ENDPOINT_URL"),
                std::string(files.get("endpoint_url"))});
  place.region = first_of({options.region, get("AWS_REGION"), get("AWS_DEFAULT_REGION"),
                           std::string(files.get("region")), endpoint.empty() ? "" : "us-east-1"});
  if (!is_region_name(place.region)) {
    return fail(Error{Errc::usage, place.region.empty() ? "no region for the bucket"
                                                        : "a region with a name that none has"}
                    .advise("name the region, or set AWS_REGION"));
  }
  SLUICE_TRY(place.endpoint, endpoint_url(endpoint, place.region));
  // A certificate's wildcard covers one label, and an address has none.
  place.path_style = options.path_style || is_address(place.endpoint.host) ||
                     place.endpoint.host == "localhost" ||
                     place.bucket.find('.') != std::string::npos;
  if (!place.path_style) place.endpoint.host = cat(place.bucket, ".", place.endpoint.host);
  SLUICE_TRY(S3Credentials credentials,
             find_credentials(world.environment, files, !options.profile.empty()));
  return S3Config{std::move(place), std::make_shared<const S3Credentials>(std::move(credentials))};
}

}  // namespace sluice::tuf

// SPDX-License-Identifier: Apache-2.0
// 5.7: targets, several at a time, large ones in pieces.
#include <algorithm>
#include <utility>

#include "base/text.h"
#include "tuf/checks.h"
#include "tuf/client.h"
#include "tuf/fetcher.h"
#include "tuf/names.h"

namespace sluice::tuf {

namespace {

constexpr std::uint64_t kPiece = 8U << 20;    // larger targets come in pieces of this size
constexpr std::uint64_t kAtOnce = 64U << 20;  // bytes that are asked for at a time

// Whether the file is the target already.
bool is_there(Files& files, const Path& path, const TargetFile& target) {
  const auto info = files.info(path);
  if (!info || info->kind != FileKind::file || info->size != target.length) return false;
  return !target.hashes.known.empty() &&
         std::ranges::all_of(target.hashes.known, [&](const crypto::Digest& expected) {
           const auto found = crypto::digest_file(files, path, expected.algorithm());
           return found && *found == expected;
         });
}

}  // namespace

// One download() call: what is wanted, and what came of it.
class Downloads {
 public:
  Downloads(Files& files, Cache& cache, const Fetcher& fetcher, const ClientOptions& options,
            bool hash_in_names, Report& report)
      : files_(files),
        cache_(cache),
        fetcher_(fetcher),
        options_(options),
        hash_in_names_(hash_in_names),
        report_(report) {}

  // false: the report says why.
  Result<bool> run(const std::vector<Found>& targets, const Path& folder) {
    std::vector<Wanted> wanted;
    for (const auto& target : targets) {
      auto one = plan(target, folder);
      if (!one) {
        // What comes before it is fetched all the same.
        SLUICE_TRY(const bool fetched, fetch_all(wanted));
        if (fetched) refuse_path(target, one.error());
        return false;
      }
      wanted.push_back(*std::move(one));
    }
    return fetch_all(wanted);
  }

  std::vector<Fetched> take() && { return std::move(done_); }

 private:
  struct Wanted {
    Found target;
    Path path;
    std::string url;
    bool present = false;
  };

  Result<Wanted> plan(const Found& target, const Path& folder) {
    Wanted out{.target = target, .path = {}, .url = {}, .present = false};
    SLUICE_TRY(out.path, path_below(folder, target.file.path));
    const auto& known = target.file.hashes.known;
    const auto sha256 =
        std::ranges::find(known, crypto::HashAlgorithm::sha256, &crypto::Digest::algorithm);
    const auto hash = sha256 != known.end() ? sha256 : known.begin();
    out.url = target_url(target.file.path,
                         hash_in_names_ && hash != known.end() ? hash->hex() : std::string());
    out.present = is_there(files_, out.path, target.file);
    return out;
  }

  Checks checks(const Found& target) {
    return {report_, "target", printable(target.file.path, 300)};
  }

  void refuse_path(const Found& target, const Error& error) {
    checks(target).refuse("path", kArbitrarySoftware, "5.7.3", error.what).advice =
        "this name cannot be a file below the folder; nothing was written";
  }

  // In their order; the small ones that follow each other at the same time.
  Result<bool> fetch_all(std::vector<Wanted>& wanted) {
    for (std::size_t i = 0; i < wanted.size();) {
      std::vector<Wanted*> batch;
      std::uint64_t bytes = 0;
      for (; i < wanted.size(); ++i) {
        const auto length = wanted[i].present ? 0 : wanted[i].target.file.length;
        if (!batch.empty() && (length > kPiece || bytes + length > kAtOnce)) break;
        batch.push_back(&wanted[i]);
        bytes += length;
        if (length > kPiece) {
          ++i;
          break;
        }
      }
      SLUICE_TRY(const bool good, fetch_batch(batch));
      if (!good) return false;
    }
    return true;
  }

  Result<bool> fetch_batch(const std::vector<Wanted*>& batch) {
    std::vector<HttpRequest> requests;
    std::vector<Wanted*> asked;
    for (Wanted* one : batch) {
      if (one->present || one->target.file.length > kPiece || options_.target_urls.empty())
        continue;
      asked.push_back(one);
      requests.push_back(fetcher_.request(joined_url(options_.target_urls[0], one->url),
                                          static_cast<std::size_t>(one->target.file.length)));
    }
    auto answers =
        requests.empty() ? std::vector<Result<HttpResponse>>{} : fetcher_.get_all(requests);
    for (Wanted* one : batch) {
      const auto at = std::ranges::find(asked, one);
      std::optional<Result<HttpResponse>> first;
      if (at != asked.end())
        first = std::move(answers[static_cast<std::size_t>(at - asked.begin())]);
      SLUICE_TRY(const bool good, finish(*one, std::move(first)));
      if (!good) return false;
    }
    return true;
  }

  Result<bool> finish(Wanted& one, std::optional<Result<HttpResponse>> first) {
    if (one.present) {
      checks(one.target).pass("hash", "is there already");
      done_.push_back({one.target, one.path, true});
      return true;
    }
    if (!may_be_fetched(one.target)) return false;
    Attempts attempts;
    for (const std::string& mirror : options_.target_urls) {
      const std::string url = joined_url(mirror, one.url);
      auto body = first ? Fetcher::body_of(*std::exchange(first, std::nullopt), url)
                        : get(one.target.file, url);
      if (!take(one.target, std::move(body), attempts)) continue;
      SLUICE_CHECK(put(one, *attempts.body));
      return true;
    }
    if (attempts.refused) {
      append(report_, *attempts.refused);
      return false;
    }
    if (attempts.error) return fail(*std::move(attempts.error));
    if (options_.target_urls.empty()) return fail(Errc::usage, "no URL of the targets was given");
    return fail(Error{Errc::not_found,
                      cat("no server has ", printable(one.url, 300)),
                      {},
                      "the metadata lists it: the repository is being published, or is broken"});
  }

  bool may_be_fetched(const Found& target) {
    const TargetFile& file = target.file;
    if (file.length > options_.limits.target) {
      checks(target).refuse("limit", kEndlessData, "5.7.3",
                            cat("it has ", human_bytes(file.length), ", allowed are ",
                                human_bytes(options_.limits.target)));
      return false;
    }
    if (file.hashes.known.empty()) {
      checks(target).refuse("hash", kArbitrarySoftware, "5.7.3",
                            "its hashes are all of kinds that this client does not know");
      return false;
    }
    return true;
  }

  // What the mirrors answered so far: the first refusal and the first error are the ones to tell.
  struct Attempts {
    std::optional<std::string> body;
    std::optional<Report> refused;
    std::optional<Error> error;
  };
  // Whether this answer is the target.
  static bool take(const Found& target, Result<std::optional<std::string>> answer,
                   Attempts& attempts) {
    const TargetFile& file = target.file;
    const auto attack = answer ? std::nullopt : attack_in(answer.error(), "5.7.3");
    if (!answer && !attack) {
      if (!attempts.error) {
        attempts.error = std::move(answer).error().in(cat("fetching ", printable(file.path, 200)));
      }
      return false;
    }
    if (answer && !*answer) return false;  // this server does not have it
    const auto why =
        attack ? std::optional(answer.error().what) : mismatch(file.length, file.hashes, **answer);
    if (!why) {
      attempts.body = *std::move(answer);
      return true;
    }
    if (!attempts.refused) {
      attempts.refused.emplace(file.path);
      Checks(*attempts.refused, "target", printable(file.path, 300))
          .refuse(attack ? attack->check : "hash", attack ? attack->name : kArbitrarySoftware,
                  attack ? attack->clause : "5.7.3", *why);
    }
    return false;
  }

  Result<void> put(const Wanted& one, std::string_view body) {
    SLUICE_CHECK(files_.make_folders(one.path.parent_path()));
    const Replacement whole{one.path, body};
    SLUICE_CHECK(files_.replace_all({&whole, 1}, Lasting::whole));
    cache_.drop_pieces(pieces_of(one.target.file));
    checks(one.target)
        .pass("hash", cat(human_bytes(body.size()), ", as listed by ",
                          printable(one.target.role.str(), 200)));
    done_.push_back({one.target, one.path, false});
    tell(one.target.file, body.size());
    return {};
  }

  void tell(const TargetFile& file, std::uint64_t done) const {
    if (options_.progress) options_.progress({file.path, done, file.length});
  }

  static std::string pieces_of(const TargetFile& file) {
    return cat(file.hashes.known.front().hex(), "-");
  }

  // In pieces where it is large, each kept: what was interrupted goes on from there.
  Result<std::optional<std::string>> get(const TargetFile& file, const std::string& url) {
    if (file.length <= kPiece) return fetcher_.get(url, static_cast<std::size_t>(file.length));
    std::string whole;
    whole.reserve(static_cast<std::size_t>(file.length));
    while (whole.size() < file.length) {
      const std::uint64_t from = whole.size();
      const std::uint64_t to = std::min(from + kPiece, file.length) - 1;
      const std::string name = cat(pieces_of(file), from);
      auto kept = cache_.load_piece(name);
      if (kept && kept->size() == to - from + 1) {
        whole += *kept;
        tell(file, whole.size());
        continue;
      }
      // A server without ranges may send the whole, also after pieces of another one.
      auto answer = fetcher_.send(
          fetcher_.request(url, static_cast<std::size_t>(file.length), Fetcher::Range{from, to}));
      const bool partial = answer && answer->status == 206;
      const bool right_piece = partial && answer->header("content-range")
                                              .value_or("")
                                              .starts_with(cat("bytes ", from, "-", to, "/"));
      SLUICE_TRY(auto body, Fetcher::body_of(std::move(answer), url));
      if (!body) return std::nullopt;
      if (!partial) return body;
      if (!right_piece || body->size() != to - from + 1) {
        return fail(Errc::network, cat(printable(url, 300), " answers with another range"));
      }
      SLUICE_CHECK(cache_.store_piece(name, *body));
      whole += *body;
      tell(file, whole.size());
    }
    // Pieces that make up something else are of no use to the next attempt.
    if (mismatch(file.length, file.hashes, whole)) cache_.drop_pieces(pieces_of(file));
    return whole;
  }

  Files& files_;
  Cache& cache_;
  const Fetcher& fetcher_;
  const ClientOptions& options_;
  bool hash_in_names_;
  Report& report_;
  std::vector<Fetched> done_;
};

Result<Verdict<std::vector<Fetched>>> Client::download(const std::vector<Found>& targets,
                                                       const Path& folder) {
  Report report(targets.size() == 1 ? printable(targets[0].file.path, 300)
                                    : cat(targets.size(), " targets"));
  if (!set_) return fail(Errc::internal, "a download before a refresh that passed");
  Downloads downloads(files_, cache_, *fetcher_, options_,
                      options_.hash_in_names && set_->root().consistent_snapshot, report);
  SLUICE_TRY(const bool good, downloads.run(targets, folder));
  std::optional<std::vector<Fetched>> out;
  if (good) out = std::move(downloads).take();
  return Verdict<std::vector<Fetched>>::conclude(std::move(report), std::move(out));
}

}  // namespace sluice::tuf

// SPDX-License-Identifier: Apache-2.0
// Who signed, and who was expected to.
#include "base/text.h"
#include "support/virtual_sigstore/case_table.h"

namespace sluice::test {

namespace {

SignWish named(std::vector<Bytes> names) {
  SignWish wish = rekor_v1();
  wish.names = std::move(names);
  return wish;
}

void expect(BundleCase& one, std::string_view identity, std::string_view issuer = kIssuer) {
  one.policy.identity = identity;
  one.policy.issuer = issuer;
}

void add_kinds(CaseTable& table) {
  const std::string uri = "https://example.org/people/ada";
  const std::string user = "ada!example.org";
  expect(table.add("good/identity-uri", "a URI", named({uri_name(uri)})), uri);
  expect(table.add("good/identity-username", "Fulcio's user name, an otherName",
                   named({username_name(user)})),
         user);
  expect(table.add("identity.subject/other-uri", "another URI", named({uri_name(uri)})),
         "https://example.org/people/bob");
  expect(table.add("identity.subject/other-username", "another user name",
                   named({username_name(user)})),
         "bob!example.org");
  expect(table.add("identity.subject/uri-longer", "a URI that begins with the expected one",
                   named({uri_name(cat(uri, "/keys"))})),
         uri);
  expect(table.add("identity.subject/uri-slash", "a slash too many", named({uri_name(uri)})),
         cat(uri, "/"));
  table.add("identity.subject/host-name", "a host by the name of a mail address",
            named({dns_name(kIdentity)}));
}

void add_emails(CaseTable& table) {
  const auto wrong = [&](std::string_view name, std::string_view why, std::string_view expected) {
    expect(table.add(cat("identity.subject/", name), std::string(why), rekor_v1()), expected);
  };
  wrong("other", "somebody else", "other@example.org");
  wrong("prefix", "the beginning of the name", "release@example.or");
  wrong("suffix", "the end of the name", "elease@example.org");
  wrong("longer", "more than the name", "release@example.org.example.net");
  wrong("case", "another case", "Release@example.org");
  wrong("dot-is-no-pattern", "a name that would match as a pattern", "release.example.org");
  wrong("star-is-no-pattern", "a star is a star", "*");
  expect(table.add("certificate.format/nul-in-name", "a name that ends early for some",
                   named({email_name(std::string_view("release@example.org\0.example.net", 32))})),
         kIdentity);
  expect(table.add("certificate.format/nul-in-uri", "the same in a URI",
                   named({uri_name(std::string_view("https://example.org/a\0b", 23))})),
         "https://example.org/a");
  table
      .add("good/two-names", "the second of two names",
           named({email_name("other@example.org"), email_name(kIdentity)}))
      .peer = "looks at the first alone";
  table
      .add("identity.subject/two-names", "the first of two names: neither is said to have signed",
           named({email_name(kIdentity), email_name("other@example.org")}))
      .peer = "looks at the first alone";
}

void add_issuers(CaseTable& table) {
  const auto wrong = [&](std::string_view name, std::string_view why, std::string_view expected) {
    expect(table.add(cat("identity.issuer/", name), std::string(why), rekor_v1()), kIdentity,
           expected);
  };
  wrong("other", "somebody else vouches", "https://accounts.example.net");
  wrong("slash", "a slash too many", "https://accounts.example.org/");
  wrong("prefix", "the beginning", "https://accounts.example");
  SignWish wish = rekor_v1();
  wish.claims = {fulcio_extension(1, kIssuer)};
  table.add("good/issuer-of-the-first-kind", "the older extension alone", wish);
  wish.claims = {fulcio_extension(8, kIssuer)};
  table.add("good/issuer-of-the-second-kind", "the newer extension alone", wish);
  wish.claims = {};
  table.add("identity.issuer/none", "nobody vouches", wish);
  wish.claims = {extension("1.3.6.1.4.1.57264.1.8", false, copy_of(bytes_of(kIssuer)))};
  table.add("certificate.format/raw-issuer", "the newer extension has to be DER", wish);
}

void add_patterns(CaseTable& table) {
  const auto add = [&](std::string id, std::string why, std::string_view subject,
                       std::string_view issuer) {
    BundleCase& one = table.add(std::move(id), std::move(why), rekor_v1());
    one.policy = {.identity_regexp = std::string(subject), .issuer_regexp = std::string(issuer)};
  };
  const std::string_view any_issuer = "https://accounts\\.example\\.(org|net)";
  add("good/regexp", "both match in full", "[a-z]+@example\\.org", any_issuer);
  add("good/regexp-anchored", "anchors do no harm", "^[a-z]+@example\\.org$", any_issuer);
  add("identity.subject/regexp-part", "only a part matches", "example\\.org", any_issuer);
  add("identity.subject/regexp-beginning", "only the beginning matches", "release@example",
      any_issuer);
  add("identity.subject/regexp-alternative", "an alternative is not outside of the anchors",
      "release@example\\.net|release", any_issuer);
  add("identity.issuer/regexp-part", "only a part matches", "release@example\\.org",
      "accounts\\.example\\.org");
}

void add_workflows(CaseTable& table) {
  const WorkloadIdentity github = github_workflow();
  const WorkloadIdentity gitlab = gitlab_pipeline();
  expect(table.add("good/github", "a workflow by its whole name", by(rekor_v1(), github)),
         github.subject, github.issuer);
  expect(table.add("good/gitlab", "a pipeline by its whole name", by(rekor_v2(), gitlab)),
         gitlab.subject, gitlab.issuer);
  expect(table.add("identity.subject/github-other-ref", "the workflow of another tag",
                   by(rekor_v1(), github)),
         "https://github.com/example/app/.github/workflows/release.yml@refs/tags/v1.2.4",
         github.issuer);
  const auto add = [&](std::string id, std::string why, const WorkloadIdentity& who,
                       CasePolicy policy) {
    table.add(std::move(id), std::move(why), by(rekor_v1(), who)).policy = std::move(policy);
  };
  add("good/github-parts", "by its parts", github,
      {.repository = "example/app",
       .workflow = "release.yml",
       .ref = "refs/tags/v*",
       .trigger = "push",
       .sha = "9a1f7ffb1a1fd1e5f9d39a5e4d1a6a8f0d6c2e31"});
  add("good/github-owner", "any repository of an owner", github, {.repository = "example/*"});
  add("identity.repository/other", "another repository", github, {.repository = "example/other"});
  add("identity.repository/prefix", "the beginning of its name", github,
      {.repository = "example/ap"});
  add("identity.repository/owner-in-owner", "an owner whose name ends alike", github,
      {.repository = "ample/app"});
  add("identity.workflow/other", "another workflow", github,
      {.repository = "example/app", .workflow = "test.yml"});
  add("identity.ref/other", "another ref", github,
      {.repository = "example/app", .ref = "refs/heads/*"});
  add("identity.trigger/other", "another trigger", github,
      {.repository = "example/app", .trigger = "pull_request"});
  add("identity.sha/other", "another commit", github,
      {.repository = "example/app", .sha = "714a629c0b401fdce83e847fc9589983fc6f46bc"});
  WorkloadIdentity foreign = github;
  foreign.issuer = kIssuer;
  foreign.extensions[0] = fulcio_extension(1, kIssuer);
  foreign.extensions[6] = fulcio_extension(8, kIssuer);
  add("identity.issuer/claims-of-another", "somebody else claims to be that workflow", foreign,
      {.repository = "example/app"});
  add("identity.repository/none", "a person has no repository",
      {std::string(kIdentity),
       std::string(kIssuer),
       {fulcio_extension(1, "https://token.actions.githubusercontent.com"),
        fulcio_extension(8, "https://token.actions.githubusercontent.com")}},
      {.repository = "example/app"});
}

}  // namespace

void add_identity_cases(CaseTable& table) {
  add_kinds(table);
  add_emails(table);
  add_issuers(table);
  add_patterns(table);
  add_workflows(table);
}

}  // namespace sluice::test

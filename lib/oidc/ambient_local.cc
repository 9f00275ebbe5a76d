// SPDX-License-Identifier: Apache-2.0
// Tokens that lie on this machine: files, variables, what programs print.
#include "base/text.h"
#include "json/value.h"
#include "oidc/ambient_parts.h"

namespace sluice::oidc::ambient {

namespace {

constexpr std::chrono::seconds kProgramTime{60};
constexpr std::size_t kMaxPrinted = 256U << 10;
constexpr std::string_view kUnix = "unix:";

void wipe_text(std::string& text) {
  wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
}

// What GitLab puts into SIGSTORE_ID_TOKEN is GitLab's, whatever the variable is called.
std::string origin_of(const Surroundings& here) {
  const bool gitlab = here.title == "SIGSTORE_ID_TOKEN" && here.variable("GITLAB_CI").has_value();
  return gitlab ? "GitLab CI" : std::string(here.title);
}

Result<Token> from_file(const Surroundings& here, const Path& path) {
  // A few blanks more than a token: a longer file is none.
  SLUICE_TRY(auto text, here.world.files.read(path, kMaxToken + 64));
  return within(take_token(std::move(text), here), cat("reading ", shown(path)));
}

bool is_for(const Token& token, std::string_view audience) {
  for (const auto& each : token.claims().audiences) {
    if (each == audience) return true;
  }
  return false;
}

// The first token that `spire-agent api fetch jwt` prints: "token(ID):", and the token below.
std::string first_svid(std::string_view printed) {
  bool next = false;
  for (const auto line : split(printed, '\n')) {
    if (next) return std::string(trim(line));
    next = trim(line).starts_with("token(");
  }
  return {};
}

}  // namespace

Result<Token> take_token(std::string text, const Surroundings& here) {
  auto token = Token::parse(trim(text), origin_of(here));
  wipe_text(text);
  return token;
}

Result<std::string> output_of(const Surroundings& here, std::vector<std::string> command,
                              std::string_view advice) {
  const std::string program = command.front();
  ProcessRequest request;
  request.command = std::move(command);
  request.max_output = kMaxPrinted;
  request.timeout = kProgramTime;
  auto ran = here.world.processes.run(request);
  if (!ran) return fail(std::move(ran).error().advise(std::string(advice)));
  if (ran->exit_code == 0 && !ran->truncated) return std::move(ran->out);
  // Of its standard output nothing is told: a token may stand in it.
  wipe_text(ran->out);
  const auto said = trim(ran->err);
  return fail(Error{Errc::denied, cat(program, " ended with ", ran->exit_code,
                                      said.empty() ? "" : ": ", printable(said, 300))}
                  .advise(std::string(advice)));
}

Result<Token> from_named_file(const Surroundings& here) {
  return from_file(here, here.wish.token_file);
}

Result<Token> from_variable(const Surroundings& here) {
  return take_token(here.variable("SIGSTORE_ID_TOKEN").value_or(""), here);
}

Result<Token> from_file_in_variable(const Surroundings& here) {
  return from_file(here, here.variable("SIGSTORE_ID_TOKEN_FILE").value_or(""));
}

Result<Token> from_gitlab(const Surroundings& here) {
  return fail(Error{Errc::denied, "the job has no SIGSTORE_ID_TOKEN"}.advise(cat(
      "give the job `id_tokens: { SIGSTORE_ID_TOKEN: { aud: ", printable(here.wish.audience, 100),
      " } }`")));
}

Result<Token> from_buildkite(const Surroundings& here) {
  SLUICE_TRY(
      auto text,
      output_of(here,
                {"buildkite-agent", "oidc", "request-token", "--audience", here.wish.audience},
                "the agent's program must be on the PATH of the job (in a container: mount "
                "it, with its variables)"));
  return take_token(std::move(text), here);
}

Result<Token> from_circleci(const Surroundings& here) {
  if (auto given = here.variable("CIRCLE_OIDC_TOKEN_V2")) {
    SLUICE_TRY(auto token,
               within(take_token(*std::move(given), here), "reading CIRCLE_OIDC_TOKEN_V2"));
    if (is_for(token, here.wish.audience)) return token;
  }
  json::Value claims;
  claims.set("aud", here.wish.audience);
  SLUICE_TRY(auto text,
             output_of(here, {"circleci", "run", "oidc", "get", "--claims", json::write(claims)},
                       "the token that a job is given is for its organisation; one for another "
                       "audience comes from the program circleci, which must be on the PATH"));
  return take_token(std::move(text), here);
}

Result<Token> from_spiffe(const Surroundings& here) {
  const std::string endpoint = here.variable("SPIFFE_ENDPOINT_SOCKET").value_or("");
  std::string_view path = endpoint;
  if (!path.starts_with(kUnix)) {
    return fail(Error{Errc::unsupported, "SPIFFE_ENDPOINT_SOCKET is no unix: socket"}.advise(
        "have a SPIFFE helper write the JWT-SVID to a file, named by SIGSTORE_ID_TOKEN_FILE"));
  }
  path.remove_prefix(kUnix.size());
  if (path.starts_with("///")) path.remove_prefix(2);
  SLUICE_TRY(const auto printed,
             output_of(here,
                       {"spire-agent", "api", "fetch", "jwt", "-audience", here.wish.audience,
                        "-socketPath", std::string(path)},
                       "the program spire-agent must be on the PATH; or have a SPIFFE helper write "
                       "the JWT-SVID to a file, named by SIGSTORE_ID_TOKEN_FILE"));
  std::string svid = first_svid(printed);
  if (svid.empty()) return fail(Errc::malformed, "spire-agent printed no token");
  return take_token(std::move(svid), here);
}

}  // namespace sluice::oidc::ambient

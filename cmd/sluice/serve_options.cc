// SPDX-License-Identifier: Apache-2.0
// sluice serve: its options, as data.
#include "commands.h"
#include "serve.h"

namespace sluice::cli {

std::vector<Command> serve_commands() {
  Command command = {
      .words = {"serve"},
      .summary = "admit only what the gate approved, to a cluster that asks",
      .description =
          "Answers AdmissionReview v1 at /v1/admission over TLS: a workload is admitted only if "
          "each of its images is pinned by digest and has a decision that passed, in the folder "
          "of evidence, signed by a key of the policy, young enough, for this environment. "
          "/healthz, /readyz and /metrics "
          "need no credential.\n"
          "Files are read again when they change, and on SIGHUP; a broken new one leaves the old "
          "one in use, and is reported. SIGTERM ends it once what runs is answered.\n"
          "Exit code 0: it was asked to end. 2: the call is wrong. 3: it could not start.",
      .examples =
          {{"guard the namespaces of one environment",
            "sluice serve --cert tls.crt --key tls.key --policy-file sluice.yaml --environment "
            "production --evidence /var/lib/sluice/evidence"},
           {"several environments in one cluster",
            "sluice serve --listen 0.0.0.0:8443 --cert tls.crt --key tls.key --policy-file "
            "sluice.yaml --namespace shop=production --namespace shop-test=staging --evidence "
            "evidence"}},
      .options =
          {{"--listen", "ADDRESS:PORT", "where to listen; default: 127.0.0.1:8443"},
           {.name = "--cert",
            .value = "FILE",
            .help = "the server's certificate and its chain, PEM",
            .required = true},
           {.name = "--key",
            .value = "FILE",
            .help = "the certificate's private key, PEM, not encrypted",
            .required = true},
           {"--client-ca", "FILE", "authorities of client certificates; none: none are asked for"},
           {.name = "--policy-file",
            .value = "FILE",
            .help = "the policy: whom admission trusts, and for which environments",
            .required = true},
           {.name = "--evidence",
            .value = "DIR",
            .help = "the folder of bundles with signed decisions",
            .required = true},
           {"--environment", "NAME",
            "the environment of every namespace that --namespace does not name; default: the "
            "policy's only one"},
           {.name = "--namespace",
            .value = "NAME=ENVIRONMENT",
            .help = "a namespace and its environment; with these and no --environment, others are "
                    "refused",
            .repeated = true},
           {.name = "--exempt",
            .value = "NAMESPACE",
            .help = "what is not looked at; default: kube-system and the server's own; \"none\": "
                    "nothing is exempt",
            .repeated = true},
           {"--revoked", "FILE", "keys, images and decisions that count no more"},
           {"--any-policy", "",
            "also take decisions that were made by another policy than this one"},
           {"--max-connections", "N", "connections at a time; default: 512"},
           {"--stop-within", "DURATION",
            "how long requests may take to end after SIGTERM; default: 10s"}},
      .output = false,
      .run = run_serve};
  for (auto& option : served_gate_options()) command.options.push_back(std::move(option));
  return {command};
}

}  // namespace sluice::cli

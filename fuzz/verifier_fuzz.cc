// SPDX-License-Identifier: Apache-2.0
// Bundles, verified by identity under the trusted root of the seeds: never a crash, and nothing
// that was not signed passes.
#include <cstdlib>

#include "sigstore/verifier.h"

namespace {

using namespace sluice;
using namespace sluice::sigstore;

// Made by the virtual Sigstore of tests/support; its keys are gone.
constexpr std::string_view kRoot =
    R"json({
  "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
  "tlogs": [
    {
      "baseUrl": "https://log2026.rekor.example.org",
      "hashAlgorithm": "SHA2_256",
      "publicKey": {
        "rawBytes": "MCowBQYDK2VwAyEANI3mwkJr3yawk5hsBv+abG/1iObeWn+Zeb/TbUvknyA=",
        "keyDetails": "PKIX_ED25519",
        "validFor": {
          "start": "2026-01-01T00:00:00Z"
        }
      },
      "logId": {
        "keyId": "Fsp3QV/31LrPyqy/jypV1n2ec/n4wJjgV5+f+GKUOzg="
      }
    },
    {
      "baseUrl": "https://rekor.example.org",
      "hashAlgorithm": "SHA2_256",
      "publicKey": {
        "rawBytes": "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE/XbcO5KQx62MNxAXTrRhrqiQtTw/5mTMjVj19snVD/456+gP1CAAY12U8+7HXO3ajPnNSAX7TzgNBDu/C7EJxA==",
        "keyDetails": "PKIX_ECDSA_P256_SHA_256",
        "validFor": {
          "start": "2026-01-01T00:00:00Z"
        }
      },
      "logId": {
        "keyId": "ALK4KGswWkKwjeOPgRM4ibAr9mZ8AW25866PR5599OQ="
      }
    },
    {
      "baseUrl": "https://rekor.example.net",
      "hashAlgorithm": "SHA2_256",
      "publicKey": {
        "rawBytes": "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEzV0xRmkcV88iKbsFRDKEmGO/lxD762cwnCh10CRZE49SsElpBDPK+gkScH/nYO7n5likm+niRunsNy0oAsMpCg==",
        "keyDetails": "PKIX_ECDSA_P256_SHA_256",
        "validFor": {
          "start": "2026-01-01T00:00:00Z"
        }
      },
      "logId": {
        "keyId": "PB0mJtAp0dQb/RTXlBubb590rxwM/I5UAp5f4nLJhZk="
      }
    },
    {
      "baseUrl": "https://log2025.rekor.example.org",
      "hashAlgorithm": "SHA2_256",
      "publicKey": {
        "rawBytes": "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEDIZvrrnvfETykovJD62yefWtS4+pKiqGc8Q7E11CWFQGA7pl9W56z3MZHTEG1CPD0/nazFFohx5J21LwH4UuYg==",
        "keyDetails": "PKIX_ECDSA_P256_SHA_256",
        "validFor": {
          "start": "2026-01-01T00:00:00Z"
        }
      },
      "logId": {
        "keyId": "7CamLLNm9QMD9MdP4byoKtap+PUvjAfcM9kPAEhP6zE="
      }
    }
  ],
  "certificateAuthorities": [
    {
      "subject": {
        "organization": "example.org",
        "commonName": "virtual root"
      },
      "uri": "https://fulcio.example.org",
      "certChain": {
        "certificates": [
          {
            "rawBytes": "MIIBYDCCAQagAwIBAgIBKjAKBggqhkjOPQQDAjAXMRUwEwYDVQQDDAx2aXJ0dWFsIHJvb3QwHhcNMjYwMTAxMDAwMDAwWhcNMjYxMjMxMjM1OTU5WjAfMR0wGwYDVQQDDBR2aXJ0dWFsIGludGVybWVkaWF0ZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCOPqIKdbcoAv/Z5IX1pa00vO1p4Be/AhziWsUmseagg0/ZaL+tQVa+ilKGgFYSsjrqK/Oi7N4+5Va0OvDWn7S2jOzA5MBIGA1UdEwEB/wQIMAYBAf8CAQAwDgYDVR0PAQH/BAQDAgEGMBMGA1UdJQQMMAoGCCsGAQUFBwMDMAoGCCqGSM49BAMCA0gAMEUCIDRlLL8oNZ6vEdBWzFitteXCFkZTmWXqv4UOy0wFUFgFAiEAkMAtaxLQydNUptG9jcItWEjHllAAuKnHXCNyPn+tnkw="
          },
          {
            "rawBytes": "MIIBPjCB5qADAgECAgEqMAoGCCqGSM49BAMCMBcxFTATBgNVBAMMDHZpcnR1YWwgcm9vdDAeFw0yNjAxMDEwMDAwMDBaFw0yNjEyMzEyMzU5NTlaMBcxFTATBgNVBAMMDHZpcnR1YWwgcm9vdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABJaIqJXsoio5QDm1SaPrBsEkMQ15I9entPEaB+UgaKhi1lBJY/bt9qmsR6dgUB4/dVRcH/EgTCFtx1ODHrbrdV6jIzAhMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgEGMAoGCCqGSM49BAMCA0cAMEQCIEYSO/+1an+40rdu68ktnE80zdGyiRWWd3gfc67DLMXOAiBwGTM3oCJ3WqLR5RC9PHStPeqYzDyLM3DI/heKn82Rhg=="
          }
        ]
      },
      "validFor": {
        "start": "2026-01-01T00:00:00Z"
      }
    }
  ],
  "ctlogs": [
    {
      "baseUrl": "https://ct0.example.org",
      "hashAlgorithm": "SHA2_256",
      "publicKey": {
        "rawBytes": "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEUSG0HQh50bIN9M0OjzKz8AGj0M6I2m/YhmzMlgTyRw3Jg8EmjwPRTesj2F/uNb/kwgzesJ8vIGzcHTiAkGfluA==",
        "keyDetails": "PKIX_ECDSA_P256_SHA_256",
        "validFor": {
          "start": "2026-01-01T00:00:00Z"
        }
      },
      "logId": {
        "keyId": "gr2CfHL0FvvP3YH66E3h/e2hp07sXxWVkeS7tVkiFSw="
      }
    },
    {
      "baseUrl": "https://ct1.example.org",
      "hashAlgorithm": "SHA2_256",
      "publicKey": {
        "rawBytes": "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEp2xMdHVkCA3gkvZVvAhwP69jNYhnKWLslSWPspJCTgC5swqncjZKvteK7bYKeeI3TxArANlVSmYjuXVYnlqsQQ==",
        "keyDetails": "PKIX_ECDSA_P256_SHA_256",
        "validFor": {
          "start": "2026-01-01T00:00:00Z"
        }
      },
      "logId": {
        "keyId": "24u1ipSdXMNWHvgZvHlNVqt4MMbCsF6AwaBxcKKW3cY="
      }
    }
  ],
  "timestampAuthorities": [
    {
      "subject": {
        "organization": "example.org",
        "commonName": "stamper"
      },
      "uri": "https://stamps0.example.org/api/v1/timestamp",
      "certChain": {
        "certificates": [
          {
            "rawBytes": "MIIBQDCB6KADAgECAgEqMAoGCCqGSM49BAMCMBcxFTATBgNVBAMMDHN0YW1wZXIgcm9vdDAeFw0yNjAxMDEwMDAwMDBaFw0yNjEyMzEyMzU5NTlaMBIxEDAOBgNVBAMMB3N0YW1wZXIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAT6pwhEFJB3BEyP7Ps43WzgbsdFvC6CVFe+gS2KimUU+av+yI3IgNEGSQ01pvwCjL4CNkFIiZ3LihCUjDior1s/oyowKDAOBgNVHQ8BAf8EBAMCB4AwFgYDVR0lAQH/BAwwCgYIKwYBBQUHAwgwCgYIKoZIzj0EAwIDRwAwRAIgVCQoqE3nag6asfoGLAj9Fy6lvR9NK0/UAQQqHIIJxAoCIBMpqgMEwcdvT4YoXGJFPYj0IPPT9IAV0vY3JM+jyuW1"
          },
          {
            "rawBytes": "MIIBPzCB5qADAgECAgEqMAoGCCqGSM49BAMCMBcxFTATBgNVBAMMDHN0YW1wZXIgcm9vdDAeFw0yNjAxMDEwMDAwMDBaFw0yNjEyMzEyMzU5NTlaMBcxFTATBgNVBAMMDHN0YW1wZXIgcm9vdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABKit6gCWdT5P4LvKAnwCeUDgFsOrgczXnLDz3poL3ke3y2gOdMCMjYBE3uIvB6YtTft3kx+6ae/18VK9tQahZPWjIzAhMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgEGMAoGCCqGSM49BAMCA0gAMEUCIFnMBjulHuwODf2ntc6oD/O5E+/wxwyT9PMsd8GzIaKFAiEA+HP2KuWzGkDlZxCkZlRbhmKBOKoTaxS10jO/BUE8Ul0="
          }
        ]
      },
      "validFor": {
        "start": "2026-01-01T00:00:00Z"
      }
    },
    {
      "subject": {
        "organization": "example.org",
        "commonName": "stamper"
      },
      "uri": "https://stamps1.example.org/api/v1/timestamp",
      "certChain": {
        "certificates": [
          {
            "rawBytes": "MIIBUTCB+KADAgECAgEqMAoGCCqGSM49BAMCMB8xHTAbBgNVBAMMFGFub3RoZXIgc3RhbXBlciByb290MB4XDTI2MDEwMTAwMDAwMFoXDTI2MTIzMTIzNTk1OVowGjEYMBYGA1UEAwwPYW5vdGhlciBzdGFtcGVyMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE1JVUVTdJbuhZ3r1K+ds6ZwQH0d9OhePdaFU1Z9Bl8+ozTuAHzwf1vy+v3MtksBT5mrzVgvetQJtnaF37ev6WjqMqMCgwDgYDVR0PAQH/BAQDAgeAMBYGA1UdJQEB/wQMMAoGCCsGAQUFBwMIMAoGCCqGSM49BAMCA0gAMEUCIE51GJrMmEDsSl+T/k9HIMlTVzXkVTMEexu8LcrfLOtcAiEAqp7/mAutw1R0mxi5vYd3l+wnoIyRrO//no2+41kb8AM="
          },
          {
            "rawBytes": "MIIBTjCB9qADAgECAgEqMAoGCCqGSM49BAMCMB8xHTAbBgNVBAMMFGFub3RoZXIgc3RhbXBlciByb290MB4XDTI2MDEwMTAwMDAwMFoXDTI2MTIzMTIzNTk1OVowHzEdMBsGA1UEAwwUYW5vdGhlciBzdGFtcGVyIHJvb3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATD5hbyN+WWzYSlD8935uai56hhs5m5HE6/h6xrtj/4pV1ECn84mm+D3bUjjHv1TfCdmPIu06wH9zOdhhkt0NVEoyMwITAPBgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB/wQEAwIBBjAKBggqhkjOPQQDAgNHADBEAiAOj4OzV6l2alc1ED+3dnIhOhzd3/E0HcQdxv4+9tIAEgIgQ4WxPBl0YhP8my27VmW2HapFx0erY5uWaNn2unUEJiY="
          }
        ]
      },
      "validFor": {
        "start": "2026-01-01T00:00:00Z"
      }
    }
  ]
}
)json";

Verifier make_verifier() {
  IdentityWish wish;
  wish.identity = "release@example.org";
  wish.issuer = "https://accounts.example.org";
  VerifierOptions options;
  options.rules.push_back(make_identity_rule(wish).value());
  options.trust = TrustRoot::parse(kRoot, "seeds").value();
  return Verifier(std::move(options));
}

bool passes(const Verifier& verifier, ByteView bundle, std::string_view artifact) {
  const auto verdict = verifier.verify(
      system_files(),
      {.bundle = std::string(text_of(bundle)),
       .bundle_source = "fuzz",
       .artifact = crypto::digest_of(crypto::HashAlgorithm::sha256, bytes_of(artifact))});
  if (!verdict || !verdict->passed()) return false;
  if (verdict->value()->signer != "release@example.org (https://accounts.example.org)") {
    std::abort();
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Verifier verifier = make_verifier();
  static_cast<void>(passes(verifier, {data, size}, "the artifact\n"));
  if (passes(verifier, {data, size}, "another artifact\n")) std::abort();
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
// Timestamps that prove nothing, certificates without a proven time, times that contradict.
#include "base/codec.h"
#include "base/text.h"
#include "support/virtual_sigstore/case_table.h"

namespace sluice::test {

namespace {

const std::string kServices = "timestampAuthorities.";

Change stamper_window(std::string_view start, std::string_view end) {
  return [=](json::Value& root) {
    json::Value window = object({{"start", start}});
    if (!end.empty()) window.set("end", end);
    set(root, cat(kServices, "0.validFor"), window);
  };
}

// What the certificate of a service says, its trusted root along with it.
void add_other_service(CaseTable& table, std::string id, std::string why,
                       const std::function<void(CertificateWish&)>& change) {
  const Stamper& own = table.world().stampers[0];
  CertificateWish wish = stamper_wish();
  change(wish);
  const MadeCertificate service = issue(own.root, wish);
  const SignWish sign = broken(rekor_v2(), [&](json::Value& bundle) {
    const Bytes signature = from_base64(text_at(bundle, "messageSignature.signature")).value();
    set(bundle, kStampPath, to_base64(make_stamp(service, own.root.name, signature)));
  });
  table.add(std::move(id), std::move(why), sign, [&](json::Value& root) {
    set(root, cat(kServices, "0.certChain.certificates.0.rawBytes"), to_base64(service.der));
  });
}

void add_tokens(CaseTable& table) {
  const auto bytes = [&](std::string_view id, std::string_view why,
                         const ChangeBytes& change) -> BundleCase& {
    return table.add(std::string(id), std::string(why),
                     broken(rekor_v2(), [&](json::Value& bundle) {
                       change_base64(bundle, kStampPath, change);
                     }));
  };
  bytes("timestamp.format/trailing", "a byte behind it", [](Bytes& der) { der.push_back(0); });
  bytes("timestamp.format/truncated", "a byte less", [](Bytes& der) { der.pop_back(); });
  bytes("timestamp.format/garbage", "no DER", [](Bytes& der) { der.assign(100, 0xff); });
  bytes("timestamp.format/empty", "nothing", [](Bytes& der) { der.clear(); });
  bytes("timestamp.signature/flipped", "another signature", flip_last);
  table.add("timestamp.format/rejected", "the service refused",
            stamped(rekor_v2(), [](StampWish& wish) {
              wish.change_reply = [](std::vector<Bytes>& reply) {
                reply[0] = der_sequence({der_integer(2)});
              };
            }));
  table.add(
      "timestamp.format/sha-1", "an imprint by SHA-1", stamped(rekor_v2(), [](StampWish& wish) {
        wish.change_info = [](std::vector<Bytes>& info) {
          info[2] = der_sequence(
              {der_sequence({der_oid("1.3.14.3.2.26"), der_null()}), der_octets(Bytes(20, 1))});
        };
      }));
  table.add("timestamp.imprint/artifact", "a timestamp of the artifact, not of the signature",
            broken(rekor_v2(), [&table](json::Value& bundle) {
              const Stamper& own = table.world().stampers[0];
              set(bundle, kStampPath,
                  to_base64(make_stamp(own.service, own.root.name, bytes_of(kArtifact))));
            }));
  table.add("timestamp.imprint/other-signature", "a timestamp of another signature",
            broken(rekor_v2(), [&table](json::Value& bundle) {
              json::Value other =
                  json::parse_strict(table.world().sign(kArtifact, rekor_v2()).bundle).value();
              set(bundle, kStampPath, text_at(other, kStampPath));
            }));
  table.add("timestamp.content/other", "the content is not what was signed",
            stamped(rekor_v2(), [](StampWish& wish) {
              wish.change_attributes = [](std::vector<Bytes>& attributes) {
                attributes[1].back() ^= 1U;
              };
            }));
}

void add_services(CaseTable& table) {
  const auto without = [](json::Value& root) { erase(root, cat(kServices, "0")); };
  table.add("timestamp.signer/untrusted", "a service that is not trusted, with its certificate",
            rekor_v2(), without);
  table.add("timestamp.signer/untrusted-bare", "the same without it",
            stamped(rekor_v2(), [](StampWish& wish) { wish.with_certificate = false; }), without);
  const std::string_view time = "2026-06-01T12:00:02Z";
  table.add("good/stamper-window-starts", "the first second of the service's window", rekor_v2(),
            stamper_window(time, ""));
  table.add("good/stamper-window-ends", "the last second of the service's window", rekor_v2(),
            stamper_window("2026-01-01T00:00:00Z", time));
  table.add("timestamp.certificate.trust-window/before", "a time before the service was trusted",
            rekor_v2(), stamper_window("2026-06-01T12:00:03Z", ""));
  table.add("timestamp.certificate.trust-window/after", "a time after the service was trusted",
            rekor_v2(), stamper_window("2026-01-01T00:00:00Z", "2026-06-01T12:00:01Z"));
  add_other_service(table, "timestamp.certificate.validity/expired",
                    "the service's certificate had run out",
                    [](CertificateWish& wish) { wish.to = at("2026-06-01T12:00:01Z"); });
  add_other_service(table, "good/stamper-expires-then", "the last second of that certificate",
                    [](CertificateWish& wish) { wish.to = at("2026-06-01T12:00:02Z"); });
  add_other_service(table, "timestamp.certificate.purpose/none", "it may not make timestamps",
                    [](CertificateWish& wish) {
                      wish.extensions = {
                          key_usage(0x80),
                          extended_key_usage({std::string(kCodeSigningPurpose)}, true)};
                    });
  const auto purposes = [](const std::vector<std::string>& list, bool critical) {
    return [=](CertificateWish& wish) {
      wish.extensions = {key_usage(0x80), extended_key_usage(list, critical)};
    };
  };
  add_other_service(table, "timestamp.certificate.purpose/not-critical",
                    "its purpose is not critical",
                    purposes({std::string(kTimeStampingPurpose)}, false));
  add_other_service(
      table, "timestamp.certificate.purpose/two", "it may also sign code",
      purposes({std::string(kTimeStampingPurpose), std::string(kCodeSigningPurpose)}, true));
  SignWish beside = rekor_v2();
  beside.stamps = {{.service = 1}, {.service = 0}};
  table.add("good/unknown-stamper-beside", "a service that is not trusted beside a good one",
            beside, without);
  SignWish twice = rekor_v2();
  twice.stamps = {{}, {}};
  table.add("good/one-stamper-twice", "two timestamps of one service, where one is enough", twice);
  table.add("timestamp.threshold/one-stamper-twice", "two services are asked for", twice)
      .policy.stamps = 2;
  table.add("timestamp.threshold/one-of-two", "two services are asked for", rekor_v2())
      .policy.stamps = 2;
}

// An inclusion proof is not a clock, and neither is a time that nobody signed.
void add_clocks(CaseTable& table) {
  const auto stampless = [](SignWish wish) {
    wish.stamps = {};
    return wish;
  };
  table.add("time.verified/v2-alone", "Rekor v2 proves no time", stampless(rekor_v2()));
  table.add("time.verified/proof-alone", "the time that Rekor v1 states was not promised",
            logged(rekor_v1(), [](LogWish& log) { log.promise = false; }));
  table.add("time.verified/v2-states-a-time", "nor does a time that Rekor v2 did not sign",
            entry_broken(stampless(rekor_v2()),
                         [](json::Value& entry) { set(entry, "integratedTime", "1780315203"); }));
  table.add("time.verified/witness-times", "the times of witnesses are not the signature's",
            logged(stampless(rekor_v2()), [](LogWish& log) { log.witnesses = {0, 1}; }));
  table.add("time.verified/v2-envelope", "the same for an envelope",
            stampless(in_envelope(rekor_v2())));
}

void add_outside(CaseTable& table) {
  const auto logged_at = [](std::string_view time) {
    return logged(rekor_v1(), [time](LogWish& log) { log.time = at(time); });
  };
  const auto stamped_at = [](SignWish wish, std::string_view time) {
    return stamped(std::move(wish), [time](StampWish& stamp) { stamp.time = at(time); });
  };
  table.add("good/logged-in-first-second", "the certificate's first second",
            logged_at("2026-06-01T12:00:00Z"));
  table.add("good/logged-in-last-second", "the certificate's last second",
            logged_at("2026-06-01T12:10:00Z"));
  table.add("good/stamped-in-first-second", "the same by a timestamp",
            stamped_at(rekor_v2(), "2026-06-01T12:00:00Z"));
  table.add("good/stamped-in-last-second", "the same by a timestamp",
            stamped_at(rekor_v2(), "2026-06-01T12:10:00Z"));
  table.add("certificate.validity/logged-before", "logged before it was valid",
            logged_at("2026-06-01T11:59:59Z"));
  table.add("certificate.validity/logged-after", "logged after it had run out",
            logged_at("2026-06-01T12:10:01Z"));
  table.add("certificate.validity/stamped-before", "stamped before it was valid",
            stamped_at(rekor_v2(), "2026-06-01T11:59:59Z"));
  table.add("certificate.validity/stamped-after", "stamped after it had run out",
            stamped_at(rekor_v2(), "2026-06-01T12:10:01Z"));
  SignWish both = rekor_v1();
  both.stamps = {{}};
  table.add("certificate.validity/stamped-after-though-logged",
            "of two times one is outside: both have to be good",
            stamped_at(both, "2026-06-01T12:10:01Z"));
  both.logs.front().time = at("2026-06-01T12:10:01Z");
  table.add("certificate.validity/logged-after-though-stamped", "the same the other way round",
            both);
  SignWish two = rekor_v2();
  two.stamps = {{.service = 0}, {.service = 1}};
  two.stamps[1].wish.time = at("2026-06-01T12:10:01Z");
  table.add("certificate.validity/second-stamp-after", "of two timestamps one is outside", two);
}

}  // namespace

void add_time_cases(CaseTable& table) {
  add_tokens(table);
  add_services(table);
  add_clocks(table);
  add_outside(table);
}

}  // namespace sluice::test

// SPDX-License-Identifier: Apache-2.0
// Bundles that cannot be read, or hold what their version does not allow.
#include "base/codec.h"
#include "base/limits.h"
#include "base/text.h"
#include "support/virtual_sigstore/case_table.h"

namespace sluice::test {

namespace {

constexpr std::string_view kMaterial = "verificationMaterial";
constexpr std::string_view kSignature = "messageSignature.signature";

BundleCase& add_text(CaseTable& table, std::string_view name, std::string_view why,
                     ChangeText change) {
  return table.add(cat("bundle.format/", name), std::string(why),
                   broken_text(rekor_v1(), std::move(change)));
}

void add_json(CaseTable& table) {
  add_text(table, "blank", "a file of one blank", [](std::string& text) { text = " "; });
  add_text(table, "truncated", "half a file",
           [](std::string& text) { text.resize(text.size() / 2); });
  add_text(table, "last-brace-missing", "one character less",
           [](std::string& text) { text.pop_back(); });
  add_text(table, "trailing", "something behind the document",
           [](std::string& text) { text += "{}"; });
  add_text(table, "nul-behind", "a NUL behind the document",
           [](std::string& text) { text += '\0'; });
  add_text(table, "byte-order-mark", "a mark in front",
           [](std::string& text) { text.insert(0, "\xef\xbb\xbf"); });
  add_text(table, "broken-utf8", "a media type with a byte that is no UTF-8",
           [](std::string& text) { replace(text, "bundle.v0.3", "bundle.v0.3\xff"); });
  add_text(table, "control-character", "a line end inside a string",
           [](std::string& text) { replace(text, "SHA2_256", "SHA2_\n256"); });
  add_text(table, "lone-surrogate", "half a pair",
           [](std::string& text) { replace(text, "SHA2_256", "SHA2_256\\ud800"); });
  add_text(table, "not-an-object", "an array",
           [](std::string& text) { text = cat("[", text, "]"); });
  add_text(table, "single-quotes", "quotes of another language",
           [](std::string& text) { replace(text, "\"mediaType\"", "'mediaType'"); });
  add_text(table, "comment", "a comment", [](std::string& text) { text.insert(1, "/* */"); });
  add_text(table, "trailing-comma", "a comma before the end",
           [](std::string& text) { text.insert(text.size() - 1, ","); });
  add_text(table, "deep", "a hundred thousand brackets", [](std::string& text) {
    text = cat("{\"mediaType\":", std::string(100'000, '['), std::string(100'000, ']'), "}");
  });
  add_text(table, "oversized", "larger than any bundle", [](std::string& text) {
    text += std::string(limits::kBundleFile, ' ');
  }).peer = "has no bound";
}

void add_duplicates(CaseTable& table) {
  add_text(table, "twice-media-type", "two media types, both good",
           [](std::string& text) { text.insert(1, cat("\"mediaType\":\"", kMedia03, "\",")); });
  add_text(table, "twice-signature", "two equal signatures", [](std::string& text) {
    const auto from = text.rfind("\"signature\":");
    const auto end = text.find('}', from);
    text.insert(end, cat(",", text.substr(from, end - from)));
  });
  add_text(table, "twice-escaped", "the second one written with an escape", [](std::string& text) {
    text.insert(1, cat("\"mediaTyp\\u0065\":\"", kMedia03, "\","));
  });
  add_text(table, "twice-log-index", "two indices", [](std::string& text) {
    replace(text, "\"logIndex\":", "\"logIndex\":\"1\",\"logIndex\":");
  });
}

void add_versions(CaseTable& table) {
  for (const std::string_view type :
       {"", "application/vnd.dev.sigstore.bundle.v0.4+json",
        "application/vnd.dev.sigstore.bundle+json;version=0.4",
        "application/vnd.dev.sigstore.bundle.v0.3+json ",
        "application/vnd.dev.sigstore.bundle.v1.0+json", "application/json",
        "APPLICATION/vnd.dev.sigstore.bundle.v0.3+json",
        "application/vnd.dev.sigstore.bundle+json;version=0.10"}) {
    SignWish wish = rekor_v1();
    wish.media_type = type;
    table.add(cat("bundle.format/media-type-", type), "an unknown kind", wish);
  }
  const auto change = [&](std::string_view name, std::string_view why, json::Value value) {
    table.add(
        cat("bundle.format/media-type-", name), std::string(why),
        broken(rekor_v1(), [value](json::Value& bundle) { set(bundle, "mediaType", value); }));
  };
  change("number", "a number", 3);
  change("null", "nothing", nullptr);
  table.add("bundle.format/media-type-missing", "none at all",
            broken(rekor_v1(), [](json::Value& bundle) { erase(bundle, "mediaType"); }));
}

// A member of another type than it has to have.
void add_types(CaseTable& table) {
  const std::string entry(kEntryPath);
  const std::vector<std::pair<std::string, json::Value>> all{
      {std::string(kMaterial), json::Array{}},
      {std::string(kMaterial), "text"},
      {cat(kMaterial, ".certificate"), "text"},
      {cat(kMaterial, ".tlogEntries"), json::Object{}},
      {entry, json::Array{}},
      {cat(entry, ".logIndex"), json::Value(true)},
      {cat(entry, ".logIndex"), "-1"},
      {cat(entry, ".logIndex"), "0x10"},
      {cat(entry, ".logIndex"), "9223372036854775808"},
      {cat(entry, ".logIndex"), json::Decimal{"5.5"}},
      {cat(entry, ".integratedTime"), "yesterday"},
      {cat(entry, ".integratedTime"), json::Array{}},
      {cat(entry, ".logId"), "text"},
      {cat(entry, ".logId.keyId"), 7},
      {cat(entry, ".kindVersion"), "hashedrekord"},
      {cat(entry, ".inclusionPromise"), "text"},
      {cat(entry, ".inclusionProof"), json::Array{}},
      {cat(entry, ".inclusionProof.hashes"), "text"},
      {cat(entry, ".inclusionProof.hashes.0"), 1},
      {cat(entry, ".inclusionProof.treeSize"), json::Object{}},
      {cat(entry, ".inclusionProof.checkpoint"), "text"},
      {cat(entry, ".inclusionProof.checkpoint.envelope"), 1},
      {cat(entry, ".canonicalizedBody"), json::Object{}},
      {"messageSignature", json::Array{}},
      {"messageSignature.messageDigest", "text"},
      {"messageSignature.messageDigest.algorithm", "SHA2_257"},
      {"messageSignature.signature", 12}};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& [path, value] = all[i];
    table.add(cat("bundle.format/type-", i, "-", path), "a value of the wrong type, or none at all",
              broken(rekor_v1(), [path = path, value = value](json::Value& bundle) {
                set(bundle, path, value);
              }));
  }
}

void add_members(CaseTable& table) {
  const auto change = [&](std::string_view name, std::string_view why, Change how) -> BundleCase& {
    return table.add(cat("bundle.format/", name), std::string(why),
                     broken(rekor_v1(), std::move(how)));
  };
  change("no-content", "nothing was signed",
         [](json::Value& bundle) { erase(bundle, "messageSignature"); });
  change("no-material", "nobody signed", [](json::Value& bundle) { erase(bundle, kMaterial); });
  change("no-signer", "neither a certificate nor a key",
         [](json::Value& bundle) { erase(bundle, cat(kMaterial, ".certificate")); });
  change("two-signers", "a certificate and a key", [](json::Value& bundle) {
    set(bundle, cat(kMaterial, ".publicKey"), object({{"hint", "release"}}));
  });
  change("two-contents", "a message signature and an envelope", [](json::Value& bundle) {
    set(bundle, "dsseEnvelope",
        object({{"payload", ""},
                {"payloadType", kInToto},
                {"signatures", json::Array{object({{"sig", "AAAA"}})}}}));
  });
  change("unknown-member", "a member that nobody knows",
         [](json::Value& bundle) { set(bundle, "verificationmaterial", json::Object{}); });
  change("unknown-member-of-entry", "another one in an entry", [](json::Value& bundle) {
    set(bundle, cat(kEntryPath, ".integratedtime"), "1780315203");
  });
  table.add("bundle.format/chain-empty", "a chain of no certificate", [] {
    SignWish wish = with_version(rekor_v1(), kMedia02);
    wish.change_chain = [](std::vector<Bytes>& chain) { chain.clear(); };
    return wish;
  }());
}

void add_base64(CaseTable& table) {
  const auto change = [&](std::string_view name, std::string_view why, std::string_view path,
                          const std::function<void(std::string&)>& how) -> BundleCase& {
    return table.add(cat("bundle.format/base64-", name), std::string(why),
                     broken(rekor_v1(), [path = std::string(path), how](json::Value& bundle) {
                       std::string text = text_at(bundle, path);
                       how(text);
                       set(bundle, path, text);
                     }));
  };
  // Four of them: a peer takes another alphabet where the length is no multiple of four.
  change("line-end", "line ends within", kSignature, [](std::string& text) {
    text.insert(20, "\n\n\n\n");
  }).peer = "skips line ends";
  change("blank-behind", "a blank behind", kSignature, [](std::string& text) { text += " "; });
  change("cut", "a character less", kSignature, [](std::string& text) { text.erase(4, 1); });
  change("url-alphabet", "the other alphabet", cat(kEntryPath, ".canonicalizedBody"),
         [](std::string& text) { text.replace(0, 4, "-_-_"); });
  change("empty", "an empty signature", kSignature, [](std::string& text) { text.clear(); });
  // The last character before the padding has bits to spare.
  const auto loosen = [](std::string& text) {
    char& last = text[text.find_last_not_of('=')];
    last = static_cast<char>(last + 1);
  };
  change("loose-bits", "bits that belong to no byte", kSignature, [&](std::string& text) {
    text = to_base64(Bytes(64, 1));
    loosen(text);
  });
  change("loose-bits-of-hash", "the same in a proof", cat(kEntryPath, ".inclusionProof.rootHash"),
         loosen)
      .peer = "drops the bits";
  change("no-padding", "without its padding", cat(kEntryPath, ".inclusionProof.rootHash"),
         [](std::string& text) { std::erase(text, '='); })
      .peer = "needs none";
}

void add_sizes(CaseTable& table) {
  const auto change = [&](std::string_view name, std::string_view why, Change how) -> BundleCase& {
    return table.add(cat("bundle.format/", name), std::string(why),
                     broken(rekor_v2(), std::move(how)));
  };
  change("hash-of-31-bytes", "a hash that is none", [](json::Value& bundle) {
    set(bundle, cat(kEntryPath, ".inclusionProof.hashes.0"), to_base64(Bytes(31, 1)));
  });
  change("root-of-33-bytes", "a root that is none", [](json::Value& bundle) {
    set(bundle, cat(kEntryPath, ".inclusionProof.rootHash"), to_base64(Bytes(33, 1)));
  }).peer = "takes the root from the checkpoint";
  change("digest-of-31-bytes", "a digest that is none", [](json::Value& bundle) {
    set(bundle, "messageSignature.messageDigest.digest", to_base64(Bytes(31, 1)));
  });
  change("proof-of-10000", "a proof for a tree larger than any", [](json::Value& bundle) {
    set(bundle, cat(kEntryPath, ".inclusionProof.hashes"),
        json::Array(10'000, json::Value(to_base64(Bytes(32, 1)))));
  });
  change("entries-33", "one more entry than is looked at", [](json::Value& bundle) {
    json::Value& entries = at(bundle, cat(kMaterial, ".tlogEntries"));
    entries = json::Array(33, entries.array()->front());
  });
  change("entries-10000", "far more entries", [](json::Value& bundle) {
    json::Value& entries = at(bundle, cat(kMaterial, ".tlogEntries"));
    json::Value entry = entries.array()->front();
    erase(entry, "canonicalizedBody");
    erase(entry, "inclusionProof");
    entries = json::Array(10'000, entry);
  });
  change("stamps-10000", "far more timestamps", [](json::Value& bundle) {
    json::Value& stamps =
        at(bundle, cat(kMaterial, ".timestampVerificationData.rfc3161Timestamps"));
    stamps = json::Array(10'000, object({{"signedTimestamp", to_base64(Bytes(64, 0x30))}}));
  });
  table
      .add("bundle.format/chain-of-1000", "far more certificates",
           [] {
             SignWish wish = with_version(rekor_v1(), kMedia02);
             wish.change_chain = [](std::vector<Bytes>& chain) {
               chain.resize(1000, chain.back());
             };
             return wish;
           }())
      .peer = "looks at the leaf alone";
}

void add_envelopes(CaseTable& table) {
  const auto change = [&](std::string_view name, std::string_view why, Change how) -> BundleCase& {
    return table.add(cat("bundle.format/envelope-", name), std::string(why),
                     broken(in_envelope(rekor_v2()), std::move(how)));
  };
  change("two-signatures", "a bundle has one signer", [](json::Value& bundle) {
    json::Value& list = at(bundle, "dsseEnvelope.signatures");
    list.array()->push_back(list.array()->front());
  });
  change("no-signature", "none",
         [](json::Value& bundle) { set(bundle, "dsseEnvelope.signatures", json::Array{}); });
  change("no-payload-type", "a payload of no type",
         [](json::Value& bundle) { erase(bundle, "dsseEnvelope.payloadType"); });
  change("payload-base64url", "a payload in the other alphabet, and unpadded",
         [](json::Value& bundle) { set(bundle, "dsseEnvelope.payload", "eyJ-_w"); });
}

}  // namespace

void add_bundle_cases(CaseTable& table) {
  table.add("bundle.present/none", "there is no bundle", rekor_v1()).bundle.clear();
  add_json(table);
  add_duplicates(table);
  add_versions(table);
  add_types(table);
  add_members(table);
  add_base64(table);
  add_sizes(table);
  add_envelopes(table);
}

}  // namespace sluice::test

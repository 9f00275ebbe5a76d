// SPDX-License-Identifier: Apache-2.0
// Links every library that sluice links, and uses of them what an argument asks for: `now` shows
// what being linked costs, `init` what starting them costs, `verify` what one signature check
// costs; the other modes let bench/linking/check see that each way of linking leaves the libraries
// whole.
#include <curl/curl.h>
#include <dlfcn.h>
#include <git2.h>
#include <netdb.h>
#include <openssl/cms.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ts.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <re2/re2.h>
#include <sodium.h>
#include <sqlite3.h>
#include <unistd.h>
#include <yaml.h>

#include <cstdio>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

namespace {

int complain(const char* what, const char* why) {
  std::fprintf(stderr, "%s: %s\n", what, why);
  return 1;
}

std::string read_file(const char* path) {
  std::string all;
  if (std::FILE* in = std::fopen(path, "rb")) {
    char block[65536];
    while (std::size_t n = std::fread(block, 1, sizeof block, in)) all.append(block, n);
    std::fclose(in);
  }
  return all;
}

const unsigned char* bytes(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

int start_openssl() {
  return OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, nullptr);
}

int init() {
  if (start_openssl() != 1) return complain("openssl", "does not start");
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return complain("curl", "does not start");
  if (sodium_init() < 0) return complain("sodium", "does not start");
  if (git_libgit2_init() < 0) return complain("libgit2", "does not start");
  if (sqlite3_initialize() != SQLITE_OK) return complain("sqlite", "does not start");
  return 0;
}

// The key as DER, as the product would have it in memory.
int verify(const char* key_file, const char* signature_file, const char* message_file) {
  start_openssl();
  const std::string der = read_file(key_file), signature = read_file(signature_file),
                    message = read_file(message_file);
  const unsigned char* at = bytes(der);
  EVP_PKEY* key = d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size()));
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  if (key == nullptr || context == nullptr ||
      EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, key) != 1)
    return complain("verify", "cannot start");
  const int rc =
      EVP_DigestVerify(context, bytes(signature), signature.size(), bytes(message), message.size());
  return rc == 1 ? 0 : complain("verify", "wrong signature");
}

std::size_t drop(char*, std::size_t size, std::size_t count, void*) { return size * count; }

// Prints version and status: "2 200" is HTTP/2.
int get(const char* url) {
  if (int failed = init()) return failed;
  CURL* curl = curl_easy_init();
  char why[CURL_ERROR_SIZE] = "";
  curl_easy_setopt(curl, CURLOPT_URL, url);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, 10L);
  const CURLcode rc = curl_easy_perform(curl);
  if (rc != CURLE_OK) {
    std::fprintf(stderr, "get: %s\n", why);
    return 10 + (rc == CURLE_PEER_FAILED_VERIFICATION);
  }
  long status = 0, version = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(curl, CURLINFO_HTTP_VERSION, &version);
  std::printf("%s %ld\n", version == CURL_HTTP_VERSION_2_0 ? "2" : "1.1", status);
  curl_easy_cleanup(curl);
  return 0;
}

// Number of lines that the newest commit adds.
int history(const char* folder) {
  git_libgit2_init();
  git_repository* repository = nullptr;
  git_revwalk* walk = nullptr;
  git_oid id;
  git_commit* commit = nullptr;
  git_tree* tree = nullptr;
  git_diff* diff = nullptr;
  git_diff_stats* stats = nullptr;
  if (git_repository_open(&repository, folder) < 0 || git_revwalk_new(&walk, repository) < 0 ||
      git_revwalk_push_head(walk) < 0 || git_revwalk_next(&id, walk) < 0 ||
      git_commit_lookup(&commit, repository, &id) < 0 || git_commit_tree(&tree, commit) < 0 ||
      git_diff_tree_to_tree(&diff, repository, nullptr, tree, nullptr) < 0 ||
      git_diff_get_stats(&stats, diff) < 0)
    return complain("history", git_error_last() != nullptr ? git_error_last()->message : "failed");
  std::printf("%zu\n", git_diff_stats_insertions(stats));
  return 0;
}

int store() {
  sqlite3* db = nullptr;
  char* why = nullptr;
  if (sqlite3_open(":memory:", &db) != SQLITE_OK ||
      sqlite3_exec(db, "create table t(a); insert into t values (1), (2); select sum(a) from t",
                   nullptr, nullptr, &why) != SQLITE_OK)
    return complain("store", why != nullptr ? why : "cannot open");
  sqlite3_close(db);
  return 0;
}

int texts() {
  static constexpr std::string_view text = "rules:\n  - match: [a, b]\n";
  yaml_parser_t parser;
  yaml_event_t event;
  yaml_parser_initialize(&parser);
  yaml_parser_set_input_string(&parser, reinterpret_cast<const unsigned char*>(text.data()),
                               text.size());
  int count = 0;
  for (bool more = true; more; ++count) {
    if (yaml_parser_parse(&parser, &event) != 1) return complain("yaml", parser.problem);
    more = event.type != YAML_STREAM_END_EVENT;
    yaml_event_delete(&event);
  }
  yaml_parser_delete(&parser);
  if (!re2::RE2::FullMatch("release/1.2", "release/[0-9.]+")) return complain("re2", "no match");
  std::printf("%d\n", count);
  return 0;
}

// Loads a module as PKCS#11 modules are loaded. It throws and catches inside, and brings an OpenSSL
// of its own, which must not meet ours: it says which OpenSSL it sees.
int module(const char* path) {
  init();
  void* handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return complain("module", dlerror());
  using Entry = int (*)(char*, std::size_t);
  auto entry = reinterpret_cast<Entry>(dlsym(handle, "module_entry"));
  if (entry == nullptr) return complain("module", dlerror());
  char seen[256];
  if (const int rc = entry(seen, sizeof seen); rc != 0) return complain("module", "failed inside");
  std::printf("ours: %s; module: %s\n", OpenSSL_version(OPENSSL_VERSION), seen);
  return 0;
}

int resolve(const char* name) {
  addrinfo* found = nullptr;
  if (const int rc = getaddrinfo(name, "443", nullptr, &found); rc != 0)
    return complain(name, gai_strerror(rc));
  freeaddrinfo(found);
  return 0;
}

// Never called with real input: it keeps in the binary what the product will hold, so that its size
// is honest.
int certificates(const char* path) {
  start_openssl();
  const std::string der = read_file(path);
  const unsigned char* at = bytes(der);
  X509* leaf = d2i_X509(nullptr, &at, static_cast<long>(der.size()));
  if (leaf == nullptr) return complain(path, "is no certificate");
  X509_STORE* trusted = X509_STORE_new();
  X509_STORE_CTX* context = X509_STORE_CTX_new();
  X509_STORE_CTX_init(context, trusted, leaf, nullptr);
  BIO* in = BIO_new_mem_buf(der.data(), static_cast<int>(der.size()));
  CMS_ContentInfo* cms = d2i_CMS_bio(in, nullptr);
  TS_RESP* stamp = d2i_TS_RESP_bio(in, nullptr);
  EVP_PKEY* key = PEM_read_bio_PrivateKey(in, nullptr, nullptr, nullptr);
  const bool good = X509_verify_cert(context) == 1 &&
                    CMS_verify(cms, nullptr, trusted, nullptr, nullptr, 0) == 1 &&
                    TS_RESP_verify_response(TS_VERIFY_CTX_new(), stamp) == 1 &&
                    CMS_sign(leaf, key, nullptr, in, 0) != nullptr;
  std::vector<unsigned char> signature(crypto_sign_BYTES);
  return good && crypto_sign_verify_detached(signature.data(), at, der.size(), bytes(der)) == 0 ? 0
                                                                                                : 1;
}

int run(int argc, char** argv) {
  const std::string_view mode = argc > 1 ? argv[1] : "";
  if (mode == "now") return 0;
  if (mode == "init") return init();
  if (mode == "verify" && argc == 5) return verify(argv[2], argv[3], argv[4]);
  if (mode == "get" && argc == 3) return get(argv[2]);
  if (mode == "history" && argc == 3) return history(argv[2]);
  if (mode == "store") return store();
  if (mode == "texts") return texts();
  if (mode == "module" && argc == 3) return module(argv[2]);
  if (mode == "resolve" && argc == 3) return resolve(argv[2]);
  if (mode == "certificates" && argc == 3) return certificates(argv[2]);
  if (mode == "year") return std::printf("%ld\n", 1970 + std::time(nullptr) / 31556952) < 0;
  if (mode == "versions") {
    std::printf("%s\n%s\n", OpenSSL_version(OPENSSL_VERSION), curl_version());
    std::printf("libgit2 %s, SQLite %s, libsodium %s\n", LIBGIT2_VERSION, sqlite3_libversion(),
                sodium_version_string());
    return 0;
  }
  return complain("usage",
                  "now|init|verify KEY SIG FILE|get URL|history DIR|store|texts|module FILE|"
                  "resolve NAME|certificates FILE|year|versions");
}

}  // namespace

int main(int argc, char** argv) {
  const int code = run(argc, argv);
  std::fflush(nullptr);
  _exit(code);  // as the product ends: what the libraries would do at exit is nobody's gain
}

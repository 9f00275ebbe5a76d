// SPDX-License-Identifier: Apache-2.0
// The S3 store against a server of others: its own check of signatures, its own conditions.
#include "support/servers/s3_gateway.h"
#include "tufrepo/clean.h"
#include "tufrepo/s3_support.h"

namespace sluice::tuf {
namespace {

TEST(S3Server, TakesARepositoryThroughPublishingAndCleaning) {
  if (!test::S3Gateway::installed()) GTEST_SKIP() << "versitygw is not installed";
  const test::S3Gateway server("releases", "AKIDTEST", "a-very/secret+key");
  ASSERT_TRUE(server.started()) << server.log();
  test::FakeWorld fake;
  set_credentials(fake.environment);
  // The server compares our clock with its own.
  const World world{system_clock(), system_files(), fake.environment, system_random(),
                    system_processes()};
  const auto http = net::make_client(world, {});
  const auto store =
      open_store("s3://releases/tuf repo", {.endpoint = server.endpoint()}, world, http.get())
          .value();
  const auto notices = store->notices_others();
  ASSERT_TRUE(notices) << notices.error().text() << server.log();
  EXPECT_TRUE(*notices);

  test::FakeRepo repo;
  make_first(repo);
  repo.add_target("libs", "libs/a b+ü%.tgz", "odd name");
  repo.publish({"libs", "snapshot", "timestamp"});
  Reader reader(repo);
  const auto stored = [&] {
    StoredFiles out;
    const auto listed = store->list("");
    EXPECT_TRUE(listed) << listed.error().text();
    for (const auto& file : *listed)
      out[file.name] = store->read(file.name, 1U << 20).value()->bytes;
    return out;
  };
  const auto first = publish(*store, publication_of(repo.files, {}), test::kTufNow, {});
  ASSERT_TRUE(first) << first.error().text() << server.log();
  EXPECT_EQ(reader.look_fresh(stored()), "one");

  test::FakeRepo other = repo;
  make_second(repo);
  other.add_target("libs", "libs/a", "three");
  other.publish({"libs", "snapshot", "timestamp"});
  const StoredFiles base = stored();
  ASSERT_TRUE(publish(*store, publication_of(repo.files, base), test::kTufNow, {}));
  const auto late = publish(*store, publication_of(other.files, base), test::kTufNow, {});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Errc::denied);
  EXPECT_EQ(reader.look_fresh(stored()), "two");
  EXPECT_EQ(state(*store)->condition, StoreCondition::whole);

  const auto cleaned = clean(*store, test::kTufNow + std::chrono::hours(24 * 4000), {});
  ASSERT_TRUE(cleaned) << cleaned.error().text();
  EXPECT_GE(cleaned->removed.size(), 4U);
  EXPECT_EQ(reader.look_fresh(stored()), "two");
}

TEST(S3Server, TakesALargeFileInParts) {
  if (!test::S3Gateway::installed()) GTEST_SKIP() << "versitygw is not installed";
  const test::S3Gateway server("releases", "AKIDTEST", "a-very/secret+key");
  ASSERT_TRUE(server.started()) << server.log();
  test::FakeWorld fake;
  set_credentials(fake.environment);
  const World world{system_clock(), system_files(), fake.environment, system_random(),
                    system_processes()};
  const auto http = net::make_client(world, {});
  const auto store =
      open_store("s3://releases/tuf repo", {.endpoint = server.endpoint()}, world, http.get())
          .value();
  std::string bytes((40U << 20) + 7, 'x');
  for (std::size_t i = 0; i < bytes.size(); i += 4'096) bytes[i] = static_cast<char>(i >> 12U);
  const test::TempFolder folder;
  const Path path = folder.write("large", bytes);
  const auto put = [&](const std::string& stated) {
    const NewFile file{"targets/a b/large",
                       Content::of_file(system_files(), path, bytes.size(), sha256_of(stated))};
    return store->write_new({&file, 1});
  };
  const auto wrong = put("something else");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Errc::denied) << wrong.error().text() << server.log();
  const auto first = put(bytes);
  ASSERT_TRUE(first) << first.error().text() << server.log();
  EXPECT_EQ(first->front(), Put::written);
  const auto again = put(bytes);
  ASSERT_TRUE(again) << again.error().text() << server.log();
  EXPECT_EQ(again->front(), Put::present);
  EXPECT_TRUE(store->read("targets/a b/large", bytes.size()).value()->bytes == bytes);
}

TEST(S3Server, SaysNoToAnotherSecret) {
  if (!test::S3Gateway::installed()) GTEST_SKIP() << "versitygw is not installed";
  const test::S3Gateway server("releases", "AKIDTEST", "another/secret");
  ASSERT_TRUE(server.started()) << server.log();
  test::FakeWorld fake;
  set_credentials(fake.environment);
  const World world{system_clock(), system_files(), fake.environment, system_random(),
                    system_processes()};
  const auto http = net::make_client(world, {});
  const auto store =
      open_store("s3://releases", {.endpoint = server.endpoint()}, world, http.get()).value();
  const auto refused = store->list("");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::denied) << refused.error().text();
}

}  // namespace
}  // namespace sluice::tuf

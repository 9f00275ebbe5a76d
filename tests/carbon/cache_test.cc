// SPDX-License-Identifier: Apache-2.0
#include "carbon/cache.h"

#include <gtest/gtest.h>

#include <latch>
#include <thread>

#include "carbon/support.h"
#include "support/fake_world.h"
#include "support/temp_folder.h"

namespace sluice::carbon {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using test::FakeHttp;

class CacheTest : public testing::Test {
 protected:
  CacheTest() {
    http.answer(latest_url("DE"), 200,
                latest_body("DE", "293", "2030-01-15T09:00:00Z", R"(,"isEstimated":true)"));
    http.answer(latest_url("FR"), 200, latest_body("FR", "41"));
    http.answer(forecast_url("DE"), 200,
                R"({"zone":"DE","forecast":[{"datetime":"2030-01-15T09:00:00Z",)"
                R"("carbonIntensity":300.5}]})");
  }
  std::unique_ptr<Provider> open(Provider& provider) {
    return cached(provider, system_files(),
                  {.folder = folder.path() / "c",
                   .wait = std::chrono::seconds(20),
                   .note = [this](const std::string& what) { notes.push_back(what); }});
  }
  std::vector<Path> entries() const {
    std::vector<Path> out;
    const auto list = system_files().list(folder.path() / "c");
    if (!list) return out;
    for (const auto& entry : *list) {
      if (entry.name.ends_with(".json")) out.push_back(folder.path() / "c" / entry.name);
    }
    return out;
  }

  FakeHttp http;
  test::TempFolder folder;
  std::vector<std::string> notes;
  std::unique_ptr<Provider> source = electricity_maps(http, {.url = "http://em"});
  std::unique_ptr<Provider> cache = open(*source);
};

TEST_F(CacheTest, TheSecondCallOfAnHourMakesNoRequest) {
  const auto first = cache->latest(Zone("DE"), kNow);
  ASSERT_TRUE(first);
  EXPECT_FALSE(first->cached);
  const auto second = open(*source)->latest(Zone("DE"), kNow + minutes(39));
  ASSERT_TRUE(second);
  EXPECT_TRUE(second->cached);
  EXPECT_EQ(second->intensity, first->intensity);
  EXPECT_EQ(second->at, first->at);
  EXPECT_EQ(second->source, first->source);
  EXPECT_TRUE(second->estimated);
  EXPECT_EQ(http.requests().size(), 1U);
  EXPECT_TRUE(notes.empty()) << notes[0];
}

TEST_F(CacheTest, TheNextHourMakesOne) {
  EXPECT_TRUE(cache->latest(Zone("DE"), kNow + minutes(39)));
  EXPECT_TRUE(cache->latest(Zone("DE"), kNow + minutes(40)));
  EXPECT_TRUE(cache->latest(Zone("DE"), kNow + minutes(41)));
  EXPECT_EQ(http.requests().size(), 2U);
  EXPECT_EQ(entries().size(), 1U);  // it does not grow by the hour
}

TEST_F(CacheTest, ZoneQuestionAndSourceAreKeptApart) {
  EXPECT_EQ(cache->latest(Zone("DE"), kNow)->intensity, Intensity::whole(293));
  EXPECT_EQ(cache->latest(Zone("FR"), kNow)->intensity, Intensity::whole(41));
  EXPECT_TRUE(cache->forecast(Zone("DE"), kNow, kNow + hours(1)));
  const auto elsewhere = electricity_maps(http, {.url = "http://other"});
  http.answer(
      "GET http://other/v3/carbon-intensity/latest?zone=DE"
      "&shouldUseFallbackCallerLookup=false",
      200, latest_body("DE", "5"));
  EXPECT_EQ(open(*elsewhere)->latest(Zone("DE"), kNow)->intensity, Intensity::whole(5));
  EXPECT_EQ(http.requests().size(), 4U);
  EXPECT_EQ(cache->latest(Zone("DE"), kNow)->intensity, Intensity::whole(293));
  EXPECT_EQ(http.requests().size(), 4U);
}

TEST_F(CacheTest, AForecastIsKeptForAsFarAsWasAsked) {
  const auto first = cache->forecast(Zone("DE"), kNow, kNow + hours(24));
  const auto second = cache->forecast(Zone("DE"), kNow, kNow + hours(2));
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->steps, second->steps);
  EXPECT_TRUE(second->cached);
  EXPECT_EQ(http.requests().size(), 1U);
  http.answer(forecast_url("DE", "48"), 404);
  EXPECT_FALSE(cache->forecast(Zone("DE"), kNow, kNow + hours(25)));
}

TEST_F(CacheTest, ErrorsAreNotKept) {
  http.answer(latest_url("PL"), 502).answer(latest_url("PL"), 502);
  http.answer(latest_url("PL"), 200, latest_body("PL", "700"));
  EXPECT_EQ(cache->latest(Zone("PL"), kNow).error().trouble, Trouble::unreachable);
  EXPECT_TRUE(entries().empty());
  EXPECT_EQ(cache->latest(Zone("PL"), kNow)->intensity, Intensity::whole(700));
}

TEST_F(CacheTest, EntriesAreForTheirOwnerAlone) {
  EXPECT_TRUE(cache->latest(Zone("DE"), kNow));
  ASSERT_EQ(entries().size(), 1U);
  EXPECT_EQ(system_files().info(entries()[0])->mode, 0600U);
}

TEST_F(CacheTest, AnEntryThatIsCutOffAnywhereIsDroppedAndAskedForAgain) {
  EXPECT_TRUE(cache->latest(Zone("DE"), kNow));
  const Path path = entries().at(0);
  const std::string whole = test::read_file(path);
  ASSERT_GT(whole.size(), 100U);
  std::size_t asked = http.requests().size();
  for (std::size_t length = 0; length < whole.size(); length += 7) {
    folder.write("c/" + path.filename().native(), whole.substr(0, length));
    const auto reading = cache->latest(Zone("DE"), kNow);
    ASSERT_TRUE(reading);
    EXPECT_FALSE(reading->cached) << length;
    EXPECT_EQ(http.requests().size(), ++asked) << length;
    EXPECT_EQ(test::read_file(path), whole);
  }
  EXPECT_FALSE(notes.empty());
}

TEST_F(CacheTest, AnEntryOfAnotherKindZoneOrTimeIsNotUsed) {
  EXPECT_TRUE(cache->latest(Zone("DE"), kNow));
  const Path path = entries().at(0);
  const std::string whole = test::read_file(path);
  const std::vector<std::pair<std::string, std::string>> changes = {
      {"carbon-cache/v1", "carbon-cache/v2"},
      {"\"zone\":\"DE\"", "\"zone\":\"FR\""},
      {"electricitymaps", "elsewhere"},
      {"average-lifecycle", "average-combustion"},
      {"http://em", "http://me"},
      {"2030-01-15T09:00:00Z", "2030-01-15T08:00:00Z"},
      {"\"gramsPerKwh\":293", "\"gramsPerKwh\":-1"}};
  for (const auto& [from, to] : changes) {
    std::string changed = whole;
    ASSERT_NE(changed.find(from), std::string::npos) << from;
    changed.replace(changed.find(from), from.size(), to);
    folder.write("c/" + path.filename().native(), changed);
    const auto reading = cache->latest(Zone("DE"), kNow);
    ASSERT_TRUE(reading);
    EXPECT_FALSE(reading->cached) << from;
  }
  // The smallest change that is taken: another value.
  std::string changed = whole;
  changed.replace(changed.find(":293"), 4, ":294");
  folder.write("c/" + path.filename().native(), changed);
  EXPECT_EQ(cache->latest(Zone("DE"), kNow)->intensity, Intensity::whole(294));
}

TEST_F(CacheTest, AFolderThatCannotBeMadeIsSaidAndAskedAround) {
  const Path file = folder.write("file", "");
  const auto broken = cached(
      *source, system_files(),
      {.folder = file / "c", .note = [this](const std::string& what) { notes.push_back(what); }});
  EXPECT_TRUE(broken->latest(Zone("DE"), kNow));
  EXPECT_TRUE(broken->latest(Zone("DE"), kNow));
  EXPECT_EQ(http.requests().size(), 2U);
  EXPECT_EQ(notes.size(), 2U);
}

TEST_F(CacheTest, ALockThatIsHeldTooLongIsSaidAndAskedAround) {
  EXPECT_TRUE(cache->latest(Zone("DE"), kNow));
  const auto held =
      system_files().lock(Path(entries().at(0).native() + ".lock"), std::chrono::milliseconds(0));
  ASSERT_TRUE(held);
  const auto impatient =
      cached(*source, system_files(),
             {.folder = folder.path() / "c",
              .wait = std::chrono::milliseconds(0),
              .note = [this](const std::string& what) { notes.push_back(what); }});
  EXPECT_TRUE(impatient->latest(Zone("DE"), kNow)->cached);  // reading takes no lock
  EXPECT_TRUE(notes.empty());
  EXPECT_FALSE(impatient->latest(Zone("DE"), kNow + hours(1))->cached);
  EXPECT_EQ(notes.size(), 1U);
}

TEST_F(CacheTest, ThoseThatComeAtOnceShareOneCall) {
  constexpr int kJobs = 8;
  std::latch start(kJobs);
  http.answer_by(latest_url("ES"), [&](const HttpRequest&) -> Result<HttpResponse> {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return HttpResponse{.status = 200, .headers = {}, .body = latest_body("ES", "99"), .url = {}};
  });
  std::vector<std::jthread> jobs;
  std::atomic<int> right = 0;
  for (int i = 0; i < kJobs; ++i) {
    jobs.emplace_back([&] {
      const auto own = cached(*source, system_files(), {.folder = folder.path() / "c"});
      start.arrive_and_wait();
      const auto reading = own->latest(Zone("ES"), kNow);
      if (reading && reading->intensity == Intensity::whole(99)) ++right;
    });
  }
  jobs.clear();
  EXPECT_EQ(right, kJobs);
  EXPECT_EQ(http.count(latest_url("ES")), 1U);
}

TEST(CacheFolder, IsWhereTheEnvironmentSays) {
  test::FakeEnvironment environment;
  EXPECT_EQ(cache_folder(environment), std::nullopt);
  environment.values["HOME"] = "/home/x";
  EXPECT_EQ(cache_folder(environment), Path("/home/x/.cache/sluice/carbon"));
  environment.values["XDG_CACHE_HOME"] = "relative";
  EXPECT_EQ(cache_folder(environment), Path("/home/x/.cache/sluice/carbon"));
  environment.values["XDG_CACHE_HOME"] = "/cache";
  EXPECT_EQ(cache_folder(environment), Path("/cache/sluice/carbon"));
}

}  // namespace
}  // namespace sluice::carbon

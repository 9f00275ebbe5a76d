// SPDX-License-Identifier: Apache-2.0
#include "base/time.h"

#include <thread>

#include "base/text.h"

namespace sluice {

namespace {

using namespace std::chrono;

// Reads fixed-width fields from the front of a timestamp.
class Fields {
 public:
  explicit Fields(std::string_view text) : rest_(text) {}

  bool number(std::size_t digits, int& out) {
    if (rest_.size() < digits) return false;
    out = 0;
    for (const char c : rest_.substr(0, digits)) {
      if (c < '0' || c > '9') return false;
      out = out * 10 + (c - '0');
    }
    rest_.remove_prefix(digits);
    return true;
  }
  bool one_of(std::string_view characters, char& out) {
    if (rest_.empty() || characters.find(rest_[0]) == std::string_view::npos) return false;
    out = rest_[0];
    rest_.remove_prefix(1);
    return true;
  }
  bool literal(char c) {
    char ignored{};
    return one_of(std::string_view(&c, 1), ignored);
  }
  bool fraction() {  // the point is consumed; 1 to 9 digits follow
    std::size_t digits = 0;
    for (int ignored = 0; digits < 9 && number(1, ignored);) ++digits;
    return digits > 0;
  }
  bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

bool parse_offset(Fields& in, seconds& offset) {
  char sign{};
  if (!in.one_of("Zz+-", sign)) return false;
  if (sign == 'Z' || sign == 'z') return true;
  int h = 0;
  int m = 0;
  if (!in.number(2, h) || !in.literal(':') || !in.number(2, m) || h > 23 || m > 59) return false;
  offset = hours(h) + minutes(m);
  if (sign == '-') offset = -offset;
  return true;
}

std::string padded(unsigned value, std::size_t width) {
  std::string digits = cat(value);
  return digits.size() < width ? std::string(width - digits.size(), '0') + digits : digits;
}

std::string render(Time time, char between) {
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  const auto part = [](auto value) { return padded(static_cast<unsigned>(value), 2); };
  return cat(padded(static_cast<unsigned>(static_cast<int>(date.year())), 4), "-",
             part(static_cast<unsigned>(date.month())), "-",
             part(static_cast<unsigned>(date.day())), between, part(clock.hours().count()), ":",
             part(clock.minutes().count()), ":", part(clock.seconds().count()), "Z");
}

class SystemClock final : public Clock {
 public:
  Time now() const override { return floor<seconds>(std::chrono::system_clock::now()); }
  steady_clock::time_point ticks() const override { return steady_clock::now(); }
  void sleep(milliseconds length) override { std::this_thread::sleep_for(length); }
};

}  // namespace

Result<Time> parse_rfc3339(std::string_view text) {
  Fields in(text);
  int y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0;
  char separator{};
  seconds offset{0};
  const bool shaped = in.number(4, y) && in.literal('-') && in.number(2, mo) && in.literal('-') &&
                      in.number(2, d) && in.one_of("Tt", separator) && in.number(2, h) &&
                      in.literal(':') && in.number(2, mi) && in.literal(':') && in.number(2, s) &&
                      (!in.literal('.') || in.fraction()) && parse_offset(in, offset) && in.done();
  const year_month_day date(year(y), month(static_cast<unsigned>(mo)),
                            day(static_cast<unsigned>(d)));
  if (!shaped || !date.ok() || h > 23 || mi > 59 || s > 59) {
    return fail(Errc::malformed, cat("not an RFC 3339 time: \"", printable(text, 40), "\""));
  }
  return sys_days(date) + hours(h) + minutes(mi) + seconds(s) - offset;
}

std::string rfc3339(Time time) { return render(time, 'T'); }
std::string human_time(Time time) { return render(time, ' '); }

std::string human_duration(seconds length) {
  const auto s = length.count();
  if (s < 120) return cat(s, " s");
  if (s < 7200) return cat(s / 60, " min");
  if (s < 172800)
    return s % 3600 >= 60 ? cat(s / 3600, " h ", s % 3600 / 60, " min") : cat(s / 3600, " h");
  return cat(s / 86400, " days");
}

Clock& system_clock() {
  static SystemClock clock;
  return clock;
}

}  // namespace sluice

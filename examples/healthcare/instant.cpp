#include "healthcare/instant.hpp"

#include <cstdio>
#include <optional>

#include "healthcare/errc.hpp"

namespace healthcare {
namespace {

// Takes pieces off the front of a date text; any mismatch makes it bad for good.
class scanner {
 public:
  explicit scanner(std::string_view text) : rest_{text} {}

  int digits(std::size_t count) {
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (rest_.empty() || rest_.front() < '0' || rest_.front() > '9') return fail();
      value = value * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return value;
  }

  bool take(char wanted) {
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char wanted) {
    if (!take(wanted)) fail();
  }

  // The digits after the decimal point, cut to milliseconds.
  int fraction_ms() {
    int value = 0;
    int scale = 100;
    bool any = false;
    while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') {
      value += (rest_.front() - '0') * scale;
      scale /= 10;
      any = true;
      rest_.remove_prefix(1);
    }
    return any ? value : fail();
  }

  bool at_end() const { return rest_.empty(); }
  bool good() const { return good_; }

 private:
  int fail() {
    good_ = false;
    return 0;
  }

  std::string_view rest_;
  bool good_ = true;
};

troupe::error bad_time(std::string_view text) {
  return {errc::bad_value, "not a FHIR date and time: \"" + std::string{text.substr(0, 40)} + "\""};
}

std::optional<std::chrono::sys_days> day_of(int year, int month, int day, int first_year) {
  if (year < first_year || year > 2199) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days{date};
}

}  // namespace

troupe::result<instant> parse_instant(std::string_view text) {
  scanner in{text};
  const int year = in.digits(4);
  in.expect('-');
  const int month = in.digits(2);
  in.expect('-');
  const int day = in.digits(2);
  in.expect('T');
  const int hour = in.digits(2);
  in.expect(':');
  const int minute = in.digits(2);
  in.expect(':');
  const int second = in.digits(2);
  const int fraction = in.take('.') ? in.fraction_ms() : 0;
  int offset_minutes = 0;
  if (!in.take('Z')) {
    const bool west = in.take('-');
    if (!west) in.expect('+');
    const int hours = in.digits(2);
    in.expect(':');
    const int minutes = in.digits(2);
    if (hours > 14 || minutes > 59) return bad_time(text);
    offset_minutes = (west ? -1 : 1) * (hours * 60 + minutes);
  }
  const auto date = day_of(year, month, day, 1900);
  if (!in.good() || !in.at_end() || !date || hour > 23 || minute > 59 || second > 60) return bad_time(text);
  return instant{*date} + std::chrono::hours{hour} + std::chrono::minutes{minute - offset_minutes} +
         std::chrono::seconds{second} + std::chrono::milliseconds{fraction};
}

troupe::result<std::chrono::sys_days> parse_date(std::string_view text) {
  scanner in{text.substr(0, text.find('T'))};
  const int year = in.digits(4);
  const int month = in.take('-') ? in.digits(2) : 1;
  const int day = in.take('-') ? in.digits(2) : 1;
  const auto date = day_of(year, month, day, 1850);
  if (!in.good() || !in.at_end() || !date) return bad_time(text);
  return *date;
}

std::string to_text(instant time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  char text[48];
  int length = std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                             static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                             static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                             static_cast<int>(clock.seconds().count()));
  const auto fraction = static_cast<int>(clock.subseconds().count());
  if (fraction != 0) length += std::snprintf(text + length, sizeof text - length, ".%03d", fraction);
  return std::string(text, length) + "Z";
}

std::string clock_text(instant time) { return to_text(time).substr(11, 5); }

}  // namespace healthcare

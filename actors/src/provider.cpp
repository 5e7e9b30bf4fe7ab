#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <string>
#include <troupe/actors/errc.hpp>
#include <troupe/actors/provider.hpp>
#include <vector>

namespace troupe {

error provider_error(int http_status, std::string text, std::optional<duration> retry_after) {
  const bool rejected = http_status >= 400 && http_status < 500 && http_status != 408;
  const auto code = http_status == 429 ? agent_errc::provider_throttled
                    : rejected         ? agent_errc::provider_rejected
                                       : agent_errc::provider_unavailable;
  std::string words = http_status == 0 ? "no answer" : "HTTP " + std::to_string(http_status);
  if (!text.empty()) words += ": " + text;
  return error{code, std::move(words)}.with_retry_after(retry_after);
}

namespace {

constexpr std::chrono::seconds delay_max = std::chrono::hours{24 * 3653};

// A number of decimal digits and nothing else.
std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || text.front() == '-' || wrong != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

std::optional<std::chrono::month> month_of(std::string_view name) {
  static constexpr std::array<std::string_view, 12> names{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return {};
  return std::chrono::month{static_cast<unsigned>(found - names.begin() + 1)};
}

// hh:mm:ss, a leap second included.
std::optional<std::chrono::seconds> time_of_day(std::string_view text) {
  if (text.size() != 8 || text[2] != ':' || text[5] != ':') return {};
  const auto h = number(text.substr(0, 2)), m = number(text.substr(3, 2)), s = number(text.substr(6, 2));
  if (!h || !m || !s || *h > 23 || *m > 59 || *s > 60) return {};
  return std::chrono::hours{*h} + std::chrono::minutes{*m} + std::chrono::seconds{*s};
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty() && words.size() < 8) {
    const auto end = std::min(text.find_first_of(" -"), text.size());
    if (end > 0) words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return words;
}

// RFC 850 writes two digits: a year that seems more than 50 years in the future is one of the past century.
int whole_year(int two_digits, timestamp now) {
  const std::chrono::year_month_day today{std::chrono::floor<std::chrono::days>(now)};
  const int present = static_cast<int>(today.year());
  const int year = present - present % 100 + two_digits;
  return year > present + 50 ? year - 100 : year;
}

// "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT" or "Sun Nov  6 08:49:37 1994".
std::optional<std::chrono::sys_seconds> http_date(std::string_view text, timestamp now) {
  const auto words = words_of(text);
  const bool asctime = words.size() == 5;
  if (!asctime && (words.size() != 6 || words[5] != "GMT" || words[0].back() != ',')) return {};
  const auto day = number(asctime ? words[2] : words[1]);
  const auto month = month_of(asctime ? words[1] : words[2]);
  const auto year_text = asctime ? words[4] : words[3];
  auto year = number(year_text);
  const auto time = time_of_day(asctime ? words[3] : words[4]);
  if (!day || !month || !year || !time) return {};
  if (year_text.size() == 2) year = whole_year(*year, now);
  const std::chrono::year_month_day date{std::chrono::year{*year}, *month,
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok() || *year > 9999) return {};
  return std::chrono::sys_days{date} + *time;
}

}  // namespace

std::optional<duration> parse_retry_after(std::string_view value, timestamp now) {
  const auto first = value.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  value = value.substr(first, value.find_last_not_of(" \t") - first + 1);
  if (value.find_first_not_of("0123456789") == std::string_view::npos) {
    const auto seconds = value.size() <= 9 ? number(value) : std::optional<int>{999'999'999};
    return std::min<std::chrono::seconds>(std::chrono::seconds{*seconds}, delay_max);
  }
  const auto date = http_date(value, now);
  if (!date) return {};
  const auto today = std::chrono::floor<std::chrono::seconds>(now);
  if (*date - today > delay_max) return delay_max;
  return std::max<duration>(duration{0}, duration{*date - today} - (now - today));
}

}  // namespace troupe

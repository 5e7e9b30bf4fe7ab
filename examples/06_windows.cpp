// A conversation of a year in a window of 300 tokens. What does not fit any more is summarised, and moves to the
// archive, where it is still found. The memory is in a temporary folder.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <string>
#include <troupe/actors/agent.hpp>
#include <troupe/actors/node.hpp>
#include <troupe/memory/store.hpp>
#include <vector>

using namespace std::chrono_literals;
namespace memory = troupe::memory;

struct window_of_week {
  std::uint64_t tokens = 0;
  std::map<std::string, std::int64_t> parts;  // by kind
  bool calls_are_whole = true;                // each tool call stands with its result
  bool summarised = false;
  std::string retrieved;  // the best of it
  TROUPE_MESSAGE(window_of_week, tokens, parts, calls_are_whole, summarised, retrieved)
};
// Each day the user says something, the assistant answers, and every third day it uses a tool; at the end of the week
// the prompt for the next answer is made.
struct a_week {
  std::int64_t number = 0;
  std::vector<std::string> said;  // day by day
  std::string question;
  using reply_type = window_of_week;
  TROUPE_MESSAGE(a_week, number, said, question)
};

class assistant : public troupe::agent {
 public:
  explicit assistant(troupe::agent_context& context) : agent{context} { on(&assistant::live); }
  static constexpr std::size_t tokens_max = 300;

 private:
  static constexpr troupe::timestamp new_year{
      std::chrono::sys_days{std::chrono::year{2024} / 1 / 1}.time_since_epoch()};

  static void remember_day(std::int64_t day, const std::string& said, troupe::turn& now) {
    const auto morning = new_year + (day - 1) * 24h + 8h;
    memory::record turn{.time = morning, .text = said};
    now.remember(turn);
    if (day % 3 == 0) {  // what has one value of "call" stays together
      turn.attributes["call"] = "call " + std::to_string(day);
      turn.text = "tool call: temperature(day " + std::to_string(day) + ")";
      turn.time = morning + 1min;
      now.remember(turn);
      turn.text = "tool result: " + std::to_string(day * 7 % 30) + " degrees";
      turn.time = morning + 2min;
      now.remember(turn);
    }
    const memory::record last{.time = morning + 3min, .text = "I see; that is day " + std::to_string(day) + "."};
    now.remember(last);
  }

  troupe::task<window_of_week> live(a_week week, troupe::turn& now) {
    auto day = (week.number - 1) * 7;
    for (const auto& said : week.said) remember_day(++day, said, now);

    window_of_week made;
    const memory::summary_policy policy{
        .overflow_tokens = 400, .keep_tokens = 120, .summary_tokens_max = 60, .idle = {}, .importance_sum = 1e9};
    const auto summary = co_await now.summarize(policy);
    made.summarised = summary.has_value();

    memory::window_query how{.question = week.question, .options = {.tokens_max = tokens_max}};
    how.pinned.push_back({.kind = memory::part_kind::pinned, .text = "You are a patient assistant."});
    how.retrieved_max = 5;
    how.recent_max = 50;
    const auto filled = co_await now.window(how);
    made.tokens = filled.tokens;
    std::map<std::uint64_t, int> calls;
    double best = -1;
    for (const auto& part : filled.parts) {
      ++made.parts[std::string{to_string(part.kind)}];
      if (part.call != 0) ++calls[part.call];
      if (part.kind == memory::part_kind::retrieved && part.score > best) best = part.score, made.retrieved = part.text;
    }
    for (const auto& [call, parts] : calls) made.calls_are_whole &= parts == 2;
    co_return made;
  }
};

std::string said_on(int day) {
  if (day < 1) return "nothing";
  static constexpr const char* subjects[] = {"the garden", "my neighbour", "the bus", "a book", "the cat"};
  static constexpr const char* events[] = {"was quiet",
                                           "came too late",
                                           "made me laugh",
                                           "needs some water",
                                           "kept me awake",
                                           "looked better than last week",
                                           "was all I had time for"};
  if (day == 17) return "I left my red umbrella at the dentist's.";
  return "On day " + std::to_string(day) + " " + subjects[day % 5] + " " + events[day % 7] + ".";
}

int main() {
  auto folder = (std::filesystem::temp_directory_path() / "06_windows-XXXXXX").string();
  if (!::mkdtemp(folder.data())) return std::perror("no temporary folder"), 1;
  {
    troupe::node_options options;
    options.memory = memory::store::open({.folder = folder}).value();
    troupe::node node{std::move(options)};
    node.supervise({.name = "home", .children = {troupe::child<assistant>("assistant")}}).value();
    const auto it = node.ref(troupe::path{"/home/assistant"});

    std::cout << "week  tokens  pinned  summary  retrieved  recent\n";
    std::uint64_t most = 0;
    int summaries = 0;
    bool whole = true;
    window_of_week last;
    for (int week = 1; week <= 52; ++week) {
      a_week next{week, {}, "How is " + said_on(week * 7 - 30) + "?"};
      for (int day = week * 7 - 6; day <= week * 7; ++day) next.said.push_back(said_on(day));
      if (week == 52) next.question = "Where is my red umbrella?";
      last = node.ask(it, next).value();
      most = std::max(most, last.tokens);
      summaries += last.summarised ? 1 : 0;
      whole &= last.calls_are_whole;
      if (week != 1 && week != 2 && week != 5 && week != 10 && week != 30 && week != 52) continue;
      std::printf("%4d  %6d  %6d  %7d  %9d  %6d\n", week, static_cast<int>(last.tokens),
                  static_cast<int>(last.parts["pinned"]), static_cast<int>(last.parts["summary"]),
                  static_cast<int>(last.parts["retrieved"]), static_cast<int>(last.parts["recent"]));
    }
    std::printf("The fullest window had %d tokens of %d.\n", static_cast<int>(most),
                static_cast<int>(assistant::tokens_max));
    std::printf("Each tool call stood with its result: %s.\n", whole ? "yes" : "no");

    const auto spaces = node.memory()->spaces({}, troupe::path{"/home"}).value();
    for (const auto& each : spaces)
      std::printf("%s: %d records, %d summaries among them; %d were summarised, and are in the archive.\n",
                  each.space.str().c_str(), static_cast<int>(each.records), summaries,
                  static_cast<int>(each.archived_records));
    std::printf("Where is my red umbrella? From the archive: %s\n", last.retrieved.c_str());
  }
  std::filesystem::remove_all(folder);
}

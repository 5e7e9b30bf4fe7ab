// An agent that remembers. The concierge stores what it is told, answers from what it finds, knows who had a room on
// which day, and keeps a number of its own across restarts. Run it twice with --data FOLDER: the second time it is told
// nothing and still knows.

#include <stdlib.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <string_view>
#include <troupe/actors/agent.hpp>
#include <troupe/actors/run.hpp>
#include <vector>

using namespace std::chrono_literals;

struct answer {
  std::string text;
  TROUPE_MESSAGE(answer, text)
};

struct come_to_work {  // "day N"
  using reply_type = answer;
  TROUPE_MESSAGE(come_to_work)
};
struct told {
  std::string text;
  TROUPE_MESSAGE(told, text)
};
struct moved_in {
  std::string room, guest;
  troupe::timestamp when{};
  TROUPE_MESSAGE(moved_in, room, guest, when)
};
struct question {
  std::string text;
  using reply_type = answer;
  TROUPE_MESSAGE(question, text)
};
struct who_lived_in {
  std::string room;
  troupe::timestamp when{};
  using reply_type = answer;
  TROUPE_MESSAGE(who_lived_in, room, when)
};
struct stumble {
  TROUPE_MESSAGE(stumble)
};

class concierge : public troupe::agent {
 public:
  explicit concierge(troupe::agent_context& context) : agent{context} {
    keep("days", days_);  // restored before the first message, saved after each turn that changed it
    on([this](const come_to_work&) { return answer{std::to_string(++days_)}; });
    on([this](const stumble&) {
      days_ = -1;  // not saved: the turn fails
      throw std::runtime_error{"the carpet"};
    });
    // Begun at once, and not waited for.
    on([](const told& what, troupe::turn& now) { now.remember(what.text); });
    on([](const moved_in& what, troupe::turn& now) {
      troupe::memory::record fact{.kind = troupe::memory::record_kind::fact};
      fact.fact = troupe::memory::fact_part{.key = "room/" + what.room, .value = what.guest, .valid_from = what.when};
      now.remember(fact);
    });
    on(&concierge::reply);
    on(&concierge::look_up);
  }

 private:
  // A query is named before it is awaited; or in one expression: co_await now.recall(text, limit).
  troupe::task<answer> reply(question asked, troupe::turn& now) {
    const troupe::memory::query query{.text = asked.text, .limit = 2, .kinds = {troupe::memory::record_kind::episode}};
    std::string text;
    for (const auto& hit : co_await now.recall(query)) {
      std::array<char, 32> score{};
      std::snprintf(score.data(), score.size(), "%.2f", hit.score);
      text += "\n    " + std::string{score.data()} + "  " + hit.what.text + "  [" + hit.what.id.to_string() + "]";
    }
    co_return answer{text};
  }

  troupe::task<answer> look_up(who_lived_in asked, troupe::turn& now) {
    const troupe::memory::facts_query query{.key_prefix = "room/" + asked.room, .as_of = asked.when};
    std::string text = "nobody";
    for (const auto& each : co_await now.facts(query)) text = each.fact->value;
    co_return answer{text};
  }

  std::int64_t days_ = 0;
};

constexpr troupe::timestamp first_of_may{std::chrono::sys_days{std::chrono::year{2025} / 5 / 1}.time_since_epoch()};

void a_day(troupe::node& node) {
  node.supervise({.name = "hotel", .children = {troupe::child<concierge>("concierge")}}).value();
  const auto desk = node.ref(troupe::path{"/hotel/concierge"});

  const auto day = node.ask(desk, come_to_work{}).value().text;
  std::cout << "The concierge's day " << day << ".\n";
  if (day == "1") {
    for (const char* text : {"Ada likes her eggs soft boiled", "Grace is allergic to nuts",
                             "the lift stops between the floors on Mondays", "the bakery next door opens at six",
                             "Ada's train to Cambridge leaves on Friday at nine", "Grace asked for a second blanket"})
      node.ask(desk, told{text}).value();
    node.ask(desk, moved_in{"7", "Ada", first_of_may}).value();
    node.ask(desk, moved_in{"7", "Grace", first_of_may + 10 * 24h}).value();
    std::cout << "It is told six things, and who had room 7 from when on.\n";
  } else {
    std::cout << "It is told nothing today.\n";
  }

  for (const char* text : {"When does the train leave?", "Who cannot eat nuts?"})
    std::cout << text << node.ask(desk, question{text}).value().text << '\n';
  for (const int later : {-1, 4, 14})
    std::cout << "Room 7, "
              << (later < 0    ? "in April"
                  : later < 10 ? "on May 5"
                               : "on May 15")
              << ": " << node.ask(desk, who_lived_in{"7", first_of_may + later * 24h}).value().text << '\n';

  // What a failed turn did to the agent is gone: it comes back as the last good turn left it.
  if (const auto failed = node.ask(desk, stumble{}); !failed)
    std::cout << "It stumbles, and comes back: day " << node.ask(desk, come_to_work{}).value().text << ".\n";
  node.request_stop("the day is over");
}

int main(int argc, char** argv) {
  std::vector<std::string> arguments{argv, argv + argc};
  std::string folder;
  const auto names_it = [](const std::string& each) {
    return each.starts_with("--data") || each.starts_with("memory.folder") || each.starts_with("--config");
  };
  if (std::none_of(arguments.begin(), arguments.end(), names_it) && !::getenv("TROUPE_MEMORY_FOLDER")) {
    folder = (std::filesystem::temp_directory_path() / "05_memory-XXXXXX").string();
    if (!::mkdtemp(folder.data())) return std::perror("no temporary folder"), 1;
    std::cout << "(in a temporary folder, for this run only: --data FOLDER makes it last)\n";
    arguments.insert(arguments.end(), {"--data", folder});
  }
  std::vector<char*> pointers;
  for (auto& each : arguments) pointers.push_back(each.data());
  pointers.push_back(nullptr);
  const int code = troupe::run(static_cast<int>(arguments.size()), pointers.data(), a_day,
                               {.name = "05_memory", .description = "An agent that remembers."});
  if (!folder.empty()) std::filesystem::remove_all(folder);
  return code;
}

// How many of the turns that answer a question of LoCoMo-10 are among the first that a memory finds, by method, and how
// long it takes. The data is not ours to ship (CC BY-NC 4.0): its path is given. See README.md.

#include <fmt/format.h>
#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>
#include <troupe/memory/store.hpp>
#include <vector>

namespace {

namespace memory = troupe::memory;
using nlohmann::json;

struct question {
  std::string text;
  int category = 0;
  std::set<troupe::id> evidence;
};

struct conversation {
  troupe::path space;
  std::vector<question> questions;
};

// "1:56 pm on 8 May, 2023"
troupe::timestamp parse_time(const std::string& text) {
  static const std::regex form{R"((\d+):(\d+) (am|pm) on (\d+) (\w+), (\d+))"};
  static const std::array<std::string, 12> months{"January",   "February", "March",    "April",
                                                  "May",       "June",     "July",     "August",
                                                  "September", "October",  "November", "December"};
  std::smatch found;
  if (!std::regex_match(text, found, form)) throw std::runtime_error{"not a time: " + text};
  const auto month = std::find(months.begin(), months.end(), found[5].str());
  if (month == months.end()) throw std::runtime_error{"not a month: " + text};
  const std::chrono::year_month_day day{std::chrono::year{std::stoi(found[6])},
                                        std::chrono::month{static_cast<unsigned>(month - months.begin()) + 1},
                                        std::chrono::day{static_cast<unsigned>(std::stoi(found[4]))}};
  const auto hour = std::stoi(found[1]) % 12 + (found[3] == "pm" ? 12 : 0);
  return std::chrono::sys_days{day} + std::chrono::hours{hour} + std::chrono::minutes{std::stoi(found[2])};
}

std::string text_of(const json& turn) {
  auto text = turn.at("speaker").get<std::string>() + ": " + turn.at("text").get<std::string>();
  if (turn.contains("blip_caption")) text += " [shares a photo of " + turn.at("blip_caption").get<std::string>() + "]";
  return text;
}

// Each session is a space; each turn a record in it.
conversation remember(memory::store& store, const json& from, std::size_t number) {
  const troupe::path root;
  conversation made{root / "locomo" / std::to_string(number), {}};
  std::map<std::string, troupe::id> turns;
  const auto& sessions = from.at("conversation");
  for (int n = 1; sessions.contains(fmt::format("session_{}_date_time", n)); ++n) {
    const auto name = fmt::format("session_{}", n);
    if (!sessions.contains(name)) continue;
    memory::command command;
    for (const auto& turn : sessions.at(name)) {
      memory::record what;
      what.space = made.space / name;
      what.text = text_of(turn);
      what.time = parse_time(sessions.at(name + "_date_time").get<std::string>());
      auto prepared = store.prepare(root, std::move(what)).value();
      turns[turn.at("dia_id").get<std::string>()] = prepared.what.id;
      command.operations.emplace_back(std::move(prepared));
    }
    store.apply(std::move(command)).value();
  }
  static const std::regex turn_id{R"(D\d+:\d+)"};
  for (const auto& each : from.at("qa")) {
    question asked{each.at("question").get<std::string>(), each.at("category").get<int>(), {}};
    for (const auto& part : each.value("evidence", json::array())) {
      const auto text = part.get<std::string>();
      for (std::sregex_iterator id{text.begin(), text.end(), turn_id}, end; id != end; ++id)
        if (const auto found = turns.find(id->str()); found != turns.end()) asked.evidence.insert(found->second);
    }
    if (!asked.evidence.empty()) made.questions.push_back(std::move(asked));
  }
  return made;
}

// Sums over questions.
struct score {
  double recall_5 = 0, recall_10 = 0, recall_20 = 0, any_10 = 0, reciprocal_rank = 0;
  std::size_t questions = 0;

  void add(const question& asked, const std::vector<troupe::id>& ranked) {
    std::size_t found = 0;
    const auto all = static_cast<double>(asked.evidence.size());
    for (std::size_t n = 0; n < ranked.size(); ++n) {
      if (!asked.evidence.contains(ranked[n])) continue;
      if (++found == 1) reciprocal_rank += 1 / static_cast<double>(n + 1), any_10 += n < 10 ? 1 : 0;
      recall_5 += n < 5 ? 1 / all : 0, recall_10 += n < 10 ? 1 / all : 0, recall_20 += n < 20 ? 1 / all : 0;
    }
    ++questions;
  }
  void print(const std::string& name) const {
    const auto percent = [this](double sum) { return 100 * sum / static_cast<double>(questions); };
    fmt::print("{:<40} {:>5} {:>6.1f} {:>6.1f} {:>6.1f} {:>6.1f} {:>6.1f}\n", name, questions, percent(recall_5),
               percent(recall_10), percent(recall_20), percent(any_10), percent(reciprocal_rank));
  }
};

using ranking = std::vector<troupe::id>;

memory::query query_of(const conversation& in, const question& asked, const memory::recall_weights& weights) {
  memory::query what;
  what.text = asked.text;
  what.space = in.space;
  what.limit = 1000;  // more than a conversation has
  what.weights = weights;
  return what;
}

ranking ranked(const memory::store& store, const memory::query& what) {
  ranking made;
  const auto hits = store.recall({}, what).value();
  for (const auto& each : hits) made.push_back(each.what.id);
  return made;
}

// Reciprocal rank fusion (Cormack et al., 2009), k = 60.
ranking fused(const ranking& one, const ranking& other) {
  std::map<troupe::id, double> scores;
  for (const auto* each : {&one, &other})
    for (std::size_t n = 0; n < each->size(); ++n) scores[(*each)[n]] += 1 / static_cast<double>(60 + n + 1);
  ranking made;
  for (const auto& each : scores) made.push_back(each.first);
  std::stable_sort(made.begin(), made.end(), [&](const auto& x, const auto& y) { return scores[x] > scores[y]; });
  return made;
}

constexpr memory::recall_weights nothing{0, 0, 0, 0, 0, 0, 0, 0};

memory::recall_weights weights(double words, double window, double meaning) {
  auto made = nothing;
  made.words = words, made.window = window, made.meaning = meaning;
  return made;
}

memory::recall_weights without_mention(memory::recall_weights from) {
  from.mention = 0;
  return from;
}

struct method {
  std::string name;
  memory::recall_weights weights;
  bool by_rank = false;
};

std::vector<method> all_methods(const memory::recall_weights& all) {
  return {{"BM25 of the record", weights(1, 0, 0)},
          {"hashed embedder", weights(0, 0, 1)},
          {"reciprocal rank fusion of both", nothing, true},
          {"min-max fusion of both", weights(1, 0, 1)},
          {"BM25 of the record and its window", weights(1, 1, 0)},
          {"hierarchy: record, window, space; both", without_mention(all)},
          {"default: with who speaks", all}};
}

class benchmark {
 public:
  benchmark(const memory::store& store, const std::vector<conversation>& all, std::vector<method> methods)
      : store_{store}, all_{all}, methods_{std::move(methods)} {}

  void measure() {
    for (std::size_t n = 0; n < all_.size(); ++n)
      for (const auto& asked : all_[n].questions) {
        const auto by = [&](const memory::recall_weights& weights) {
          return ranked(store_, query_of(all_[n], asked, weights));
        };
        for (const auto& each : methods_)
          scores_[each.name][{n < all_.size() / 2 ? 0 : 1, asked.category}].add(
              asked, each.by_rank ? fused(by(weights(1, 0, 0)), by(weights(0, 0, 1))) : by(each.weights));
      }
  }

  void print(bool halves) const {
    static const std::map<int, std::string> categories{
        {1, "several turns"}, {2, "when"}, {3, "needs other knowledge"}, {4, "one turn"}, {5, "not to be answered"}};
    fmt::print("{:<40} {:>5} {:>6} {:>6} {:>6} {:>6} {:>6}\n", "percent", "asked", "R@5", "R@10", "R@20", "any@10",
               "MRR");
    const auto print_sum = [&](const std::string& method, const std::string& name, auto counts) {
      score sum;
      for (const auto& [part, each] : scores_.at(method)) {
        if (!counts(part.first, part.second)) continue;
        sum.recall_5 += each.recall_5, sum.recall_10 += each.recall_10, sum.recall_20 += each.recall_20;
        sum.any_10 += each.any_10, sum.reciprocal_rank += each.reciprocal_rank, sum.questions += each.questions;
      }
      if (sum.questions > 0) sum.print(name);
    };
    for (const auto& each : methods_) {
      print_sum(each.name, each.name, [](int, int) { return true; });
      for (const auto& [category, name] : categories)
        print_sum(each.name, fmt::format("  {} {}", category, name), [c = category](int, int its) { return its == c; });
      if (!halves) continue;
      print_sum(each.name, "  first half of the conversations", [](int half, int) { return half == 0; });
      print_sum(each.name, "  second half", [](int half, int) { return half == 1; });
    }
  }

  // Of the default's first ten.
  void print_latency() const {
    std::vector<double> taken_us;
    for (const auto& conversation : all_)
      for (const auto& asked : conversation.questions) {
        auto what = query_of(conversation, asked, methods_.back().weights);
        what.limit = 10;
        const auto began = std::chrono::steady_clock::now();
        static_cast<void>(store_.recall({}, what).value());
        taken_us.push_back(std::chrono::duration<double, std::micro>{std::chrono::steady_clock::now() - began}.count());
      }
    if (taken_us.empty()) return;
    std::sort(taken_us.begin(), taken_us.end());
    const auto at = [&](double share) {
      return taken_us[static_cast<std::size_t>(share * static_cast<double>(taken_us.size() - 1))];
    };
    fmt::print("\nthe default's first ten: p50 {:.0f} us, p99 {:.0f} us\n", at(0.5), at(0.99));
  }

 private:
  const memory::store& store_;
  const std::vector<conversation>& all_;
  const std::vector<method> methods_;
  std::map<std::string, std::map<std::pair<int, int>, score>> scores_;  // by method, then half and category
};

}  // namespace

int main(int argc, char** argv) {
  std::filesystem::path data;
  bool halves = false, only_default = false;
  memory::recall_weights weights;
  CLI::App app{"Retrieval on LoCoMo-10, by method"};
  app.add_option("--locomo", data, "locomo10.json")->required()->check(CLI::ExistingFile);
  app.add_flag("--holdout", halves, "Also the halves of the conversations");
  app.add_flag("--only-default", only_default, "Only the last method");
  for (const auto& [name, part] : std::map<std::string, double*>{{"--words", &weights.words},
                                                                 {"--window", &weights.window},
                                                                 {"--space", &weights.space},
                                                                 {"--meaning", &weights.meaning},
                                                                 {"--window-meaning", &weights.window_meaning},
                                                                 {"--mention", &weights.mention}})
    app.add_option(name, *part, "A weight of the last two methods, instead of the product's");
  CLI11_PARSE(app, argc, argv);

  auto name = (std::filesystem::temp_directory_path() / "troupe-bench-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) return std::perror("a temporary folder"), 1;
  const std::filesystem::path folder{name};
  int status = 0;
  try {
    const auto store = memory::store::open({.folder = folder / "memory"}).value();
    std::ifstream file{data};
    std::vector<conversation> all;
    for (const auto& each : json::parse(file)) all.push_back(remember(*store, each, all.size()));
    auto methods = all_methods(weights);
    if (only_default) methods.erase(methods.begin(), methods.end() - 1);
    benchmark measured{*store, all, std::move(methods)};
    measured.measure();
    measured.print(halves);
    measured.print_latency();
  } catch (const std::exception& why) {
    fmt::print(stderr, "{}\n", why.what());
    status = 1;
  }
  std::filesystem::remove_all(folder);
  return status;
}

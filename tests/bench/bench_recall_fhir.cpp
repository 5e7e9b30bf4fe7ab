// How many of the records that answer a question about a patient are among the first that a memory finds, where the
// memory is what the healthcare assistant makes of FHIR bundles, and the questions are made from the bundles by
// templates. The bundles are given. See README.md.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "healthcare/memory_cli.hpp"

namespace {

namespace memory = troupe::memory;
using namespace healthcare;

struct asked {
  std::string kind;
  std::set<std::string> evidence;  // keys of records
};
// By patient and text: what several entries would ask is one question, which all of them answer.
using questions = std::map<std::pair<std::string, std::string>, asked>;

std::string year_of(instant time) { return to_text(time).substr(0, 4); }
std::string month_of(instant time) {
  static constexpr std::array names{"January", "February", "March",     "April",   "May",      "June",
                                    "July",    "August",   "September", "October", "November", "December"};
  return std::string{names[std::stoul(to_text(time).substr(5, 2)) - 1]} + " " + year_of(time);
}

void ask_about_values(const record& about, const history_entry& of, questions& into) {
  const auto& who = about.who.name;
  const auto key = "Observation/" + to_text(*of.from) + "/" + of.category;
  const auto add = [&](const char* kind, const std::string& text) {
    auto& one = into[{about.who.id, text}];
    one.kind = kind;
    one.evidence.insert(key);
  };
  for (const auto& each : of.measurements) {
    const auto value = std::strtod(each.value.c_str(), nullptr);
    if (each.code == "8480-6" && value > 130)
      add("value above a bound", "When was the upper value of " + who + "'s pressure over 130?");
    if (each.code == "29463-7") add("value in a year", "How heavy was " + who + " in " + year_of(*of.from) + "?");
    if (each.what == "Total Cholesterol")
      add("laboratory value in a year",
          "What did the lab find for " + who + "'s cholesterol in " + year_of(*of.from) + "?");
  }
}

void ask_about(const record& about, const history_entry& of, questions& into) {
  const auto& who = about.who.name;
  const auto add = [&](const char* kind, const std::string& text) {
    auto& one = into[{about.who.id, text}];
    one.kind = kind;
    one.evidence.insert(of.id);
  };
  if (of.kind == history_kind::allergy) add("allergies", "What must " + who + " keep away from because of allergies?");
  if (!of.from) return;
  switch (of.kind) {
    case history_kind::condition:
      add("onset of a condition", "When did " + who + " first suffer from " + of.what + "?");
      add("condition of a month", "What illness did " + who + " come down with in " + month_of(*of.from) + "?");
      break;
    case history_kind::medication:
      add("drug of a day", "Which drug was started for " + who + " on " + to_text(*of.from).substr(0, 10) + "?");
      add("start of a drug", "Since when has " + who + " taken " + of.what + "?");
      for (const auto& reason : of.reasons)
        add("drug for a reason", "What does " + who + " take against " + reason + "?");
      break;
    case history_kind::encounter:
      add("visit of a month", "What brought " + who + " to the clinic in " + month_of(*of.from) + "?");
      break;
    case history_kind::procedure: add("procedure", "Has " + who + " ever undergone " + of.what + "?"); break;
    case history_kind::immunization:
      add("vaccinations of a year", "Which shots did " + who + " get in " + year_of(*of.from) + "?");
      break;
    case history_kind::care_plan: add("care plan", "What was " + who + " advised to do about " + of.what + "?"); break;
    case history_kind::observation: ask_about_values(about, of, into); break;
    case history_kind::allergy: break;
  }
}

std::map<std::string, troupe::id> ids_of(const memory::store& of, const std::string& patient) {
  std::map<std::string, troupe::id> out;
  for (std::optional<std::uint64_t> from = 0; from;) {
    const auto page = of.read({}, patient_space(patient), *from).value();
    for (const auto& each : page.records) out[each.attributes.at("key")] = each.id;
    from = page.next;
  }
  return out;
}

// Sums over questions.
struct score {
  double recall_5 = 0, recall_10 = 0, recall_20 = 0, reciprocal_rank = 0;
  std::size_t questions = 0;

  void add(const std::set<troupe::id>& evidence, const std::vector<memory::hit>& ranked) {
    const auto share = 1 / static_cast<double>(evidence.size());
    bool found = false;
    for (std::size_t n = 0; n < ranked.size(); ++n) {
      if (!evidence.contains(ranked[n].what.id)) continue;
      if (!std::exchange(found, true)) reciprocal_rank += 1 / static_cast<double>(n + 1);
      recall_5 += n < 5 ? share : 0, recall_10 += n < 10 ? share : 0, recall_20 += n < 20 ? share : 0;
    }
    ++questions;
  }
  void print(const std::string& name) const {
    const auto percent = [this](double sum) { return 100 * sum / static_cast<double>(questions); };
    fmt::print("{:<40} {:>5} {:>6.1f} {:>6.1f} {:>6.1f} {:>6.1f}\n", name, questions, percent(recall_5),
               percent(recall_10), percent(recall_20), percent(reciprocal_rank));
  }
};

void measure(const memory::store& store, const ward& patients) {
  questions all;
  for (const auto& [id, about] : patients.records())
    for (const auto& each : about.history) ask_about(about, each, all);
  std::map<std::string, std::map<std::string, troupe::id>> ids;
  for (const auto& [id, about] : patients.records()) ids[id] = ids_of(store, id);
  memory::recall_weights words{};
  words.window = words.space = words.meaning = words.window_meaning = words.mention = 0;
  const std::vector<std::pair<std::string, memory::recall_weights>> methods{{"BM25 of the record", words},
                                                                            {"default", {}}};
  fmt::print("{:<40} {:>5} {:>6} {:>6} {:>6} {:>6}\n", "percent", "asked", "R@5", "R@10", "R@20", "MRR");
  for (const auto& [name, weights] : methods) {
    std::map<std::string, score> scores;  // by kind; all of them under ""
    for (const auto& [what, one] : all) {
      std::set<troupe::id> evidence;
      for (const auto& key : one.evidence)
        if (const auto at = ids[what.first].find(key); at != ids[what.first].end()) evidence.insert(at->second);
      if (evidence.empty()) continue;
      const auto hits = store
                            .recall({}, {.text = what.second,
                                         .space = patients_space(),
                                         .limit = 100,
                                         .kinds = {memory::record_kind::episode},
                                         .weights = weights})
                            .value();
      scores[""].add(evidence, hits);
      scores[one.kind].add(evidence, hits);
    }
    for (const auto& [kind, sum] : scores) sum.print(kind.empty() ? name : "  " + kind);
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::string folder;
  CLI::App app{"Retrieval in patients' histories, by method"};
  app.add_option("--fhir", folder, "Folder of FHIR R4 bundles")->required()->check(CLI::ExistingDirectory);
  CLI11_PARSE(app, argc, argv);
  try {
    const auto patients = read_folder(folder, extent::history).value();
    const auto kept = open_memory::open({}, {}).value();
    const auto sum = import_all(kept->store(), patients, [](std::size_t) {}).value();
    fmt::print("{}\n", to_text(sum));
    measure(kept->store(), patients);
  } catch (const std::exception& why) {
    fmt::print(stderr, "{}\n", why.what());
    return 1;
  }
}

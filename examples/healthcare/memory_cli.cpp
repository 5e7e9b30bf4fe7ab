#include "healthcare/memory_cli.hpp"

#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <variant>

#include "healthcare/errc.hpp"
#include "healthcare/text.hpp"

namespace healthcare {
namespace {

constexpr std::size_t patients_named_max = 30;
constexpr int exit_failed = 1;
constexpr int exit_usage = 64;

memory_answer failed(const troupe::error& why) { return {exit_failed, {}, why.describe()}; }

std::string named(std::vector<known_patient> all) {
  if (all.empty()) return "nobody";
  const auto more = all.size() > patients_named_max ? all.size() - patients_named_max : 0;
  all.resize(all.size() - more);
  return to_text(all) + (more > 0 ? " and " + std::to_string(more) + " more" : "");
}

// The one patient whom a flag means; otherwise why it is none.
std::variant<known_patient, memory_answer> the_patient(const std::vector<known_patient>& known, const char* flag,
                                                       const std::string& text) {
  auto found = find_patients(known, text);
  if (found.size() == 1) return found.front();
  const auto begin = std::string{flag} + " " + printable(clipped(text, 200)) + ": ";
  if (found.empty())
    return memory_answer{exit_usage, {}, begin + "nobody of this name or id is remembered; known: " + named(known)};
  return memory_answer{exit_usage, {}, begin + "several are meant: " + named(std::move(found))};
}

template <class... Parts>
memory_answer shown(const memory_request& what, const Parts&... parts) {
  return {0, what.json ? to_json(parts...) : to_table(parts...), {}};
}

memory_answer answer_question(const troupe::memory::store& of, const memory_request& what, const memory_state& state,
                              std::optional<known_patient> who) {
  const question asked{what.ask, std::move(who), what.as_of};
  const auto found = ask(of, asked);
  if (!found) return failed(found.error());
  return shown(what, asked, *found, state);
}

memory_answer answer_facts(const troupe::memory::store& of, const memory_request& what, const memory_state& state,
                           const std::vector<known_patient>& whose) {
  facts_report report{what.as_of, {}};
  for (const auto& who : whose) {
    auto facts = facts_of(of, who, what.as_of);
    if (!facts) return failed(facts.error());
    report.patients.push_back({who, *std::move(facts)});
  }
  return shown(what, report, state);
}

memory_answer answer_forget(troupe::memory::store& of, const memory_request& what, const memory_state& state,
                            const known_patient& who, const std::function<bool(const std::string&)>& confirm) {
  if (!what.yes && !confirm) return {exit_usage, {}, "--forget asks on a terminal; without one it needs --yes"};
  if (!what.yes && !confirm("forget all about " + to_text(std::vector{who}) + "?"))
    return {exit_failed, {}, "nothing was forgotten"};
  const auto done = forget_patient(of, who);
  if (!done) return failed(done.error());
  return shown(what, *done, who, state);
}

}  // namespace

troupe::result<troupe::timestamp> parse_as_of(std::string_view text) {
  if (text.size() == 10) {
    const auto day = parse_date(text);
    if (!day) return day.error();
    return troupe::timestamp{*day + std::chrono::days{1}} - troupe::duration{1};
  }
  const auto time = parse_instant(text);
  if (!time) return time.error();
  return troupe::timestamp{*time};
}

troupe::result<std::unique_ptr<open_memory>> open_memory::open(const std::string& folder, const troupe::logger& log) {
  std::unique_ptr<open_memory> out{new open_memory};
  std::filesystem::path where = folder;
  if (folder.empty()) {
    std::error_code code;
    auto name = (std::filesystem::temp_directory_path(code) / "healthcare_XXXXXX").string();
    if (code || ::mkdtemp(name.data()) == nullptr)
      return troupe::error{errc::unreadable, name + ": " + (code ? code.message() : std::strerror(errno))};
    out->temporary_ = name;
    where = out->temporary_ / "memory";
  }
  auto opened = troupe::memory::store::open({.folder = std::move(where), .log = log});
  if (!opened) return std::move(opened).error();
  out->store_ = *std::move(opened);
  return out;
}

open_memory::~open_memory() {
  store_.reset();
  std::error_code ignored;
  if (!temporary_.empty()) std::filesystem::remove_all(temporary_, ignored);
}

troupe::result<imported> import_all(troupe::memory::store& into, const ward& from,
                                    const std::function<void(std::size_t)>& progress) {
  imported sum;
  std::size_t done = 0;
  for (const auto& [id, about] : from.records()) {
    if (auto put = import_patient(into, about, sum); !put)
      return std::move(put).error().with_context("importing patient " + id);
    progress(++done);
  }
  return sum;
}

memory_answer answer_request(troupe::memory::store& of, const memory_request& what,
                             const std::optional<imported>& added,
                             const std::function<bool(const std::string&)>& confirm) {
  const memory_state state{what.folder, added};
  const auto known = known_patients(of);
  if (!known) return failed(known.error());
  std::optional<known_patient> who;
  const auto& text = what.forget.empty() ? what.patient : what.forget;
  if (!text.empty()) {
    auto found = the_patient(*known, what.forget.empty() ? "--patient" : "--forget", text);
    if (auto* refused = std::get_if<memory_answer>(&found)) return std::move(*refused);
    who = std::get<known_patient>(std::move(found));
  }
  if (!what.forget.empty()) return answer_forget(of, what, state, *who, confirm);
  if (what.facts) return answer_facts(of, what, state, who ? std::vector{*who} : *known);
  return answer_question(of, what, state, std::move(who));
}

}  // namespace healthcare

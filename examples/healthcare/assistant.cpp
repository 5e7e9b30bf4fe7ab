#include "healthcare/assistant.hpp"

#include <chrono>
#include <map>
#include <random>
#include <set>
#include <thread>
#include <troupe/actors/errc.hpp>
#include <utility>
#include <vector>

#include "healthcare/admission.hpp"
#include "healthcare/errc.hpp"
#include "healthcare/escalation_agent.hpp"
#include "healthcare/hospital_agents.hpp"
#include "healthcare/observation_stream.hpp"
#include "healthcare/patient_agents.hpp"

namespace healthcare {

using namespace std::chrono_literals;

namespace {

class assistant {
 public:
  assistant(troupe::node& on, const assistant_options& options, std::string stream_name)
      : node_{on}, options_{options}, stream_name_{std::move(stream_name)}, random_{options.seed} {}

  troupe::result<report> run(std::istream& stream);

 private:
  troupe::result<void> admit_all();
  troupe::result<bool> take(const observation_stream::line& line);
  troupe::result<void> close();
  troupe::result<report> collect();
  troupe::result<patient_report> collect(const record& about);
  troupe::result<bool> decide_open(bool at_the_end);
  troupe::result<void> tell(const troupe::id& question, troupe::approval_decision said);
  troupe::result<std::map<troupe::path, std::string>> held_back_now();
  troupe::result<void> settle_escalations();
  void disturb();

  void report_problem(std::uint64_t line, std::string_view kind, std::string text) {
    ++run_.problems;
    options_.report_problem({stream_name_, line, std::string{kind}, std::move(text)});
  }

  // Asks until there is an answer: whom it asks may have been killed over the question, or be under way back. All of
  // that together may take as long as `patience`. A timeout is the answer then; so is at once what no repetition would
  // mend.
  template <class M>
  troupe::result<troupe::reply_of_t<M>> insist(const troupe::path& whom, const M& question, bool first = true) {
    using troupe::agent_errc;
    const auto give_up = node_.clock().now() + patience;
    for (;; first = false) {
      auto asking = node_.begin_ask(node_.ref(whom), question, give_up - node_.clock().now());
      if (first) disturb();
      auto answer = asking.get();
      if (answer || node_.clock().now() >= give_up) return answer;
      if (!answer.error().is(agent_errc::agent_down) && !answer.error().is(agent_errc::unknown_agent)) return answer;
      std::this_thread::sleep_for(1ms);
    }
  }
  static constexpr troupe::duration patience = 60s;

  troupe::node& node_;
  const assistant_options& options_;
  std::string stream_name_;
  std::mt19937_64 random_;
  std::vector<std::string> admitted_;
  std::set<troupe::path> left_open_;  // who waits for a decision that is not made now
  std::set<troupe::id> moot_;         // questions that had not to be decided when they were last looked at
  run_report run_;
  std::uint64_t messages_sent_ = 0;
};

// Every so many messages, one sub-agent of one patient is killed where it stands.
void assistant::disturb() {
  ++messages_sent_;
  if (options_.chaos == 0 || messages_sent_ % options_.chaos != 0 || admitted_.empty()) return;
  const auto& patient = admitted_[random_() % admitted_.size()];
  node_.kill(node_.ref(patient_team_path(patient) / sub_agents[random_() % sub_agents.size()]), "chaos");
  ++run_.kills;
}

troupe::result<void> assistant::admit_all() {
  for (const auto& [id, about] : options_.patients->records()) {
    auto admitted = insist(addresses::admission, admit{about.who});
    if (!admitted) return std::move(admitted).error().with_context("admitting patient " + id);
    admitted_.push_back(id);
  }
  return troupe::ok();
}

// True if a vital sign is on record now.
troupe::result<bool> assistant::take(const observation_stream::line& line) {
  if (!line.value) {
    ++run_.lines_refused;
    report_problem(line.number, line.value.error().name(), line.value.error().message());
    return false;
  }
  for (const auto& each : line.left_out) report_problem(line.number, each.name(), each.message());
  auto taken = *line.value;
  const auto patient = options_.patients->resolve(taken.patient);
  if (!patient) {
    report_problem(line.number, to_string(errc::unknown_patient), "no patient " + taken.patient);
    return false;
  }
  if (!matters(taken)) {
    ++run_.observations_ignored;
    return false;
  }
  const bool reads = !taken.readings.empty();
  taken.patient = *patient;
  auto recorded = insist(addresses::records, observed{std::move(taken), line.number});
  if (!recorded) return std::move(recorded).error().with_context("recording an observation");
  if (!recorded->kind.empty()) report_problem(line.number, recorded->kind, std::move(recorded->text));
  ++run_.observations;
  return reads;
}

troupe::result<void> assistant::close() {
  auto late = insist(addresses::records, end_of_stream{});
  if (!late) return std::move(late).error().with_context("closing the record");
  run_.as_of = late->begins;
  run_.observations_set_aside = late->lines.size();
  for (auto& [line, why] : late->lines) report_problem(line, to_string(errc::implausible_time), std::move(why));
  return troupe::ok();
}

troupe::result<patient_report> assistant::collect(const record& about) {
  const auto team = patient_team_path(about.who.id);
  patient_report out;
  out.id = about.who.id;
  out.name = about.who.name;
  out.deceased = about.who.deceased;
  auto vitals = insist(team / "vitals", get_assessment{});
  if (!vitals) return std::move(vitals).error();
  auto medication = insist(team / "medication", get_review{});
  if (!medication) return std::move(medication).error();
  if (auto settled = insist(team / "scheduling", settle_bookings{}); !settled) return std::move(settled).error();
  auto learnt = insist(team / "learning", get_lessons{});
  if (!learnt) return std::move(learnt).error();
  run_.feedback += learnt->collected;
  out.news2 = std::move(vitals->news2);
  out.medication = std::move(medication->review);
  return out;
}

// Decides what is asked now and still has to be; at the end of the stream also what did not have to be for a while.
// True if there was something.
troupe::result<bool> assistant::decide_open(bool at_the_end) {
  auto asked = node_.approvals();
  std::erase_if(asked, [&](const auto& each) {
    return left_open_.contains(each.agent) || (!at_the_end && moot_.contains(each.id));
  });
  if (asked.empty()) return false;
  if (!options_.approve) {
    for (const auto& each : asked) {
      if (auto told = tell(each.id, {true, "auto", {}}); !told) return std::move(told).error();
    }
    return true;
  }
  const auto open = held_back_now();
  if (!open) return open.error();
  bool any = false;
  for (const auto& each : asked) {
    if (!open->contains(each.agent)) {
      moot_.insert(each.id);
      continue;
    }
    any = true;
    auto said = options_.approve(each);
    if (!said) {
      left_open_.insert(each.agent);
    } else if (auto told = tell(each.id, *std::move(said)); !told) {
      return std::move(told).error();
    }
  }
  return any;
}

// Whoever is gone meanwhile asks again.
troupe::result<void> assistant::tell(const troupe::id& question, troupe::approval_decision said) {
  auto told = node_.decide(question, std::move(said));
  if (!told && told.error().is(troupe::errc::not_found)) return troupe::ok();
  return told;
}

// Who asks for what waits for an approval.
troupe::result<std::map<troupe::path, std::string>> assistant::held_back_now() {
  auto answer = insist(addresses::booking, get_held_back{}, false);
  if (!answer) return std::move(answer).error();
  std::map<troupe::path, std::string> out;
  for (const auto& each : answer->open) out.emplace(escalation_asker_path(each), each.patient);
  return out;
}

// Returns when all is decided that anybody wants to decide now. Scheduling is asked for it again and again, since it
// may have been killed, and its questions with it.
troupe::result<void> assistant::settle_escalations() {
  auto give_up = node_.clock().now() + patience;
  for (;;) {
    auto open = held_back_now();
    if (!open) return std::move(open).error();
    run_.escalations_open = open->size();
    std::erase_if(*open, [&](const auto& each) { return left_open_.contains(each.first); });
    if (open->empty()) break;
    for (const auto& [asker, patient] : *open) {
      auto settled = insist(patient_team_path(patient) / "scheduling", settle_bookings{}, false);
      if (!settled) return std::move(settled).error();
    }
    const auto decided = decide_open(true);
    if (!decided) return decided.error();
    if (*decided)
      give_up = node_.clock().now() + patience;
    else if (node_.clock().now() >= give_up)
      return troupe::error{troupe::agent_errc::timeout, "an escalation waits for an approval that nobody asks for"};
    else
      std::this_thread::sleep_for(1ms);
  }
  // What is asked but is not held back: its score has turned out to be another one.
  for (const auto& each : node_.approvals()) {
    if (left_open_.contains(each.agent)) continue;
    if (auto told = tell(each.id, no_longer_asked()); !told) return told;
  }
  return troupe::ok();
}

troupe::result<report> assistant::collect() {
  report out;
  out.staff = options_.at.staff;
  for (const auto& [id, about] : options_.patients->records()) {
    auto row = collect(about);
    if (!row) return std::move(row).error().with_context("collecting the report of patient " + id);
    out.patients.push_back(*std::move(row));
  }
  if (auto settled = settle_escalations(); !settled) return std::move(settled).error();
  auto planned = insist(addresses::booking, get_schedule{});
  if (!planned) return std::move(planned).error();
  share_out(planned->planned, out.patients);

  run_.messages = node_.messages_processed();
  run_.restarts = node_.restarts();
  for (const auto count : node_.dropped()) run_.dead_letters += count;
  out.run = run_;
  return out;
}

troupe::result<report> assistant::run(std::istream& stream) {
  run_.files = options_.patients->files();
  run_.files_unreadable = options_.patients->files_unreadable();
  for (const auto& each : options_.patients->problems()) {
    ++run_.problems;
    options_.report_problem(each);
  }
  auto opened = node_.supervise(
      hospital(options_.patients, options_.at, options_.begins, options_.lasting ? node_.memory() : nullptr));
  if (!opened) return std::move(opened).error().with_context("opening the hospital");

  // Unless it is decided when the round begins, it does so with the first vital sign.
  observation_stream lines{stream};
  bool begins = options_.begins.has_value();
  for (;;) {
    if (begins && admitted_.empty()) {
      if (auto done = admit_all(); !done) return std::move(done).error();
    }
    const auto line = lines.next();
    if (!line) break;
    const auto taken = take(*line);
    if (!taken) return taken.error();
    begins |= *taken;
    if (options_.approve_at_once) {
      if (const auto decided = decide_open(false); !decided) return decided.error();
    }
    options_.progress(line->number);
  }
  if (admitted_.empty()) {
    if (auto done = admit_all(); !done) return std::move(done).error();
  }
  if (auto closed = close(); !closed) return std::move(closed).error();
  return collect();
}

}  // namespace

troupe::result<report> run_assistant(troupe::node& on, const assistant_options& options, std::istream& stream,
                                     const std::string& stream_name) {
  return assistant{on, options, stream_name}.run(stream);
}

}  // namespace healthcare

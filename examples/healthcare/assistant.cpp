#include "healthcare/assistant.hpp"

#include <chrono>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "healthcare/errc.hpp"
#include "healthcare/hospital_agents.hpp"
#include "healthcare/observation_stream.hpp"
#include "healthcare/patient_agents.hpp"

namespace healthcare {

using namespace std::chrono_literals;

namespace {

class assistant {
 public:
  assistant(troupe::node& on, const assistant_options& options) : node_{on}, options_{options}, random_{options.seed} {}

  troupe::result<report> run(std::istream& stream, const std::string& stream_name);

 private:
  troupe::result<void> open(instant as_of);
  troupe::result<void> admit(const std::string& patient);
  troupe::result<void> take(const observation_stream::line& line, const std::string& stream_name);
  troupe::result<patient_report> collect(const record& about);
  void disturb();
  troupe::path team(const std::string& patient) const {
    return addresses::patients / troupe::path::escape_segment(patient);
  }
  troupe::agent_ref member(const std::string& patient, std::string_view name) const {
    return node_.ref(team(patient) / name);
  }

  // Asks until there is an answer: whom it asks may have been killed over the question, or be under way back.
  template <class M>
  troupe::result<troupe::reply_of_t<M>> insist(const troupe::path& whom, const M& question) {
    const auto give_up = std::chrono::steady_clock::now() + 30s;
    for (;;) {
      auto answer = node_.ask(node_.ref(whom), question);
      if (answer || std::chrono::steady_clock::now() > give_up || !passing(answer.error())) return answer;
      std::this_thread::sleep_for(1ms);
    }
  }
  static bool passing(const troupe::error& why) {
    using troupe::agent_errc;
    return why.is(agent_errc::agent_down) || why.is(agent_errc::agent_failed) || why.is(agent_errc::unknown_agent);
  }

  troupe::node& node_;
  const assistant_options& options_;
  std::mt19937_64 random_;
  std::vector<std::string> admitted_;
  run_report run_;
  std::uint64_t messages_in_ = 0;  // admissions and observations
};

troupe::result<void> assistant::open(instant as_of) {
  auto started = node_.supervise(hospital(options_.patients, options_.at, as_of));
  if (!started) return std::move(started).error().with_context("opening the hospital");
  for (const auto& [id, about] : options_.patients->records())
    if (auto done = admit(id); !done) return done;
  return troupe::ok();
}

troupe::result<void> assistant::admit(const std::string& patient) {
  auto started = insist(addresses::patients, troupe::start_child{troupe::child(patient_team(patient))});
  if (!started) return std::move(started).error().with_context("admitting patient " + patient);
  admitted_.push_back(patient);
  disturb();
  return troupe::ok();
}

// Every so many messages, one sub-agent of one patient is killed where it stands.
void assistant::disturb() {
  ++messages_in_;
  if (options_.chaos == 0 || messages_in_ % options_.chaos != 0 || admitted_.empty()) return;
  const auto& patient = admitted_[random_() % admitted_.size()];
  node_.kill(member(patient, sub_agents[random_() % sub_agents.size()]), "chaos");
  ++run_.kills;
}

troupe::result<void> assistant::take(const observation_stream::line& line, const std::string& stream_name) {
  const auto refuse = [&](std::string kind, std::string text) {
    ++run_.problems;
    options_.report_problem({stream_name, line.number, std::move(kind), std::move(text)});
    return troupe::ok();
  };
  if (!line.value) {
    ++run_.lines_refused;
    return refuse(std::string{line.value.error().name()}, line.value.error().message());
  }
  auto taken = *line.value;
  const auto patient = options_.patients->resolve(taken.patient);
  if (!patient) return refuse(std::string{to_string(errc::unknown_patient)}, "no patient " + taken.patient);
  if (taken.readings.empty() && taken.status != observation_status::withdrawn) {
    ++run_.observations_ignored;
    return troupe::ok();
  }
  taken.patient = *patient;
  auto recorded = insist(addresses::records, observed{std::move(taken)});
  if (!recorded) return std::move(recorded).error().with_context("recording an observation");
  ++run_.observations;
  disturb();
  return troupe::ok();
}

troupe::result<patient_report> assistant::collect(const record& about) {
  const std::string& id = about.who.id;
  patient_report out;
  out.id = id;
  out.name = about.who.name;
  out.deceased = about.who.deceased;
  auto vitals = insist(team(id) / "vitals", get_assessment{});
  if (!vitals) return std::move(vitals).error();
  auto medication = insist(team(id) / "medication", get_review{});
  if (!medication) return std::move(medication).error();
  // What vitals and medication asked for is in the mailbox of scheduling by now, ahead of this.
  if (auto settled = insist(team(id) / "scheduling", settle_bookings{}); !settled) return std::move(settled).error();
  if (auto learnt = insist(team(id) / "learning", get_lessons{})) run_.feedback += learnt->collected;
  out.news2 = std::move(vitals->news2);
  out.medication = std::move(medication->review);
  return out;
}

troupe::result<report> assistant::run(std::istream& stream, const std::string& stream_name) {
  run_.files = options_.patients->files();
  run_.files_unreadable = options_.patients->files_unreadable();
  for (const auto& each : options_.patients->problems()) {
    ++run_.problems;
    options_.report_problem(each);
  }

  // The round begins with the first vital sign; without any, now.
  observation_stream lines{stream};
  auto line = lines.next();
  for (; line && !line->value; line = lines.next()) (void)take(*line, stream_name);  // refused
  const auto as_of = line ? line->value->time : std::chrono::floor<instant::duration>(node_.clock().wall());
  if (auto opened = open(as_of); !opened) return std::move(opened).error();
  for (; line; line = lines.next()) {
    if (auto taken = take(*line, stream_name); !taken) return std::move(taken).error();
    options_.progress(line->number);
  }

  report out;
  out.staff = options_.at.staff;
  for (const auto& [id, about] : options_.patients->records()) {
    auto row = collect(about);
    if (!row) return std::move(row).error().with_context("collecting the report of patient " + id);
    out.patients.push_back(*std::move(row));
  }
  auto planned = insist(addresses::booking, get_schedule{});
  if (!planned) return std::move(planned).error();
  share_out(planned->planned, out.patients);

  run_.messages = node_.messages_processed();
  run_.restarts = node_.restarts();
  for (const auto count : node_.dropped()) run_.dead_letters += count;
  out.run = run_;
  return out;
}

}  // namespace

troupe::result<report> run_assistant(troupe::node& on, const assistant_options& options, std::istream& stream,
                                     const std::string& stream_name) {
  return assistant{on, options}.run(stream, stream_name);
}

}  // namespace healthcare

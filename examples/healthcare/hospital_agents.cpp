#include "healthcare/hospital_agents.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "healthcare/admission.hpp"
#include "healthcare/errc.hpp"
#include "healthcare/patient_agents.hpp"
#include "healthcare/round_records.hpp"

namespace healthcare {

using namespace std::chrono_literals;

records_agent::records_agent(troupe::agent_context& context, std::shared_ptr<const ward> patients,
                             std::optional<instant> begins, const troupe::memory::store* memory)
    : agent{context}, ward_{std::move(patients)}, log_{ward_->observations(), begins}, memory_{memory} {
  if (memory_ != nullptr)
    on(&records_agent::take_and_remember);
  else
    on(&records_agent::take);
  on(&records_agent::close);
  on(&records_agent::show);
  on(&records_agent::list);
}

troupe::task<void> records_agent::on_start(troupe::turn& now) {
  if (memory_ == nullptr) co_return;
  auto reading = now.run([from = memory_] { return observations_in(*from).value(); });
  const auto before = co_await reading;
  for (const auto& each : before) lines_[each.line] = {hash_of(each), take(each, now)};
}

// What is on record is in the memory, too, so that the next life of the program takes it in the same order.
troupe::task<troupe::result<noted>> records_agent::take_and_remember(observed news, troupe::turn& now) {
  const auto hash = hash_of(news);
  if (const auto known = lines_.find(news.line); known != lines_.end()) {
    if (known->second.hash == hash) co_return known->second.answer;
    co_return troupe::error{errc::other_round, "line " + std::to_string(news.line) + " was another one before"};
  }
  const auto kept = record_of(news);
  if (!kept) co_return kept.error();
  auto remembering = now.remember(*kept);
  if (auto done = co_await remembering.as_result(); !done) co_return std::move(done).error();
  auto answer = take(news, now);
  lines_[news.line] = {hash, answer};
  co_return answer;
}

noted records_agent::take(const observed& news, troupe::turn& now) {
  const auto remark = log_.add(news.taken, news.line);
  // One that moves to another patient is news of both. The agent of the other one finds out when it is asked something,
  // as all of them do about what `close` changes.
  if (up_to_date_.erase(news.taken.patient) > 0) {
    now.send(now.ref(patient_team_path(news.taken.patient) / "vitals"), new_changes{});
  }
  return remark ? noted{std::string{remark->name()}, remark->message()} : noted{};
}

set_aside records_agent::close(const end_of_stream&) {
  set_aside out;
  for (const auto& [line, why] : log_.close()) out.lines.emplace_back(line, why.message());
  out.begins = log_.begins();
  return out;
}

troupe::result<chart> records_agent::show(const get_chart& of) {
  const auto found = ward_->records().find(of.patient);
  if (found == ward_->records().end()) return troupe::error{errc::unknown_patient, "no patient " + of.patient};
  return chart{found->second, log_.begins(), log_.begins_changed()};
}

changes records_agent::list(const get_changes& of) {
  const auto all = log_.changes(of.patient);
  const auto rest = all.subspan(std::min<std::size_t>(of.after, all.size()));
  const auto next = rest.first(std::min(rest.size(), changes_in_answer_max));
  const bool more = next.size() < rest.size();
  if (!more) up_to_date_.insert(of.patient);
  return {{next.begin(), next.end()}, more};
}

booking_agent::booking_agent(troupe::agent_context& context, clinic at, const troupe::memory::store* memory)
    : agent{context}, planner_{std::move(at)}, memory_{memory} {
  on(&booking_agent::take);
  on(&booking_agent::note);
  on([this](const get_held_back&) { return held_back{decisions_.open({{}, 0, planner_.requests()})}; });
  on([this](const get_schedule&) { return booked{decisions_.plan(planner_.requests(), planner_.at())}; });
}

troupe::task<void> booking_agent::on_start(troupe::turn& now) {
  if (memory_ == nullptr) co_return;
  auto reading = now.run([from = memory_] { return decisions_in(*from).value(); });
  const auto before = co_await reading;
  for (const auto& each : before) decisions_.put(each);
}

held_back booking_agent::take(const book& all) {
  planner_.put(all.wanted);
  return {decisions_.open(all.wanted)};
}

troupe::task<troupe::result<void>> booking_agent::note(decide what, troupe::turn& now) {
  if (memory_ != nullptr) {
    const auto kept = record_of(what.made);
    if (!kept) co_return kept.error();
    auto remembering = now.remember(*kept);
    if (auto done = co_await remembering.as_result(); !done) co_return std::move(done).error();
  }
  decisions_.put(what.made);
  co_return troupe::ok();
}

troupe::supervisor_spec hospital(std::shared_ptr<const ward> patients, clinic at, std::optional<instant> begins,
                                 const troupe::memory::store* memory) {
  const troupe::child_options holds_the_truth{.restart = troupe::temporary, .significant = true};
  // Teams are admitted at run time, so a restart of their supervisor would lose them: it does not give up because one
  // team does.
  troupe::supervisor_spec teams{.name = "patients", .intensity = 1'000'000, .period = 1s};
  return {
      .name = "hospital",
      .strategy = troupe::one_for_one,
      .intensity = 10,
      .period = 1s,
      .auto_shutdown = troupe::auto_shutdown::any_significant,
      .children = {troupe::child<records_agent>("records", holds_the_truth, std::move(patients), begins, memory),
                   troupe::child<booking_agent>("booking", holds_the_truth, std::move(at), memory),
                   troupe::child(std::move(teams)), troupe::child<admission_agent>("admission", memory != nullptr)}};
}

}  // namespace healthcare

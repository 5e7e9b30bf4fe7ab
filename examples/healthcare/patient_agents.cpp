#include "healthcare/patient_agents.hpp"

#include <troupe/actors/errc.hpp>
#include <utility>

#include "healthcare/escalation_agent.hpp"
#include "healthcare/medication.hpp"

namespace healthcare {

using namespace std::chrono_literals;

namespace {

troupe::agent_ref sibling(troupe::turn& now, std::string_view name) {
  return now.ref(now.self().path().parent() / name);
}

}  // namespace

// -- vitals -----------------------------------------------------------------------------------------------------------

vitals_agent::vitals_agent(troupe::agent_context& context, std::string patient, bool deceased)
    : agent{context}, patient_{std::move(patient)}, deceased_{deceased} {
  on(&vitals_agent::look);
  on(&vitals_agent::assess);
  on(&vitals_agent::list);
}

troupe::task<void> vitals_agent::on_start(troupe::turn& now) { co_await catch_up(now); }

troupe::task<void> vitals_agent::look(new_changes, troupe::turn& now) { co_await catch_up(now); }

troupe::task<vitals_assessed> vitals_agent::assess(get_assessment, troupe::turn& now) {
  co_await catch_up(now);
  co_return vitals_assessed{news2_of(history_)};
}

troupe::task<follow_ups> vitals_agent::list(get_follow_ups, troupe::turn& now) {
  co_await catch_up(now);
  follow_ups out;
  out.wanted = vitals_follow_ups(patient_, history_.escalations(), version_);
  if (deceased_) out.wanted.requests.clear();
  co_return out;
}

troupe::task<void> vitals_agent::catch_up(troupe::turn& now) {
  const auto records = now.ref(addresses::records);
  bool escalations_changed = false;
  for (bool more = true; more;) {
    const auto changes = co_await now.ask<get_changes>(records, patient_, version_);
    for (const auto& each : changes.next) escalations_changed |= history_.take(each);
    version_ += changes.next.size();
    more = changes.more;
  }
  if (!escalations_changed || deceased_) co_return;
  now.send(sibling(now, "scheduling"), new_follow_ups{"vitals", version_});
  now.send(sibling(now, "learning"), feedback{"escalation"});
}

// -- medication -------------------------------------------------------------------------------------------------------

medication_agent::medication_agent(troupe::agent_context& context, std::string patient)
    : agent{context}, patient_{std::move(patient)} {
  on(&medication_agent::check);
  on(&medication_agent::list);
}

troupe::task<void> medication_agent::on_start(troupe::turn& now) {
  co_await catch_up(now);
  now.send(sibling(now, "scheduling"), new_follow_ups{"medication", requests_.wanted.version});
}

troupe::task<medication_checked> medication_agent::check(get_review, troupe::turn& now) {
  co_await catch_up(now);
  co_return checked_;
}

troupe::task<follow_ups> medication_agent::list(get_follow_ups, troupe::turn& now) {
  co_await catch_up(now);
  co_return requests_;
}

troupe::task<void> medication_agent::catch_up(troupe::turn& now) {
  const auto records = now.ref(addresses::records);
  const auto chart = co_await now.ask<get_chart>(records, patient_);
  // The version of what it asks for; 0 is that of an agent that has not looked yet.
  const auto version = chart.begins_changed + 1;
  if (version == requests_.wanted.version) co_return;
  checked_.review = review_medication(chart.about, chart.begins);
  requests_.wanted = medication_follow_ups(patient_, checked_.review, chart.begins, version);
  if (chart.about.who.deceased) requests_.wanted.requests.clear();
}

// -- scheduling -------------------------------------------------------------------------------------------------------

scheduling_agent::scheduling_agent(troupe::agent_context& context, bool lasting) : agent{context}, lasting_{lasting} {
  on(&scheduling_agent::see_to);
  on(&scheduling_agent::settle);
}

troupe::task<void> scheduling_agent::see_to(new_follow_ups news, troupe::turn& now) {
  if (news.version <= booked_[news.sibling]) co_return;
  // A sibling that is killed over the question has news again once it is back.
  (void)co_await book_what(news.sibling, now);
}

troupe::task<troupe::result<void>> scheduling_agent::settle(settle_bookings, troupe::turn& now) {
  auto done = co_await book_what("medication", now);
  if (done) done = co_await book_what("vitals", now);
  co_return done;
}

troupe::task<troupe::result<void>> scheduling_agent::book_what(std::string name, troupe::turn& now) {
  auto asking = now.ask<get_follow_ups>(sibling(now, name));
  auto known = co_await asking.as_result();
  if (!known) co_return std::move(known).error();
  if (known->wanted.version > booked_[name]) {
    const auto booking = now.ref(addresses::booking);
    const auto waiting = co_await now.ask<book>(booking, known->wanted);
    for (const auto& each : waiting.open) {
      if (auto asked = co_await have_asked(each, now); !asked) co_return asked;
    }
    now.send(sibling(now, "learning"), feedback{"booking"});
    booked_[name] = known->wanted.version;
  }
  co_return troupe::ok();
}

troupe::task<troupe::result<void>> scheduling_agent::have_asked(escalation_question what, troupe::turn& now) {
  const auto asker = escalation_asker(what, lasting_);
  auto starting = now.spawn(asker);
  const auto started = co_await starting.as_result();
  if (!started && !started.error().is(troupe::agent_errc::already_started)) co_return started.error();
  if (started) now.send(*started, raise{});
  co_return troupe::ok();
}

// -- learning ---------------------------------------------------------------------------------------------------------

learning_agent::learning_agent(troupe::agent_context& context, bool lasting) : agent{context} {
  if (lasting) keep("collected", collected_);
  on([this](const feedback& f) { ++collected_[f.kind]; });
  on([this](const get_lessons&) {
    lessons all;
    for (const auto& [kind, count] : collected_) all.collected += count;
    return all;
  });
}

// -- the team ---------------------------------------------------------------------------------------------------------

troupe::supervisor_spec patient_team(const patient& who, bool lasting) {
  return {.name = troupe::path::escape_segment(who.id),
          .strategy = troupe::one_for_one,
          .intensity = 10,
          .period = 1s,
          .children = {troupe::child<learning_agent>("learning", lasting),
                       troupe::child<scheduling_agent>("scheduling", lasting),
                       troupe::child<medication_agent>("medication", who.id),
                       troupe::child<vitals_agent>("vitals", who.id, who.deceased)}};
}

}  // namespace healthcare

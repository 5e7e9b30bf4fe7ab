#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <troupe/actors/agent.hpp>

#include "healthcare/messages.hpp"
#include "healthcare/observation_log.hpp"
#include "healthcare/ward.hpp"

// The two services that the patients' agents build on. Both are what a hospital has already, behind an interface of its
// own: they hold the truth, and are not restarted, since what they hold would be gone; without them the assistant ends.

namespace healthcare {

// The record system: the bundles as they were read, and the log of the vital signs.
class records_agent : public troupe::agent {
 public:
  // As many changes as go into one answer.
  static constexpr std::size_t changes_in_answer_max = 1'000;

  records_agent(troupe::agent_context& context, std::shared_ptr<const ward> patients, std::optional<instant> begins);

 private:
  noted take(const observed& news, troupe::turn& now);
  set_aside close(const end_of_stream&);
  troupe::result<chart> show(const get_chart& of);
  changes list(const get_changes& of);

  std::shared_ptr<const ward> ward_;  // shared with whoever read it
  observation_log log_;
  std::set<std::string> up_to_date_;  // the patients whose agents have asked for all there is
};

// The booking system: one plan for all clinicians.
class booking_agent : public troupe::agent {
 public:
  booking_agent(troupe::agent_context& context, clinic at);

 private:
  planner planner_;
};

// The whole hospital, without patients yet.
troupe::supervisor_spec hospital(std::shared_ptr<const ward> patients, clinic at, std::optional<instant> begins);

}  // namespace healthcare

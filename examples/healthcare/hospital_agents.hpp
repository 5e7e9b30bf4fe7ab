#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <troupe/actors/agent.hpp>
#include <vector>

#include "healthcare/messages.hpp"
#include "healthcare/ward.hpp"

// The two services that the patients' agents build on. Both are what a hospital has already, behind an interface of its
// own: they hold the truth, and are not restarted, since what they hold would be gone; without them the assistant ends.

namespace healthcare {

// The record system: the bundles as they were read, and every vital sign in the order of its arrival.
class records_agent : public troupe::agent {
 public:
  // `as_of`: when the round begins; vital signs of the bundles count if they are not too old then.
  records_agent(troupe::agent_context& context, std::shared_ptr<const ward> patients, instant as_of);

 private:
  void take(const observed& news, troupe::turn& now);
  troupe::result<chart> show(const get_chart& of);

  std::shared_ptr<const ward> ward_;  // shared with whoever read it
  instant as_of_;
  std::map<std::string, std::vector<observation>> observations_;
};

// The booking system: one plan for all clinicians.
class booking_agent : public troupe::agent {
 public:
  booking_agent(troupe::agent_context& context, clinic at);

 private:
  planner planner_;
};

// The whole hospital, without patients yet.
troupe::supervisor_spec hospital(std::shared_ptr<const ward> patients, clinic at, instant as_of);

}  // namespace healthcare

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <troupe/actors/message.hpp>
#include <vector>

#include "healthcare/follow_ups.hpp"
#include "healthcare/report.hpp"

// What the agents of the hospital tell and ask each other.

namespace healthcare {

// To the record system: a vital sign of a patient who is known. It is on record, and on its way to the patient's vitals
// agent, when this is answered.
struct observed {
  observation taken;  // with the patient's id
  TROUPE_MESSAGE(observed, taken)
};

// To the record system: everything about one patient.
struct chart {
  record about;
  std::vector<observation> observations;  // in the order in which they were recorded
  instant as_of{};
  TROUPE_MESSAGE(chart, about, observations, as_of)
};
struct get_chart {
  std::string patient;
  using reply_type = chart;
  TROUPE_MESSAGE(get_chart, patient)
};

// To a vitals agent: one more observation is on record, the `number`th of this patient.
struct new_observation {
  observation taken;
  std::uint64_t number = 0;
  TROUPE_MESSAGE(new_observation, taken, number)
};

// To a vitals agent: the score and its trend; nothing if no vital sign is known.
struct vitals_assessed {
  std::optional<news2_report> news2;
  TROUPE_MESSAGE(vitals_assessed, news2)
};
struct get_assessment {
  using reply_type = vitals_assessed;
  TROUPE_MESSAGE(get_assessment)
};

// To a medication agent: what its check found.
struct medication_checked {
  medication_review review;
  TROUPE_MESSAGE(medication_checked, review)
};
struct get_review {
  using reply_type = medication_checked;
  TROUPE_MESSAGE(get_review)
};

// To a vitals or medication agent: the follow-ups it has asked for so far.
struct follow_ups {
  std::vector<follow_up> requests;
  TROUPE_MESSAGE(follow_ups, requests)
};
struct get_follow_ups {
  using reply_type = follow_ups;
  TROUPE_MESSAGE(get_follow_ups)
};

// To a scheduling agent, and from it to the booking system: see to this follow-up.
struct book {
  follow_up request;
  TROUPE_MESSAGE(book, request)
};
// To a scheduling agent: answered when all that it was told before is booked.
struct settle_bookings {
  TROUPE_MESSAGE(settle_bookings)
};

// To the booking system: the plan as it is now.
struct booked {
  schedule planned;
  TROUPE_MESSAGE(booked, planned)
};
struct get_schedule {
  using reply_type = booked;
  TROUPE_MESSAGE(get_schedule)
};

// To a learning agent: something happened from which it could learn.
struct feedback {
  std::string kind;
  TROUPE_MESSAGE(feedback, kind)
};
struct lessons {
  std::uint64_t collected = 0;
  TROUPE_MESSAGE(lessons, collected)
};
struct get_lessons {
  using reply_type = lessons;
  TROUPE_MESSAGE(get_lessons)
};

}  // namespace healthcare

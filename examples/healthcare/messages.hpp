#pragma once

#include <cstdint>
#include <string>
#include <troupe/actors/message.hpp>
#include <utility>
#include <vector>

#include "healthcare/escalation.hpp"
#include "healthcare/follow_ups.hpp"
#include "healthcare/report.hpp"

// What the agents of the hospital tell and ask each other. News carry no contents: whoever gets them asks for what
// there is. So nothing is lost with a message that is, and every answer comes from all that is known when it is asked
// for.

namespace healthcare {

// To the record system: a vital sign, or what takes one back, of a patient who is known. On record when this is
// answered. A line that is on record already changes nothing, and is answered as it was; one that says otherwise than
// the one on record fails with other_round.
struct noted {
  std::string kind;  // of the problem to be reported about it, as in `problem`; empty: none
  std::string text;
  TROUPE_MESSAGE(noted, kind, text)
};
struct observed {
  observation taken;  // with the patient's id
  std::uint64_t line = 0;
  using reply_type = noted;
  TROUPE_MESSAGE(observed, taken, line)
};

// To the record system: there are no more of them.
struct set_aside {
  std::vector<std::pair<std::uint64_t, std::string>> lines;  // which do not count, and why
  instant begins{};                                          // of the round
  TROUPE_MESSAGE(set_aside, lines, begins)
};
struct end_of_stream {
  using reply_type = set_aside;
  TROUPE_MESSAGE(end_of_stream)
};

// To the record system: what the bundles have about one patient, and when the round begins.
struct chart {
  record about;
  instant begins{};
  std::uint64_t begins_changed = 0;  // how often, so far
  TROUPE_MESSAGE(chart, about, begins, begins_changed)
};
struct get_chart {
  std::string patient;
  using reply_type = chart;
  TROUPE_MESSAGE(get_chart, patient)
};

// To the record system: the changes of a patient's vital signs after the first so many, some at a time.
struct changes {
  std::vector<observation> next;
  bool more = false;  // there are
  TROUPE_MESSAGE(changes, next, more)
};
struct get_changes {
  std::string patient;
  std::uint64_t after = 0;
  using reply_type = changes;
  TROUPE_MESSAGE(get_changes, patient, after)
};

// To a vitals agent that has asked for all changes so far: there are more now.
struct new_changes {
  TROUPE_MESSAGE(new_changes)
};

// To a vitals agent: the score and its trend.
struct vitals_assessed {
  news2_report news2;
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

// To a vitals or medication agent: what it asks for.
struct follow_ups {
  request_list wanted;
  TROUPE_MESSAGE(follow_ups, wanted)
};
struct get_follow_ups {
  using reply_type = follow_ups;
  TROUPE_MESSAGE(get_follow_ups)
};

// To a scheduling agent: this sibling asks for something else than before.
struct new_follow_ups {
  std::string sibling;
  std::uint64_t version = 0;
  TROUPE_MESSAGE(new_follow_ups, sibling, version)
};
// To a scheduling agent: answered when all that its siblings ask for is booked.
struct settle_bookings {
  TROUPE_MESSAGE(settle_bookings)
};

// To the booking system: all that one requester wants now. What of it needs an approval waits for that: the answer says
// which.
struct held_back {
  std::vector<escalation_question> open;
  TROUPE_MESSAGE(held_back, open)
};
struct book {
  request_list wanted;
  using reply_type = held_back;
  TROUPE_MESSAGE(book, wanted)
};

// To the booking system: all that waits for an approval.
struct get_held_back {
  using reply_type = held_back;
  TROUPE_MESSAGE(get_held_back)
};

// To the booking system: what somebody said about an escalation. On record when this is answered.
struct decide {
  escalation_decision made;
  TROUPE_MESSAGE(decide, made)
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

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <map>
#include <random>

#include "core/seeded.hpp"
#include "healthcare/schedule.hpp"

// What must hold of every plan, tried on random stories of random clinics. Every failure names its seed.
using namespace healthcare;
using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

using engine = std::mt19937_64;

int below(engine& random, int limit) { return static_cast<int>(random() % static_cast<std::uint64_t>(limit)); }

clinic random_clinic(engine& random) {
  clinic out;
  const int staff = 1 + below(random, 5);
  for (int i = 0; i < staff; ++i) {
    out.staff.push_back({"c" + std::to_string(i), "C", static_cast<role>(below(random, 3)), below(random, 2) == 0});
  }
  out.slot = minutes{10 * (1 + below(random, 6))};
  out.opens = hours{6 + below(random, 4)};
  out.closes = hours{14 + below(random, 8)};
  return out;
}

std::vector<follow_up> random_requests(engine& random) {
  const instant start = *parse_instant("2024-05-06T06:00:00Z");
  std::vector<follow_up> out;
  const int count = 1 + below(random, 60);
  for (int i = 0; i < count; ++i) {
    follow_up request{"r" + std::to_string(i), "p" + std::to_string(below(random, 12)), {}};
    instant at = start + minutes{below(random, 900)};
    const int revisions = 1 + below(random, 4);
    for (int j = 0; j < revisions; ++j) {
      request.revisions.push_back({at, static_cast<urgency>(below(random, 5)), static_cast<role>(below(random, 3)),
                                   j > 0 && below(random, 4) == 0, "story"});
      at += minutes{1 + below(random, 240)};
    }
    out.push_back(std::move(request));
  }
  return out;
}

const clinician& who(const clinic& at, const appointment& item) {
  return *std::find_if(at.staff.begin(), at.staff.end(), [&](const clinician& c) { return c.id == item.clinician; });
}

// When the request got the urgency it was planned with, and what it needed then.
struct asked {
  instant since;
  role needs;
};

asked asked_for(const std::vector<follow_up>& requests, const appointment& item) {
  const auto& story = std::find_if(requests.begin(), requests.end(), [&](const follow_up& r) {
                        return r.id == item.request;
                      })->revisions;
  const auto since = item.due - within(item.level);
  for (auto at = story.rbegin(); at != story.rend(); ++at) {
    if (at->at == since && at->level == item.level && !at->withdrawn) return {since, at->needs};
  }
  BOOST_FAIL("an appointment that nobody asked for");
  return {};
}

bool in_hours(const clinic& at, const clinician& c, urgency level, instant start, instant end) {
  const auto day = floor<days>(start);
  const bool working = start - day >= at.opens && end - day <= at.closes;
  return working || (c.on_call && level >= urgency::urgent);
}

template <class Check>
void for_random_clinics(int rounds, Check check) {
  const auto base = troupe::test::seeded{}.seed();
  for (int round = 0; round < rounds; ++round) {
    const std::uint64_t seed = base + static_cast<std::uint64_t>(round);
    engine random{seed};
    BOOST_TEST_CONTEXT("seed " << seed) {
      const auto at = random_clinic(random);
      check(random, random_requests(random), at);
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(schedule_property_test)

BOOST_AUTO_TEST_CASE(no_clinician_and_no_patient_has_two_appointments_at_one_time) {
  for_random_clinics(100, [](engine&, const std::vector<follow_up>& requests, const clinic& at) {
    std::map<std::string, instant> busy_until;
    for (const auto& item : plan(requests, at).appointments) {  // by start
      for (const auto& who : {item.clinician, item.patient}) {
        const auto [last, fresh] = busy_until.try_emplace(who, item.end);
        if (!fresh) {
          BOOST_TEST_REQUIRE((item.start >= last->second));
          last->second = item.end;
        }
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(every_appointment_is_with_one_who_can_at_a_time_that_can_be) {
  for_random_clinics(100, [](engine&, const std::vector<follow_up>& requests, const clinic& at) {
    for (const auto& item : plan(requests, at).appointments) {
      const auto [since, needs] = asked_for(requests, item);
      BOOST_TEST_REQUIRE((item.start >= since));
      BOOST_TEST_REQUIRE(can_serve(who(at, item).does, needs));
      BOOST_TEST_REQUIRE(in_hours(at, who(at, item), item.level, item.start, item.end));
    }
  });
}

BOOST_AUTO_TEST_CASE(the_most_urgent_comes_first) {
  for_random_clinics(100, [](engine&, const std::vector<follow_up>& requests, const clinic& at) {
    const auto out = plan(requests, at);
    // Whether the patient has an appointment at that time, apart from the one in question.
    const auto is_busy = [&](const std::string& patient, const appointment& except) {
      return std::any_of(out.appointments.begin(), out.appointments.end(), [&](const appointment& item) {
        return item.patient == patient && item.start == except.start && !(item == except);
      });
    };
    for (const auto& urgent : out.appointments) {
      const auto [since, needs] = asked_for(requests, urgent);
      for (const auto& other : out.appointments) {
        const bool could_have_had = other.start < urgent.start && other.start >= since &&
                                    can_serve(who(at, other).does, needs) && !is_busy(urgent.patient, other) &&
                                    in_hours(at, who(at, other), urgent.level, other.start, other.end);
        BOOST_TEST_REQUIRE(!(urgent.level > other.level && could_have_had));
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(the_same_set_gives_the_same_plan_in_any_order_with_repetitions_and_old_versions) {
  for_random_clinics(50, [](engine& random, const std::vector<follow_up>& requests, const clinic& at) {
    const auto wanted = plan(requests, at);
    std::vector<request_list> arriving;
    for (const auto& request : requests) {
      request_list list{request.id, 9, {request}};
      arriving.push_back(list);
      if (below(random, 3) == 0) arriving.push_back(list);
      while (!list.requests.empty() && below(random, 2) == 0) {
        --list.version;
        list.requests[0].revisions.pop_back();
        if (list.requests[0].revisions.empty()) list.requests.clear();
        arriving.push_back(list);
      }
    }
    for (int i = 0; i < 3; ++i) {
      std::shuffle(arriving.begin(), arriving.end(), random);
      planner plans{at};
      for (const auto& list : arriving) {
        plans.put(list);
        if (below(random, 8) == 0) (void)plans.plan();  // looking at it changes nothing
      }
      BOOST_TEST_REQUIRE((plans.plan() == wanted));
    }
    auto shuffled = requests;
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    BOOST_TEST_REQUIRE((plan(shuffled, at) == wanted));
  });
}

BOOST_AUTO_TEST_CASE(a_new_request_of_the_lowest_rank_delays_nobody) {
  for_random_clinics(100, [](engine& random, std::vector<follow_up> requests, const clinic& at) {
    const auto before = plan(requests, at);
    instant latest{};
    for (const auto& request : requests) {
      for (const auto& item : request.revisions) latest = std::max(latest, item.at);
    }
    requests.push_back(
        {"zz", "p", {{latest + minutes{1}, urgency::routine, static_cast<role>(below(random, 3)), false, ""}}});
    const auto after = plan(requests, at);
    for (const auto& item : before.appointments) {
      const auto same = std::find_if(
          after.appointments.begin(), after.appointments.end(),
          [&](const appointment& other) { return other.request == item.request && other.due == item.due; });
      BOOST_TEST_REQUIRE((same != after.appointments.end()));
      BOOST_TEST_REQUIRE((same->start <= item.start));
    }
  });
}

BOOST_AUTO_TEST_CASE(a_withdrawal_delays_nobody_and_moves_nobody_who_is_in_time_unless_another_is_late) {
  for_random_clinics(100, [](engine& random, std::vector<follow_up> requests, const clinic& at) {
    // But for those of the same patient, and those who have to give way to them.
    for (auto& request : requests) request.patient = request.id;
    const auto before = plan(requests, at);
    instant latest{};
    for (const auto& request : requests) {
      for (const auto& item : request.revisions) latest = std::max(latest, item.at);
    }
    auto& gone = requests[static_cast<std::size_t>(below(random, static_cast<int>(requests.size())))];
    gone.revisions.push_back({latest + minutes{1}, urgency::routine, role::physician, true, ""});
    const auto after = plan(requests, at);
    const bool someone_waits =
        !before.unplaced.empty() || std::any_of(before.appointments.begin(), before.appointments.end(),
                                                [](const appointment& item) { return item.late(); });
    for (const auto& item : before.appointments) {
      if (item.request == gone.id) continue;
      const auto same = std::find_if(
          after.appointments.begin(), after.appointments.end(),
          [&](const appointment& other) { return other.request == item.request && other.due == item.due; });
      BOOST_TEST_REQUIRE((same != after.appointments.end()));
      BOOST_TEST_REQUIRE((same->start == item.start || (someone_waits && same->start < item.start)));
    }
  });
}

BOOST_AUTO_TEST_CASE(every_live_request_is_planned_or_named) {
  for_random_clinics(100, [](engine&, const std::vector<follow_up>& requests, const clinic& at) {
    const auto out = plan(requests, at);
    for (const auto& request : requests) {
      if (request.revisions.back().withdrawn) continue;
      const bool placed = std::any_of(out.appointments.begin(), out.appointments.end(),
                                      [&](const appointment& item) { return item.request == request.id; });
      const bool named = std::any_of(out.unplaced.begin(), out.unplaced.end(),
                                     [&](const unplanned& item) { return item.request == request.id; });
      BOOST_TEST_REQUIRE((placed || named));
    }
  });
}

BOOST_AUTO_TEST_SUITE_END()

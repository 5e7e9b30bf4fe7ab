#include "healthcare/schedule.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace healthcare {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::minutes;

// A time of one clinician. Slots lie on a grid that begins at midnight, so two of them are equal or apart.
struct slot {
  instant start;
  std::size_t clinician;  // index into the staff
};

// The slots that are taken, from one time on: a bit for each, since they are asked for far more often than taken.
class slot_set {
 public:
  slot_set(instant first, minutes length, std::size_t clinicians)
      : first_{first}, length_{length}, width_{clinicians} {}

  bool contains(const slot& at) const { return index(at) < bits_.size() && bits_[index(at)]; }
  void insert(const slot& at) {
    if (index(at) >= bits_.size()) bits_.resize(index(at) + 1);
    bits_[index(at)] = true;
  }
  void erase(const slot& at) { bits_[index(at)] = false; }

 private:
  std::size_t index(const slot& at) const {
    return static_cast<std::size_t>((at.start - first_) / length_) * width_ + at.clinician;
  }

  instant first_;
  minutes length_;
  std::size_t width_;
  std::vector<bool> bits_;  // as far as the last that is taken, which the clinic's horizon bounds
};

// A follow-up that is wanted and has not begun.
struct open_request {
  const follow_up* of;
  urgency level;
  role needs;
  instant since;  // when it got this urgency
  std::string reason;
  std::optional<slot> booked;
  bool tried = false;  // to find a slot for this urgency
  std::optional<instant> first_planned;

  instant due() const { return since + within(level); }
  // The smaller, the sooner it is to be served.
  auto rank() const { return std::tuple{-static_cast<int>(level), since, std::string_view{of->id}}; }
};

class replay {
 public:
  replay(std::span<const follow_up> requests, const clinic& at) : clinic_{at}, slot_{grid_of(at.slot)} {
    for (const auto& request : requests) {
      for (const auto& item : request.revisions) events_.push_back({item.at, &request, &item});
    }
    std::stable_sort(events_.begin(), events_.end(), [](const event& a, const event& b) {
      return std::tie(a.at, a.request->id) < std::tie(b.at, b.request->id);
    });
  }

  schedule run() && {
    for (std::size_t i = 0; i < events_.size();) {
      const auto now = events_[i].at;
      begin_due(now);
      for (; i < events_.size() && events_[i].at == now; ++i) apply(events_[i]);
      place_all(now);
    }
    for (const auto& [id, request] : open_) {
      if (request.booked) {
        out_.appointments.push_back(appointment_of(request));
      } else {
        out_.unplaced.push_back({std::string{id}, request.of->patient, why_unplaced(request)});
      }
    }
    std::sort(out_.appointments.begin(), out_.appointments.end(), [](const appointment& a, const appointment& b) {
      return std::tie(a.start, a.clinician, a.request) < std::tie(b.start, b.clinician, b.request);
    });
    return std::move(out_);
  }

 private:
  struct event {
    instant at;
    const follow_up* request;
    const revision* item;
  };

  static minutes grid_of(minutes wanted) {
    constexpr minutes day{24 * 60};
    auto grid = std::clamp(wanted, minutes{1}, day);
    while (day % grid != minutes{0}) --grid;
    return grid;
  }

  // Appointments that have begun become history; the request is remembered as served at that urgency.
  void begin_due(instant now) {
    for (auto at = open_.begin(); at != open_.end();) {
      if (at->second.booked && at->second.booked->start < now) {
        out_.appointments.push_back(appointment_of(at->second));
        served_[at->first] = at->second.level;
        at = open_.erase(at);
      } else {
        ++at;
      }
    }
  }

  void apply(const event& what) {
    const auto& id = what.request->id;
    if (what.item->withdrawn) {
      drop(id);
      served_.erase(id);
      return;
    }
    const auto level = what.item->level;
    // Who has been seen for this is seen again only for something more urgent.
    if (const auto served = served_.find(id); served != served_.end() && level <= served->second) {
      drop(id);
      return;
    }
    const auto [at, fresh] = open_.try_emplace(
        id, open_request{what.request, level, what.item->needs, what.at, what.item->reason, {}, false, {}});
    auto& request = at->second;
    request.reason = what.item->reason;
    if (fresh || (request.level == level && request.needs == what.item->needs)) return;
    request.level = level;
    request.needs = what.item->needs;
    request.since = what.at;
    request.booked.reset();
    request.tried = false;
    freed_ = true;
  }

  void drop(const std::string& id) {
    if (open_.erase(id) > 0) freed_ = true;
  }

  void place_all(instant now) {
    std::vector<open_request*> by_rank;
    for (auto& [id, request] : open_) by_rank.push_back(&request);
    std::sort(by_rank.begin(), by_rank.end(),
              [](const open_request* a, const open_request* b) { return a->rank() < b->rank(); });
    slot_set taken{on_grid(now), slot_, clinic_.staff.size()};
    // Nobody can be earlier than before unless a slot became free, now or while the last ones were placed.
    const bool free_before = std::exchange(freed_, false);
    for (auto at = by_rank.begin(); at != by_rank.end(); ++at) {
      auto& request = **at;
      const bool displaced = request.booked && taken.contains(*request.booked);
      const bool in_time = request.booked && request.booked->start <= request.due();
      if (displaced || !request.tried || (!in_time && (free_before || freed_))) {
        request.tried = true;
        request.booked = earliest(request, now, taken);
        give_way(request, {by_rank.begin(), at}, now, taken);
      }
      if (!request.booked) continue;
      taken.insert(*request.booked);
      if (!request.first_planned) request.first_planned = request.booked->start;
    }
  }

  // A slot that one of higher rank could have had goes to that one, whose slot becomes free in its place. Each round
  // moves an appointment to an earlier time, so there is an end.
  void give_way(open_request& request, std::span<open_request* const> higher, instant now, slot_set& taken) {
    while (request.booked) {
      const auto wanted = *request.booked;
      const auto overtaken = std::find_if(higher.begin(), higher.end(), [&](const open_request* other) {
        return other->booked && other->booked->start > wanted.start && fits(*other, wanted);
      });
      if (overtaken == higher.end()) return;
      taken.erase(*(*overtaken)->booked);
      (*overtaken)->booked = wanted;
      freed_ = true;
      taken.insert(wanted);
      request.booked = earliest(request, now, taken);
    }
  }

  bool is_open(instant start) const {
    const auto of_day = start - floor<days>(start);
    return of_day >= clinic_.opens && of_day + slot_ <= clinic_.closes;
  }

  bool fits(const open_request& request, const slot& at) const {
    const auto& who = clinic_.staff[at.clinician];
    if (at.start < request.since || !can_serve(who.does, request.needs)) return false;
    return is_open(at.start) || (who.on_call && request.level >= urgency::urgent);
  }

  // The first slot at `time` or later.
  instant on_grid(instant time) const {
    const auto day = floor<days>(time);
    return day + slot_ * ((time - day + slot_ - instant::duration{1}) / slot_);
  }

  // The first free slot from `now` on; of those at one time the one with a clinician of just the role that is needed.
  std::optional<slot> earliest(const open_request& request, instant now, const slot_set& taken) const {
    std::vector<std::size_t> eligible;
    for (const bool exact : {true, false}) {
      for (std::size_t i = 0; i < clinic_.staff.size(); ++i) {
        const auto does = clinic_.staff[i].does;
        if ((does == request.needs) == exact && can_serve(does, request.needs)) eligible.push_back(i);
      }
    }
    if (eligible.empty() || clinic_.opens >= days{1}) return std::nullopt;
    const bool at_any_hour = request.level >= urgency::urgent;
    auto start = on_grid(now);
    for (const auto last = request.since + clinic_.horizon; start <= last;) {
      if (!at_any_hour && !is_open(start)) {
        const auto opening = floor<days>(start) + clinic_.opens;
        start = on_grid(start < opening ? opening : opening + days{1});
        if (start > last || !is_open(start)) return std::nullopt;  // closed on this day, so on all
      }
      for (const auto i : eligible) {
        const slot candidate{start, i};
        if (!taken.contains(candidate) && fits(request, candidate)) return candidate;
      }
      start += slot_;
    }
    return std::nullopt;
  }

  appointment appointment_of(const open_request& request) const {
    appointment out{request.of->id,
                    request.of->patient,
                    clinic_.staff[request.booked->clinician].id,
                    request.booked->start,
                    request.booked->start + slot_,
                    request.due(),
                    request.level,
                    request.reason,
                    {}};
    if (*request.first_planned != out.start) out.moved_from = request.first_planned;
    return out;
  }

  std::string why_unplaced(const open_request& request) const {
    const bool somebody = std::any_of(clinic_.staff.begin(), clinic_.staff.end(),
                                      [&](const clinician& who) { return can_serve(who.does, request.needs); });
    return somebody ? "no free slot within " + std::to_string(clinic_.horizon.count()) + " days"
                    : "no " + std::string{to_string(request.needs)} + " in the clinic";
  }

  const clinic& clinic_;
  minutes slot_;
  std::vector<event> events_;
  std::map<std::string_view, open_request> open_;
  std::map<std::string_view, urgency> served_;
  bool freed_ = false;  // a slot that somebody had, since the last placing began
  schedule out_;
};

}  // namespace

clinic default_clinic() {
  return {.staff = {{"critical-care-1", "Dr. Ines Aalto", role::critical_care, true},
                    {"critical-care-2", "Dr. Tomas Brandt", role::critical_care, true},
                    {"physician-1", "Dr. Leila Haddad", role::physician, true},
                    {"physician-2", "Dr. Piet Mulder", role::physician, false},
                    {"pharmacist-1", "Nora Quist", role::pharmacist, false}}};
}

schedule plan(std::span<const follow_up> requests, const clinic& at) { return replay{requests, at}.run(); }

bool planner::put(follow_up request) {
  const auto [at, fresh] = requests_.try_emplace(request.id, request);
  if (fresh) return true;
  if (request.version <= at->second.version) return false;
  at->second = std::move(request);
  return true;
}

schedule planner::plan() const {
  std::vector<follow_up> all;
  all.reserve(requests_.size());
  for (const auto& [id, request] : requests_) all.push_back(request);
  return healthcare::plan(all, clinic_);
}

minutes within(urgency level) noexcept {
  switch (level) {
    case urgency::routine: return std::chrono::hours{72};
    case urgency::soon: return std::chrono::hours{24};
    case urgency::prompt: return std::chrono::hours{4};
    case urgency::urgent: return std::chrono::hours{1};
    case urgency::emergency: return minutes{30};
  }
  return minutes{0};
}

bool can_serve(role does, role needs) noexcept {
  if (does == needs) return true;
  return (does == role::physician && needs == role::pharmacist) ||
         (does == role::critical_care && needs == role::physician);
}

std::string_view to_string(role does) noexcept {
  switch (does) {
    case role::pharmacist: return "pharmacist";
    case role::physician: return "physician";
    case role::critical_care: return "critical care";
  }
  return "unknown";
}

std::string_view to_string(urgency level) noexcept {
  switch (level) {
    case urgency::routine: return "routine";
    case urgency::soon: return "soon";
    case urgency::prompt: return "prompt";
    case urgency::urgent: return "urgent";
    case urgency::emergency: return "emergency";
  }
  return "unknown";
}

}  // namespace healthcare

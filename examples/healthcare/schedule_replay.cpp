#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "healthcare/schedule.hpp"

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

// Who is busy when, from one time on. Of clinicians a bit for each slot, since they are asked for far more often than
// taken.
class bookings {
 public:
  bookings(instant first, minutes length, std::size_t clinicians)
      : first_{first}, length_{length}, width_{clinicians} {}

  bool contains(const slot& at, const std::string& patient) const {
    return (index(at) < bits_.size() && bits_[index(at)]) || patients_.contains({at.start, patient});
  }
  void insert(const slot& at, const std::string& patient) {
    if (index(at) >= bits_.size()) bits_.resize(index(at) + 1);
    bits_[index(at)] = true;
    patients_.emplace(at.start, patient);
  }
  void erase(const slot& at, const std::string& patient) {
    bits_[index(at)] = false;
    patients_.erase({at.start, patient});
  }

 private:
  std::size_t index(const slot& at) const {
    return static_cast<std::size_t>((at.start - first_) / length_) * width_ + at.clinician;
  }

  instant first_;
  minutes length_;
  std::size_t width_;
  std::vector<bool> bits_;  // as far as the last that is taken, which the clinic's horizon bounds
  std::set<std::pair<instant, std::string_view>> patients_;
};

// A follow-up that is wanted and has not begun.
struct open_request {
  const follow_up* of;
  urgency level;
  role needs;
  instant since;  // when it got this urgency
  std::string reason;
  std::optional<slot> booked;
  bool tried = false;      // to find a slot for this urgency
  bool unblocked = false;  // its patient has become free at some time, so it could have slots that it could not before
  std::optional<instant> first_planned;

  const std::string& patient() const { return of->patient; }
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

  // Appointments that have begun become history.
  void begin_due(instant now) {
    for (auto at = open_.begin(); at != open_.end();) {
      if (at->second.booked && at->second.booked->start < now) {
        out_.appointments.push_back(appointment_of(at->second));
        at = open_.erase(at);
      } else {
        ++at;
      }
    }
  }

  void apply(const event& what) {
    const auto& id = what.request->id;
    const auto level = what.item->level;
    if (what.item->withdrawn) {
      if (const auto at = open_.find(id); at != open_.end()) {
        set_free(at->second);
        open_.erase(at);
      }
      return;
    }
    const auto [at, fresh] = open_.try_emplace(
        id, open_request{what.request, level, what.item->needs, what.at, what.item->reason, {}, false, false, {}});
    auto& request = at->second;
    if (fresh || level <= request.level) return;
    set_free(request);
    request.level = level;
    request.needs = what.item->needs;
    request.since = what.at;
    request.reason = what.item->reason;
    request.booked.reset();
    request.tried = false;
  }

  // To be called before a request loses its slot.
  void set_free(const open_request& request) {
    freed_ = true;
    if (!request.booked) return;
    for (auto& [id, other] : open_) {
      if (&other == &request || other.patient() != request.patient() || !other.booked) continue;
      other.unblocked = unblocked_ = again_ = true;
    }
  }

  // A request that moves may unblock another of its patient, which may then overtake one that was looked at before.
  // Each round brings somebody forward and delays only those of lower rank, so there is an end.
  void place_all(instant now) {
    do {
      again_ = false;
      place_by_rank(now);
    } while (again_);
    for (auto& [id, request] : open_) request.unblocked = false;
    unblocked_ = false;
  }

  void place_by_rank(instant now) {
    std::vector<open_request*> by_rank;
    for (auto& [id, request] : open_) by_rank.push_back(&request);
    std::sort(by_rank.begin(), by_rank.end(),
              [](const open_request* a, const open_request* b) { return a->rank() < b->rank(); });
    bookings taken{on_grid(now), slot_, clinic_.staff.size()};
    // Nobody can be earlier than before unless a slot became free, now or while the last ones were placed.
    const bool free_before = std::exchange(freed_, false);
    for (auto at = by_rank.begin(); at != by_rank.end(); ++at) {
      auto& request = **at;
      const std::span higher{by_rank.begin(), at};
      const bool displaced = request.booked && taken.contains(*request.booked, request.patient());
      const bool in_time = request.booked && request.booked->start <= request.due();
      if (displaced || !request.tried || (!in_time && (free_before || freed_))) {
        request.tried = true;
        move(request, earliest(request, now, taken));
        give_way(request, higher, now, taken, false);
      } else if (unblocked_) {
        give_way(request, higher, now, taken, true);
      }
      if (!request.booked) continue;
      taken.insert(*request.booked, request.patient());
      if (!request.first_planned) request.first_planned = request.booked->start;
    }
  }

  void move(open_request& request, std::optional<slot> to) {
    if (request.booked && (!to || to->start != request.booked->start)) set_free(request);
    request.booked = to;
  }

  // A slot that one of higher rank could have had goes to that one, whose slot becomes free in its place. One that
  // stays where it was can stand in the way of those only that have been unblocked. Each round moves an appointment to
  // an earlier time, so there is an end.
  void give_way(open_request& request, std::span<open_request* const> higher, instant now, bookings& taken,
                bool stays) {
    while (request.booked) {
      const auto wanted = *request.booked;
      const auto overtaken = std::find_if(higher.begin(), higher.end(), [&](const open_request* other) {
        return (other->unblocked || !stays) && other->booked && other->booked->start > wanted.start &&
               fits(*other, wanted) && !taken.contains(wanted, other->patient());
      });
      if (overtaken == higher.end()) return;
      stays = false;
      auto& other = **overtaken;
      taken.erase(*other.booked, other.patient());
      move(other, wanted);
      taken.insert(wanted, other.patient());
      move(request, earliest(request, now, taken));
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
  std::optional<slot> earliest(const open_request& request, instant now, const bookings& taken) const {
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
        if (!taken.contains(candidate, request.patient()) && fits(request, candidate)) return candidate;
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
  bool freed_ = false;      // a slot that somebody had, since the last placing began
  bool unblocked_ = false;  // some request is
  bool again_ = false;      // since the last placing began
  schedule out_;
};

}  // namespace

schedule plan(std::span<const follow_up> requests, const clinic& at) { return replay{requests, at}.run(); }

}  // namespace healthcare

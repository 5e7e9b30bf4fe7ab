#include "healthcare/observation_log.hpp"

#include <algorithm>
#include <tuple>

#include "healthcare/errc.hpp"
#include "healthcare/news2.hpp"

namespace healthcare {
namespace {

// An observation without an id is known by what it says.
std::string id_of(const observation& taken) {
  if (!taken.id.empty()) return taken.id;
  std::string id = "@" + taken.patient + "/" + to_text(taken.time);
  for (const auto& [what, value] : taken.readings) {
    id += "/" + std::to_string(static_cast<int>(what)) + "=" + std::to_string(value);
  }
  return id;
}

bool is_graver(const observation& a, const observation& b) {
  const auto rank = [](const observation& taken) {
    int points = 0;
    std::vector<std::pair<vital, double>> values;
    for (const auto& [what, value] : taken.readings) {
      points += news2_points(what, value);
      values.emplace_back(what, value);
    }
    return std::tuple{!values.empty(), points, taken.time, std::move(values)};
  };
  return rank(a) > rank(b);
}

bool says_the_same(const observation& a, const observation& b) { return a.time == b.time && a.readings == b.readings; }

}  // namespace

template <class Visit>
void observation_log::for_each(bool of_stream, Visit visit) {
  for (auto& [id, known] : by_id_) {
    for (auto& [patient, item] : known.by_patient) {
      if (!item.taken.readings.empty() && (item.line != 0) == of_stream) visit(item);
    }
  }
}

observation_log::observation_log(std::span<const observation> bundles, std::optional<instant> begins)
    : begins_decided_{begins.has_value()}, begins_{begins.value_or(begins_by_default)} {
  for (const auto& taken : bundles) (void)insert(taken, 0);
  begin_at(begins_decided_ ? begins_ : last_of_bundles());
}

std::optional<troupe::error> observation_log::add(observation taken, std::size_t line) {
  if (!matters(taken)) return {};
  if (!streaming_ && !taken.readings.empty()) {
    streaming_ = true;
    if (!begins_decided_) begin_at(taken.time);
  }
  return insert(std::move(taken), line);
}

std::optional<troupe::error> observation_log::insert(observation taken, std::size_t line) {
  auto& patient = by_patient_[taken.patient];
  if (patient.taken == observations_max) {
    return troupe::error{errc::too_large, "more than " + std::to_string(observations_max) + " of one patient"};
  }
  taken.id = id_of(taken);
  const newness how_new{taken.status, taken.edition};
  auto& known = by_id_[taken.id];
  if (!known.by_patient.empty() && how_new < known.newest) return {};
  if (known.by_patient.empty() || how_new > known.newest) {
    for (auto& [id, old] : known.by_patient) {
      if (id != taken.patient || taken.readings.empty()) set_counts(old, false);
    }
    known = {how_new, {}};
  }
  const auto [at, fresh] = known.by_patient.try_emplace(taken.patient, entry{taken, line});
  auto& mine = at->second;
  std::optional<troupe::error> remark;
  if (fresh) {
    ++patient.taken;
    if (known.by_patient.size() > 1) {
      remark.emplace(errc::bad_value, "Observation/" + taken.id + " is of two patients; both count");
    }
  } else {
    if (mine.line == 0) mine.line = line;  // what a bundle had comes with the stream, too
    if (!says_the_same(taken, mine.taken)) {
      remark.emplace(errc::bad_value, "Observation/" + taken.id +
                                          " again, with another content that is no newer; the graver one counts");
    }
    if (is_graver(taken, mine.taken)) {
      ++patient.taken;
      mine.taken = std::move(taken);
      mine.counts = false;
    }
  }
  if (mine.line != 0 && !mine.counts) set_counts(mine, true);
  return remark;
}

void observation_log::set_counts(entry& of, bool counts) {
  if (of.taken.readings.empty() || (!counts && !of.counts)) return;
  of.counts = counts;
  auto change = of.taken;
  if (!counts) {
    change.status = observation_status::withdrawn;
    change.readings.clear();
  }
  by_patient_[of.taken.patient].changes.push_back(std::move(change));
}

void observation_log::begin_at(instant time) {
  if (begins_ != time) ++begins_changed_;
  begins_ = time;
  for_each(false, [&](entry& of) {
    const bool counts = of.taken.time <= time && of.taken.time >= time - bundle_age_max;
    if (counts != of.counts) set_counts(of, counts);
  });
}

instant observation_log::last_of_bundles() {
  std::optional<instant> last;
  for_each(false, [&](const entry& of) { last = std::max(last, std::optional{of.taken.time}); });
  return last.value_or(begins_by_default);
}

std::vector<std::pair<std::size_t, troupe::error>> observation_log::close() {
  std::vector<std::pair<std::size_t, troupe::error>> set_aside;
  std::vector<instant> times;
  for_each(true, [&](const entry& of) { times.push_back(of.taken.time); });
  auto first = last_of_bundles();
  if (!times.empty()) {
    const auto middle = times.begin() + static_cast<std::ptrdiff_t>((times.size() - 1) / 2);
    std::nth_element(times.begin(), middle, times.end());
    const auto median = first = *middle;
    for_each(true, [&](entry& of) {
      if (of.taken.time >= median - plausible && of.taken.time <= median + plausible) {
        first = std::min(first, of.taken.time);
        return;
      }
      set_counts(of, false);
      set_aside.emplace_back(
          of.line, troupe::error{errc::implausible_time, "measured at " + to_text(of.taken.time) + ", more than " +
                                                             std::to_string(plausible.count()) + " days from " +
                                                             to_text(median) + ", the median of all: set aside"});
    });
  }
  if (!begins_decided_) begin_at(first);
  std::sort(set_aside.begin(), set_aside.end(), [](const auto& a, const auto& b) {
    return std::pair{a.first, a.second.message()} < std::pair{b.first, b.second.message()};
  });
  return set_aside;
}

std::span<const observation> observation_log::changes(const std::string& patient) const {
  const auto at = by_patient_.find(patient);
  if (at == by_patient_.end()) return {};
  return at->second.changes;
}

}  // namespace healthcare

#include "healthcare/patient_records.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "healthcare/digest.hpp"
#include "healthcare/text.hpp"

namespace healthcare {
namespace {

namespace memory = troupe::memory;
using troupe::timestamp;

constexpr std::size_t name_in_key_bytes_max = 160;

std::string day_of(instant time) { return to_text(time).substr(0, 10); }

// The epoch means "when it was stored" to the memory.
timestamp at(instant time) {
  const timestamp out{time};
  return out == timestamp{} ? out + troupe::duration{1} : out;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i)
    out += (i == 0 ? "" : i + 1 == parts.size() ? " and " : ", ") + parts[i];
  return out;
}

std::string value_text(const measurement& of) { return of.value + (of.unit.empty() ? "" : " " + of.unit); }

// "childhood asthma", to stand in a fact's key.
std::string name_in_key(std::string_view what) {
  std::string out;
  for (const char c : clipped(lower(what), name_in_key_bytes_max)) {
    const bool blank = c == '/' || static_cast<unsigned char>(c) <= 0x20 || c == 0x7F;
    if (!blank) out += c;
    if (blank && !out.empty() && out.back() != ' ') out += ' ';
  }
  return out;
}

double importance_of(history_kind kind) {
  switch (kind) {
    case history_kind::allergy: return 0.9;
    case history_kind::condition: return 0.8;
    case history_kind::medication: return 0.7;
    case history_kind::procedure: return 0.6;
    case history_kind::care_plan: return 0.5;
    case history_kind::encounter: return 0.4;
    case history_kind::immunization: return 0.4;
    case history_kind::observation: return 0.3;
  }
  return 0;
}

std::string group_name(const std::string& category) {
  if (category == "vital-signs") return "Vital signs";
  if (category == "laboratory") return "Laboratory results";
  return category.empty() ? "Observations" : "Observations (" + category + ")";
}

class maker {
 public:
  explicit maker(const record& about) : about_{about}, name_{about.who.name.empty() ? about.who.id : about.who.name} {}
  std::vector<memory::record> all() &&;

 private:
  struct course {
    std::string name;  // of the key, without what tells courses apart
    std::string key;
    std::string value;
    std::optional<instant> from, to;
    std::string text;
    const history_entry* of = nullptr;
  };

  memory::record begin(memory::record_kind kind, std::string key, double importance) const;
  memory::record begin(memory::record_kind kind, std::string key, const history_entry& of) const;
  void add_episode(const history_entry& of);
  void add_observations();
  void add_course(const history_entry& of);
  void add_courses();
  void add_measurement(const history_entry& of, const measurement& what);
  void add_patient(const std::string& key, const std::string& value);
  std::string sentence(const history_entry& of) const;

  const record& about_;
  const std::string name_;
  std::vector<memory::record> out_;
  std::vector<course> courses_;
};

memory::record maker::begin(memory::record_kind kind, std::string key, double importance) const {
  memory::record out;
  out.space = patient_space(about_.who.id);
  out.kind = kind;
  out.subject = about_.who.id;
  out.importance = importance;
  out.attributes = {{"key", std::move(key)}, {"patient", name_}};
  return out;
}

memory::record maker::begin(memory::record_kind kind, std::string key, const history_entry& of) const {
  auto out = begin(kind, std::move(key), importance_of(of.kind));
  out.attributes.emplace("resource", to_string(of.kind));
  const auto set = [&](const char* name, const std::string& value) {
    if (!value.empty()) out.attributes.emplace(name, value);
  };
  set("code", of.code);
  set("category", of.category);
  set("status", of.status);
  if (of.from) out.time = at(*of.from);
  return out;
}

std::string maker::sentence(const history_entry& of) const {
  const auto on = of.from ? " on " + day_of(*of.from) : std::string{};
  const auto because = of.reasons.empty() ? std::string{} : ", because of " + joined(of.reasons);
  const auto how = of.how.empty() ? std::string{} : ", " + of.how;
  switch (of.kind) {
    case history_kind::encounter: return name_ + " was seen" + on + ": " + of.what + because + ".";
    case history_kind::condition:
      return name_ + " was diagnosed with " + of.what + on +
             (of.to       ? "; it ended on " + day_of(*of.to)
              : of.active ? "; it goes on"
                          : "") +
             ".";
    case history_kind::medication:
      return name_ + " was prescribed " + of.what + on + how + because +
             (of.to       ? "; it ended on " + day_of(*of.to)
              : of.active ? "; it goes on"
                          : "; " + of.status) +
             ".";
    case history_kind::allergy:
      return name_ + " has an " + (of.category == "intolerance" ? "intolerance" : "allergy") + ", recorded" +
             (on.empty() ? " without a date" : on) + ": " + of.what +
             (of.how.empty() ? "" : ", criticality " + of.how) +
             (of.reasons.empty() ? "" : ", with " + joined(of.reasons)) + (of.active ? "." : "; " + of.status + ".");
    case history_kind::procedure: return name_ + " had a procedure" + on + ": " + of.what + because + ".";
    case history_kind::immunization: return name_ + " was vaccinated" + on + ": " + of.what + ".";
    case history_kind::care_plan:
      return name_ + " began a care plan" + on + ": " + of.what +
             (of.activities.empty() ? "" : ", with " + joined(of.activities)) +
             (of.to       ? "; it ended on " + day_of(*of.to)
              : of.active ? "; it goes on"
                          : "") +
             ".";
    case history_kind::observation: break;
  }
  return {};
}

void maker::add_episode(const history_entry& of) {
  auto out = begin(memory::record_kind::episode, of.id, of);
  out.text = sentence(of);
  out_.push_back(std::move(out));
}

// Those of one time and category are one episode.
void maker::add_observations() {
  std::map<std::pair<std::string, std::string>, std::vector<const history_entry*>> groups;
  for (const auto& each : about_.history) {
    if (each.kind != history_kind::observation || !each.from || each.measurements.empty()) continue;
    groups[{to_text(*each.from), each.category}].push_back(&each);
    for (const auto& what : each.measurements) add_measurement(each, what);
  }
  for (auto& [where, group] : groups) {
    std::sort(group.begin(), group.end(), [](const history_entry* a, const history_entry* b) {
      return std::tie(a->what, a->id) < std::tie(b->what, b->id);
    });
    const auto& first = *group.front();
    auto out =
        begin(memory::record_kind::episode, "Observation/" + where.first + "/" + clipped(where.second, 128), first);
    out.text = group_name(first.category) + " of " + name_ + " on " + day_of(*first.from) + ": ";
    std::string sep;
    std::size_t values = 0;
    for (const auto* each : group) {
      for (const auto& what : each->measurements) {
        out.text += std::exchange(sep, "; ") + what.what + " " + value_text(what);
        if (++values == 1 && !what.unit.empty()) out.attributes.emplace("unit", what.unit);
      }
    }
    out.text += ".";
    // Of several, none stands for all.
    if (values > 1) out.attributes.erase("unit");
    if (group.size() > 1) out.attributes.erase("code");
    out_.push_back(std::move(out));
  }
}

void maker::add_measurement(const history_entry& of, const measurement& what) {
  const std::string kind = of.category == "vital-signs" ? "vital/" : of.category == "laboratory" ? "lab/" : "";
  if (kind.empty()) return;
  auto out = begin(memory::record_kind::fact, of.id + "#" + name_in_key(what.what), of);
  if (!what.code.empty()) out.attributes["code"] = what.code;
  if (!what.unit.empty()) out.attributes["unit"] = what.unit;
  out.fact = memory::fact_part{kind + name_in_key(what.what), value_text(what), at(*of.from), {}};
  out.text = what.what + " of " + name_ + ": " + value_text(what);
  out_.push_back(std::move(out));
}

// What holds for a while, if it is known for how long.
void maker::add_course(const history_entry& of) {
  if (!of.active && !of.to) return;
  course out{.name = name_in_key(of.what), .key = {}, .value = {}, .from = of.from, .to = of.to, .text = {}, .of = &of};
  if (of.kind == history_kind::condition) {
    out.name = "condition/" + out.name;
    out.value = "active";
  } else if (of.kind == history_kind::medication) {
    out.name = "medication/" + out.name;
    out.value = of.how.empty() ? "prescribed" : of.how;
  } else if (of.kind == history_kind::allergy) {
    out.name = "allergy/" + out.name;
    out.value = of.category.empty() ? "allergy" : of.category;
    if (!of.how.empty()) out.value += ", criticality " + of.how;
  } else {
    return;
  }
  if (out.from && out.to && *out.to <= *out.from) return;
  courses_.push_back(std::move(out));
}

void maker::add_courses() {
  const auto begins = [this](const course& of) {
    if (of.from) return at(*of.from);
    return at(about_.who.birth_date.value_or(parse_instant("1900-01-01T00:00:00Z").value()));
  };
  std::sort(courses_.begin(), courses_.end(), [&](const course& a, const course& b) {
    return std::tuple{begins(a), a.name, a.of->id} < std::tuple{begins(b), b.name, b.of->id};
  });
  // A course takes the first key that is free when it begins. Without an end it keeps it.
  std::map<std::string, std::vector<std::optional<instant>>> taken;  // by name: until when each key is
  for (auto& each : courses_) {
    const auto from = begins(each);
    auto& keys = taken[each.name];
    const auto free = std::find_if(keys.begin(), keys.end(), [&](const std::optional<instant>& until) {
      return until && timestamp{*until} <= from;
    });
    const auto number = free - keys.begin() + 1;
    if (free == keys.end()) {
      keys.push_back(each.to);
    } else {
      *free = each.to;
    }
    each.key = each.name + (number == 1 ? "" : "/" + std::to_string(number));
    auto out = begin(memory::record_kind::fact, each.of->id + "#fact", *each.of);
    if (!each.from) out.attributes.emplace("undated", "yes");
    out.fact = memory::fact_part{each.key, each.value, from, {}};
    if (each.to) out.fact->valid_to = at(*each.to);
    out.text = each.of->what + " of " + name_ + ": " + each.value;
    out_.push_back(std::move(out));
  }
}

void maker::add_patient(const std::string& key, const std::string& value) {
  auto out = begin(memory::record_kind::fact, "Patient/" + about_.who.id + "#" + key, 1);
  out.attributes.emplace("resource", "Patient");
  const auto birth = about_.who.birth_date.value_or(parse_instant("1900-01-01T00:00:00Z").value());
  if (!about_.who.birth_date) out.attributes.emplace("undated", "yes");
  out.time = at(birth);
  out.fact = memory::fact_part{"patient/" + key, value, at(birth), {}};
  out.text = "The " + key + " of the patient " + name_ + ": " + value;
  out_.push_back(std::move(out));
}

std::string digest_of(const memory::record& of) {
  std::string all;
  const auto add = [&](std::string_view part) { all += std::to_string(part.size()) + ":" + std::string{part}; };
  add(of.text);
  add(std::to_string(of.time.time_since_epoch().count()));
  for (const auto& [name, value] : of.attributes) add(name), add(value);
  if (of.fact) {
    add(of.fact->key), add(of.fact->value);
    add(std::to_string(of.fact->valid_from.time_since_epoch().count()));
    add(of.fact->valid_to ? std::to_string(of.fact->valid_to->time_since_epoch().count()) : "");
  }
  return sha256_hex(all).substr(0, 32);
}

std::vector<memory::record> maker::all() && {
  add_patient("name", name_);
  if (about_.who.birth_date) add_patient("birth date", day_of(*about_.who.birth_date));
  for (const auto& each : about_.history) {
    if (each.kind != history_kind::observation) add_episode(each);
    add_course(each);
  }
  add_observations();
  add_courses();
  for (auto& each : out_) each.attributes.emplace("digest", digest_of(each));
  std::stable_sort(out_.begin(), out_.end(), [](const memory::record& a, const memory::record& b) {
    return std::tie(a.time, a.attributes.at("key")) < std::tie(b.time, b.attributes.at("key"));
  });
  // Two of one key (an observation that measures one thing twice): the first counts, as it does in an import.
  std::map<std::string, bool> seen;
  std::erase_if(out_,
                [&](const memory::record& each) { return !seen.emplace(each.attributes.at("key"), true).second; });
  return std::move(out_);
}

}  // namespace

troupe::path patients_space() { return hospital_space / "patients"; }
troupe::path patient_space(std::string_view id) { return patients_space() / troupe::path::escape_segment(id); }

std::vector<memory::record> memory_records(const record& about) { return maker{about}.all(); }

std::string digest_of(const std::vector<memory::record>& all) {
  std::string text;
  for (const auto& each : all) text += each.attributes.at("key") + "=" + each.attributes.at("digest") + "\n";
  return sha256_hex(text);
}

}  // namespace healthcare

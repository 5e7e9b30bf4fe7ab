#include "healthcare/report.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <string_view>

#include "healthcare/text.hpp"

namespace healthcare {
namespace {

using json = nlohmann::ordered_json;

// As read, to what a person would write: 36.7 rather than 36.699999.
double rounded(double value) { return std::round(value * 100) / 100; }

std::vector<const patient_report*> by_id(const report& of) {
  std::vector<const patient_report*> out;
  for (const auto& item : of.patients) out.push_back(&item);
  std::sort(out.begin(), out.end(), [](const patient_report* a, const patient_report* b) { return a->id < b->id; });
  return out;
}

const clinician* find_clinician(const report& of, const std::string& id) {
  const auto at = std::find_if(of.staff.begin(), of.staff.end(), [&](const clinician& who) { return who.id == id; });
  return at == of.staff.end() ? nullptr : &*at;
}

json value_json(vital what, double value) {
  if (what == vital::consciousness) return to_string(static_cast<acvpu>(static_cast<int>(value)));
  if (what == vital::supplemental_oxygen) return value > 0;
  return rounded(value);
}

json news2_json(const news2_report& of) {
  const auto response = response_to(of.score);
  json out{{"at", of.at ? json(to_text(*of.at)) : json{}},
           {"score", of.score.total},
           {"band", to_string(of.score.band)},
           {"monitoring", response.monitoring},
           {"response", response.action},
           {"missing", json::array()},
           {"parameters", json::array()},
           {"trend", nullptr}};
  for (const auto what : of.score.missing) out["missing"].push_back(to_string(what));
  for (const auto what : all_vitals) {
    if (const auto& value = of.signs[what]) {
      out["parameters"].push_back({{"name", to_string(what)},
                                   {"value", value_json(what, *value)},
                                   {"points", of.score.points[static_cast<std::size_t>(what)]}});
    }
  }
  if (const auto& trend = of.trend) {
    auto& moves = out["trend"];
    moves = {{"since", to_text(trend->since)},
             {"score_change", trend->score_change},
             {"direction", to_string(trend->moves)},
             {"parameters", json::array()}};
    for (const auto& item : trend->parameters) {
      moves["parameters"].push_back(
          {{"name", to_string(item.what)}, {"direction", to_string(item.moves)}, {"per_hour", rounded(item.per_hour)}});
    }
  }
  return out;
}

json finding_json(const finding& of) {
  return {{"id", of.id},
          {"kind", to_string(of.kind)},
          {"severity", to_string(of.level)},
          {"requests", of.requests},
          {"text", of.text},
          {"source", of.source.empty() ? json{} : json(of.source)}};
}

json appointment_json(const appointment& of, const clinician* who) {
  return {{"request", of.request},
          {"clinician", of.clinician},
          {"clinician_name", who == nullptr ? json{} : json(who->name)},
          {"start", to_text(of.start)},
          {"end", to_text(of.end)},
          {"due", to_text(of.due)},
          {"urgency", to_string(of.level)},
          {"late", of.late()},
          {"moved_from", of.moved_from ? json(to_text(*of.moved_from)) : json{}},
          {"reason", of.reason}};
}

json patient_json(const report& all, const patient_report& of) {
  json out{{"id", of.id},
           {"name", of.name},
           {"deceased", of.deceased},
           {"news2", news2_json(of.news2)},
           {"medication", json::array()},
           {"doses_unknown", json::array()},
           {"drugs_unknown", json::array()},
           {"allergens_unknown", json::array()},
           {"appointments", json::array()},
           {"unplaced", json::array()}};
  for (const auto& item : of.medication.findings) out["medication"].push_back(finding_json(item));
  for (const auto& item : of.medication.unknown_doses) {
    out["doses_unknown"].push_back({{"request", item.request}, {"medication", item.medication}, {"why", item.why}});
  }
  for (const auto& item : of.medication.unknown_drugs) {
    out["drugs_unknown"].push_back({{"request", item.id}, {"medication", item.text}});
  }
  for (const auto& item : of.medication.unknown_allergens) {
    out["allergens_unknown"].push_back({{"allergy", item.id}, {"substance", item.text}});
  }
  for (const auto& item : of.appointments) {
    out["appointments"].push_back(appointment_json(item, find_clinician(all, item.clinician)));
  }
  for (const auto& item : of.unplaced) out["unplaced"].push_back({{"request", item.request}, {"why", item.why}});
  return out;
}

// Characters on a terminal, for letters that take one column each.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string padded(std::string text, std::size_t columns) {
  const auto now = width(text);
  if (now < columns) text.append(columns - now, ' ');
  return text;
}

std::string signed_text(int value) { return value > 0 ? "+" + std::to_string(value) : std::to_string(value); }

std::string trend_text(const news2_report& of) {
  if (!of.trend) return "-";
  return signed_text(of.trend->score_change) + " " + std::string{to_string(of.trend->moves)};
}

std::string missing_text(const news2_score& of) {
  std::string out;
  for (const auto what : of.missing) {
    if (!out.empty()) out += ", ";
    out += to_string(what);
  }
  return out.empty() ? "-" : out;
}

std::string parameters_text(const news2_report& of) {
  std::string out;
  for (const auto what : all_vitals) {
    const auto& value = of.signs[what];
    if (!value) continue;
    if (!out.empty()) out += ", ";
    out += to_string(what);
    out += ' ';
    if (what == vital::consciousness) {
      out += to_string(static_cast<acvpu>(static_cast<int>(*value)));
    } else if (what == vital::supplemental_oxygen) {
      out += *value > 0 ? "yes" : "no";
    } else {
      out += number_text(rounded(*value));
    }
    if (const int points = of.score.points[static_cast<std::size_t>(what)]; points > 0) {
      out += " (" + std::to_string(points) + ")";
    }
    if (!of.trend) continue;
    for (const auto& item : of.trend->parameters) {
      if (item.what == what && item.moves != direction::steady) out += " " + std::string{to_string(item.moves)};
    }
  }
  return out;
}

std::string appointment_text(const appointment& of, const clinician* who) {
  std::string out = to_text(of.start).substr(0, 10) + " " + clock_text(of.start) + "-" + clock_text(of.end) + "  ";
  out += who == nullptr ? of.clinician : who->name + " (" + std::string{to_string(who->does)} + ")";
  out += "  " + std::string{to_string(of.level)} + ": " + of.reason;
  if (of.moved_from) out += "  [moved from " + clock_text(*of.moved_from) + "]";
  if (of.late()) out += "  [late: due " + clock_text(of.due) + "]";
  return out;
}

// The indented lines below a patient.
std::string details(const report& all, const patient_report& of) {
  std::string out;
  const auto line = [&](std::string_view label, const std::string& text) {
    out += "  " + padded(std::string{label}, 16) + printable(text) + "\n";
  };
  if (of.news2.at) line("vitals", clock_text(*of.news2.at) + "  " + parameters_text(of.news2));
  const auto response = response_to(of.news2.score);
  line("monitoring", std::string{response.monitoring} + "; " + std::string{response.action});
  for (const auto& item : of.medication.findings) line(to_string(item.level), item.text);
  if (const auto count = of.medication.unknown_doses.size(); count > 0) {
    line("dose unknown", std::to_string(count) + " active medication" + (count == 1 ? "" : "s"));
  }
  for (const auto& item : of.medication.unknown_drugs) line("unrecognised", item.text);
  for (const auto& item : of.medication.unknown_allergens) line("unrecognised", "allergy: " + item.text);
  for (const auto& item : of.appointments) {
    line("appointment", appointment_text(item, find_clinician(all, item.clinician)));
  }
  for (const auto& item : of.unplaced) line("NOT PLACED", item.request + ": " + item.why);
  return out;
}

}  // namespace

news2_report news2_of(const vitals_history& history) {
  auto now = history.latest();
  if (!now) return {{}, {}, score({}), {}};
  return {now->at, now->signs, std::move(now->score), history.trend()};
}

void share_out(const schedule& planned, std::vector<patient_report>& patients) {
  std::map<std::string_view, patient_report*> by_patient;
  for (auto& item : patients) by_patient.emplace(item.id, &item);
  for (const auto& item : planned.appointments) {
    if (const auto at = by_patient.find(item.patient); at != by_patient.end()) at->second->appointments.push_back(item);
  }
  for (const auto& item : planned.unplaced) {
    if (const auto at = by_patient.find(item.patient); at != by_patient.end()) at->second->unplaced.push_back(item);
  }
}

std::string to_json(const report& of) {
  json out{{"patients", json::array()},
           {"run",
            {{"as_of", to_text(of.run.as_of)},
             {"files", of.run.files},
             {"files_unreadable", of.run.files_unreadable},
             {"observations", of.run.observations},
             {"observations_ignored", of.run.observations_ignored},
             {"observations_set_aside", of.run.observations_set_aside},
             {"lines_refused", of.run.lines_refused},
             {"problems", of.run.problems},
             {"messages", of.run.messages},
             {"kills", of.run.kills},
             {"restarts", of.run.restarts},
             {"dead_letters", of.run.dead_letters},
             {"feedback", of.run.feedback}}}};
  for (const auto* item : by_id(of)) out["patients"].push_back(patient_json(of, *item));
  // In ASCII, since a reader may well be a terminal.
  return out.dump(2, ' ', true, json::error_handler_t::replace) + "\n";
}

std::string to_table(const report& of) {
  using row = std::array<std::string, 6>;
  const auto patients = by_id(of);
  std::vector<row> rows{{"PATIENT", "NAME", "NEWS2", "RISK", "LAST HOUR", "MISSING"}};
  for (const auto* item : patients) {
    const auto& news2 = item->news2;
    rows.push_back({item->id, printable(item->name) + (item->deceased ? " (deceased)" : ""),
                    std::to_string(news2.score.total), std::string{to_string(news2.score.band)}, trend_text(news2),
                    missing_text(news2.score)});
  }
  std::array<std::size_t, 6> columns{};
  for (const auto& line : rows) {
    for (std::size_t i = 0; i < columns.size(); ++i) columns[i] = std::max(columns[i], width(line[i]));
  }
  std::string out;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = 0; j + 1 < columns.size(); ++j) out += padded(rows[i][j], columns[j] + 2);
    out += rows[i].back() + "\n";
    if (i == 0) continue;
    const auto& item = *patients[i - 1];
    out += details(of, item);
  }
  const auto& run = of.run;
  out += std::to_string(patients.size()) + " patients from " + std::to_string(run.files) + " files (" +
         std::to_string(run.files_unreadable) + " unreadable), " + std::to_string(run.observations) +
         " observations, " + std::to_string(run.lines_refused) + " lines refused, " + std::to_string(run.problems) +
         " problems; as of " + to_text(run.as_of) + "\n" + std::to_string(run.messages) + " messages between agents, " +
         std::to_string(run.kills) + " kills, " + std::to_string(run.restarts) + " restarts, " +
         std::to_string(run.dead_letters) + " dead letters\n";
  return out;
}

}  // namespace healthcare

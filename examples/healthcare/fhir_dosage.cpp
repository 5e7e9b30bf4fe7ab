#include <algorithm>

#include "healthcare/errc.hpp"
#include "healthcare/fhir_fields.hpp"
#include "healthcare/text.hpp"

namespace healthcare {
namespace {

// Hours in one of UCUM's units of time.
std::optional<double> hours_in(std::string_view unit) {
  struct entry {
    std::string_view unit;
    double hours;
  };
  static constexpr entry table[] = {{"s", 1.0 / 3600}, {"min", 1.0 / 60}, {"h", 1},   {"d", 24},
                                    {"wk", 168},       {"mo", 730.5},     {"a", 8766}};
  for (const auto& known : table) {
    if (known.unit == unit) return known.hours;
  }
  return std::nullopt;
}

// Timing.code: the abbreviations of HL7's GTSAbbreviation that fix a frequency, as administrations in so many hours.
bool abbreviation(const json_view& code, dosage& out) {
  struct entry {
    std::string_view code;
    double times;
    double hours;
  };
  static constexpr entry table[] = {{"QD", 1, 24},  {"BID", 2, 24}, {"TID", 3, 24}, {"QID", 4, 24},
                                    {"QOD", 1, 48}, {"Q1H", 1, 1},  {"Q2H", 1, 2},  {"Q3H", 1, 3},
                                    {"Q4H", 1, 4},  {"Q6H", 1, 6},  {"Q8H", 1, 8},  {"AM", 1, 24},
                                    {"PM", 1, 24},  {"BED", 1, 24}, {"WK", 1, 168}, {"MO", 1, 730.5}};
  for (const auto& item : read_concept(code)) {
    for (const auto& known : table) {
      if (item.code != known.code) continue;
      out.times = known.times;
      out.period_hours = known.hours;
      return true;
    }
  }
  return false;
}

// A count or an amount: finite, above zero and not absurd, or nothing.
std::optional<double> amount(const json_view& number) {
  const auto value = number.number();
  if (!value) return std::nullopt;
  if (!(*value > 0 && *value <= 1e6)) {
    number.refuse(errc::out_of_range, "not an amount above 0 and up to a million");
    return std::nullopt;
  }
  return value;
}

void refuse_unit(const json_view& where, const std::string& unit) {
  where.refuse(errc::bad_unit, "no unit of time: \"" + printable(clipped(unit, 20)) + "\"");
}

void read_timing(const json_view& timing, dosage& out) {
  const auto repeat = timing["repeat"];
  // The most that the instruction allows: the higher frequency, the shorter period.
  auto times = amount(repeat["frequencyMax"]);
  if (!times) times = amount(repeat["frequency"]);
  const auto named = std::max(repeat["timeOfDay"].items().size(), repeat["when"].items().size());
  if (named > 0) times = std::max(times.value_or(0), static_cast<double>(named));
  const auto period = amount(repeat["period"]);
  const auto unit = repeat["periodUnit"].text();
  if (period) {
    const auto hours = hours_in(unit);
    if (!hours) return refuse_unit(repeat["periodUnit"], unit);
    out.times = times.value_or(1);  // FHIR's default
    out.period_hours = *period * *hours;
  } else if (named > 0) {
    out.times = times;
    out.period_hours = 24;
  } else {
    abbreviation(timing["code"], out);
  }
}

std::string unit_of(const json_view& quantity) {
  auto unit = quantity["code"].text();
  return unit.empty() ? quantity["unit"].text() : unit;
}

std::optional<dose_cap> read_cap(const json_view& ratio) {
  const auto dose = amount(ratio["numerator"]["value"]);
  const auto period = amount(ratio["denominator"]["value"]);
  if (!dose || !period) return std::nullopt;
  const auto unit = unit_of(ratio["denominator"]);
  const auto hours = hours_in(unit);
  if (!hours) {
    refuse_unit(ratio["denominator"], unit);
    return std::nullopt;
  }
  return dose_cap{*dose, unit_of(ratio["numerator"]), *period * *hours};
}

}  // namespace

dosage read_dosage(const json_view& instruction) {
  dosage out;
  const double sequence = instruction["sequence"].number().value_or(1);
  if (sequence >= 0 && sequence <= 10'000) out.sequence = static_cast<int>(sequence);
  read_timing(instruction["timing"], out);
  out.as_needed = instruction["asNeededBoolean"].flag().value_or(false) || instruction["asNeededCodeableConcept"];
  const auto rate = instruction["doseAndRate"].first();
  auto quantity = rate["doseQuantity"];
  if (!quantity) quantity = rate["doseRange"]["high"];
  out.dose = amount(quantity["value"]);
  out.dose_unit = unit_of(quantity);
  out.at_most = read_cap(instruction["maxDosePerPeriod"]);
  return out;
}

}  // namespace healthcare

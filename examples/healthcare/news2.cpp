#include "healthcare/news2.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <utility>

namespace healthcare {
namespace {

constexpr double up = std::numeric_limits<double>::infinity();

// A column of chart 1: values up to and including `most` that no column before took get `points`.
struct column {
  double most;
  int points;
};

constexpr column respiratory_rate[] = {{8, 3}, {11, 1}, {20, 0}, {24, 2}, {up, 3}};
constexpr column oxygen_saturation[] = {{91, 3}, {93, 2}, {95, 1}, {up, 0}};
constexpr column supplemental_oxygen[] = {{0, 0}, {up, 2}};
constexpr column systolic_pressure[] = {{90, 3}, {100, 2}, {110, 1}, {219, 0}, {up, 3}};
constexpr column heart_rate[] = {{40, 3}, {50, 1}, {90, 0}, {110, 1}, {130, 2}, {up, 3}};
constexpr column consciousness[] = {{0, 0}, {up, 3}};
constexpr column temperature_tenths[] = {{350, 3}, {360, 1}, {380, 0}, {390, 1}, {up, 2}};

std::span<const column> row(vital what) {
  switch (what) {
    case vital::respiratory_rate: return respiratory_rate;
    case vital::oxygen_saturation: return oxygen_saturation;
    case vital::supplemental_oxygen: return supplemental_oxygen;
    case vital::systolic_pressure: return systolic_pressure;
    case vital::heart_rate: return heart_rate;
    case vital::consciousness: return consciousness;
    case vital::temperature: return temperature_tenths;
  }
  return {};
}

risk band_of(int total, bool single_three) {
  if (total >= 7) return risk::high;
  if (total >= 5) return risk::medium;
  return single_three ? risk::low_medium : risk::low;
}

}  // namespace

int news2_points(vital what, double value) noexcept {
  const double step = std::round(what == vital::temperature ? value * 10 : value);
  for (const auto& [most, points] : row(what)) {
    if (step <= most) return points;
  }
  return 0;
}

double graver(vital what, double a, double b) noexcept {
  return std::max(std::pair{news2_points(what, a), a}, std::pair{news2_points(what, b), b}).second;
}

news2_score score(const vital_signs& signs) {
  news2_score out;
  for (const auto what : all_vitals) {
    if (const auto& value = signs[what]) {
      out.points[static_cast<std::size_t>(what)] = news2_points(what, *value);
    } else if (what != vital::consciousness && what != vital::supplemental_oxygen) {
      out.missing.push_back(what);
    }
  }
  for (const int points : out.points) out.total += points;
  out.band = band_of(out.total, std::find(out.points.begin(), out.points.end(), 3) != out.points.end());
  return out;
}

clinical_response response_to(const news2_score& of) noexcept {
  if (of.total == 0) return {"every 12 hours", "routine monitoring"};
  switch (of.band) {
    case risk::low: return {"every 4 to 6 hours", "assessment by a registered nurse"};
    case risk::low_medium: return {"every hour", "urgent ward-based review"};
    case risk::medium: return {"every hour", "urgent assessment by a clinician competent in acute illness"};
    case risk::high: return {"continuous", "emergency assessment by a team with critical-care skills"};
  }
  return {};
}

std::string_view to_string(risk band) noexcept {
  switch (band) {
    case risk::low: return "low";
    case risk::low_medium: return "low-medium";
    case risk::medium: return "medium";
    case risk::high: return "high";
  }
  return "unknown";
}

}  // namespace healthcare

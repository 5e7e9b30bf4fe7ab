#include "healthcare/medication.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "healthcare/daily_dose.hpp"
#include "healthcare/prescription.hpp"
#include "healthcare/text.hpp"

namespace healthcare {
namespace {

std::string quoted(const std::string& name) { return "\"" + clipped(name, 120) + "\""; }

// The gravest thing that one allergy says about one ingredient.
std::optional<finding> allergy_finding(const allergen& to, const std::string& label, const prescription& drug,
                                       const ingredient& of) {
  if (to.substances.contains(of.name)) {
    return finding{{},
                   finding_kind::same_substance,
                   severity::contraindicated,
                   {drug.request->id},
                   quoted(drug.name) + " contains " + of.name + ", to which an allergy is on record (" + label + ")",
                   {}};
  }
  std::optional<finding> out;
  const auto consider = [&](finding_kind kind, severity level, std::string text, std::string_view source) {
    if (!out || out->level < level)
      out = finding{{}, kind, level, {drug.request->id}, std::move(text), std::string{source}};
  };
  // The classes the patient is allergic to, or to a member of.
  const auto allergic_to = [&](const drug_class& group) {
    return to.classes.contains(std::string{group.name}) ||
           std::any_of(to.substances.begin(), to.substances.end(),
                       [&](const std::string& name) { return is_a(name, group.name); });
  };
  for (const auto& group : drug_classes()) {
    if (group.cross_allergy && is_a(of.name, group.name) && allergic_to(group)) {
      consider(finding_kind::same_class, *group.cross_allergy,
               quoted(drug.name) + " contains " + of.name + ", one of the " + std::string{group.name} +
                   "; an allergy is on record (" + label + ")",
               group.source);
    }
  }
  for (const auto& rule : cross_reactivities()) {
    const auto* group = find_class(rule.allergy_class);
    if (group != nullptr && is_a(of.name, rule.drug_class) && allergic_to(*group)) {
      consider(finding_kind::cross_reactivity, rule.level,
               quoted(drug.name) + " contains " + of.name + ", one of the " + std::string{rule.drug_class} +
                   "; an allergy to " + std::string{rule.allergy_class} + " is on record (" + label +
                   "): " + std::string{rule.advice},
               rule.source);
    }
  }
  return out;
}

class reviewer {
 public:
  reviewer(const record& of, instant as_of) : of_{of}, adult_{is_adult(of.who, as_of)} {
    std::vector<const medication_request*> active;
    for (const auto& request : of.medication_requests) {
      if (request.active) active.push_back(&request);
    }
    std::sort(active.begin(), active.end(),
              [](const medication_request* a, const medication_request* b) { return a->id < b->id; });
    for (const auto* request : active) {
      if (drugs_.size() < active_requests_max) {
        drugs_.push_back(prescription_of(*request));
        if (!drugs_.back().known) out_.unknown_drugs.push_back({request->id, drugs_.back().name});
      } else {
        out_.unknown_doses.push_back(
            {request->id, display_of(request->medication), "too many active requests: not checked"});
      }
    }
  }

  medication_review run() && {
    check_allergies();
    check_duplicates();
    check_interactions();
    check_doses();
    std::sort(out_.findings.begin(), out_.findings.end(), [](const finding& a, const finding& b) {
      return std::tie(b.level, a.kind, a.id) < std::tie(a.level, b.kind, b.id);
    });
    const auto same_id = [](const finding& a, const finding& b) { return a.id == b.id; };
    out_.findings.erase(std::unique(out_.findings.begin(), out_.findings.end(), same_id), out_.findings.end());
    if (out_.findings.size() > findings_max) out_.findings.resize(findings_max);
    std::sort(out_.unknown_doses.begin(), out_.unknown_doses.end(),
              [](const unknown_dose& a, const unknown_dose& b) { return a.request < b.request; });
    return std::move(out_);
  }

 private:
  static bool is_adult(const patient& who, instant as_of) {
    if (!who.birth_date) return true;
    const std::chrono::year_month_day born{std::chrono::floor<std::chrono::days>(*who.birth_date)};
    return std::chrono::sys_days{born + std::chrono::years{18}} <= as_of;
  }

  // Keeps the finding under an id made of what it is about.
  void found(finding what, const std::string& about) {
    std::sort(what.requests.begin(), what.requests.end());
    what.id = std::string{to_string(what.kind)} + ":" + about;
    for (const auto& request : what.requests) what.id += ":" + request;
    out_.findings.push_back(std::move(what));
  }

  void check_allergies() {
    for (const auto& item : of_.allergies) {
      if (!item.active) continue;
      const auto to = allergen_of(item);
      const auto label = printable(clipped(display_of(item.substance), 120));
      if (!to.known && !to.substances.empty() && item.to_drug) out_.unknown_allergens.push_back({item.id, label});
      for (const auto& drug : drugs_) {
        std::optional<finding> worst;
        for (const auto& of : drug.product.ingredients) {
          auto one = allergy_finding(to, label, drug, of);
          if (one && (!worst || worst->level < one->level)) worst = std::move(one);
        }
        if (!worst) continue;
        if (item.intolerance && worst->level != severity::note) {
          worst->level = static_cast<severity>(static_cast<int>(worst->level) - 1);
          worst->text += "; recorded as an intolerance";
        }
        found(*std::move(worst), item.id);
      }
    }
  }

  // The drugs with each ingredient.
  std::map<std::string, std::vector<const prescription*>> by_ingredient() const {
    std::map<std::string, std::vector<const prescription*>> out;
    for (const auto& drug : drugs_) {
      for (const auto& of : drug.product.ingredients) {
        auto& with = out[of.name];
        if (with.empty() || with.back() != &drug) with.push_back(&drug);
      }
    }
    return out;
  }

  void check_duplicates() {
    for (const auto& [name, drugs] : by_ingredient()) {
      if (drugs.size() < 2) continue;
      finding what{{}, finding_kind::duplicate_ingredient, severity::moderate, {}, name + " is in ", {}};
      for (const auto* drug : drugs) {
        what.text += (what.requests.empty() ? "" : " and ") + quoted(drug->name);
        what.requests.push_back(drug->request->id);
      }
      what.text = clipped(what.text, 512);
      found(std::move(what), name);
    }
  }

  void check_interactions() {
    const auto drugs_with = by_ingredient();
    for (const auto& rule : interactions()) {
      for (const auto& [first, with_first] : drugs_with) {
        if (!is_a(first, rule.first)) continue;
        for (const auto& [second, with_second] : drugs_with) {
          if (!is_a(second, rule.second)) continue;
          std::set<std::string> requests;
          for (const auto* drug : with_first) requests.insert(drug->request->id);
          for (const auto* drug : with_second) requests.insert(drug->request->id);
          if (requests.size() < 2) continue;  // a product that combines them on purpose
          found({{},
                 finding_kind::interaction,
                 rule.level,
                 {requests.begin(), requests.end()},
                 first + " with " + second + ": " + std::string{rule.effect},
                 std::string{rule.source}},
                first + "/" + second);
        }
      }
    }
  }

  void check_doses() {
    struct total {
      double mg = 0;
      double of_maximum = 0;  // salts have maxima of their own, so fractions are what adds up
      const dose_limit* limit = nullptr;
      std::vector<std::string> requests;
    };
    std::map<std::string, total> totals;
    for (const auto& drug : drugs_) {
      const auto doses = adult_ ? daily_doses(*drug.request, drug.product)
                                : std::variant<std::vector<ingredient_dose>, std::string>{"the maxima are for adults"};
      if (const auto* why = std::get_if<std::string>(&doses)) {
        out_.unknown_doses.push_back({drug.request->id, drug.name, *why});
        continue;
      }
      for (const auto& dose : std::get<0>(doses)) {
        const auto* limit = limit_of(dose);
        if (limit == nullptr) continue;
        auto& sum = totals[dose.name];
        sum.mg += dose.mg_per_day;
        sum.of_maximum += dose.mg_per_day / limit->mg_per_day;
        sum.limit = limit;
        sum.requests.push_back(drug.request->id);
      }
    }
    for (const auto& [name, sum] : totals) {
      if (sum.of_maximum <= 1 + 1e-9) continue;
      found({{},
             finding_kind::dose_above_maximum,
             severity::major,
             sum.requests,
             name + ": " + number_text(sum.mg) + " mg a day, where the maximum for adults is " +
                 number_text(sum.limit->mg_per_day) + " mg",
             std::string{sum.limit->source}},
            name);
    }
  }

  static const dose_limit* limit_of(const ingredient_dose& dose) {
    const dose_limit* by_name = nullptr;
    for (const auto& limit : dose_limits()) {
      if (limit.name == dose.written) return &limit;
      if (limit.name == dose.name) by_name = &limit;
    }
    return by_name;
  }

  const record& of_;
  bool adult_;
  std::vector<prescription> drugs_;
  medication_review out_;
};

}  // namespace

medication_review review_medication(const record& of, instant as_of) { return reviewer{of, as_of}.run(); }

std::string_view to_string(finding_kind kind) noexcept {
  switch (kind) {
    case finding_kind::same_substance: return "allergy";
    case finding_kind::same_class: return "allergy-class";
    case finding_kind::cross_reactivity: return "cross-reactivity";
    case finding_kind::duplicate_ingredient: return "duplicate";
    case finding_kind::interaction: return "interaction";
    case finding_kind::dose_above_maximum: return "dose";
  }
  return "unknown";
}

}  // namespace healthcare

#include "healthcare/prescription.hpp"

#include <algorithm>

#include "healthcare/drug_names.hpp"
#include "healthcare/medication_tables.hpp"
#include "healthcare/text.hpp"

namespace healthcare {
namespace {

// The name that a coding means by the table of codes, empty if it is not there.
std::string_view coded(const coding& item) {
  for (const auto& known : coded_names()) {
    if (known.code == item.code && known.system == item.system) return known.name;
  }
  return {};
}

bool is_class(std::string_view name) {
  return std::any_of(drug_classes().begin(), drug_classes().end(), [&](const drug_class& group) {
    return group.name == name ||
           std::find(group.allergens.begin(), group.allergens.end(), name) != group.allergens.end();
  });
}

void merge(drug_product& into, const ingredient& item) {
  const auto known = std::find_if(into.ingredients.begin(), into.ingredients.end(),
                                  [&](const ingredient& of) { return of.name == item.name; });
  if (known == into.ingredients.end()) {
    into.ingredients.push_back(item);
  } else if (!known->amount && item.amount) {
    *known = item;
  }
}

}  // namespace

std::string display_of(const std::vector<coding>& codings) {
  for (const auto& item : codings) {
    if (!item.display.empty()) return item.display;
  }
  return codings.empty() ? "" : codings.front().code;
}

prescription prescription_of(const medication_request& request) {
  prescription out{&request, printable(display_of(request.medication)), {}, true};
  for (const auto& item : request.medication) {
    const auto product = parse_product(item.display);
    const bool known = std::any_of(product.ingredients.begin(), product.ingredients.end(),
                                   [](const ingredient& of) { return is_known(of.name); });
    if (!known) continue;
    for (const auto& of : product.ingredients) merge(out.product, of);
  }
  for (const auto& item : request.medication) {
    auto names = known_names_in(item.display);
    names.emplace_back(coded(item));
    for (const auto& name : names) {
      if (!name.empty() && !is_class(name)) merge(out.product, {name, name, {}});
    }
  }
  if (out.product.ingredients.empty()) {
    out.product = parse_product(display_of(request.medication));
    out.known = false;
  }
  return out;
}

allergen allergen_of(const allergy& of) {
  allergen out;
  std::set<std::string> named;
  for (const auto& item : of.substance) {
    if (const auto name = coded(item); !name.empty()) named.emplace(name);
    if (allergen_name(item.display).empty()) continue;
    for (auto& name : known_names_in(item.display)) named.insert(std::move(name));
  }
  out.known = !named.empty();
  if (!out.known) {
    for (const auto& item : of.substance) {
      const auto name = allergen_name(item.display);
      for (auto& part : parse_product(name).ingredients) named.insert(std::move(part.name));
    }
  }
  for (const auto& name : named) {
    if (!is_class(name)) out.substances.insert(name);
    for (const auto& group : drug_classes()) {
      const bool listed = std::find(group.allergens.begin(), group.allergens.end(), name) != group.allergens.end();
      if (listed || group.name == name) out.classes.emplace(group.name);
    }
  }
  return out;
}

}  // namespace healthcare

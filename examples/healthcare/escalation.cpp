#include "healthcare/escalation.hpp"

#include <algorithm>
#include <utility>

namespace healthcare {
namespace {

escalation_key key_of(const std::string& request, const revision& of) {
  return {request, of.at, of.reason.substr(0, of.reason.find(':'))};
}

}  // namespace

bool needs_approval(const revision& of) noexcept { return !of.withdrawn && of.level == urgency::emergency; }

void escalation_decisions::put(escalation_decision made) {
  auto key = made.about;
  by_key_.try_emplace(std::move(key), std::move(made));
}

const escalation_decision* escalation_decisions::find(const std::string& request, const revision& of) const {
  const auto key = key_of(request, of);
  const escalation_decision* out = nullptr;
  for (auto at = by_key_.lower_bound({request, of.at, {}}); at != by_key_.end(); ++at) {
    const auto& [about, made] = *at;
    if (about.request != request || about.at != of.at) break;
    if (made.approved) return &made;
    if (about == key) out = &made;
  }
  return out;
}

std::vector<escalation_question> escalation_decisions::open(const request_list& of) const {
  std::vector<escalation_question> out;
  for (const auto& request : of.requests) {
    for (const auto& each : request.revisions) {
      if (needs_approval(each) && find(request.id, each) == nullptr)
        out.push_back({key_of(request.id, each), request.patient, each.reason});
    }
  }
  return out;
}

schedule escalation_decisions::plan(std::vector<follow_up> requests, const clinic& at) const {
  std::vector<unplanned> held_back;
  for (auto& request : requests) {
    std::erase_if(request.revisions, [&](const revision& each) {
      if (!needs_approval(each)) return false;
      const auto* decided = find(request.id, each);
      if (decided != nullptr && decided->approved) return false;
      std::string why = "waiting for approval";
      if (decided != nullptr) {
        why = "refused by " + decided->by;
        if (!decided->comment.empty()) why += " (" + decided->comment + ")";
      }
      held_back.push_back({request.id, request.patient, why + ": " + each.reason + ", at " + to_text(each.at)});
      return true;
    });
  }
  auto out = healthcare::plan(requests, at);
  out.unplaced.insert(out.unplaced.end(), held_back.begin(), held_back.end());
  std::stable_sort(out.unplaced.begin(), out.unplaced.end(),
                   [](const unplanned& a, const unplanned& b) { return a.request < b.request; });
  return out;
}

}  // namespace healthcare

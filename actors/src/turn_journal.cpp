#include "turn_journal.hpp"

#include <algorithm>
#include <utility>

#include "stored_answer.hpp"

namespace troupe::actors {

turn_journal::turn_journal(std::shared_ptr<accepted_message> message, timestamp now,
                           std::optional<memory::journaled_turn> before, std::shared_ptr<turn_charges> charges)
    : message_{std::move(message)},
      began_{before ? before->began : now},
      time_{began_},
      noted_{before.has_value()},
      charges_{std::move(charges)} {
  charges_->belongs_to(*this);
  if (!before) return;
  std::vector<memory::journaled_effect*> ordered;
  for (auto& each : before->effects)
    if (each.charges)
      ++results_;
    else if (each.result)
      ordered.push_back(&each);
  std::sort(ordered.begin(), ordered.end(), [](const auto* a, const auto* b) { return a->order < b->order; });
  for (auto* each : ordered)
    due_.push_back({.number = each->number, .at = each->at, .stored = *std::exchange(each->result, std::string{})});
  results_ += static_cast<std::uint32_t>(due_.size());
  for (auto& each : before->effects) {
    if (each.charges) charges_->know(each);
    known_.emplace(each.number, std::move(each));
  }
}

memory::journaled_effect turn_journal::described(std::uint32_t number, effect_kind kind, std::string_view about,
                                                 std::uint64_t digest) {
  std::string label{to_string(kind)};
  if (!about.empty()) label.append(" ").append(about);
  if (label.size() > memory::effect_label_size_bytes_max) label.resize(memory::effect_label_size_bytes_max);
  return {.number = number, .label = std::move(label), .digest = digest};
}

const std::optional<error>& turn_journal::compare(const memory::journaled_effect& before,
                                                  const memory::journaled_effect& now) {
  static const std::optional<error> fine;
  // A program that was upgraded encodes the same arguments in another way, if their type has changed.
  const bool same_type = before.digest >> 32 == now.digest >> 32;
  if (before.label == now.label && (!same_type || before.digest == now.digest)) return fine;
  const bool same_words = before.label == now.label;
  wrong.emplace(agent_errc::nondeterministic,
                "the turn was resumed, and its effect " + std::to_string(now.number) + " is `" + now.label + "` now" +
                    (same_words ? ", with other arguments than" : ", where it was `" + before.label + "`") +
                    " before: a handler must ask for the same effects when it is run again");
  return wrong;
}

known_effect turn_journal::begin(effect_kind kind, std::string_view about, std::uint64_t digest) {
  known_effect made{.number = ++begun_};
  auto now = described(made.number, kind, about, digest);
  const auto found = known_.find(made.number);
  if (found == known_.end()) {
    known_.emplace(made.number, std::move(now));
    return made;
  }
  const auto& before = found->second;
  if ((made.wrong = compare(before, now))) return made;
  made.has_result = before.result.has_value();
  for (const auto& each : due_)
    if (each.number == made.number && each.stored) made.failed = is_error(*each.stored);
  // One that is done again, since what came of it does not last, has its whole time again.
  if (!made.has_result) made.begun = before.at;
  return made;
}

std::uint64_t turn_journal::effect_of(std::uint32_t number) const {
  const auto found = effects_.find(number);
  return found == effects_.end() ? 0 : found->second;
}

memory::note_effect turn_journal::note(const troupe::path& agent, std::uint32_t number, timestamp at,
                                       std::optional<std::string> result) const {
  memory::note_effect made{.agent = agent, .turn = name(), .what = known_.at(number)};
  made.what.at = at;
  if (result) made.what.request.clear();
  made.what.result = std::move(result);
  return made;
}

std::vector<memory::operation> turn_journal::before(const troupe::path& agent) const {
  std::vector<memory::operation> all;
  if (!noted_) all.emplace_back(memory::begin_turn{agent, name(), began_});
  for (auto& each : charges_->unsent()) all.emplace_back(memory::note_charges{agent, name(), std::move(each)});
  return all;
}

memory::journaled_effect turn_journal::record(std::uint32_t number) const {
  auto made = known_.at(number);
  made.at = time_;
  return made;
}

std::function<void()> turn_journal::take_beginning(std::uint32_t number) {
  auto found = later_.extract(number);
  return found ? std::move(found.mapped()) : nullptr;
}

turn_journal::delivery turn_journal::take() {
  auto first = std::move(due_.front());
  due_.pop_front();
  time_ = std::max(time_, first.at);
  return first;
}

std::optional<error> turn_journal::lost() const {
  if (due_.empty() || waits_ > 0 || due_.front().number <= begun_) return {};
  return not_asked_for(due_.front().number);
}

std::optional<error> turn_journal::lost_charge() const {
  for (auto each = known_.upper_bound(begun_); each != known_.end(); ++each)
    if (each->second.charges && !turn_charges::is_settlement(each->first)) return not_asked_for(each->first);
  return {};
}

error turn_journal::not_asked_for(std::uint32_t number) const {
  return {agent_errc::nondeterministic, "the turn was resumed, and did not ask again for its effect " +
                                            std::to_string(number) + ", `" + known_.at(number).label +
                                            "`: a handler must ask for the same effects when it is run again"};
}

}  // namespace troupe::actors

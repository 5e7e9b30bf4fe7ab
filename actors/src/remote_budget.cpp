#include "remote_budget.hpp"

#include <utility>

namespace troupe::actors {

namespace {

frames::amount_list listed(const amounts& from) {
  frames::amount_list all;
  for (const auto& [name, how_much] : from) all.emplace_back(name, how_much.value());
  return all;
}

amounts amounts_of(const frames::amount_list& from) {
  amounts all;
  for (const auto& [name, how_much] : from) all.add(name, amount{how_much});
  return all;
}

// What the runtime keeps is not for effects.
bool may_be_used(const amounts& given) {
  return !check(given) && !given.find(quantity::children) && !given.find(quantity::depth) &&
         !given.find(quantity::wall_time);
}

std::optional<refusal> refusal_of(const frames::budget_answer& answer) {
  if (!answer.refused) return {};
  return refusal{answer.whose,
                 {.quantity = answer.quantity,
                  .limit = answer.limit,
                  .reserved = answer.reserved,
                  .spent = answer.spent,
                  .overrun = answer.overrun,
                  .refused = answer.refusals},
                 answer.asked};
}

void put(const refusal& why, frames::budget_answer& into) {
  into.refused = true;
  into.whose = why.whose;
  into.quantity = why.stood.quantity;
  into.limit = why.stood.limit;
  into.reserved = why.stood.reserved;
  into.spent = why.stood.spent;
  into.overrun = why.stood.overrun;
  into.refusals = why.stood.refused;
  into.asked = why.asked;
}

}  // namespace

// -- in the process ---------------------------------------------------------------------------------------------------

frames::budget_answer remote_budget::ask(frames::budget_request request) {
  std::unique_lock lock{mutex_};
  request.number = ++count_;
  send_(request);
  answered_.wait(lock, [&] { return answers_.contains(request.number); });
  return std::move(answers_.extract(request.number).mapped());
}

void remote_budget::take(frames::budget_answer answer) {
  {
    std::scoped_lock lock{mutex_};
    answers_.emplace(answer.number, std::move(answer));
  }
  answered_.notify_all();
}

std::optional<refusal> remote_budget::reserve(const amounts& asked, std::uint64_t& id) {
  const auto answer = ask({.what = frames::budget_step::reserve, .amounts = listed(asked)});
  id = answer.id;
  return refusal_of(answer);
}

void remote_budget::begin(std::uint64_t id) { (void)ask({.what = frames::budget_step::begin, .id = id}); }

std::optional<refusal> remote_budget::settle(std::uint64_t id, const amounts& used) {
  return refusal_of(ask({.what = frames::budget_step::settle, .id = id, .amounts = listed(used)}));
}

void remote_budget::cancel(std::uint64_t id) { (void)ask({.what = frames::budget_step::cancel, .id = id}); }

std::optional<refusal> remote_budget::admit(const troupe::path& newcomer) {
  return refusal_of(ask({.what = frames::budget_step::admit, .where = newcomer}));
}

void remote_budget::leave() { (void)ask({.what = frames::budget_step::leave}); }

std::optional<budget_room> remote_budget::left(std::string_view quantity, const troupe::path& from) {
  const auto answer = ask({.what = frames::budget_step::left, .where = from, .amounts = {{std::string{quantity}, 0}}});
  if (answer.quantity.empty()) return {};
  return budget_room{answer.spent, answer.limit, answer.whose};
}

// -- in the node ------------------------------------------------------------------------------------------------------

std::optional<refusal> lent_budget::reserve(const frames::budget_request& request, frames::budget_answer& answer) {
  amounts asked = amounts_of(request.amounts);
  if (!may_be_used(asked) || open_.size() >= reservations_max)
    return refusal{{}, {.quantity = "open reservations", .limit = reservations_max}, 1};
  auto refused = account_->reserve(asked, answer.id);
  if (!refused) open_[answer.id].reserved = std::move(asked);
  return refused;
}

frames::budget_answer lent_budget::serve(const frames::budget_request& request, const std::shared_ptr<account>& nearest,
                                         const troupe::path& agent, instant now) {
  frames::budget_answer answer{.number = request.number};
  account_ = nearest;
  if (!account_) return answer;
  const auto known = open_.find(request.id);
  std::optional<refusal> refused;
  switch (request.what) {
    case frames::budget_step::reserve: refused = reserve(request, answer); break;
    case frames::budget_step::begin:
      if (known != open_.end()) known->second.begun = true;
      break;
    case frames::budget_step::settle:
      if (known == open_.end() || !may_be_used(amounts_of(request.amounts))) break;
      refused = account_->settle(known->second.reserved, amounts_of(request.amounts));
      open_.erase(known);
      break;
    case frames::budget_step::cancel:
      if (known == open_.end()) break;
      account_->cancel(known->second.reserved);
      open_.erase(known);
      break;
    case frames::budget_step::admit:
      if (!agent.contains(request.where)) break;
      refused = account_->admit(request.where, now);
      if (!refused) ++places_;
      break;
    case frames::budget_step::leave:
      if (places_ == 0) break;
      --places_;
      account_->leave();
      break;
    case frames::budget_step::left:
      if (request.amounts.size() != 1) break;
      if (const auto room = account_->left(request.amounts.front().first, request.where, now)) {
        answer.quantity = request.amounts.front().first;
        answer.spent = room->left;
        answer.limit = room->limit;
        answer.whose = room->whose;
      }
      break;
  }
  if (refused) put(*refused, answer);
  return answer;
}

void lent_budget::close() {
  for (const auto& [id, each] : open_) {
    if (each.begun)
      (void)account_->settle(each.reserved, each.reserved);
    else
      account_->cancel(each.reserved);
  }
  open_.clear();
  for (; places_ > 0; --places_) account_->leave();
}

}  // namespace troupe::actors

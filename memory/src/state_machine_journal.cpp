// What commands do to the journal of durable agents.

#include <map>
#include <troupe/memory/errc.hpp>
#include <troupe/net/codec.hpp>

#include "state_machine.hpp"

namespace troupe::memory {
namespace {

error over(const path& agent, const id& turn) {
  return {memory_errc::stale, "the turn " + turn.to_string() + " of " + agent.str() + " is over"};
}

// The sums of an account are within 63 bits; what is damaged is not to be worse than wrong.
std::int64_t wrapping_sum(std::int64_t a, std::int64_t b) noexcept {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

result<void> check_size(std::string_view what, std::size_t size, std::size_t limit) {
  if (size <= limit) return ok();
  return error{errc::out_of_range,
               std::string{what} + " has " + std::to_string(size) + " bytes; the limit is " + std::to_string(limit)};
}

}  // namespace

result<void> state_machine::apply_one(const command&, const register_agent& op) {
  to_.put(family::journal, keys::durable_agent(op.agent), "");
  return ok();
}

result<void> state_machine::apply_one(const command&, const accept_message& op) {
  const auto& what = op.what;
  if (what.name.is_nil()) return error{errc::invalid_argument, "a message that is accepted needs a name"};
  if (auto fits = check_size("a message", what.bytes.size() + what.type.size(), message_size_bytes_max); !fits)
    return fits;
  if (!what.asker.is_nil()) {
    const auto asker = path::parse(what.from);
    if (!asker) return error{errc::invalid_argument, "who asks has no path: " + asker.error().message()};
    if (!to_.has(family::journal, keys::turn(*asker, what.asker))) return over(*asker, what.asker);
    if (const auto row = to_.get(family::journal, keys::effect(*asker, what.asker, what.effect));
        row && net::decode<journaled_effect>(*row).value().result) {
      ++outcome_.repeated_messages;
      ++outcome_.answered_messages;
      return ok();
    }
  }
  const auto named = keys::message_named(what.to, what.name);
  if (to_.has(family::journal, named)) {
    ++outcome_.repeated_messages;
    return ok();
  }
  auto key = keys::inbox(what.to, outcome_.index, operation_);
  to_.put(family::journal, key, net::encode(what));
  to_.put(family::journal, named, std::move(key));
  return ok();
}

result<void> state_machine::apply_one(const command&, const begin_turn& op) {
  if (!to_.has(family::journal, keys::message_named(op.agent, op.turn))) return over(op.agent, op.turn);
  const auto key = keys::turn(op.agent, op.turn);
  if (!to_.has(family::journal, key)) to_.put(family::journal, key, net::encode(turn_row{.began = op.at}));
  return ok();
}

namespace {

result<void> check_effect(const journaled_effect& what) {
  if (what.number == 0) return error{errc::invalid_argument, "effects are counted from 1"};
  if (auto fits = check_size("an effect's label", what.label.size(), effect_label_size_bytes_max); !fits) return fits;
  if (auto fits = check_size("an effect's request", what.request.size(), effect_request_size_bytes_max); !fits)
    return fits;
  if (!what.result) return ok();
  return check_size("an effect's result", what.result->size(), effect_result_size_bytes_max);
}

}  // namespace

result<void> state_machine::apply_one(const command&, const note_effect& op) {
  if (auto fine = check_effect(op.what); !fine) return fine;
  if (op.what.charges) return error{errc::invalid_argument, "what changes accounts is noted with note_charges"};
  const auto row = to_.get(family::journal, keys::turn(op.agent, op.turn));
  if (!row) return over(op.agent, op.turn);
  note(op.agent, op.turn, net::decode<turn_row>(*row).value(), op.what);
  return ok();
}

result<void> state_machine::apply_one(const command&, const note_charges& op) {
  if (auto fine = check_effect(op.what); !fine) return fine;
  if (!op.what.result || !op.what.charges)
    return error{errc::invalid_argument, "an effect on budgets has a result, and says what it changes"};
  if (op.what.charges->size() > charges_max)
    return error{errc::out_of_range, "an effect changes " + std::to_string(op.what.charges->size()) +
                                         " accounts; the limit is " + std::to_string(charges_max)};
  const auto bytes = to_.get(family::journal, keys::turn(op.agent, op.turn));
  if (!bytes) return over(op.agent, op.turn);
  if (to_.has(family::journal, keys::effect(op.agent, op.turn, op.what.number))) return ok();
  auto row = net::decode<turn_row>(*bytes).value();
  row.charges = true;
  note(op.agent, op.turn, std::move(row), op.what);
  for (const auto& each : *op.what.charges) add(each);
  return ok();
}

void state_machine::add(const charge& change) {
  const auto key = keys::charge_row(change.account, change.quantity);
  charge_row row;
  if (const auto bytes = to_.get(family::journal, key)) row = net::decode<charge_row>(*bytes).value();
  row.reserved = wrapping_sum(row.reserved, change.reserved);
  row.spent = wrapping_sum(row.spent, change.spent);
  row.overrun = wrapping_sum(row.overrun, change.overrun);
  if (row == charge_row{})
    to_.erase(family::journal, key);
  else
    to_.put(family::journal, key, net::encode(row));
}

void state_machine::spend_what_is_reserved(const path& agent, const id& turn) {
  std::map<std::pair<path, std::string>, std::int64_t> reserved;
  to_.scan(family::journal, keys::effects_of(agent, turn), [&](std::string_view, std::string_view value) {
    if (const auto effect = net::decode<journaled_effect>(value).value(); effect.charges)
      for (const auto& each : *effect.charges) {
        auto& sum = reserved[{each.account, each.quantity}];
        sum = wrapping_sum(sum, each.reserved);
      }
    return true;
  });
  for (const auto& [of, sum] : reserved)
    if (sum != 0) add({.account = of.first, .quantity = of.second, .reserved = -sum, .spent = sum});
}

// A result that comes second is dropped: a deadline may have been first.
void state_machine::note(const path& agent, const id& turn, turn_row row, const journaled_effect& what) {
  const auto key = keys::effect(agent, turn, what.number);
  auto noted = what;
  noted.order = 0;
  if (const auto before = to_.get(family::journal, key)) {
    const auto known = net::decode<journaled_effect>(*before).value();
    if (known.result && what.result) ++outcome_.late_results;
    if (known.result || !what.result) return;
    noted.label = known.label;
    noted.digest = known.digest;
  }
  if (noted.result) {
    noted.order = ++row.results;
    row.rest.reset();
    to_.put(family::journal, keys::turn(agent, turn), net::encode(row));
  }
  to_.put(family::journal, key, net::encode(noted));
}

result<void> state_machine::apply_one(const command& whole, const end_turn& op) {
  if (auto fits = check_size("an answer", op.answer.size(), effect_result_size_bytes_max); !fits) return fits;
  const auto named = keys::message_named(op.agent, op.turn);
  const auto at = to_.get(family::journal, named);
  if (!at) return over(op.agent, op.turn);
  const auto bytes = to_.get(family::journal, *at);
  if (!bytes) throw failure{error{memory_errc::damaged, "a message of " + op.agent.str() + " is not in its inbox"}};
  const auto message = net::decode<inbox_message>(*bytes).value();
  to_.erase(family::journal, *at);
  to_.erase(family::journal, named);
  const auto key = keys::turn(op.agent, op.turn);
  if (const auto row = to_.get(family::journal, key)) {
    if (net::decode<turn_row>(*row).value().charges) spend_what_is_reserved(op.agent, op.turn);
    to_.erase(family::journal, key);
    to_.scan(family::journal, keys::effects_of(op.agent, op.turn), [&](std::string_view effect, std::string_view) {
      to_.erase(family::journal, effect);
      return true;
    });
  }
  answer(whole, message, op.answer);
  return ok();
}

// What the turn that waits for it gets.
void state_machine::answer(const command& whole, const inbox_message& asked, const std::string& answer) {
  if (asked.asker.is_nil()) return;
  const path asker{asked.from};
  if (const auto row = to_.get(family::journal, keys::turn(asker, asked.asker)))
    note(asker, asked.asker, net::decode<turn_row>(*row).value(),
         {.number = asked.effect, .label = {}, .at = whole.at, .request = {}, .result = answer});
  else
    ++outcome_.late_results;
}

result<void> state_machine::apply_one(const command& whole, const set_message_aside& op) {
  if (op.why.empty()) return error{errc::invalid_argument, "a message that is set aside needs a reason"};
  if (auto fits = check_size("why a message is set aside", op.why.size(), aside_reason_size_bytes_max); !fits)
    return fits;
  const auto named = keys::message_named(op.agent, op.message);
  const auto at = to_.get(family::journal, named);
  if (!at) return over(op.agent, op.message);
  auto message = net::decode<inbox_message>(to_.get(family::journal, *at).value()).value();
  answer(whole, message, op.answer);
  message.asker = {};
  message.aside = op.why;
  to_.erase(family::journal, *at);
  auto key = keys::set_aside(op.agent, op.message);
  to_.put(family::journal, key, net::encode(message));
  to_.put(family::journal, named, std::move(key));
  return ok();
}

result<void> state_machine::apply_one(const command&, const take_message_back& op) {
  const auto named = keys::message_named(op.agent, op.message);
  const auto at = to_.get(family::journal, named);
  if (!at) return over(op.agent, op.message);
  if (!keys::is_set_aside(*at)) {
    ++outcome_.repeated_messages;
    return ok();
  }
  auto message = net::decode<inbox_message>(to_.get(family::journal, *at).value()).value();
  message.aside.clear();
  to_.erase(family::journal, *at);
  auto key = keys::inbox(op.agent, outcome_.index, operation_);
  to_.put(family::journal, key, net::encode(message));
  to_.put(family::journal, named, std::move(key));
  return ok();
}

result<void> state_machine::apply_one(const command&, const rest_turn& op) {
  const auto key = keys::turn(op.agent, op.turn);
  const auto bytes = to_.get(family::journal, key);
  if (!bytes) return over(op.agent, op.turn);
  auto row = net::decode<turn_row>(*bytes).value();
  if (row.results != op.results) return ok();
  row.rest = op.rest;
  to_.put(family::journal, key, net::encode(row));
  return ok();
}

result<void> state_machine::apply_one(const command& whole, const forget_agent& op) {
  std::vector<id> messages;
  for (const auto& lines : {keys::inbox_of(op.agent), keys::set_aside_of(op.agent)})
    to_.scan(family::journal, lines, [&](std::string_view, std::string_view value) {
      messages.push_back(net::decode<inbox_message>(value).value().name);
      return true;
    });
  for (const auto& each : messages)
    if (auto ended = apply_one(whole, end_turn{op.agent, each, op.answer}); !ended) return ended;
  to_.scan(family::journal, keys::charges_of(op.agent), [&](std::string_view key, std::string_view value) {
    const auto row = net::decode<charge_row>(value).value();
    if (row.reserved == 0)
      to_.erase(family::journal, key);
    else  // by agents below it
      to_.put(family::journal, key, net::encode(charge_row{.reserved = row.reserved}));
    return true;
  });
  to_.erase(family::journal, keys::durable_agent(op.agent));
  return ok();
}

}  // namespace troupe::memory

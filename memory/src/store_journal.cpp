// What a store says about the journal of durable agents.

#include <algorithm>
#include <map>
#include <span>
#include <troupe/memory/errc.hpp>
#include <troupe/memory/store.hpp>
#include <troupe/net/codec.hpp>

#include "state_machine.hpp"
#include "store_parts.hpp"

namespace troupe::memory {
namespace {

template <class T>
T stored(std::string_view bytes, std::string_view what) {
  auto value = net::decode<T>(bytes);
  if (!value) throw failure{error{memory_errc::damaged, std::string{what} + ": " + value.error().message()}};
  return *std::move(value);
}

// By the names of their messages, which their keys end with.
std::map<id, journaled_turn> turns_of(const reader& from, const path& agent) {
  std::map<id, journaled_turn> found;
  const auto prefix = keys::turns_of(agent);
  from.scan(family::journal, prefix, [&](std::string_view key, std::string_view value) {
    const auto bytes = std::as_bytes(std::span{key.substr(prefix.size())});
    if (bytes.size() != 16) throw failure{error{memory_errc::damaged, "the row of a turn has a wrong key"}};
    const auto name = id::from_bytes(bytes.first<16>());
    if (!name) throw failure{error{memory_errc::damaged, "the row of a turn: " + name.error().message()}};
    found[*name].began = stored<turn_row>(value, "the row of a turn").began;
    return true;
  });
  for (auto& [name, turn] : found)
    from.scan(family::journal, keys::effects_of(agent, name),
              [&effects = turn.effects](std::string_view, std::string_view value) {
                effects.push_back(stored<journaled_effect>(value, "an effect in the journal"));
                return true;
              });
  return found;
}

}  // namespace

result<agent_journal> store::journal(const path& agent, std::size_t messages_max) const {
  return guarded([&]() -> result<agent_journal> {
    const reader now{*parts_->database};
    agent_journal found;
    now.scan(family::journal, keys::inbox_of(agent), [&](std::string_view, std::string_view value) {
      if (found.inbox.size() == messages_max) return !(found.more = true);
      found.inbox.push_back(stored<inbox_message>(value, "a message in an inbox"));
      return true;
    });
    found.turns = turns_of(now, agent);
    return found;
  });
}

namespace {

// What an agent with these messages has to wait for; nothing, if it has something to do.
std::optional<rest> rest_of(const reader& from, const path& agent, std::size_t messages) {
  std::optional<rest> found;
  bool busy = false, begun = false;
  from.scan(family::journal, keys::turns_of(agent), [&](std::string_view key, std::string_view value) {
    const auto message = from.get(family::journal, "M" + std::string{key.substr(1)});
    if (!message || keys::is_set_aside(*message)) return true;
    begun = true;
    found = stored<turn_row>(value, "the row of a turn").rest;
    busy = !found || (found->messages && messages > 1);  // one of these may be what it waits for
    return !busy;
  });
  if (busy) return {};
  if (begun) return found;
  found.emplace().messages = true;
  from.scan(family::journal, keys::inbox_of(agent), [&](std::string_view, std::string_view value) {
    const auto due = stored<inbox_message>(value, "a message in an inbox").due;
    busy = !due;
    if (due) found->until = std::min(found->until.value_or(*due), *due);
    return !busy;
  });
  if (busy) return {};
  return found;
}

}  // namespace

result<std::vector<durable_agent>> store::durable_agents() const {
  return guarded([&]() -> result<std::vector<durable_agent>> {
    const reader now{*parts_->database};
    std::vector<durable_agent> found;
    now.scan(family::journal, "A", [&](std::string_view key, std::string_view) {
      found.push_back({.agent = keys::path_of(std::string{key.substr(1)})});
      return true;
    });
    for (auto& each : found) {
      now.scan(family::journal, keys::inbox_of(each.agent),
               [&](std::string_view, std::string_view) { return ++each.messages != 0; });
      now.scan(family::journal, keys::set_aside_of(each.agent), [&](std::string_view, std::string_view value) {
        each.set_aside.push_back(stored<inbox_message>(value, "a message that is set aside"));
        return true;
      });
      if (each.messages == 0) {
        each.rest.emplace().messages = true;
        continue;
      }
      each.rest = rest_of(now, each.agent, each.messages);
      for (const auto& [turn, so_far] : turns_of(now, each.agent)) {
        if (std::ranges::find(each.set_aside, turn, &inbox_message::name) != each.set_aside.end()) continue;
        for (const auto& effect : so_far.effects)
          if (!effect.result && !effect.request.empty())
            each.requests.push_back({turn, effect.number, effect.at, effect.request});
      }
    }
    return found;
  });
}

result<std::vector<charge>> store::charges() const {
  return guarded([&]() -> result<std::vector<charge>> {
    std::vector<charge> found;
    reader{*parts_->database}.scan(family::journal, "B", [&](std::string_view key, std::string_view value) {
      const auto row = stored<charge_row>(value, "the row of an account");
      const auto end = key.find('\0');
      if (end == std::string_view::npos) throw failure{error{memory_errc::damaged, "an account's row has a wrong key"}};
      found.push_back({.account = keys::path_of(std::string{key.substr(1, end - 1)}),
                       .quantity = std::string{key.substr(end + 1)},
                       .reserved = row.reserved,
                       .spent = row.spent,
                       .overrun = row.overrun});
      return true;
    });
    return found;
  });
}

}  // namespace troupe::memory

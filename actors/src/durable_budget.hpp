#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <troupe/actors/budget.hpp>
#include <troupe/core/result.hpp>

namespace troupe::actors {

class cell;
class turn_journal;

// Budgets in durable turns: what turn::reserve, spend and budget_left do there. On the cell's thread of control.
result<reservation> reserve_durably(cell& in, turn_journal& journal, amounts all);
result<void> spend_durably(cell& in, turn_journal& journal, const amounts& all);
std::optional<budget_room> look_durably(cell& in, turn_journal& journal, std::string_view quantity);

// Sends what the turn has taken of budgets to disk, without waiting for it.
void write_charges(cell& in, turn_journal& journal);
// Begins an effect that does something before its result is on disk: once what the turn has taken for it is. `begin` is
// called by the cell's thread, unless the effect is given up before.
void begin_when_written(cell& in, turn_journal& journal, std::uint32_t number, std::function<void()> begin);

}  // namespace troupe::actors

// What is to be done now and then: expiry, moves between the tiers, summaries.

#include <cmath>
#include <troupe/memory/errc.hpp>
#include <troupe/memory/store.hpp>
#include <troupe/net/codec.hpp>

#include "state_machine.hpp"
#include "store_parts.hpp"
#include "store_summary.hpp"

namespace troupe::memory {
namespace {

constexpr std::size_t expired_at_once = 1'000;
constexpr std::size_t looked_at_max = 10'000;  // records whose heat one call computes
constexpr std::size_t visits_max = 10'000;

double heat_of(const record& what, const std::optional<std::string>& row, timestamp now, duration half_life) {
  heat_row found;
  if (row) found = net::decode<heat_row>(*row).value();
  const auto age = std::max(duration{0}, now - std::max(what.recorded, found.last));
  const double half_lives = std::chrono::duration<double>(age) / std::chrono::duration<double>(half_life);
  return (1 + std::log1p(static_cast<double>(found.visits))) * std::exp2(-half_lives) /
         (1 + static_cast<double>(what.text.size()) / (64 << 10));
}

}  // namespace

result<store::tidied> store::tidy() {
  return guarded([&]() -> result<tidied> {
    auto& parts = *parts_;
    const std::lock_guard one_at_a_time{parts.tidying};
    tidied done;
    for (;;) {
      auto applied = apply(command_of({}, expire_records{expired_at_once}));
      if (!applied) return std::move(applied).error();
      done.expired += applied->erased;
      if (applied->erased < expired_at_once) break;
    }
    note_visits visits{parts.heat.take(visits_max)};
    move_records back{{}, false};
    const auto visited = visits.of;
    if (!visits.of.empty())
      if (auto applied = apply(command_of({}, std::move(visits))); !applied) return std::move(applied).error();

    const auto now = parts.time.wall();
    const auto half_life = parts.options.heat_half_life;
    const auto below = parts.options.archive_below;
    const reader view{*parts.database};
    for (const auto& each : visited) {
      const auto where = view.get(family::ids, keys::bytes_of(each.id));
      const auto bytes = where ? view.get(family::archive, *where) : std::nullopt;
      if (!bytes) continue;
      const auto row = view.get(family::meta, keys::heat(keys::read_address(*where)));
      if (heat_of(net::decode<record>(*bytes).value(), row, now, half_life) > 2 * below) back.ids.push_back(each.id);
    }
    // The next stretch of the warm records, around and around.
    move_records away{{}, true};
    std::size_t looked_at = 0;
    std::string last;
    view.scan(
        family::records, "",
        [&](std::string_view key, std::string_view value) {
          if (++looked_at > looked_at_max) return false;
          last = key;
          const auto what = net::decode<record>(value).value();
          const auto row = view.get(family::meta, keys::heat(keys::read_address(key)));
          if (what.kind != record_kind::blob && heat_of(what, row, now, half_life) < below) away.ids.push_back(what.id);
          return true;
        },
        parts.tidied_to);
    parts.tidied_to = looked_at > looked_at_max ? last + '\0' : std::string{};
    for (auto* moves : {&back, &away}) {
      if (moves->ids.empty()) continue;
      const bool to_archive = moves->to_archive;
      auto applied = apply(command_of({}, std::move(*moves)));
      if (!applied) return std::move(applied).error();
      (to_archive ? done.archived : done.brought_back) += applied->moved;
    }
    done.summarised = summarise_due_spaces(*this);
    return done;
  });
}

}  // namespace troupe::memory

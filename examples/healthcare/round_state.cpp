#include "healthcare/round_state.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "healthcare/errc.hpp"
#include "healthcare/patient_records.hpp"

namespace healthcare {
namespace {

namespace memory = troupe::memory;
using troupe::path;
using troupe::result;

const path root;
constexpr const char* round_state = "round";  // "unfinished DIGEST", or "finished"
constexpr std::string_view unfinished = "unfinished ";
constexpr std::size_t operations_in_command_max = 1'000;

result<void> apply_all(memory::store& in, std::vector<memory::operation> all) {
  for (std::size_t begin = 0; begin < all.size(); begin += operations_in_command_max) {
    memory::command piece;
    for (auto i = begin; i < std::min(all.size(), begin + operations_in_command_max); ++i)
      piece.operations.push_back(std::move(all[i]));
    if (auto done = in.apply(std::move(piece)); !done) return std::move(done).error();
  }
  return troupe::ok();
}

}  // namespace

result<bool> begin_round(memory::store& in, const std::string& input_digest, bool anew) {
  const auto before = in.state(root, hospital_space, round_state);
  if (!before) return before.error();
  const auto wanted = std::string{unfinished} + input_digest;
  if (*before && before->value().starts_with(unfinished) && !anew) {
    if (**before == wanted) return true;
    return troupe::error{errc::other_round, "a round of other input is not finished"};
  }
  if (auto dropped = drop_round(in); !dropped) return std::move(dropped).error();
  if (auto set = in.set_state(root, hospital_space, round_state, wanted); !set) return std::move(set).error();
  return false;
}

result<void> end_round(memory::store& in) { return in.set_state(root, hospital_space, round_state, "finished"); }

result<void> drop_round(memory::store& in) {
  const auto agents = in.durable_agents();
  if (!agents) return agents.error();
  std::vector<memory::operation> rest;
  for (const auto& each : *agents) {
    if (hospital_space.contains(each.agent)) rest.emplace_back(memory::forget_agent{each.agent, {}});
  }
  const auto spaces = in.spaces(root, hospital_space);
  if (!spaces) return spaces.error();
  for (const auto& each : *spaces) {
    if (each.space == hospital_space / "records" || each.space == hospital_space / "booking") {
      if (auto done = in.forget(root, memory::forget_space{each.space}); !done) return std::move(done).error();
    } else if (each.space.name() == "learning") {
      rest.emplace_back(memory::set_state{each.space, "collected", {}});
      rest.emplace_back(memory::drop_space{each.space});
    }
  }
  rest.emplace_back(memory::set_state{hospital_space, round_state, {}});
  return apply_all(in, std::move(rest));
}

}  // namespace healthcare

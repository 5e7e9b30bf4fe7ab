#pragma once

#include <cstdint>
#include <string>
#include <troupe/actors/child_spec.hpp>
#include <troupe/core/result.hpp>

namespace troupe::actors {

// Where another process of this program finds the same function: the file that has it (empty: the program itself), and
// how far it is from where that file is loaded.
struct entry_point {
  std::string module;
  std::uint64_t distance = 0;
};
result<entry_point> entry_point_of(process_entry function);
// Loads the file if need be.
result<process_entry> find_entry(const std::string& module, std::uint64_t distance);

}  // namespace troupe::actors

#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <troupe/core/log.hpp>

#include "healthcare/memory_report.hpp"

// The part of the program that remembers: what its flags ask for, and what it answers.
namespace healthcare {

struct memory_request {
  std::string folder;  // empty: a temporary one
  std::string ask;
  bool facts = false;
  std::string forget;   // a name or an id
  std::string patient;  // likewise; empty: all
  std::optional<troupe::timestamp> as_of;
  bool yes = false;  // forgets without asking
  bool json = false;
  bool is_question() const { return !ask.empty() || facts || !forget.empty(); }
};

// "2024-05-06", by which its end is meant, or a time as parse_instant reads it. Errors: bad_value.
[[nodiscard]] troupe::result<troupe::timestamp> parse_as_of(std::string_view text);

// A memory in a folder, or in one of its own that goes with it.
class open_memory {
 public:
  static troupe::result<std::unique_ptr<open_memory>> open(const std::string& folder, const troupe::logger& log);
  open_memory(const open_memory&) = delete;
  open_memory& operator=(const open_memory&) = delete;
  ~open_memory();
  troupe::memory::store& store() const { return *store_; }
  // For a node, which ends before this does.
  const std::shared_ptr<troupe::memory::store>& shared() const { return store_; }

 private:
  open_memory() = default;
  std::filesystem::path temporary_;               // to be removed; empty: none
  std::shared_ptr<troupe::memory::store> store_;  // shared with a node
};

// Imports all patients, one after the other; `progress` hears of the number that is done.
[[nodiscard]] troupe::result<imported> import_all(troupe::memory::store& into, const ward& from,
                                                  const std::function<void(std::size_t)>& progress);

// What to show, and how the program ends: 0, 1 or 64.
struct memory_answer {
  int code = 0;
  std::string out;
  std::string error;
};
// `confirm` is shown what is to be forgotten, and says whether it may be; without it nothing is forgotten unless the
// request says yes.
[[nodiscard]] memory_answer answer_request(troupe::memory::store& of, const memory_request& what,
                                           const std::optional<imported>& added,
                                           const std::function<bool(const std::string&)>& confirm);

}  // namespace healthcare

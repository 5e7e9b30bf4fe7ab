#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <shared_mutex>
#include <string>
#include <troupe/core/path.hpp>
#include <troupe/memory/recall.hpp>
#include <troupe/memory/space.hpp>
#include <vector>

#include "write_set.hpp"

namespace troupe::memory {

// A space as it is stored under keys::space_row. Its number is what keys of its records begin with.
struct space_row {
  std::uint32_t number = 0;
  std::uint32_t next_place = 0;  // of the next record
  std::uint64_t records = 0;     // archived ones included, as in `bytes`
  std::uint64_t bytes = 0;
  std::uint64_t archived_records = 0;
  std::uint64_t archived_bytes = 0;
  std::uint64_t words = 0;            // of all records, as the analyzer counts them: for mean lengths
  std::uint64_t subtree_records = 0;  // its own and those of all spaces below it
  std::uint64_t subtree_bytes = 0;
  std::uint32_t summarised_to = 0;  // records before this place are in the latest summary, or in those it is made from
  id latest_summary;
  space_options options;

  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("n", self.number), visit("next", self.next_place), visit("records", self.records);
    visit("bytes", self.bytes), visit("archived", self.archived_records);
    visit("archived_bytes", self.archived_bytes), visit("words", self.words);
    visit("below", self.subtree_records), visit("below_bytes", self.subtree_bytes), visit("options", self.options);
    visit("summarised", self.summarised_to), visit("summary", self.latest_summary);
  }
};

struct known_space {
  path name;
  space_row row;
};

// All spaces, in memory, for readers: kept equal to the stored rows by the writer after each batch. Any thread.
class space_table {
 public:
  void load(const reader& from);
  // After a batch was written.
  void follow(const write_set& written);

  std::optional<space_row> find(const path& space) const;
  std::optional<path> name_of(std::uint32_t number) const;
  // The spaces that a scope covers, in the order of their paths.
  std::vector<known_space> in_scope(const path& space, scope within) const;
  // The time to live that holds in a space: its own, or that of the nearest space above it.
  std::optional<duration> ttl_of(const path& space) const;

  // A space that may be due for a summary, and by which policy: its own, or that of the nearest space above it.
  struct to_summarise {
    path space;
    summary_policy policy;
  };
  // Of the spaces after the one that was looked at last, in the order of paths, the first that has a policy and records
  // since its summary. From then on it is passed over, until it is written to, another policy holds for it, or
  // look_again() says. Looks at up to `looks` spaces, and counts that down; nothing where none of them is one, and at
  // the end of all spaces, after which it begins anew.
  std::optional<to_summarise> next_to_summarise(std::size_t& looks, timestamp now);
  // When to look at a space again, unless that is sooner anyway.
  void look_again(const path& space, timestamp at);

  std::size_t size() const;
  // Sums over all spaces.
  space_row total() const;

 private:
  struct held {
    space_row row;
    timestamp look_at = timestamp::min();  // whether it is due for a summary: not before
  };
  using table = std::map<std::string, held, std::less<>>;  // by keys::of_path

  void set(std::string_view key, std::string_view value);
  table::const_iterator end_of_subtree(const std::string& first) const;
  // What is set in a space, or else in the nearest space above it where it is.
  template <class T>
  std::optional<T> nearest(std::string_view by_path, std::optional<T> space_options::*option) const;

  mutable std::shared_mutex mutex_;  // guards all
  table by_path_;
  std::map<std::uint32_t, std::string> by_number_;
  std::string look_from_;  // the first path that next_to_summarise() has not looked at yet
};

}  // namespace troupe::memory

#pragma once

#include <memory>
#include <mutex>
#include <troupe/core/clock.hpp>
#include <troupe/memory/store.hpp>

#include "analyzer.hpp"
#include "database.hpp"
#include "heat_table.hpp"
#include "keys.hpp"
#include "space_table.hpp"
#include "vector_cache.hpp"
#include "vector_graphs.hpp"
#include "writer.hpp"

namespace troupe::memory {

// What a store is made of. check() and the tests look at it; nobody else.
class store::parts {
 public:
  parts(store_options from, std::unique_ptr<memory::database> opened);

  // Why an author may not read in a space; and a line in the audit log about it.
  result<void> require_read(const reader& from, const path& author, const path& space);
  // Vectors for all of the texts that have words.
  result<std::vector<std::string>> code(std::span<const std::string_view> texts) const;

  const store_options options;
  const real_clock machine_time;
  const clock& time;
  const std::shared_ptr<const memory::embedder> embedder;  // as in store_options
  const std::shared_ptr<const memory::summarizer> summarizer;
  const analyzer words{};
  id_generator ids;
  const std::unique_ptr<memory::database> database;
  space_table spaces;
  vector_cache vectors;
  vector_graphs graphs;
  heat_table heat;
  std::mutex tidying;     // one call of tidy() at a time
  std::string tidied_to;  // the first key in family `records` that it has not looked at yet
  memory::writer writer;  // last: its thread uses the others
};

inline command command_of(const path& author, operation what) {
  command made;
  made.author = author;
  made.operations.push_back(std::move(what));
  return made;
}

// The record under an address or an id; nothing if there is none.
std::optional<record> record_at(const reader& from, address where);
std::optional<record> record_of(const reader& from, const id& which);

// Runs what reads, and turns a failure into its error.
template <class Body>
auto guarded(Body body) -> decltype(body()) {
  try {
    return body();
  } catch (const failure& why) {
    return why.error();
  }
}

}  // namespace troupe::memory

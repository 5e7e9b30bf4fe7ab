#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <troupe/core/log.hpp>
#include <vector>

#include "database.hpp"
#include "vector_graph.hpp"
#include "write_set.hpp"

namespace troupe::memory {

// The graphs of the large spaces that are asked for. One is made when its space is first asked for, by a thread of its
// own, from what is stored; until it is ready, and if there is no room for it, there is none, and questions do without.
// Then it follows what is written, a moment later. A graph stays until the store is closed: to make one takes minutes
// for a million vectors, so that none has to go for another. One of which a quarter was erased is made anew.
//
// Owner: the store. Any thread may call of(); the writer calls follow() after each batch. Bound: `size_bytes_max` over
// all, and the places of what changed and was not followed yet.
class vector_graphs {
 public:
  vector_graphs(const database& from, std::size_t dimensions, std::size_t size_bytes_max, logger log);
  ~vector_graphs();
  vector_graphs(const vector_graphs&) = delete;
  vector_graphs& operator=(const vector_graphs&) = delete;

  // Null until it is ready. `records`: how many the space has now.
  std::shared_ptr<const vector_graph> of(std::uint32_t space, std::uint64_t records);
  void follow(const write_set& written);
  // Waits until all that were asked for are made or refused, and have followed what was written.
  void settle() const;
  std::size_t size_bytes() const;
  std::size_t ready() const;

 private:
  enum class state { wanted, ready, refused };
  struct entry {
    state is = state::wanted;
    std::uint64_t records = 0;  // when it was asked for
    std::size_t reserved_bytes = 0;
    std::shared_ptr<vector_graph> graph;  // shared with readers; null until the thread begins it
    std::vector<std::uint32_t> changed;   // places to look at again
    bool following = false;               // the thread looks at some
    bool has_work() const { return is == state::wanted || !changed.empty() || following; }
  };

  void run();
  void make(std::uint32_t space);
  void keep_up(std::uint32_t space);
  void refuse(std::uint32_t space, std::string_view why);
  bool reserve(entry& of, std::size_t capacity);
  bool has_room(std::uint32_t space, vector_graph& graph);
  bool closing() const;

  const database& database_;
  const std::size_t dimensions_;
  const std::size_t size_bytes_max_;
  const logger log_;

  mutable std::mutex mutex_;  // guards the four below
  mutable std::condition_variable changed_;
  std::map<std::uint32_t, entry> spaces_;
  std::size_t size_bytes_ = 0;
  bool closing_ = false;

  std::thread thread_;  // last: it uses the others
};

}  // namespace troupe::memory

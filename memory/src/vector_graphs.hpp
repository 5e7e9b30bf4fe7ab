#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <troupe/core/log.hpp>
#include <vector>

#include "database.hpp"
#include "vector_graph.hpp"
#include "write_set.hpp"

namespace troupe::memory {

// The graphs of the large spaces that are asked for. One is made when its space is first asked for, by a thread of its
// own, from what is stored; until it is ready, and if there is no room for it, there is none, and questions do without.
// Then it follows what is written, a moment later. The thread takes the spaces in turn, a thousand vectors at a time. A
// graph stays until the store is closed: to make one takes minutes for a million vectors, so that none has to go for
// another. One of which a quarter was erased is made anew, and is not there meanwhile. One that cannot be made or kept
// (no room, vectors that cannot be read) is refused until the store is opened again; the log says why.
//
// Owner: the store. Any thread may call of(); the writer calls follow() after each batch. Bound: `size_bytes_max` over
// all, and beside it the places of what changed and was not followed yet, of a space's vectors at most.
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
  enum class state { making, ready, refused };
  struct entry {
    state is = state::making;
    std::uint64_t records = 0;  // about how many its graph is to have
    std::size_t reserved_bytes = 0;
    std::shared_ptr<vector_graph> graph;   // shared with readers; null until its thread begins it
    std::optional<std::string> read_from;  // of its vectors in the database, the next key; none: all were read
    std::deque<std::uint32_t> changed;     // places to look at again, in the order of writing
    bool in_hand = false;                  // the thread looks at some

    bool has_work() const { return is == state::making || !changed.empty() || in_hand; }
  };
  struct row {
    std::uint32_t place = 0;
    std::optional<std::string> value;  // none: it is not there
  };

  void run();
  void step(std::uint32_t space);
  void begin(std::uint32_t space);
  std::vector<row> next_rows(std::uint32_t space);
  std::vector<row> read_on(std::uint32_t space, const std::string& from, std::string& next) const;
  std::vector<row> read_again(std::uint32_t space, std::vector<std::uint32_t> places) const;
  void finish_step(std::uint32_t space);
  bool make_room(std::uint32_t space, vector_graph& graph);
  std::size_t reserve(entry& of, std::size_t at_least, std::size_t wanted);
  void make_anew(entry& which);
  void refuse(std::uint32_t space, std::string_view why);
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

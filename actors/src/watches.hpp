#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <troupe/actors/exit_cause.hpp>
#include <troupe/actors/message.hpp>
#include <troupe/core/path.hpp>
#include <unordered_map>

namespace troupe::actors {

class runtime;

// A `down` on its way, with the watch it answers: a watch given up in the meantime is not answered.
struct down_notice {
  std::uint64_t watch = 0;
  std::uint64_t incarnation = 0;
  exit_cause cause;
  troupe::path who;
  TROUPE_LOCAL_MESSAGE(down_notice)
};

// Who is told of an end. Threads: any may call.
class watcher {
 public:
  virtual ~watcher() = default;
  virtual void notify(down_notice notice) = 0;
};

// Who is to be told when an incarnation of whom ends. Remembers the causes of the last 4,096 ends, so that a watch on
// an agent that is dead already is told why. Threads: any.
class watches {
 public:
  explicit watches(runtime& home) noexcept : home_{home} {}
  // Returns the number of the watch. Answers at once if there is nobody to watch.
  std::uint64_t add(const std::shared_ptr<watcher>& whom, const troupe::path& who);
  void remove(const troupe::path& who, std::uint64_t watch);
  // The end of an agent outside of this process (see uplink.hpp), for the watch of this number.
  void outside_ended(std::uint64_t watch, std::uint64_t incarnation, const exit_cause& cause);
  // `mark` makes the end visible to others; whoever begins to watch sees it together with the cause, or neither. False,
  // and nobody is told, if it says false.
  bool incarnation_ended(const troupe::path& who, std::uint64_t incarnation, const exit_cause& cause,
                         const std::function<bool()>& mark);

 private:
  static constexpr std::size_t ends_kept = 4096;
  using watchers = std::map<std::uint64_t, std::weak_ptr<watcher>>;  // by number
  struct end {
    std::uint64_t incarnation;
    exit_cause cause;
    std::list<troupe::path>::iterator place;
  };
  runtime& home_;
  std::mutex mutex_;
  std::uint64_t count_ = 0;
  std::unordered_map<troupe::path, watchers> watches_;
  std::unordered_map<troupe::path, end> ends_;
  std::list<troupe::path> ends_order_;  // the oldest first
};

}  // namespace troupe::actors

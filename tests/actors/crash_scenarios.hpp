#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <troupe/actors/tool_registry.hpp>
#include <utility>
#include <vector>

#include "durable.hpp"

// What crash_points_test lets agents do while the disk fails: scenarios of durable agents, and the world that sees what
// they do.

namespace support {

// It is there whatever happens to the node.
struct world {
  std::map<std::string, int> done;          // how often each thing was done
  std::map<std::string, int> finished;      // how often it was by then: a turn had its result, so that was on disk
  std::map<std::string, std::string> said;  // what was said of a thing first
  std::vector<std::string> faults;
  int life = 0;

  void did(const std::string& what) { ++done[what]; }
  void has_finished(const std::string& what) { finished.emplace(what, done[what]); }
  // What is said of a thing is the same each time.
  void says(const std::string& of, const std::string& what) {
    const auto first = said.emplace(of, what).first->second;
    if (first != what) faults.push_back(of + " is " + what + ", and was " + first);
  }
};

// Does what a scenario says for each errand, counts those that it has done, and keeps their names.
class player final : public troupe::agent {
 public:
  using play = std::function<troupe::task<void>(player&, troupe::turn&, const std::string& what)>;

  player(troupe::agent_context& context, world* outside, play how)
      : agent{context}, outside_{outside}, play_{std::move(how)} {
    keep("done", done_);
    on([this](errand e, troupe::turn& now) { return handle(std::move(e.what), now); });
    on([this](deed d, troupe::turn& now) { return do_deed(std::move(d.what), now); });
    on([this](const question&) { return answer{done_}; });
  }

  world& outside() const noexcept { return *outside_; }
  // Something that the world sees. Its name is its result, so that the journal shows whether it was finished.
  troupe::task<std::string> act(troupe::turn& now, std::string what) {
    auto acting = now.run([outside = outside_, what]() -> std::string {
      outside->did('[' + what + ']');
      return '[' + what + ']';
    });
    auto done = co_await acting;
    outside_->has_finished(done);
    co_return done;
  }

 private:
  troupe::task<answer> handle(std::string what, troupe::turn& now) {
    co_await play_(*this, now, what);
    done_ += what + ' ';
    co_return answer{what};
  }
  troupe::task<void> do_deed(std::string what, troupe::turn& now) {
    co_await play_(*this, now, what);
    done_ += what + ' ';
  }

  world* const outside_;
  const play play_;
  std::string done_;
};

inline troupe::child_options lasting() { return {.durability = troupe::durability::local}; }

// Agents under /top, of which the last ones need not be durable, and what they are told.
struct scenario {
  std::string_view name;
  std::function<std::vector<troupe::child_spec>(world&)> agents;
  std::vector<std::pair<std::string_view, std::string>> errands;  // to whom, and what
  // What has come of it: what these say and remember, and what these others remember, which are gone by then.
  std::vector<std::string> seen = {"/top/first", "/top/clerk"};
  std::vector<std::string> gone = {};
  std::function<void(troupe::tool_registry&, world&)> tools = {};
  bool any_order = false;  // somebody hears of two others, in no order that is promised
};

std::vector<scenario> crash_scenarios();

}  // namespace support

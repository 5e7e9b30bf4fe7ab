#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <utility>

#include "support.hpp"

// An agent whose handlers are written in the test that needs them, and messages for it.

namespace support {

struct answer {
  std::string text;
  TROUPE_MESSAGE(answer, text)
};
struct question {
  std::string text;
  using reply_type = answer;
  TROUPE_MESSAGE(question, text)
};
// Asked, it is answered when it was handled.
struct go {
  TROUPE_MESSAGE(go)
};
struct note {
  std::int64_t number = 0;
  TROUPE_MESSAGE(note, number)
};
struct crash {
  std::string why = "out of luck";
  TROUPE_MESSAGE(crash, why)
};

class scripted final : public troupe::agent {
 public:
  using script = std::function<void(scripted&)>;
  scripted(troupe::agent_context& context, const script& write) : agent{context} {
    on([](const crash& c) { throw std::runtime_error{c.why}; });
    write(*this);
  }
  using agent::incarnation;
  using agent::on;
  using agent::reentrant;
  using agent::supervise_children;
  using agent::where;
};

inline troupe::child_spec scripted_child(std::string id, scripted::script write, troupe::child_options options = {}) {
  return troupe::child<scripted>(std::move(id), std::move(options), std::move(write));
}

// Under /top, with restarts enough for any test.
template <class... Children>
troupe::supervisor_spec top_of(Children... children) {
  return {.name = "top", .intensity = 1'000, .children = {std::move(children)...}};
}

inline std::uint64_t dropped(const troupe::node& on, troupe::drop_reason why) {
  return on.dropped()[static_cast<std::size_t>(why)];
}

// Tells whether the object that it marks still lives.
class lifetime_flag {
 public:
  explicit lifetime_flag(int& alive) : alive_{&alive} { ++*alive_; }
  lifetime_flag(const lifetime_flag& other) : alive_{other.alive_} { ++*alive_; }
  lifetime_flag& operator=(const lifetime_flag&) = delete;
  ~lifetime_flag() { --*alive_; }

 private:
  int* alive_;
};

}  // namespace support

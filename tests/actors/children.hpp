#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <troupe/actors/agent.hpp>
#include <utility>

// Children for tests of supervision. Each tells the test's journal when it starts and stops: "start child1#2" is the
// second incarnation of child1.

namespace support {

// What happened, in order. Owner: the test, which keeps it longer than the node; threads: the one that runs the node.
class journal {
 public:
  void note(const std::string& event) { events_ += (events_.empty() ? "" : ", ") + event; }
  // All since the last call, with commas.
  std::string take() { return std::exchange(events_, {}); }
  // The number of the next object that is built: tells one object from another where names and incarnations are the
  // same.
  std::uint64_t next_object() { return ++objects_; }

 private:
  std::string events_;
  std::uint64_t objects_ = 0;
};

// The child ends by itself: failed throws, the others stop.
struct end_with {
  troupe::exit_kind kind = troupe::exit_kind::normal;
  std::string text = {};
  TROUPE_MESSAGE(end_with, kind, text)
};
inline end_with died() { return {troupe::exit_kind::failed, "died"}; }

struct identity {
  std::uint64_t object = 0;
  std::string arguments = {};
  TROUPE_MESSAGE(identity, object, arguments)
};
struct who_is_there {
  using reply_type = identity;
  TROUPE_MESSAGE(who_is_there)
};
// A handler that is busy for so long.
struct work {
  troupe::duration time{};
  TROUPE_MESSAGE(work, time)
};
struct text_argument {
  std::string text;
  TROUPE_MESSAGE(text_argument, text)
};
// An argument of which a test can see whether anybody keeps it.
struct burden {
  std::shared_ptr<std::string> weight;
  TROUPE_LOCAL_MESSAGE(burden)
};

class plain : public troupe::agent {
 public:
  plain(troupe::agent_context& context, journal* log) : agent{context}, log_{*log}, object_{log->next_object()} {
    if (const auto* given = context.arguments().get_if<text_argument>()) arguments_ = given->text;
    on(&plain::end);
    on(&plain::who);
    on(&plain::labour);
  }

 protected:
  // What the start does after the journal was told.
  virtual troupe::task<void> begin(troupe::turn&) { co_return; }
  // And the stop, before.
  virtual troupe::task<void> finish(troupe::turn&) { co_return; }
  const std::string& arguments() const noexcept { return arguments_; }
  std::string me() const { return std::string{where().name()} + "#" + std::to_string(incarnation()); }
  journal& log() noexcept { return log_; }

 private:
  troupe::task<void> on_start(troupe::turn& now) override {
    log_.note("start " + me());
    co_await begin(now);
  }
  troupe::task<void> post_stop(troupe::turn& now, const troupe::exit_cause& cause) override {
    const std::string why{to_string(cause.kind)};
    co_await finish(now);
    log_.note("stop " + me() + " " + why);
  }
  void end(const end_with& how, troupe::turn& now) {
    if (how.kind == troupe::exit_kind::failed) throw std::runtime_error{how.text};
    now.stop(troupe::exit_cause{how.kind, how.text});
  }
  identity who(const who_is_there&) { return {object_, arguments_}; }
  troupe::task<void> labour(work w, troupe::turn& now) { co_await now.sleep(w.time); }

  journal& log_;
  const std::uint64_t object_;
  std::string arguments_;
};

// Declines to start as long as the test's count lasts ("ignore").
class declining final : public plain {
 public:
  declining(troupe::agent_context& context, journal* log, int* times) : plain{context, log}, times_{*times} {}

 private:
  troupe::task<void> begin(troupe::turn& now) override {
    if (times_ > 0) {
      --times_;
      now.decline();
    }
    co_return;
  }
  int& times_;
};

// Starts once under a supervisor, and fails every later start. Of a template: only with the argument "error".
class failing_later final : public plain {
 public:
  failing_later(troupe::agent_context& context, journal* log, bool always = true)
      : plain{context, log}, always_{always} {}

 private:
  troupe::task<void> begin(troupe::turn&) override {
    if (incarnation() > 1 && (always_ || arguments() == "error")) throw std::runtime_error{"no second start"};
    co_return;
  }
  bool always_;
};

// Fails each start in the way that its argument says.
class unstartable final : public plain {
 public:
  unstartable(troupe::agent_context& context, journal* log, bool in_words) : plain{context, log}, in_words_{in_words} {}

 private:
  troupe::task<void> begin(troupe::turn&) override {
    if (in_words_) throw std::runtime_error{"out of luck"};
    throw 42;
    co_return;
  }
  bool in_words_;
};

// Takes its time to stop.
class slow final : public plain {
 public:
  slow(troupe::agent_context& context, journal* log, troupe::duration time = {}) : plain{context, log}, time_{time} {
    if (!arguments().empty()) time_ = std::chrono::milliseconds{std::stol(arguments())};
  }

 private:
  troupe::task<void> finish(troupe::turn& now) override {
    log().note("asked " + me());
    co_await now.sleep(time_);
  }
  troupe::duration time_;
};

// Stops as its argument says: "other" throws while it stops.
class reasoned final : public plain {
 public:
  reasoned(troupe::agent_context& context, journal* log) : plain{context, log} {}

 private:
  troupe::task<void> finish(troupe::turn& now) override {
    if (arguments() == "normal") now.stop();
    if (arguments() == "shutdown-test") now.stop(troupe::exit_cause::shutdown("test"));
    if (arguments() == "other") throw std::runtime_error{"other"};
    co_return;
  }
};

// Its start waits until the test says what becomes of it. It looks once in a (virtual) second.
enum class word { none, start, fail };
class gate final : public plain {
 public:
  gate(troupe::agent_context& context, journal* log, word* said) : plain{context, log}, said_{*said} {}

 private:
  troupe::task<void> begin(troupe::turn& now) override {
    while (said_ == word::none) co_await now.sleep(std::chrono::seconds{1});
    if (std::exchange(said_, word::none) == word::fail) throw std::runtime_error{"told not to start"};
  }
  word& said_;
};

// While the test's flag is set, its start blocks for 2 s and fails.
class deadlock final : public plain {
 public:
  deadlock(troupe::agent_context& context, journal* log, bool* fail_start) : plain{context, log}, fail_{*fail_start} {}

 private:
  troupe::task<void> begin(troupe::turn& now) override {
    if (!fail_) co_return;
    co_await now.sleep(std::chrono::seconds{2});
    throw std::runtime_error{"deadlock"};
  }
  bool& fail_;
};

// Watches what it is told to, and writes "down child1#2 killed" into the journal.
struct watch_it {
  troupe::agent_ref who;
  TROUPE_LOCAL_MESSAGE(watch_it)
};
struct unwatch_it {
  troupe::agent_ref who;
  TROUPE_LOCAL_MESSAGE(unwatch_it)
};
class watcher final : public troupe::agent {
 public:
  // `in_full`: with the text of the cause.
  watcher(troupe::agent_context& context, journal* log, bool in_full = false)
      : agent{context}, log_{*log}, in_full_{in_full} {
    on(&watcher::watch);
    on(&watcher::unwatch);
    on(&watcher::told);
    on(&watcher::labour);
  }

 private:
  void watch(const watch_it& m, troupe::turn& now) { now.watch(m.who); }
  void unwatch(const unwatch_it& m, troupe::turn& now) { now.unwatch(m.who); }
  troupe::task<void> labour(work w, troupe::turn& now) { co_await now.sleep(w.time); }
  void told(const troupe::down& notice) {
    log_.note("down " + std::string{notice.who.path().name()} + "#" + std::to_string(notice.incarnation) + " " +
              (in_full_ ? notice.cause.describe() : std::string{to_string(notice.cause.kind)}));
  }

  journal& log_;
  bool in_full_;
};

}  // namespace support

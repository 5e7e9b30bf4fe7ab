#include "bare_caf.hpp"

#include <caf/all.hpp>
#include <chrono>
#include <cstdint>
#include <future>
#include <optional>
#include <thread>
#include <vector>

#include "report.hpp"

namespace bench::bare_caf {

namespace {

using stopwatch = std::chrono::steady_clock;

// An actor system, and the moment at which its actors are done. All actors must have ended, or be ended, before it
// goes.
class world {
 public:
  world() {
    config_.set("scheduler.max-threads", static_cast<std::size_t>(std::thread::hardware_concurrency()));
    system_.emplace(config_);
  }

  caf::actor_system& system() { return *system_; }
  void start() { began_ = stopwatch::now(); }
  // Called by the actor that sees the end of the work, once.
  void done() { done_.set_value(stopwatch::now()); }
  double seconds() { return std::chrono::duration<double>(done_.get_future().get() - began_).count(); }

 private:
  stopwatch::time_point began_;
  std::promise<stopwatch::time_point> done_;
  caf::actor_system_config config_;
  std::optional<caf::actor_system> system_;  // last, for it waits for the actors, which use the others
};

caf::behavior ponger(caf::event_based_actor* self) {
  return {[self](const caf::actor& from, std::int64_t n) {
    self->send(from, n);
    if (n == 0) self->quit();
  }};
}

caf::behavior pinger(caf::event_based_actor* self, world* w, const caf::actor& pong, std::int64_t rounds) {
  self->send(pong, caf::actor_cast<caf::actor>(self), rounds - 1);
  return {[=](std::int64_t n) {
    if (n > 0) {
      self->send(pong, caf::actor_cast<caf::actor>(self), n - 1);
    } else {
      w->done();
      self->quit();
    }
  }};
}

caf::behavior answerer(caf::event_based_actor*) {
  return {[](std::int64_t n) { return n; }};
}

void ask(caf::event_based_actor* self, world* w, const caf::actor& server, std::int64_t rounds) {
  self->request(server, caf::infinite, rounds).then([=](std::int64_t n) {
    if (n > 1) {
      ask(self, w, server, n - 1);
    } else {
      w->done();
      self->send_exit(server, caf::exit_reason::user_shutdown);
    }
  });
}

caf::behavior counter(caf::event_based_actor* self, world* w, std::size_t messages) {
  return {[=, seen = std::size_t{0}](std::int64_t) mutable {
    if (++seen == messages) {
      w->done();
      self->quit();
    }
  }};
}

struct successor {
  caf::actor next;
};

caf::behavior ring_member(caf::stateful_actor<successor>* self, world* w, const caf::actor& next) {
  self->state.next = next;
  // The first member learns its successor when the ring is closed.
  return {[=](const caf::actor& last) { self->state.next = last; },
          [=](std::int64_t hops) {
            if (hops == 0) w->done();
            if (hops <= 0) self->quit();
            self->send(self->state.next, hops - 1);
          }};
}

caf::behavior roll_call(caf::event_based_actor* self, world* w, std::size_t actors) {
  return {[=, seen = std::size_t{0}](caf::ok_atom) mutable {
    if (++seen == actors) {
      w->done();
      self->quit();
    }
  }};
}

// Spawns so many actors and waits until each has started. From outside of an actor: what one worker has in its queue is
// stolen in a time that grows with the queue's length, so spawning all of them from within one actor takes quadratic
// time.
std::vector<caf::actor> spawn_idle(world& w, std::size_t actors) {
  std::vector<caf::actor> all;
  all.reserve(actors);
  const auto main = w.system().spawn(roll_call, &w, actors);
  for (std::size_t i = 0; i < actors; ++i) {
    all.push_back(w.system().spawn([main](caf::event_based_actor* idle) -> caf::behavior {
      idle->send(main, caf::ok_atom_v);
      return {[](std::int64_t) {}};
    }));
  }
  return all;
}

}  // namespace

double ping_pong(std::size_t rounds) {
  world w;
  w.start();
  w.system().spawn(pinger, &w, w.system().spawn(ponger), static_cast<std::int64_t>(rounds));
  return 2 * static_cast<double>(rounds) / w.seconds();
}

double request(std::size_t rounds) {
  world w;
  w.start();
  w.system().spawn([&w, rounds, server = w.system().spawn(answerer)](caf::event_based_actor* self) {
    ask(self, &w, server, static_cast<std::int64_t>(rounds));
  });
  return static_cast<double>(rounds) / w.seconds();
}

double mailbox(std::size_t senders, std::size_t messages) {
  world w;
  const auto receiver = w.system().spawn(counter, &w, senders * messages);
  w.start();
  for (std::size_t i = 0; i < senders; ++i) {
    w.system().spawn([receiver, messages](caf::event_based_actor* self) {
      for (std::size_t n = 0; n < messages; ++n) self->send(receiver, static_cast<std::int64_t>(n));
    });
  }
  return static_cast<double>(senders * messages) / w.seconds();
}

double ring(std::size_t members, std::size_t hops) {
  world w;
  const auto first = w.system().spawn(ring_member, &w, caf::actor{});
  auto last = first;
  for (std::size_t i = 1; i < members; ++i) last = w.system().spawn(ring_member, &w, last);
  caf::anon_send(first, last);
  w.start();
  caf::anon_send(first, static_cast<std::int64_t>(hops));
  return static_cast<double>(hops) / w.seconds();
}

double broadcast(std::size_t actors) {
  world w;
  const auto main = w.system().spawn(roll_call, &w, actors);
  std::vector<caf::actor> all;
  all.reserve(actors);
  for (std::size_t i = 0; i < actors; ++i)
    all.push_back(w.system().spawn([main](caf::event_based_actor* self) -> caf::behavior {
      return {[=](std::int64_t) { self->send(main, caf::ok_atom_v); }};
    }));
  w.start();
  w.system().spawn([&all](caf::event_based_actor* self) {
    for (const auto& each : all) self->send(each, std::int64_t{1});
  });
  const auto seconds = w.seconds();
  for (const auto& a : all) caf::anon_send_exit(a, caf::exit_reason::kill);
  return static_cast<double>(actors) / seconds;
}

double spawn(std::size_t actors) {
  world w;
  w.start();
  const auto all = spawn_idle(w, actors);
  const auto seconds = w.seconds();
  for (const auto& a : all) caf::anon_send_exit(a, caf::exit_reason::kill);
  return static_cast<double>(actors) / seconds;
}

double idle_memory(std::size_t actors) {
  world w;
  const auto before = resident_bytes();
  const auto all = spawn_idle(w, actors);
  w.seconds();
  const auto after = resident_bytes();
  for (const auto& a : all) caf::anon_send_exit(a, caf::exit_reason::kill);
  return (after - before) / static_cast<double>(actors);
}

}  // namespace bench::bare_caf

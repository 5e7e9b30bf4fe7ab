#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "children.hpp"
#include "support.hpp"

namespace support {

// "ok", or the name of the error.
template <class T>
std::string said(const troupe::result<T>& outcome) {
  return outcome ? "ok" : std::string{outcome.error().name()};
}

// With restarts enough for any test.
inline troupe::supervisor_spec patient(std::vector<troupe::child_spec> children) {
  return {.intensity = 1'000, .period = std::chrono::hours{1}, .children = std::move(children)};
}

// A supervisor /top under test, on a node with a virtual clock, its journal, and somebody who watches. What the
// functions return is text, so that a failed check shows all of it.
class stage {
 public:
  explicit stage(troupe::node_options options = deterministic()) : n{std::move(options)} {
    must_supervise(
        n, {.name = "watchers",
            .children = {troupe::child<watcher>("watcher", &log), troupe::child<watcher>("in_full", &log, true)}});
  }

  void open(troupe::supervisor_spec spec) {
    spec.name = "top";
    must_supervise(n, std::move(spec));
  }

  template <class A = plain, class... Args>
  troupe::child_spec child(std::string id, troupe::child_options options = {}, Args... arguments) {
    return troupe::child<A>(std::move(id), std::move(options), &log, std::move(arguments)...);
  }

  // To a supervisor by its path below /top.
  template <class M>
  troupe::result<troupe::reply_of_t<M>> ask(M request, std::string_view where = {}) {
    return n.ask(at(where), std::move(request));
  }
  template <class M>
  auto begin_ask(M request, std::string_view where = {}) {
    return n.begin_ask(at(where), std::move(request));
  }
  troupe::agent_ref at(std::string_view below_top) const {
    return n.ref(below_top.empty() ? troupe::path{"/top"} : troupe::path{"/top/" + std::string{below_top}});
  }

  // "child1#2 child2:restarting child3:stopped", in start order.
  static std::string text(const troupe::child_list& list) {
    std::string all;
    for (const auto& each : list.children) {
      all += (all.empty() ? "" : " ") + each.id;
      if (each.state == troupe::child_state::running)
        all += "#" + std::to_string(each.incarnation);
      else
        all += each.state == troupe::child_state::restarting ? ":restarting" : ":stopped";
    }
    return all;
  }
  std::string which(std::string_view where = {}) { return text(must(ask(troupe::which_children{}, where))); }
  // Specs, active, supervisors, workers.
  static std::string text(const troupe::child_counts& c) {
    return std::to_string(c.specs) + " " + std::to_string(c.active) + " " + std::to_string(c.supervisors) + " " +
           std::to_string(c.workers);
  }
  std::string counts(std::string_view where = {}) { return text(must(ask(troupe::count_children{}, where))); }

  std::string start(troupe::child_spec spec, std::string_view where = {}) {
    return said(ask(troupe::start_child{std::move(spec)}, where));
  }
  std::string start_from_template(std::string id = {}, std::string argument = {}) {
    return said(
        ask(troupe::start_template_child{std::move(id), troupe::message::of(text_argument{std::move(argument)})}));
  }
  std::string terminate(std::string id, std::string_view where = {}) {
    return said(ask(troupe::terminate_child{std::move(id)}, where));
  }
  std::string restart(std::string id, std::string_view where = {}) {
    return said(ask(troupe::restart_child{std::move(id)}, where));
  }
  std::string remove(std::string id, std::string_view where = {}) {
    return said(ask(troupe::delete_child{std::move(id)}, where));
  }

  // Ends children by themselves, and settles.
  void end(std::string_view child, end_with how) {
    n.send(at(child), std::move(how));
    n.settle();
  }
  void crash(std::string_view child) { end(child, died()); }
  void kill(std::string_view child) {
    n.kill(at(child));
    n.settle();
  }

  // The ends of the present incarnations of these will be in the journal; "" is the supervisor.
  void watch(std::initializer_list<std::string_view> below_top) { watch_by("watcher", below_top); }
  // With the texts of the causes.
  void watch_in_full(std::initializer_list<std::string_view> below_top) { watch_by("in_full", below_top); }
  std::uint64_t object(std::string_view child) { return must(n.ask(at(child), who_is_there{})).object; }

  // Whether the supervisor is there.
  bool alive() { return there(""); }
  // Whether a path below /top is taken.
  bool there(std::string_view below_top) { return n.info(at(below_top).path()).has_value(); }
  // Ends the supervisor from above, as a parent does.
  std::string end_supervisor() { return said(n.ask(n.ref({}), troupe::terminate_child{"top"})); }
  auto begin_end_supervisor() {
    auto ending = n.begin_ask(n.ref({}), troupe::terminate_child{"top"});
    n.settle();
    return ending;
  }

  journal log;
  troupe::node n;

 private:
  void watch_by(const char* who, std::initializer_list<std::string_view> below_top) {
    for (const auto each : below_top) n.send(n.ref(troupe::path{"/watchers"} / who), watch_it{at(each)});
    n.settle();
  }
};

}  // namespace support

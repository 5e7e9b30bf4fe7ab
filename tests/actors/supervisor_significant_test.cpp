// Supervisors that end by themselves when significant children have ended: OTP's supervisor_SUITE, auto_shutdown.

#include "supervised.hpp"

using namespace troupe;
using namespace support;

namespace {

const std::vector<end_with> ends_by_itself = {{exit_kind::failed, "died"}, {exit_kind::normal}};

// Two significant children and one that is not.
struct two_and_one : stage {
  two_and_one(auto_shutdown ends, restart_type type) {
    open({.intensity = 5, .period = 3600s, .auto_shutdown = ends});
    for (const auto* id : {"child1", "child2"}) {
      BOOST_TEST(start(child(id, {.restart = type, .significant = true})) == "ok");
    }
    BOOST_TEST(start(child("child3", {.restart = type})) == "ok");
    watch({"", "child1", "child2", "child3"});
    log.take();
  }
  // child1 ended in this way, and all others with it.
  std::string all_ended(const std::string& how) {
    return "stop child1#1 " + how + ", stop child3#1 shutdown, stop child2#1 shutdown";
  }
};

std::string only(const std::string& events, const std::string& kind) {
  std::string kept;
  for (std::size_t at = 0; at < events.size();) {
    const auto end = std::min(events.find(", ", at), events.size());
    if (events.compare(at, kind.size(), kind) == 0) kept += (kept.empty() ? "" : ", ") + events.substr(at, end - at);
    at = end + 2;
  }
  return kept;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(supervisor_significant_test)

BOOST_AUTO_TEST_CASE(nonsignificant_temporary) {
  for (const auto ends : {auto_shutdown::never, auto_shutdown::any_significant, auto_shutdown::all_significant}) {
    stage s;
    s.open({.auto_shutdown = ends});
    const auto spec = s.child("child1", {.restart = temporary});
    BOOST_TEST(s.start(spec) == "ok");
    BOOST_TEST(s.terminate("child1") == "ok");
    BOOST_TEST(s.start(spec) == "ok");
    s.kill("child1");
    for (const auto& how : ends_by_itself) {
      BOOST_TEST(s.start(spec) == "ok");
      s.end("child1", how);
    }
    BOOST_TEST(s.which() == "");
    BOOST_TEST(s.alive());
  }
}

BOOST_AUTO_TEST_CASE(nonsignificant_transient) {
  for (const auto ends : {auto_shutdown::never, auto_shutdown::any_significant, auto_shutdown::all_significant}) {
    stage s;
    s.open({.intensity = 5, .auto_shutdown = ends, .children = {s.child("child1", {.restart = transient})}});
    BOOST_TEST(s.terminate("child1") == "ok");
    BOOST_TEST(s.restart("child1") == "ok");
    s.kill("child1");
    BOOST_TEST(s.which() == "child1#3");
    s.crash("child1");
    BOOST_TEST(s.which() == "child1#4");
    s.end("child1", {exit_kind::normal});
    BOOST_TEST(s.which() == "child1:stopped");
    BOOST_TEST(s.alive());
  }
}

BOOST_AUTO_TEST_CASE(significant_temporary) {
  const auto any = auto_shutdown::any_significant;
  {
    two_and_one s{any, temporary};
    BOOST_TEST(s.terminate("child1") == "ok");
    BOOST_TEST(s.log.take() == "stop child1#1 shutdown, down child1#1 shutdown");
    BOOST_TEST(s.start(s.child("child1", {.restart = temporary, .significant = true})) == "ok");
    BOOST_TEST(s.which() == "child2#1 child3#1 child1#1");
    s.log.take();
    s.kill("child1");
    BOOST_TEST(s.log.take() ==
               "stop child3#1 shutdown, down child3#1 shutdown, stop child2#1 shutdown, down child2#1 shutdown, "
               "down top#1 shutdown");
    BOOST_TEST(!s.alive());
  }
  for (const auto& how : ends_by_itself) {
    two_and_one s{any, temporary};
    s.end("child1", how);
    const auto happened = s.log.take();
    BOOST_TEST(only(happened, "stop") == s.all_ended(std::string{to_string(how.kind)}));
    BOOST_TEST(only(happened, "down top") == "down top#1 shutdown");
  }
  two_and_one s{auto_shutdown::all_significant, temporary};
  s.end("child1", {exit_kind::normal});
  BOOST_TEST(s.log.take() == "stop child1#1 normal, down child1#1 normal");
  BOOST_TEST(s.which() == "child2#1 child3#1");
  s.end("child2", {exit_kind::normal});
  const auto happened = s.log.take();
  BOOST_TEST(only(happened, "stop") == "stop child2#1 normal, stop child3#1 shutdown");
  BOOST_TEST(only(happened, "down top") == "down top#1 shutdown");
}

BOOST_AUTO_TEST_CASE(significant_transient) {
  {
    two_and_one s{auto_shutdown::any_significant, transient};
    BOOST_TEST(s.terminate("child1") == "ok");
    BOOST_TEST(s.which() == "child1:stopped child2#1 child3#1");
    BOOST_TEST(s.restart("child1") == "ok");
    s.kill("child1");
    BOOST_TEST(s.which() == "child1#3 child2#1 child3#1");
    s.crash("child1");
    BOOST_TEST(s.which() == "child1#4 child2#1 child3#1");
    s.log.take();
    s.end("child1", {exit_kind::normal});
    const auto happened = s.log.take();
    BOOST_TEST(only(happened, "stop") == "stop child1#4 normal, stop child3#1 shutdown, stop child2#1 shutdown");
    BOOST_TEST(only(happened, "down top") == "down top#1 shutdown");
    BOOST_TEST(!s.alive());
  }
  two_and_one s{auto_shutdown::all_significant, transient};
  s.end("child1", {exit_kind::normal});
  BOOST_TEST(s.log.take() == "stop child1#1 normal, down child1#1 normal");
  BOOST_TEST(s.which() == "child1:stopped child2#1 child3#1");
  s.end("child2", {exit_kind::normal});
  const auto happened = s.log.take();
  BOOST_TEST(only(happened, "stop") == "stop child2#1 normal, stop child3#1 shutdown");
  BOOST_TEST(only(happened, "down top") == "down top#1 shutdown");
}

BOOST_AUTO_TEST_CASE(significant_simple) {
  for (const auto ends : {auto_shutdown::any_significant, auto_shutdown::all_significant}) {
    stage s;
    s.open({.strategy = simple_one_for_one,
            .auto_shutdown = ends,
            .children = {s.child("template", {.restart = temporary, .significant = true})}});
    BOOST_TEST(s.start_from_template("one") == "ok");
    BOOST_TEST(s.start_from_template("two") == "ok");
    s.watch({"", "one", "two"});
    s.log.take();
    s.end("one", {exit_kind::normal});
    if (ends == auto_shutdown::any_significant) {
      BOOST_TEST(s.log.take() ==
                 "stop one#1 normal, down one#1 normal, stop two#1 shutdown, down two#1 shutdown, down top#1 shutdown");
    } else {
      BOOST_TEST(s.log.take() == "stop one#1 normal, down one#1 normal");
      BOOST_TEST(s.which() == "two#1");
      s.end("two", {exit_kind::normal});
      BOOST_TEST(s.log.take() == "stop two#1 normal, down two#1 normal, down top#1 shutdown");
    }
    BOOST_TEST(!s.alive());
  }
}

BOOST_AUTO_TEST_CASE(a_significant_child_that_is_restarting_still_counts) {
  stage s;
  s.open(
      {.intensity = 5,
       .period = 3600s,
       .auto_shutdown = auto_shutdown::all_significant,
       .children = {s.child("child1", {.restart = transient, .significant = true, .backoff = {.min = 1s, .max = 1s}}),
                    s.child("child2", {.restart = transient, .significant = true})}});
  s.crash("child1");
  s.end("child2", {exit_kind::normal});
  BOOST_TEST(s.which() == "child1:restarting child2:stopped");
  s.n.advance(1s);
  BOOST_TEST(s.which() == "child1#2 child2:stopped");
  s.end("child1", {exit_kind::normal});
  BOOST_TEST(!s.alive());
}

// Significant children that are stopped with a sibling did not end by themselves.
BOOST_AUTO_TEST_CASE(significant_bystander) {
  for (const auto ends : {auto_shutdown::any_significant, auto_shutdown::all_significant})
    for (const auto strategy : {one_for_one, one_for_all, rest_for_one}) {
      stage s;
      s.open({.strategy = strategy,
              .intensity = 5,
              .period = 3600s,
              .auto_shutdown = ends,
              .children = {s.child("child1", {.restart = transient, .significant = true}),
                           s.child("child2", {.restart = transient}),
                           s.child("child3", {.restart = transient, .significant = true})}});
      s.watch({"", "child1", "child2", "child3"});
      s.log.take();
      s.kill("child2");
      const auto downs = only(s.log.take(), "down");
      if (strategy == one_for_one) {
        BOOST_TEST(downs == "down child2#1 killed");
        BOOST_TEST(s.which() == "child1#1 child2#2 child3#1");
      } else if (strategy == rest_for_one) {
        BOOST_TEST(downs == "down child2#1 killed, down child3#1 shutdown");
        BOOST_TEST(s.which() == "child1#1 child2#2 child3#2");
      } else {
        BOOST_TEST(downs == "down child2#1 killed, down child3#1 shutdown, down child1#1 shutdown");
        BOOST_TEST(s.which() == "child1#2 child2#2 child3#2");
      }
    }
}

BOOST_AUTO_TEST_CASE(significant_escalation) {
  for (const bool significant : {true, false}) {
    stage s;
    const auto any = auto_shutdown::any_significant;
    supervisor_spec inner{.name = "sup1",
                          .auto_shutdown = any,
                          .children = {s.child("child1", {.restart = transient, .significant = true})}};
    s.open({.auto_shutdown = any,
            .children = {child(std::move(inner), {.restart = transient, .significant = significant})}});
    s.watch({"", "sup1", "sup1/child1"});
    s.log.take();
    s.end("sup1/child1", {exit_kind::normal});
    BOOST_TEST(only(s.log.take(), "down") == std::string{"down child1#1 normal, down sup1#1 shutdown"} +
                                                 (significant ? ", down top#1 shutdown" : ""));
    BOOST_TEST(s.alive() == !significant);
    if (!significant) BOOST_TEST(s.which() == "sup1:stopped");
  }
}

BOOST_AUTO_TEST_SUITE_END()

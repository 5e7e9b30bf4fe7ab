#include "task_graphs.hpp"

using namespace troupe;
using namespace support;

// Several tasks of one turn at the same time.

namespace {

task<void> nap(turn& now, duration time, int& alive) {
  const lifetime_flag here{alive};
  co_await now.sleep(time);
}
task<void> at_once() { co_return; }
task<void> throws(turn& now, duration time, std::string what) {
  co_await now.sleep(time);
  throw std::runtime_error{what};
}
task<int> gives(turn& now, duration time, int value) {
  co_await now.sleep(time);
  co_return value;
}
std::string text_of(const std::exception_ptr& thrown) {
  if (!thrown) return "nothing";
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    return e.what();
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(task_group_test)

BOOST_AUTO_TEST_CASE(tasks_run_at_the_same_time_and_end_in_the_order_in_which_they_are_done) {
  workshop w;
  w.run([&](turn& now) -> task<void> {
    task_group group{now};
    int alive = 0;
    BOOST_TEST(group.start(nap(now, 3s, alive)) == 1u);
    BOOST_TEST(group.start(nap(now, 1s, alive)) == 2u);
    BOOST_TEST(group.start(throws(now, 2s, "no luck")) == 3u);
    BOOST_TEST(group.start(at_once()) == 4u);
    BOOST_TEST(group.size() == 4u);
    BOOST_TEST(alive == 2);
    while (const auto ended = co_await group.next()) w.note(std::to_string(ended->id) + " " + text_of(ended->why));
    BOOST_TEST(group.size() == 0u);
    BOOST_TEST(alive == 0);
  });
  BOOST_TEST(w.take_log() == "0 4 nothing, 1000 2 nothing, 2000 3 no luck, 3000 1 nothing");
}

BOOST_AUTO_TEST_CASE(a_task_that_is_cancelled_loses_its_locals_where_it_waits) {
  workshop w;
  w.run([&](turn& now) -> task<void> {
    task_group group{now};
    int alive = 0;
    const auto first = group.start(nap(now, 3s, alive));
    const auto second = group.start(nap(now, 1s, alive));
    BOOST_TEST(group.cancel(first));
    BOOST_TEST(alive == 1);
    BOOST_TEST(!group.cancel(first));
    const auto ended = co_await group.next();
    BOOST_TEST(ended->id == second);
    BOOST_TEST(!group.cancel(second));
    const auto nothing = co_await group.next();
    BOOST_TEST(!nothing.has_value());
  });
  BOOST_TEST(w.ms() == 59'000);
}

BOOST_AUTO_TEST_CASE(one_that_is_over_but_not_taken_cannot_be_cancelled) {
  workshop w;
  w.run([&](turn& now) -> task<void> {
    task_group group{now};
    const auto first = group.start(at_once());
    BOOST_TEST(!group.cancel(first));
    const auto ended = co_await group.next();
    BOOST_TEST(ended->id == first);
  });
}

BOOST_AUTO_TEST_CASE(a_group_that_goes_takes_its_tasks_along) {
  workshop w;
  int alive = 0;
  w.run([&](turn& now) -> task<void> {
    {
      task_group group{now};
      for (int i = 0; i < 5; ++i) group.start(nap(now, 1h, alive));
      BOOST_TEST(alive == 5);
    }
    BOOST_TEST(alive == 0);
    co_return;
  });
}

BOOST_AUTO_TEST_CASE(a_turn_that_is_cancelled_takes_its_groups_along_however_it_ends) {
  int alive = 0;
  workshop w;
  const auto wait_then = [&](const std::function<void()>& end) {
    auto asked = w.begin([&](turn& now) -> task<void> {
      task_group outer{now};
      const auto inside = [&alive](turn& mine) -> task<void> {
        task_group inner{mine};
        inner.start(nap(mine, 1h, alive));
        inner.start(nap(mine, 2h, alive));
        co_await inner.next();
      };
      outer.start(inside(now));
      outer.start(inside(now));
      co_await outer.next();
    });
    BOOST_TEST(alive == 4);
    end();
    w.n.settle();
    BOOST_TEST(alive == 0);
    BOOST_TEST(asked.get().error().is(agent_errc::agent_down));
  };
  wait_then([&] { w.n.send(w.a(), crash{}); });
  wait_then([&] { w.n.kill(w.a()); });
  wait_then([&] { must(w.n.ask(w.n.ref(path{"/top"}), terminate_child{"a"})); });
  must(w.n.ask(w.n.ref(path{"/top"}), restart_child{"a"}));
  wait_then([&] { w.n.stop(); });
}

BOOST_AUTO_TEST_CASE(a_node_that_is_destroyed_takes_the_groups_of_all_turns_along) {
  int alive = 0;
  {
    workshop w;
    auto asked = w.begin([&](turn& now) -> task<void> {
      task_group group{now};
      group.start(nap(now, 1h, alive));
      co_await group.next();
    });
    BOOST_TEST(alive == 1);
  }
  BOOST_TEST(alive == 0);
}

BOOST_AUTO_TEST_CASE(a_task_may_wake_whoever_waits_for_the_group) {
  workshop w;
  w.run([&](turn& now) -> task<void> {
    task_group group{now};
    const auto wakes = [&](turn& mine) -> task<void> {
      co_await mine.sleep(1s);
      group.wake();
      co_await mine.sleep(1s);
    };
    group.start(wakes(now));
    const auto woken = co_await group.next();
    BOOST_TEST(!woken.has_value());
    w.note("woken");
    const auto ended = co_await group.next();
    BOOST_TEST(ended.has_value());
    w.note("ended");
    group.wake();
    const auto again = co_await group.next_or_wake();
    BOOST_TEST(!again.has_value());
  });
  BOOST_TEST(w.take_log() == "1000 woken, 2000 ended");
}

BOOST_AUTO_TEST_CASE(reports_show_what_the_turn_still_waits_for_when_one_of_its_tasks_is_over) {
  workshop w({scripted_child("mute", [](scripted& me) {
    me.on([](question, turn& now) -> task<answer> {
      co_await now.sleep(2h);
      co_return answer{};
    });
  })});
  int alive = 0;
  auto asked = w.begin([&](turn& now) -> task<void> {
    task_group group{now};
    const auto asks = [](turn& mine) -> task<void> {
      auto asking = mine.ask<question>(mine.ref(path{"/top/mute"}), "?");
      co_await asking;
    };
    group.start(nap(now, 1s, alive));
    group.start(asks(now));
    co_await group.next();
    co_await group.next();
  });
  BOOST_TEST(w.n.info(w.a().path())->waits_on == "tasks");
  w.n.advance(1s);
  BOOST_TEST(w.n.info(w.a().path())->waits_on == "tasks");
  w.n.advance(60s);
  BOOST_TEST(w.n.info(w.a().path())->waits_on == "");
  must(asked.get());
}

BOOST_AUTO_TEST_CASE(there_is_a_bound_on_the_tasks_of_a_group) {
  workshop w;
  w.run([&](turn& now) -> task<void> {
    task_group group{now};
    for (std::size_t i = 0; i < task_group::tasks_max; ++i) group.start(at_once());
    try {
      group.start(at_once());
      BOOST_ERROR("one too many");
    } catch (const failure& f) {
      BOOST_TEST(f.error().is(agent_errc::overloaded));
    }
    std::size_t ended = 0;
    while (co_await group.next()) ++ended;
    BOOST_TEST(ended == task_group::tasks_max);
  });
}

BOOST_AUTO_TEST_CASE(when_all_gives_all_results_in_order_after_the_time_of_the_longest) {
  workshop w;
  w.run([&](turn& now) -> task<void> {
    int alive = 0;
    const auto [number, nothing, text] =
        co_await when_all(now, gives(now, 3s, 1), nap(now, 1s, alive), w.work("text", 2s, now));
    BOOST_TEST(number == 1);
    BOOST_TEST(text == "text");
    BOOST_TEST(w.ms() == 3'000);
  });
}

BOOST_AUTO_TEST_CASE(when_all_of_a_list_keeps_to_a_bound) {
  workshop w;
  w.run([&](turn& now) -> task<void> {
    std::vector<task<std::string>> list;
    auto time = 1s;
    for (const char* name : {"a", "b", "c", "d"}) list.push_back(w.work(name, time++, now));
    auto all = when_all(now, std::move(list), 2);
    const auto results = co_await std::move(all);
    const std::vector<std::string> expected{"a", "b", "c", "d"};
    BOOST_TEST(results == expected, boost::test_tools::per_element());
  });
  BOOST_TEST(w.take_log() == "0 +a, 0 +b, 1000 -a, 1000 +c, 2000 -b, 2000 +d, 4000 -c, 6000 -d");
}

BOOST_AUTO_TEST_CASE(when_all_ends_the_others_when_one_throws) {
  workshop w;
  w.run([&](turn& now) -> task<void> {
    int alive = 0;
    auto all = when_all(now, nap(now, 3s, alive), throws(now, 1s, "no luck"), nap(now, 2s, alive));
    std::string thrown;
    try {
      co_await std::move(all);
    } catch (const std::exception& e) {
      thrown = e.what();
    }
    BOOST_TEST(thrown == "no luck");
    BOOST_TEST(w.ms() == 1'000);
  });
}

BOOST_AUTO_TEST_CASE(when_any_gives_the_first_result_and_ends_the_others) {
  workshop w;
  w.run([&](turn& now) -> task<void> {
    std::vector<task<int>> list;
    list.push_back(gives(now, 3s, 30));
    list.push_back(gives(now, 2s, 20));
    auto any = when_any(now, std::move(list));
    const auto first = co_await std::move(any);
    BOOST_TEST(first.index == 1u);
    BOOST_TEST(first.value == 20);
    BOOST_TEST(w.ms() == 2'000);
  });
}

BOOST_AUTO_TEST_CASE(when_any_throws_what_the_last_one_threw_if_none_gives_a_result) {
  workshop w;
  w.run([&](turn& now) -> task<void> {
    std::string thrown;
    try {
      std::vector<task<void>> list;
      list.push_back(throws(now, 2s, "last"));
      list.push_back(throws(now, 1s, "first"));
      auto any = when_any(now, std::move(list));
      co_await std::move(any);
    } catch (const std::exception& e) {
      thrown = e.what();
    }
    BOOST_TEST(thrown == "last");
    try {
      std::vector<task<void>> none;
      auto any = when_any(now, std::move(none));
      co_await std::move(any);
      BOOST_ERROR("of nothing");
    } catch (const failure& f) {
      BOOST_TEST(f.error().is(errc::invalid_argument));
    }
  });
}

BOOST_AUTO_TEST_SUITE_END()

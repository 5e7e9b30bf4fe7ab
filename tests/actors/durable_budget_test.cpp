#include "buyers.hpp"

// Budgets in durable turns: whatever interrupts a turn, it charges once, and nobody gets what it has reserved.

using namespace buyers;

BOOST_AUTO_TEST_SUITE(durable_budget_test)

BOOST_AUTO_TEST_CASE(an_undisturbed_turn_uses_what_it_says) {
  place here;
  here.start();
  here.post(ann, "shop");
  here.check_used(ann, 70, "0 30 0");
  here.n->advance(90min);
  here.check_used(ann, 70, "15 35 0");
  here.post(bob, "shop");
  here.n->advance(5h);
  here.check_used(ann, 70, "0 42 0");
  here.check_used(top, limit, "0 84 0");
  BOOST_TEST(here.ask(ann) == "1");
  BOOST_TEST(here.ask(bob) == "1");
  here.check_clean(0);
}

BOOST_AUTO_TEST_CASE(what_was_used_was_used_in_the_next_life) {
  place here;
  here.start();
  here.post(ann, "shop");
  here.n->advance(5h);
  here.restart();
  here.check_used(ann, 70, "0 42 0");
  here.check_used(top, limit, "0 42 0");
  here.post(ann, "shop");
  BOOST_TEST(here.ask(ann) == "1");  // 28 are left
  here.check_used(ann, 70, "0 42 0");
}

// -- crashes ----------------------------------------------------------------------------------------------------------

namespace {

// Whatever operation of the disk is the last one of a life.
void crash_at_each_operation(bool loses_what_was_not_synced, troupe::duration passivate_after) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  constexpr std::uint64_t step = 6;  // a life takes long with a sanitizer in it
#else
  constexpr std::uint64_t step = 1;
#endif
  std::uint64_t points = 0;
  for (bool crashed = true; crashed; points += step) {
    BOOST_TEST_CONTEXT("crash after " << points << " operations of the disk") {
      place here{passivate_after};
      here.start();
      here.disk.fail_from(here.disk.operations() + points + 1, troupe::test::a_disk::fault::device);
      bool ann_has_it = here.post(ann, "shop");
      bool bob_has_it = here.post(bob, "shop");
      if (!here.disk.failed()) here.n->advance(3h);
      crashed = here.disk.failed();
      here.close();
      if (loses_what_was_not_synced) here.disk.lose_what_was_not_synced();
      here.disk.mend();

      here.open();
      here.check_clean(must(here.store->journal(path{ann}, 9)).inbox.size() +
                       must(here.store->journal(path{bob}, 9)).inbox.size());
      // What was done is paid for, or its price is reserved; and never more than there is.
      std::int64_t used = 0, least = 0;
      for (const auto& each : must(here.store->charges()))
        if (each.account.str() == top) {
          used = each.reserved + each.spent;
          BOOST_TEST(each.overrun == 0);
        }
      for (const auto& [deed, times] : here.outside.done) least += deed.starts_with("buy") ? 30 : 12;
      BOOST_TEST(used >= least);
      BOOST_TEST(used <= limit);
      here.supervise();
      here.n->advance(3h);
      const bool ann_did = here.ask(ann) == "1", bob_did = here.ask(bob) == "1";
      BOOST_TEST((ann_did || !ann_has_it));
      BOOST_TEST((bob_did || !bob_has_it));
      here.check_used(ann, place::own_limit, "0 " + std::to_string(ann_did ? cost_of_shopping : 0) + " 0");
      here.check_used(top, limit, "0 " + std::to_string((ann_did + bob_did) * cost_of_shopping) + " 0");
      here.check_clean(0);
    }
  }
  BOOST_TEST_MESSAGE("crashed after each of " << points - step << " operations of the disk");
  BOOST_TEST(points > 20u);
}

}  // namespace

BOOST_AUTO_TEST_CASE(any_operation_of_the_disk_may_be_the_last) {
  crash_at_each_operation(false, troupe::duration::max());
}
BOOST_AUTO_TEST_CASE(what_was_not_synced_may_be_lost) { crash_at_each_operation(true, troupe::duration::max()); }
BOOST_AUTO_TEST_CASE(passive_agents_keep_what_they_reserved) { crash_at_each_operation(true, 10min); }

BOOST_AUTO_TEST_CASE(crashes_one_after_the_other_charge_nothing_twice) {
  for (std::uint64_t between = 1; between < 12; ++between) {
    place here;
    here.start();
    here.post(ann, "shop");
    here.post(bob, "shop");
    for (int lives = 0; lives < 20; ++lives) {
      here.disk.fail_from(here.disk.operations() + between, troupe::test::a_disk::fault::device);
      here.n->advance(15min);
      here.crash();
      here.start();
    }
    here.n->advance(3h);
    here.check_used(ann, place::own_limit, "0 42 0");
    here.check_used(top, limit, "0 84 0");
    here.check_clean(0);
  }
}

// -- kills ------------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(incarnations_that_are_killed_give_nothing_back) {
  place here;
  here.start();
  here.post(ann, "shop");
  here.post(bob, "shop");
  for (int quarter = 0; quarter < 12; ++quarter) {
    for (const char* who : {ann, bob}) here.n->kill(here.n->ref(path{who}));
    here.n->settle();
    here.outside.look();
    here.check_clean(must(here.store->journal(path{ann}, 9)).inbox.size() +
                     must(here.store->journal(path{bob}, 9)).inbox.size());
    here.n->advance(15min);
  }
  here.check_used(ann, place::own_limit, "0 42 0");
  here.check_used(top, limit, "0 84 0");
  for (const auto& [deed, times] : here.outside.done) BOOST_TEST(times == 1, deed);
  here.check_clean(0);
}

BOOST_AUTO_TEST_CASE(what_an_unfinished_turn_has_reserved_is_for_nobody_else) {
  for (const bool passive : {false, true}) {
    place here{passive ? 10min : troupe::duration::max()};
    here.start();
    here.post(ann, "wait");
    here.check_used(top, limit, "60 0 0");
    here.n->advance(1h);
    here.n->kill(here.n->ref(path{ann}));
    here.n->settle();
    here.check_used(top, limit, "60 0 0");
    here.restart();
    BOOST_TEST((here.n->info(path{ann})->state == troupe::health::passive) == passive);
    here.check_used(top, limit, "60 0 0");
    here.post(bob, "wait");  // and fails
    const auto info = here.n->info(path{bob});
    BOOST_TEST(info->last_error.find("60 are in use (60 reserved") != std::string::npos, info->last_error);
    here.check_used(top, limit, "60 0 0");
    here.n->advance(10h);
    BOOST_TEST(here.ask(ann) == "1");
    here.check_used(ann, place::own_limit, "0 70 10");
    here.check_used(top, limit, "0 80 0");
    here.check_clean(0);
  }
}

BOOST_AUTO_TEST_CASE(the_end_of_an_agent_is_not_the_end_of_its_turn) {
  place here;
  here.start();
  here.post(ann, "wait");
  must(here.n->ask(here.n->ref(path{top}), troupe::terminate_child{"ann"}));
  here.check_clean(1);
  BOOST_TEST(stands(*here.n, top) == "100 60 0 0");
  must(here.n->ask(here.n->ref(path{top}), troupe::restart_child{"ann"}));
  here.n->advance(11h);
  BOOST_TEST(here.ask(ann) == "1");
  here.check_used(ann, place::own_limit, "0 70 10");
  here.check_used(top, limit, "0 80 0");
}

BOOST_AUTO_TEST_SUITE_END()

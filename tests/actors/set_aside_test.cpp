#include "durable.hpp"

// A message whose turn took another way than its journal: it is set aside, on disk, until the program is mended.

namespace {

using namespace std::chrono_literals;
using support::answer;
using support::must;
using support::question;
using troupe::path;

const path fickle_path{"/top/fickle"};

// Asks for something else in its second life, and fails in its fourth.
class fickle : public troupe::agent {
 public:
  fickle(troupe::agent_context& context, const int* life) : agent{context}, life_{life} {
    keep("done", done_);
    on(&fickle::run);
    on([this](const question&) { return answer{std::to_string(done_)}; });
  }

 private:
  troupe::task<answer> run(support::errand e, troupe::turn& now) {
    const auto drawn = co_await now.once([this] { return *life_; });
    if (*life_ == 4) throw std::runtime_error{"no milk"};
    if (*life_ != 2)
      co_await now.sleep(1h);
    else
      co_await now.ask<question>(now.ref(path{"/top/clerk"}), e.what);
    ++done_;
    co_return answer{"done in life " + std::to_string(drawn)};
  }
  const int* life_;
  std::int64_t done_ = 0;
};

struct place : support::durable_place {
  void start(int which) {
    life = which;
    open();
    support::must_supervise(
        *n, support::top_of(troupe::child<fickle>("fickle", {.durability = troupe::durability::local}, &life)));
    n->settle();
  }
  void restart(int which) {
    crash();
    start(which);
  }
  int life = 1;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(set_aside_test)

BOOST_AUTO_TEST_CASE(a_message_whose_turn_takes_another_way_waits_for_a_mended_program) {
  place here;
  here.start(1);
  must(here.n->post(here.n->ref(fickle_path), support::errand{"milk"}));
  here.n->settle();
  here.restart(2);
  for (int lives = 0; lives < 2; ++lives) {
    const auto aside = here.n->quarantine();
    BOOST_REQUIRE(aside.size() == 1u);
    BOOST_TEST(aside.front().agent == fickle_path.str());
    BOOST_TEST(aside.front().message_type == "errand");
    BOOST_TEST(
        aside.front().text.find("is `ask /top/clerk (question)` now, where it was `sleep` before") != std::string::npos,
        aside.front().text);
    BOOST_TEST((here.n->info(fickle_path)->state == troupe::health::quarantined));
    here.check_clean(1);
    // The next messages are handled.
    BOOST_TEST(here.ask(fickle_path.str(), "") == "0");
    here.restart(2);
  }
  here.restart(3);
  BOOST_REQUIRE(here.n->quarantine().size() == 1u);
  auto again = here.n->begin_retry_quarantined(here.n->quarantine().front().id, 10h);
  here.n->settle();
  BOOST_TEST(!again.ready());
  here.n->advance(1h);
  BOOST_TEST(must(again.get()).decoded(*troupe::message_type_of<answer>())->get_if<answer>()->text == "done in life 1");
  BOOST_TEST(here.n->quarantine().empty());
  BOOST_TEST(here.ask(fickle_path.str(), "") == "1");
  here.check_clean(0);
}

BOOST_AUTO_TEST_CASE(one_that_fails_again_stays_aside) {
  place here;
  here.start(1);
  must(here.n->post(here.n->ref(fickle_path), support::errand{"milk"}));
  here.n->settle();
  here.restart(2);
  const auto number = here.n->quarantine().front().id;
  const auto again = here.n->retry_quarantined(number);
  BOOST_TEST(again.error().is(troupe::agent_errc::agent_failed), again.error().describe());
  BOOST_REQUIRE(here.n->quarantine().size() == 1u);
  BOOST_TEST(here.n->quarantine().front().failures == 2u);
  here.check_clean(1);
  here.restart(3);
  BOOST_REQUIRE(here.n->quarantine().size() == 1u);
  must(here.n->drop_quarantined(here.n->quarantine().front().id));
  here.n->settle();
  here.check_clean(0);
  BOOST_TEST(here.n->quarantine().empty());
}

BOOST_AUTO_TEST_CASE(one_that_fails_in_another_way_when_it_is_tried_again_stays_aside) {
  place here;
  here.start(1);
  must(here.n->post(here.n->ref(fickle_path), support::errand{"milk"}));
  here.n->settle();
  here.restart(2);
  here.restart(4);
  const auto failed = here.n->retry_quarantined(here.n->quarantine().front().id);
  BOOST_TEST(failed.error().message().find("no milk") != std::string::npos, failed.error().describe());
  BOOST_REQUIRE(here.n->quarantine().size() == 1u);
  here.check_clean(1);
  here.restart(3);
  BOOST_REQUIRE(here.n->quarantine().size() == 1u);
  auto again = here.n->begin_retry_quarantined(here.n->quarantine().front().id, 10h);
  here.n->settle();
  here.n->advance(1h);
  BOOST_TEST(must(again.get()).decoded(*troupe::message_type_of<answer>())->get_if<answer>()->text == "done in life 1");
  BOOST_TEST(here.n->quarantine().empty());
  here.check_clean(0);
}

BOOST_AUTO_TEST_CASE(whoever_waits_is_told) {
  place here;
  here.start(1);
  here.close();
  here.start(1);
  auto asked = here.n->begin_ask(here.n->ref(fickle_path), support::errand{"milk"}, 10h);
  here.n->settle();
  here.life = 2;
  here.n->kill(here.n->ref(fickle_path));
  here.n->settle();
  BOOST_REQUIRE(asked.ready());
  const auto told = asked.get();
  BOOST_TEST(told.error().message().find("set aside as number 1") != std::string::npos, told.error().describe());
  here.check_clean(1);
}

BOOST_AUTO_TEST_SUITE_END()

#include <signal.h>

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <iterator>
#include <optional>
#include <troupe/memory/errc.hpp>
#include <troupe/memory/store.hpp>

#include "core/temporary_folder.hpp"
#include "gate.hpp"
#include "process_agents.hpp"
#include "scripted.hpp"

// What agents remember, recall and keep, in a real store in a temporary folder.

namespace {

using namespace std::chrono_literals;
using support::answer;
using support::go;
using support::must;
using troupe::memory_errc;
using troupe::path;
namespace memory = troupe::memory;

class keeper;

// A handler that the test brings along.
struct work {
  std::function<troupe::task<std::string>(troupe::turn&, keeper&)> body;
  using reply_type = answer;
  TROUPE_LOCAL_MESSAGE(work)
};

class keeper : public troupe::agent {
 public:
  explicit keeper(troupe::agent_context& context) : agent{context} {
    keep("count", count);
    on(&keeper::run);
  }
  std::int64_t count = 0;

 private:
  troupe::task<answer> run(const work& what, troupe::turn& now) {
    std::string text = co_await what.body(now, *this);
    co_return answer{std::move(text)};
  }
};

// Keeps a text under the same name.
class other_keeper : public troupe::agent {
 public:
  explicit other_keeper(troupe::agent_context& context) : agent{context} { keep("count", text_); }

 private:
  std::string text_;
};

class confused_keeper : public troupe::agent {
 public:
  explicit confused_keeper(troupe::agent_context& context) : agent{context} {
    keep("count", one_);
    keep("count", two_);
  }

 private:
  int one_ = 1, two_ = 2;
};

// Agents on a node whose memory is in a folder that outlasts the node.
struct place {
  explicit place(troupe::node_options with = support::threaded()) : options{std::move(with)} {}

  void open() {
    memory::store_options how{.folder = folder.path() / "memory", .time = options.clock.get(), .seed = 1};
    store = must(memory::store::open(how));
    options.memory = store;
    start();
  }
  void start() {
    n.emplace(options);
    support::must_supervise(*n, support::top_of(troupe::child<keeper>("a"), troupe::child<keeper>("b")));
  }
  void close() {
    n.reset();
    options.memory.reset();
    store.reset();
  }
  troupe::result<answer> try_to(decltype(work::body) body, std::string_view who = "/top/a") {
    return n->ask(n->ref(path{who}), work{std::move(body)});
  }
  std::string have(decltype(work::body) body, std::string_view who = "/top/a") {
    return must(try_to(std::move(body), who)).text;
  }
  std::string count(std::string_view who = "/top/a") {
    return have([](troupe::turn&, keeper& self) -> troupe::task<std::string> { co_return std::to_string(self.count); },
                who);
  }
  void count_up(std::string_view who = "/top/a") {
    have([](troupe::turn&, keeper& self) -> troupe::task<std::string> { co_return std::to_string(++self.count); }, who);
  }

  troupe::test::temporary_folder folder;
  troupe::node_options options;
  std::shared_ptr<memory::store> store;
  std::optional<troupe::node> n;
};

memory::record fact(std::string key, std::string value, troupe::timestamp from) {
  return {.kind = memory::record_kind::fact, .fact = memory::fact_part{std::move(key), std::move(value), from, {}}};
}

const troupe::timestamp monday{std::chrono::hours{24 * 365 * 50}};

void remember_and_find(place& where) {
  const auto id = where.have([](troupe::turn& now, keeper&) -> troupe::task<std::string> {
    now.remember("the piano was tuned in spring");
    const memory::record what{.text = "the kettle whistles in the kitchen", .importance = 0.5};
    const auto named = co_await now.remember(what);
    co_return named.to_string();
  });
  const auto found = where.have([](troupe::turn& now, keeper&) -> troupe::task<std::string> {
    const auto hits = co_await now.recall("who tuned the piano", 1);
    const memory::query kettles{.text = "kettle", .limit = 1};
    const auto others = co_await now.recall(kettles);
    co_return hits.at(0).what.text + "|" + others.at(0).what.id.to_string() + "|" + others.at(0).what.space.str() +
        "|" + others.at(0).what.author.str();
  });
  BOOST_TEST(found == "the piano was tuned in spring|" + id + "|/top/a|/top/a");
  // The other one has a memory of its own.
  BOOST_TEST(where.have(
                 [](troupe::turn& now, keeper&) -> troupe::task<std::string> {
                   const auto hits = co_await now.recall("piano");
                   co_return std::to_string(hits.size());
                 },
                 "/top/b") == "0");
}

void facts_over_time(place& where) {
  where.have([](troupe::turn& now, keeper&) -> troupe::task<std::string> {
    now.remember(fact("dose/aspirin", "100 mg", monday));
    now.remember(fact("dose/aspirin", "300 mg", monday + 48h));
    auto last = now.remember(fact("mood", "good", monday));
    co_await last;
    co_return "";
  });
  const auto told = where.have([](troupe::turn& now, keeper&) -> troupe::task<std::string> {
    std::string all;
    const memory::facts_query then{.key_prefix = "dose/", .as_of = monday + 24h};
    const memory::facts_query later{.key_prefix = "dose/", .as_of = monday + 72h};
    for (const auto& each : co_await now.facts(then)) all += each.text + "; ";
    for (const auto& each : co_await now.facts(later)) all += each.text + "; ";
    const memory::facts_query everything{.as_of = monday + 72h};
    const auto both = co_await now.facts(everything);
    co_return all + std::to_string(both.size());
  });
  BOOST_TEST(told == "dose/aspirin: 100 mg; dose/aspirin: 300 mg; 2");
}

void windows_and_summaries(place& where) {
  const auto told = where.have([](troupe::turn& now, keeper&) -> troupe::task<std::string> {
    for (int i = 0; i < 40; ++i) {
      const memory::record what{.time = monday + i * 1h, .text = "Visitor number " + std::to_string(i) + " came by."};
      co_await now.remember(what);
    }
    const memory::summary_policy small{.overflow_tokens = 100, .keep_tokens = 40, .summary_tokens_max = 60};
    const auto summary = co_await now.summarize(small);
    const auto none = co_await now.summarize(small);
    memory::window_query how;
    how.question = "visitor number 7";
    how.options.tokens_max = 120;
    how.options.summary_share = 0.6;
    const auto filled = co_await now.window(how);
    std::string all = std::string{summary ? "summarised" : "nothing"} + (none ? " twice" : " once");
    all += filled.tokens <= 120 && filled.tokens > 60 ? ", fits" : ", does not fit";
    for (const auto& each : filled.parts)
      if (each.kind == memory::part_kind::summary) all += ", with the summary";
    co_return all + ", " + filled.parts.back().text;
  });
  BOOST_TEST(told == "summarised once, fits, with the summary, Visitor number 39 came by.");
}

troupe::node_options deterministic() { return support::deterministic(); }

}  // namespace

BOOST_AUTO_TEST_SUITE(memory_agent_test)

BOOST_AUTO_TEST_CASE(what_an_agent_remembers_it_finds_again) {
  for (auto& options : {support::threaded(), deterministic()}) {
    place where{options};
    where.open();
    remember_and_find(where);
    facts_over_time(where);
    windows_and_summaries(where);
  }
}

BOOST_AUTO_TEST_CASE(an_agent_finds_what_it_has_just_remembered) {
  for (auto& options : {support::threaded(), deterministic()}) {
    place where{options};
    where.open();
    const auto found = where.have([](troupe::turn& now, keeper&) -> troupe::task<std::string> {
      now.remember("the first thing");
      now.remember("the second thing");
      const auto hits = co_await now.recall("thing");
      co_return std::to_string(hits.size());
    });
    BOOST_TEST(found == "2");
  }
}

BOOST_AUTO_TEST_CASE(what_is_remembered_outlasts_the_node) {
  place where;
  where.open();
  where.have([](troupe::turn& now, keeper&) -> troupe::task<std::string> {
    now.remember("nobody waits for this");
    co_return "";
  });
  where.close();
  where.open();
  BOOST_TEST(where.have([](troupe::turn& now, keeper&) -> troupe::task<std::string> {
    const auto hits = co_await now.recall("who waits for this?");
    co_return hits.at(0).what.text;
  }) == "nobody waits for this");
}

BOOST_AUTO_TEST_CASE(a_stopped_node_has_written_what_its_agents_remembered) {
  place where;
  where.open();
  where.have([](troupe::turn& now, keeper& self) -> troupe::task<std::string> {
    ++self.count;
    for (int i = 0; i < 100; ++i) now.remember("number " + std::to_string(i));
    co_return "";
  });
  where.n->stop();
  BOOST_TEST(must(where.store->read({}, path{"/top/a"})).records.size() == 100);
  BOOST_TEST(must(where.store->state({}, path{"/top/a"}, "count")).has_value());
}

BOOST_AUTO_TEST_CASE(an_agent_may_not_use_the_space_of_another_without_a_grant) {
  for (auto& options : {support::threaded(), deterministic()}) {
    place where{options};
    where.open();
    const auto trespass = [](troupe::turn& now, keeper&) -> troupe::task<std::string> {
      const memory::record what{.space = path{"/top/b"}, .text = "a was here"};
      co_await now.remember(what);
      const memory::query all{.text = "here", .space = path{"/top/b"}};
      const auto hits = co_await now.recall(all);
      co_return hits.at(0).what.author.str();
    };
    const auto refused = where.try_to(trespass);
    BOOST_REQUIRE(!refused);
    BOOST_TEST(refused.error().is(troupe::agent_errc::agent_failed));
    BOOST_TEST(refused.error().message().find("/top/a may not write in /top/b") != std::string::npos,
               refused.error().message());
    BOOST_CHECK(troupe::fault_of(refused.error()) == troupe::fault::policy_denied);
    // As a value, and for reading.
    const auto said = where.have([](troupe::turn& now, keeper&) -> troupe::task<std::string> {
      const memory::query all{.text = "here", .space = path{"/top/b"}};
      auto looking = now.recall(all);
      const auto hits = co_await looking.as_result();
      co_return std::string{hits ? "found" : hits.error().is(memory_errc::denied) ? "denied" : "failed"};
    });
    BOOST_TEST(said == "denied");
    must(where.store->grant({}, path{"/top/a"}, path{"/top/b"}, memory::access::write));
    BOOST_TEST(where.have(trespass) == "/top/a");
  }
}

BOOST_AUTO_TEST_CASE(a_record_that_is_lost_without_anybody_waiting_is_in_the_log) {
  for (auto options : {support::threaded(), deterministic()}) {
    place where{options};
    const auto file = (where.folder.path() / "log").string();
    where.options.log = must(troupe::logger::make({.level = troupe::log_level::warn, .file = file}));
    where.open();
    where.have([](troupe::turn& now, keeper&) -> troupe::task<std::string> {
      const memory::record what{.space = path{"/top/b"}, .text = "a was here"};
      now.remember(what);
      now.remember(what);
      auto after = now.remember("and this is stored");
      co_await after;
      co_return "";
    });
    where.close();
    std::ifstream in{file};
    const std::string text{std::istreambuf_iterator<char>{in}, {}};
    const auto at = text.find("a record was not stored");
    BOOST_TEST(at != std::string::npos, text);
    BOOST_TEST(text.find("a record was not stored", at + 1) == std::string::npos, text);  // once a minute
    BOOST_TEST(text.find("may not write in /top/b") != std::string::npos, text);
  }
}

BOOST_AUTO_TEST_CASE(what_an_agent_keeps_survives_its_crash_and_the_node) {
  for (auto& options : {support::threaded(), deterministic()}) {
    place where{options};
    where.open();
    for (int i = 0; i < 3; ++i) where.count_up();
    where.count_up("/top/b");
    // What a failed turn did is gone.
    const auto failed = where.try_to([](troupe::turn&, keeper& self) -> troupe::task<std::string> {
      self.count = 1'000;
      throw std::runtime_error{"on purpose"};
      co_return "";
    });
    BOOST_TEST(!failed);
    BOOST_TEST(where.count() == "3");
    where.count_up();
    BOOST_TEST(where.n->info(path{"/top/a"})->incarnation == 2u);
    where.close();
    where.open();
    BOOST_TEST(where.count() == "4");
    BOOST_TEST(where.count("/top/b") == "1");
    // The same store under another node.
    where.count_up();
    where.n.reset();
    where.start();
    BOOST_TEST(where.count() == "5");
  }
}

BOOST_AUTO_TEST_CASE(a_restart_finds_the_state_of_the_last_good_turn_however_soon_it_comes) {
  place where;
  where.open();
  for (int i = 1; i <= 50; ++i) {
    where.count_up();
    const auto failed = where.try_to([](troupe::turn&, keeper& self) -> troupe::task<std::string> {
      self.count = -1;
      throw std::runtime_error{"on purpose"};
      co_return "";
    });
    BOOST_REQUIRE(!failed);
    BOOST_REQUIRE_EQUAL(where.count(), std::to_string(i));
  }
}

BOOST_AUTO_TEST_CASE(a_state_that_does_not_change_is_not_written) {
  place where{deterministic()};
  where.open();
  where.count_up();
  const auto before = where.store->stats().commands;
  BOOST_TEST(where.count() == "1");
  BOOST_TEST(where.store->stats().commands == before);
  where.count_up();
  BOOST_TEST(where.store->stats().commands == before + 1);
}

BOOST_AUTO_TEST_CASE(a_state_that_does_not_decode_fails_the_start_and_says_so) {
  place where{deterministic()};
  where.open();
  where.count_up();
  must(where.n->ask(where.n->ref(path{"/top"}), troupe::terminate_child{"a"}));
  must(where.n->ask(where.n->ref(path{"/top"}), troupe::delete_child{"a"}));
  const auto file = (where.folder.path() / "log").string();
  const auto started = where.n->ask(where.n->ref(path{"/top"}), troupe::start_child{troupe::child<other_keeper>("a")});
  BOOST_REQUIRE(!started);
  BOOST_TEST(started.error().message().find("the state `count` that /top/a keeps") != std::string::npos,
             started.error().message());
  // It is still there for who can read it.
  must(where.n->ask(where.n->ref(path{"/top"}), troupe::start_child{troupe::child<keeper>("a")}));
  BOOST_TEST(where.count() == "1");
}

BOOST_AUTO_TEST_CASE(two_members_of_one_key_are_a_mistake) {
  place where{deterministic()};
  where.open();
  const auto started =
      where.n->ask(where.n->ref(path{"/top"}), troupe::start_child{troupe::child<confused_keeper>("c")});
  BOOST_REQUIRE(!started);
  BOOST_TEST(started.error().message().find("keeps two members as `count`") != std::string::npos,
             started.error().message());
}

BOOST_AUTO_TEST_CASE(without_a_memory_effects_fail_and_nothing_is_kept) {
  for (auto& options : {support::threaded(), deterministic()}) {
    place where{options};
    where.start();
    BOOST_TEST(where.n->memory() == nullptr);
    where.count_up();
    const auto said = where.have([](troupe::turn& now, keeper&) -> troupe::task<std::string> {
      auto remembering = now.remember("this");
      const auto kept = co_await remembering.as_result();
      auto recalling = now.recall("this");
      const auto found = co_await recalling.as_result();
      co_return std::string{kept.error().name()} + ": " + kept.error().message() + (found ? "" : "; nor found");
    });
    BOOST_TEST(said ==
               "unsupported: this node has no memory: start it with --data FOLDER, or give node_options a store; nor "
               "found");
    const auto failed = where.try_to([](troupe::turn&, keeper&) -> troupe::task<std::string> {
      throw std::runtime_error{"on purpose"};
      co_return "";
    });
    BOOST_TEST(!failed);
    BOOST_TEST(where.count() == "0");
  }
}

BOOST_AUTO_TEST_CASE(the_deadline_of_the_turn_limits_what_it_awaits) {
  auto options = support::threaded();
  options.blocking_threads = 1;
  place where{options};
  where.open();
  support::block busy;
  support::event over;
  std::string said;
  auto holding = where.n->begin_ask(where.n->ref(path{"/top/b"}),
                                    work{[&](troupe::turn& now, keeper&) -> troupe::task<std::string> {
                                      auto blocked = now.run([&] { busy.hold(); });
                                      co_await blocked;
                                      co_return "";
                                    }});
  BOOST_REQUIRE(busy.begun.wait());
  auto answered = where.n->begin_ask(where.n->ref(path{"/top/a"}),
                                     work{[&](troupe::turn& now, keeper&) -> troupe::task<std::string> {
                                       auto looking = now.recall("anything");
                                       const auto hits = co_await looking.as_result();
                                       said = hits ? "found" : hits.error().message();
                                       over.happen();
                                       co_return "";
                                     }},
                                     20ms);
  BOOST_REQUIRE(over.wait());
  BOOST_TEST(said == "memory by /top/a got no answer in time");
  busy.release.happen();
  must(holding.get());
  (void)answered.get();
}

// -- in a process of its own ------------------------------------------------------------------------------------------

namespace {

struct step {
  std::string what;
  using reply_type = answer;
  TROUPE_MESSAGE(step, what)
};

class distant : public troupe::agent {
 public:
  explicit distant(troupe::agent_context& context) : agent{context} {
    keep("count", count_);
    on(&distant::take);
  }

 private:
  troupe::task<answer> take(step order, troupe::turn& now) {
    std::string said;
    if (order.what == "count") {
      said = std::to_string(++count_);
    } else if (order.what == "remember") {
      now.remember("a tool ran here");
      now.remember(fact("tool", "hammer", monday));
      const memory::record what{.text = "and another one", .subject = "p17"};
      const auto named = co_await now.remember(what);
      said = named.is_nil() ? "nil" : "stored";
    } else if (order.what == "find") {
      const auto hits = co_await now.recall("which tool ran?", 1);
      const memory::facts_query when{.as_of = monday + 1h};
      const auto facts = co_await now.facts(when);
      const memory::window_query how{.question = "tool"};
      const auto filled = co_await now.window(how);
      const auto summary = co_await now.summarize();
      said = hits.at(0).what.text + " by " + hits.at(0).what.author.str() + ", " + facts.at(0).text + ", " +
             (filled.text().find("another one") != std::string::npos ? "window" : "no window") +
             (summary ? ", summary" : ", no summary");
    } else if (order.what == "trespass") {
      const memory::query all{.text = "here", .space = path{"/watchers"}};
      auto looking = now.recall(all);
      const auto hits = co_await looking.as_result();
      said = hits ? "found" : hits.error().name();
    } else {
      ::raise(SIGKILL);
    }
    co_return answer{said};
  }
  std::int64_t count_ = 0;
};

}  // namespace

BOOST_AUTO_TEST_CASE(an_agent_in_a_process_of_its_own_uses_the_memory_of_the_node) {
  const troupe::test::temporary_folder folder;
  auto options = support::threaded();
  options.memory = must(memory::store::open({.folder = folder.path() / "memory", .seed = 1}));
  support::house there{options};
  there.open_process<distant>();
  const auto say = [&](std::string what) { return must(there.ask(step{std::move(what)})).text; };
  BOOST_TEST(say("remember") == "stored");
  BOOST_TEST(say("find") == "a tool ran here by /top/worker, tool: hammer, window, no summary");
  BOOST_TEST(say("trespass") == "denied");
  BOOST_TEST(say("count") == "1");
  BOOST_TEST(say("count") == "2");
  there.watch();
  BOOST_TEST(!there.ask(step{"die"}));
  there.heard.next();
  BOOST_TEST(say("count") == "3");
}

BOOST_AUTO_TEST_CASE(without_a_memory_a_process_is_told_so_too) {
  support::house there;
  there.open_process<distant>();
  BOOST_TEST(must(there.ask(step{"count"})).text == "1");
  const auto failed = there.ask(step{"find"});
  BOOST_REQUIRE(!failed);
  BOOST_TEST(failed.error().message().find("this node has no memory") != std::string::npos, failed.error().message());
}

BOOST_AUTO_TEST_SUITE_END()

#include <algorithm>
#include <caf/all.hpp>
#include <thread>
#include <troupe/actors/caf_bridge.hpp>

#include "gate.hpp"
#include "scripted.hpp"

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(support::answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(support::question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(support::note)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(support::crash)

using namespace troupe;
using namespace support;

// Actors of a program that uses CAF itself, and agents.

namespace {

const path top{"/top"};
const path a{"/top/a"};

struct bridged {
  bridged() {
    bridge.share<question>();
    bridge.share<answer>();
    bridge.share<crash>();
    must_supervise(
        n, top_of(scripted_child("a",
                                 [this](scripted& me) {
                                   me.on([](const question& q) -> result<answer> {
                                     if (q.text.empty()) return error{errc::invalid_argument, "nothing was asked"};
                                     return answer{"echo " + q.text};
                                   });
                                   me.on([this](const note&) { told.happen(); });
                                 }),
                  scripted_child("unshared", [](scripted& me) { me.on([](const note&) { return note{7}; }); })));
  }
  caf::actor agent(const path& where) { return bridge.handle(n.ref(where)).value(); }

  event told;
  node n{{.threads = 2, .log = logger{}}};
  caf_bridge bridge{n};
};

constexpr auto patience = std::chrono::seconds{30};

}  // namespace

BOOST_AUTO_TEST_SUITE(caf_bridge_test)

BOOST_AUTO_TEST_CASE(the_system_has_a_worker_for_each_thread_of_the_node) {
  const auto workers = [](std::size_t threads) {
    node n{{.threads = threads, .log = logger{}}};
    return caf_bridge{n}.system().scheduler().num_workers();
  };
  BOOST_TEST(workers(5) == 5U);
  BOOST_TEST(workers(0) == std::max(1U, std::thread::hardware_concurrency()));
}

BOOST_AUTO_TEST_CASE(a_foreign_actor_asks_an_agent_and_is_answered) {
  bridged b;
  caf::scoped_actor self{b.bridge.system()};
  std::string got;
  self->request(b.agent(a), patience, question{"from CAF"})
      .receive([&](const answer& reply) { got = reply.text; },
               [&](const caf::error& why) { got = b.bridge.system().render(why); });
  BOOST_TEST(got == "echo from CAF");
}

BOOST_AUTO_TEST_CASE(an_error_comes_back_as_an_error_of_caf) {
  bridged b;
  caf::scoped_actor self{b.bridge.system()};
  std::string got;
  const auto fails = [&](const caf::error& why) {
    BOOST_TEST((why == caf::sec::runtime_error));
    got = b.bridge.system().render(why);
  };
  self->request(b.agent(a), patience, question{}).receive([](const answer&) {}, fails);
  BOOST_TEST(got.find("nothing was asked") != std::string::npos, got);
  self->request(b.agent(a), patience, crash{"stumbled"}).receive([] {}, fails);
  BOOST_TEST(got.find("stumbled") != std::string::npos, got);
  // The handle stays good over a restart.
  self->request(b.agent(a), patience, question{"x"}).receive([&](const answer& reply) { got = reply.text; }, fails);
  BOOST_TEST(got == "echo x");
}

BOOST_AUTO_TEST_CASE(a_type_that_was_not_shared_is_refused_on_the_way_in_and_on_the_way_out) {
  bridged b;
  caf::scoped_actor self{b.bridge.system()};
  std::optional<caf::error> in;
  self->request(b.agent(a), patience, note{1}).receive([] {}, [&](const caf::error& why) { in = why; });
  BOOST_REQUIRE(in.has_value());
  BOOST_TEST((*in == caf::sec::unexpected_message));
  b.bridge.share<note>();
  std::string got;
  self->request(b.agent(path{"/top/unshared"}), patience, note{1})
      .receive([&](const note& reply) { got = std::to_string(reply.number); },
               [&](const caf::error&) { got = "error"; });
  BOOST_TEST(got == "7");
}

BOOST_AUTO_TEST_CASE(a_foreign_actor_sends_without_waiting) {
  bridged b;
  b.bridge.share<note>();
  caf::scoped_actor self{b.bridge.system()};
  self->send(b.agent(a), note{1});
  BOOST_TEST(b.told.wait());
}

BOOST_AUTO_TEST_CASE(a_foreign_actor_that_monitors_an_agent_is_told_when_it_ends_for_good) {
  bridged b;
  caf::scoped_actor self{b.bridge.system()};
  const auto handle = b.agent(a);
  self->monitor(handle);
  b.n.kill(b.n.ref(a));  // it is back at once: no end
  must(b.n.ask(b.n.ref(a), question{"x"}));
  must(b.n.ask(b.n.ref(top), terminate_child{"a"}));
  bool told = false;
  self->receive([&](const caf::down_msg& down) { told = down.source == handle.address(); },
                caf::after(patience) >> [] {});
  BOOST_TEST(told);
}

BOOST_AUTO_TEST_CASE(an_exit_message_ends_the_agent_and_its_supervisor_decides) {
  bridged b;
  caf::scoped_actor self{b.bridge.system()};
  self->send_exit(b.agent(a), caf::exit_reason::user_shutdown);
  std::uint64_t incarnation = 1;
  for (const auto end = std::chrono::steady_clock::now() + patience;
       incarnation == 1 && std::chrono::steady_clock::now() < end;) {
    must(b.n.ask(b.n.ref(top), which_children{}));
    incarnation = b.n.info(a)->incarnation;
  }
  BOOST_TEST(incarnation == 2u);
  BOOST_TEST(must(b.n.ask(b.n.ref(a), question{"x"})).text == "echo x");
}

BOOST_AUTO_TEST_CASE(a_handle_of_one_that_is_gone_refuses_requests) {
  bridged b;
  caf::scoped_actor self{b.bridge.system()};
  const auto handle = b.agent(a);
  must(b.n.ask(b.n.ref(top), terminate_child{"a"}));
  BOOST_TEST(!b.bridge.handle(b.n.ref(a)).has_value());
  bool refused = false;
  self->request(handle, patience, question{"x"})
      .receive([](const answer&) {}, [&](const caf::error&) { refused = true; });
  BOOST_TEST(refused);
}

BOOST_AUTO_TEST_SUITE_END()

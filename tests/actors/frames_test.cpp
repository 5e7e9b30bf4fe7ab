#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <core/seeded.hpp>

#include "frame_stream.hpp"
#include "launcher.hpp"
#include "process_agents.hpp"

// Both ends of the way between a node and a process, with another end that lies.

using namespace troupe;
using namespace troupe::actors;
using namespace support;

namespace {

// Frames as a liar would send them: of every kind, whole, spoilt, cut, and none at all.
class liar {
 public:
  explicit liar(std::uint64_t seed) : engine_{seed} {}

  std::string some_bytes() {
    std::string all;
    for (auto count = below(6) + 1; count > 0; --count) all += spoilt(one());
    return all;
  }

 private:
  std::size_t below(std::size_t end) { return std::uniform_int_distribution<std::size_t>{0, end - 1}(engine_); }
  std::uint64_t number() { return below(3) == 0 ? engine_() : below(5); }
  std::string text() {
    static constexpr std::string_view some[] = {"",         "/",      "/top", "/top/worker",    "/top/worker/x",
                                                "count_up", "number", "\x81", "/watchers/ends", "../..",
                                                "suffer"};
    return std::string{some[below(std::size(some))]};
  }
  path where() { return path{below(2) == 0 ? "/top/nobody" : "/top/worker/below"}; }

  std::string one() {
    switch (below(13)) {
      case 0: return frame_bytes(frames::started{number(), {text(), text()}});
      case 1: return frame_bytes(frames::not_started{below(2) == 0, exit_cause::failed(text())});
      case 2: return frame_bytes(frames::answer{number(), {}, text(), text()});
      case 3: return frame_bytes(frames::failed{number(), exit_cause::failed(text())});
      case 4:
        return frame_bytes(
            frames::letter{.number = number(), .from = text(), .to = text(), .type = text(), .bytes = text()});
      case 5: return frame_bytes(frames::passed_on{number(), text(), text(), text()});
      case 6: return frame_bytes(frames::watch{number(), where()});
      case 7: return frame_bytes(frames::unwatch{number()});
      case 8: return frame_bytes(frames::kill{where(), text()});
      case 9: return frame_bytes(frames::beat{duration{static_cast<std::int64_t>(below(9))}, text()});
      case 10:
        return frame_bytes(frames::budget_request{.number = number(),
                                                  .what = static_cast<frames::budget_step>(below(9)),
                                                  .id = number(),
                                                  .where = where(),
                                                  .amounts = {{text(), static_cast<std::int64_t>(number())}}});
      case 11: return frame_bytes(frames::message{number(), text(), text(), text()});
      default: return frame_bytes(frames::down{number(), number(), exit_cause::killed(text())});
    }
  }

  std::string spoilt(std::string frame) {
    switch (below(8)) {
      case 0: frame[below(frame.size())] ^= static_cast<char>(1 << below(8)); break;
      case 1: frame.resize(below(frame.size())); break;
      case 2: frame.insert(below(frame.size()), text()); break;
      default: break;
    }
    return frame;
  }

  std::mt19937_64 engine_;
};

// Its own code writes to the socket to the node.
struct lie {
  std::uint64_t seed = 0;
  TROUPE_MESSAGE(lie, seed)
};

class lying_agent : public agent {
 public:
  explicit lying_agent(agent_context& context) : agent{context} {
    on([this](const count_up& more) { return number{count_ += more.by}; });
    on([](const lie& what) {
      const auto bytes = liar{what.seed}.some_bytes();
      for (int each = 3; each < 64; ++each) {
        int type = 0;
        socklen_t size = sizeof type;
        if (::getsockopt(each, SOL_SOCKET, SO_TYPE, &type, &size) == 0)
          (void)!::send(each, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      }
    });
  }

 private:
  std::int64_t count_ = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(frames_test)

BOOST_AUTO_TEST_CASE(frames_come_whole_however_they_are_cut) {
  troupe::test::seeded random;
  int ends[2];
  BOOST_REQUIRE(::pipe(ends) == 0);
  frame_reader in{frame_overhead_max};
  std::vector<std::string> sent, seen;
  std::string bytes;
  for (int i = 0; i < 200; ++i) {
    sent.push_back(random.bytes(300));
    bytes += frame_bytes(frames::message{static_cast<std::uint64_t>(i), "type", sent.back(), "/a"});
  }
  for (std::size_t at = 0; at < bytes.size();) {
    const auto piece = std::min(random.below(500) + 1, bytes.size() - at);
    BOOST_REQUIRE(::write(ends[1], bytes.data() + at, piece) == static_cast<ssize_t>(piece));
    at += piece;
    in.read_from(ends[0]);
    for (frame_reader::frame found; must(in.next(found));)
      seen.push_back(must(net::decode<frames::message>(found.body)).bytes);
  }
  for (const int each : ends) ::close(each);
  BOOST_TEST(seen == sent);
}

BOOST_AUTO_TEST_CASE(a_process_that_lies_harms_nobody_but_itself) {
  troupe::test::seeded random;
  house h;
  h.open<lying_agent>({.isolation = tier::process, .process = {.heartbeat_timeout = 200ms}});
  must_supervise(h.n, {.name = "others", .children = {child<sufferer>("one")}});
  const auto other = h.n.ref(path{"/others/one"});
  for (int i = 0; i < 60; ++i) {
    (void)h.n.ask(h.worker(), lie{random.word()}, 5s);
    BOOST_TEST(must(h.n.ask(other, count_up{})).value == i + 1);
  }
  // It is there again, in its right mind, once the last lie is dealt with.
  bool answers = false;
  for (int i = 0; i < 500 && !answers; ++i) {
    const auto answer = h.n.ask(h.worker(), count_up{}, 5s);
    answers = answer.has_value();
    if (!answers) ::usleep(10'000);
  }
  BOOST_TEST(answers);
}

BOOST_AUTO_TEST_CASE(a_process_that_is_lied_to_ends_in_order) {
  troupe::test::seeded random;
  pid_t launcher = 0;
  const int control = start_launcher(launcher);
  BOOST_REQUIRE(control >= 0);
  for (std::uint64_t i = 1; i <= 60; ++i) {
    int socket[2], output[2];
    BOOST_REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socket) == 0);
    BOOST_REQUIRE(::pipe2(output, O_CLOEXEC) == 0);
    const launch_request wanted{i, i % 2 == 0};
    const int theirs[] = {socket[1], output[1]};
    BOOST_REQUIRE(send_packet(control, &wanted, sizeof wanted, theirs, 2));
    ::close(socket[1]);
    ::close(output[1]);
    const auto bytes = liar{random.word()}.some_bytes();
    (void)!::send(socket[0], bytes.data(), bytes.size(), MSG_NOSIGNAL);
    ::shutdown(socket[0], SHUT_WR);
    launch_report said;
    do {
      int handle = -1;
      BOOST_REQUIRE(receive_packet(control, &said, sizeof said, &handle, 1, 0) == sizeof said);
      if (handle >= 0) ::close(handle);
    } while (said.what != launch_event::exited);
    // SIGKILL is what it does to its own session when there is no node to serve.
    const bool in_order = said.code == CLD_EXITED || said.status == SIGKILL;
    BOOST_TEST(in_order, "ended by signal " << said.status);
    ::close(socket[0]);
    ::close(output[0]);
  }
  ::close(control);
  ::waitpid(launcher, nullptr, 0);
}

BOOST_AUTO_TEST_SUITE_END()

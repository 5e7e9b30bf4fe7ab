#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "process_agents.hpp"

using namespace troupe;
using namespace support;

namespace {

// What an untrusted agent may try.
struct attempt {
  std::string what;
  std::string where;
  using reply_type = number;  // errno; 0: it worked
  TROUPE_MESSAGE(attempt, what, where)
};

std::int64_t outcome(bool worked) { return worked ? 0 : errno; }

std::int64_t try_it(const attempt& order) {
  errno = 0;
  const char* const where = order.where.c_str();
  if (order.what == "connect") {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    if (socket < 0) return errno;
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(order.where)));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return outcome(::connect(socket, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
  }
  if (order.what == "write") return outcome(::open(where, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) >= 0);
  if (order.what == "read") return outcome(::open(where, O_RDONLY | O_CLOEXEC) >= 0);
  if (order.what == "remove") return outcome(::unlink(where) == 0);
  if (order.what == "truncate") return outcome(::truncate(where, 0) == 0);
  if (order.what == "chmod") return outcome(::chmod(where, 0777) == 0);
  if (order.what == "exec") return outcome(::execl("/bin/true", "true", nullptr) == 0);
  if (order.what == "signal its parent") return outcome(::kill(::getppid(), 0) == 0);
  if (order.what == "limit its parent") {
    rlimit files{};
    return outcome(::prlimit(::getppid(), RLIMIT_NOFILE, nullptr, &files) == 0);
  }
  if (order.what == "fork") {
    const pid_t pid = ::fork();
    if (pid == 0) ::_exit(0);
    return outcome(pid > 0);
  }
  if (order.what == "make writable") return outcome(::mount(where, where, nullptr, MS_REMOUNT | MS_BIND, nullptr) == 0);
  if (order.what == "user") return ::geteuid();
  if (order.what == "files") {
    int count = 0;
    while (::open("/dev/null", O_RDONLY) >= 0) ++count;
    return count;
  }
  if (order.what == "grow") {
    const int file = ::open(where, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    const std::string much(std::size_t{1} << 20, 'x');
    for (int i = 0; i < 8; ++i) (void)!::write(file, much.data(), much.size());
    return outcome(file >= 0);
  }
  return -1;
}

class intruder : public agent {
 public:
  explicit intruder(agent_context& context) : agent{context} {
    on([](const attempt& order) { return number{try_it(order)}; });
  }
};

struct cell_block : house {
  explicit cell_block(process_options how) { open_process<intruder>(std::move(how)); }
  std::int64_t attempt_it(std::string what, std::string where = {}) {
    return must(ask(attempt{std::move(what), std::move(where)})).value;
  }
};

struct folder {
  folder() { std::filesystem::create_directories(where + "/open"); }
  ~folder() { std::filesystem::remove_all(where); }
  std::string where = "/tmp/troupe_sandbox_test_" + std::to_string(::getpid());
};

// Whether this machine lets the user of the tests have namespaces: without them, what needs them is refused, and so the
// tests say.
bool has_namespaces() {
  node n{threaded()};
  const auto outcome =
      n.supervise({.name = "top",
                   .children = {child<intruder>(
                       "worker", {.isolation = tier::process, .process = {.sandbox = {.read_only_files = true}}})}});
  if (!outcome) BOOST_TEST_MESSAGE("skipped: " << outcome.error().message());
  return outcome.has_value();
}

class listener {
 public:
  listener() : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof here;
    BOOST_REQUIRE(::bind(socket_, reinterpret_cast<sockaddr*>(&here), sizeof here) == 0);
    BOOST_REQUIRE(::listen(socket_, 4) == 0);
    BOOST_REQUIRE(::getsockname(socket_, reinterpret_cast<sockaddr*>(&here), &size) == 0);
    port_ = ntohs(here.sin_port);
  }
  ~listener() { ::close(socket_); }
  std::string port() const { return std::to_string(port_); }

 private:
  int socket_;
  int port_ = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(sandbox_test)

BOOST_AUTO_TEST_CASE(without_a_sandbox_all_of_it_works) {
  const listener there;
  const folder here;
  cell_block b{{}};
  BOOST_TEST(b.attempt_it("connect", there.port()) == 0);
  BOOST_TEST(b.attempt_it("write", here.where + "/file") == 0);
  BOOST_TEST(b.attempt_it("chmod", here.where + "/file") == 0);
  BOOST_TEST(b.attempt_it("truncate", here.where + "/file") == 0);
  BOOST_TEST(b.attempt_it("remove", here.where + "/file") == 0);
}

BOOST_AUTO_TEST_CASE(without_network_nobody_can_be_reached) {
  const listener there;
  cell_block b{{.sandbox = {.no_network = true}}};
  BOOST_TEST(b.attempt_it("connect", there.port()) != 0);
  // It is still an agent.
  BOOST_TEST(b.attempt_it("read", "/proc/self/status") == 0);
}

BOOST_AUTO_TEST_CASE(a_read_only_view_lets_nothing_be_changed_but_in_the_folders_named) {
  if (!has_namespaces()) return;
  const folder here;
  { std::ofstream{here.where + "/file"} << "kept"; }
  cell_block b{{.sandbox = {.read_only_files = true, .writable = {here.where + "/open"}}}};
  BOOST_TEST(b.attempt_it("read", here.where + "/file") == 0);
  BOOST_TEST(b.attempt_it("write", here.where + "/other") == EROFS);
  BOOST_TEST(b.attempt_it("truncate", here.where + "/file") == EROFS);
  BOOST_TEST(b.attempt_it("remove", here.where + "/file") == EROFS);
  BOOST_TEST(b.attempt_it("chmod", here.where + "/file") == EROFS);
  BOOST_TEST(b.attempt_it("make writable", "/") != 0);
  BOOST_TEST(b.attempt_it("write", here.where + "/other") == EROFS);
  BOOST_TEST(b.attempt_it("write", here.where + "/open/file") == 0);
  BOOST_TEST(std::filesystem::exists(here.where + "/open/file"));
  BOOST_TEST(!std::filesystem::exists(here.where + "/other"));
}

BOOST_AUTO_TEST_CASE(a_folder_that_does_not_exist_is_named_in_the_refusal) {
  if (!has_namespaces()) return;
  node n{threaded()};
  const auto outcome = n.supervise(
      {.name = "top",
       .children = {child<intruder>(
           "worker", {.isolation = tier::process,
                      .process = {.sandbox = {.read_only_files = true, .writable = {"/no/such/folder"}}}})}});
  BOOST_REQUIRE(!outcome);
  BOOST_TEST(outcome.error().message().find("/no/such/folder") != std::string::npos, outcome.error().message());
}

BOOST_AUTO_TEST_CASE(a_forbidden_system_call_ends_the_process_with_a_policy_denial) {
  cell_block b{{.sandbox = {.system_calls = true}}};
  BOOST_TEST(b.attempt_it("read", "/proc/self/status") == 0);
  BOOST_TEST(b.attempt_it("signal its parent") == EPERM);
  BOOST_TEST(b.attempt_it("limit its parent") == EPERM);
  BOOST_TEST(b.attempt_it("fork") == EPERM);
  b.watch();
  BOOST_TEST(!b.ask(attempt{"exec", ""}));
  const auto end = b.heard.next();
  BOOST_TEST(end.cause.signal == SIGSYS);
  BOOST_TEST(to_string(end.cause.fault) == "policy_denied");
  BOOST_TEST(b.attempt_it("read", "/proc/self/status") == 0);
}

BOOST_AUTO_TEST_CASE(privileges_are_dropped) {
  cell_block b{{.sandbox = {.drop_privileges = true}}};
  if (::geteuid() == 0) {
    BOOST_TEST(b.attempt_it("user") == 65534);
    BOOST_TEST(b.attempt_it("write", "/etc/troupe_sandbox_test") == EACCES);
  } else {
    BOOST_TEST(b.attempt_it("user") == static_cast<std::int64_t>(::geteuid()));
  }
}

BOOST_AUTO_TEST_CASE(all_of_it_together) {
  if (!has_namespaces()) return;
  const listener there;
  cell_block b{
      {.limits = {.open_files = 64},
       .sandbox = {.no_network = true, .read_only_files = true, .system_calls = true, .drop_privileges = true}}};
  BOOST_TEST(b.attempt_it("connect", there.port()) != 0);
  BOOST_TEST(b.attempt_it("write", "/tmp/troupe_sandbox_test_all") == EROFS);
  BOOST_TEST(b.attempt_it("files") < 64);
  BOOST_TEST(b.attempt_it("read", "/proc/self/status") == EMFILE);
}

BOOST_AUTO_TEST_CASE(a_file_beyond_its_limit_ends_the_process) {
  const folder here;
  cell_block b{{.limits = {.file_bytes = std::size_t{2} << 20}}};
  b.watch();
  BOOST_TEST(!b.ask(attempt{"grow", here.where + "/file"}));
  const auto end = b.heard.next();
  BOOST_TEST(end.cause.signal == SIGXFSZ);
  BOOST_TEST(to_string(end.cause.fault) == "resource_limit");
}

BOOST_AUTO_TEST_CASE(specs_that_cannot_be_are_refused) {
  node n{threaded()};
  const auto said = [&](process_options how) {
    const auto outcome = n.supervise(
        {.name = "top", .children = {child<intruder>("worker", {.isolation = tier::process, .process = how})}});
    return outcome ? std::string{"ok"} : outcome.error().message();
  };
  BOOST_TEST(said({.sandbox = {.writable = {"/tmp"}}}).find("not read-only") != std::string::npos);
  BOOST_TEST(said({.sandbox = {.read_only_files = true, .writable = {"tmp"}}}).find("absolute") != std::string::npos);
  BOOST_TEST(said({.limits = {.open_files = 3}}).find("32 open files") != std::string::npos);
  BOOST_TEST(said({.limits = {.memory_bytes = 65'536}}).find("at least 1048576") != std::string::npos);
  BOOST_TEST(said({.limits = {.cpu_time = 0s}}).find("1 s at least") != std::string::npos);
  BOOST_TEST(said({.heartbeat_timeout = 1ms}).find("heartbeat") != std::string::npos);
  BOOST_TEST(said({.message_bytes_max = 0}).find("no bytes") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(limits_and_sandboxes_are_for_processes_only_and_not_left_out_in_silence) {
  node n{threaded()};
  for (const auto where : {tier::inlined, tier::thread})
    for (const process_options& how :
         {process_options{.limits = {.cpu_time = 1s}}, process_options{.sandbox = {.no_network = true}}}) {
      const auto outcome =
          n.supervise({.name = "top", .children = {child<intruder>("worker", {.isolation = where, .process = how})}});
      BOOST_REQUIRE(!outcome);
      BOOST_TEST(outcome.error().is(agent_errc::bad_isolation));
      const auto& said = outcome.error().message();
      BOOST_TEST(
          said.find(how.sandbox.no_network ? "it has a sandbox, but" : "it has limits, but") != std::string::npos,
          said);
      BOOST_TEST(said.find("say .isolation = tier::process") != std::string::npos, said);
    }
}

BOOST_AUTO_TEST_CASE(the_least_memory_there_may_be_is_enough_for_a_process) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  BOOST_TEST_MESSAGE("skipped: a sanitizer needs more than such a limit for itself");
#else
  cell_block b{{.limits = {.memory_bytes = std::size_t{1} << 20, .open_files = 32}}};
  BOOST_TEST(b.ask(attempt{"read", "/proc/self/status"}).has_value());
#endif
}

BOOST_AUTO_TEST_SUITE_END()

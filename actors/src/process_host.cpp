#include "process_host.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

#include "cell.hpp"
#include "runtime.hpp"

namespace troupe::actors {

namespace {

error no_process(const std::string& what, int why) {
  return {agent_errc::no_process, "no process for an agent: " + what + ": " + std::strerror(why)};
}

// What was started as a launcher has ended without ever having been one.
error never_a_launcher() {
  return {
      agent_errc::no_process,
      "this program cannot make processes for agents (tier::process): started once more for that, its main function "
      "went on as at any other start. Begin it with `if (const auto code = troupe::process_main()) return *code;` "
      "(troupe/actors/run.hpp), or use troupe::run"};
}

// Three descriptors for each process are soon more than the usual 1,024.
void allow_many_descriptors() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == files.rlim_max) return;
  files.rlim_cur = std::min<rlim_t>(files.rlim_max, 65'536);
  ::setrlimit(RLIMIT_NOFILE, &files);
}

}  // namespace

process_host::process_host(runtime& home, std::size_t warm)
    : home_{home}, warm_max_{warm}, work_{io_.get_executor()}, launcher_{io_}, timer_{io_} {}

process_host::~process_host() { stop(); }

result<void> process_host::need_launcher() {
  if (launcher_pid_ != 0) return ok();
  allow_many_descriptors();
  const int socket = start_launcher(launcher_pid_);
  if (socket < 0) {
    launcher_pid_ = 0;
    return no_process("this program cannot be started again", -socket);
  }
  launcher_since_ = home_.time().now();
  launcher_ready_ = false;
  launcher_.assign(socket);
  boost::asio::post(io_, [this] { listen(); });
  if (!thread_.joinable()) thread_ = std::thread{[this] { run(); }};
  return ok();
}

// A failure here is one process's, if at all: the others go on.
void process_host::run() {
  for (;;) try {
      io_.run();
      return;
    } catch (const std::exception& e) {
      home_.log().error("a fault in the handling of processes", {{"error", std::string_view{e.what()}}});
    }
}

result<std::shared_ptr<process_link>> process_host::make(bool warm, std::unique_lock<std::mutex>& lock) {
  if (stopping_) return error{agent_errc::node_stopping, "the node stops"};
  if (auto started = need_launcher(); !started) return std::move(started).error();
  std::array<int, 2> socket{}, output{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socket.data()) != 0) return no_process("no socket", errno);
  if (::pipe2(output.data(), O_CLOEXEC) != 0) {
    const int why = errno;
    for (const int each : socket) ::close(each);
    return no_process("no pipe", why);
  }
  auto link = std::make_shared<process_link>(*this, ++count_, socket[0], output[0]);
  links_.emplace(link->number(), link);
  const launch_request wanted{link->number(), warm};
  const std::array<int, 2> theirs{socket[1], output[1]};
  // Whoever reads the launcher's reports must not wait for this lock, or for the launcher, which may wait for them.
  const int launcher = launcher_.native_handle();
  lock.unlock();
  const bool sent = send_packet(launcher, &wanted, sizeof wanted, theirs.data(), 2, warm ? MSG_DONTWAIT : 0);
  const int why = errno;
  ::close(socket[1]);
  ::close(output[1]);
  lock.lock();
  if (!sent) {
    links_.erase(link->number());
    return no_process("the launcher does not take orders", why);
  }
  boost::asio::post(io_, [link] { link->listen(); });
  if (!std::exchange(ticking_, true)) boost::asio::post(io_, [this] { look_around(); });
  return link;
}

result<std::shared_ptr<process_link>> process_host::take(bool fresh) {
  std::unique_lock lock{mutex_};
  while (!fresh && !ready_.empty()) {
    auto link = std::move(ready_.front());
    ready_.pop_front();
    if (link->over()) continue;
    boost::asio::post(io_, [this] { refill(); });
    return link;
  }
  auto made = make(false, lock);
  if (made) boost::asio::post(io_, [this] { refill(); });
  return made;
}

void process_host::refill() {
  std::unique_lock lock{mutex_};
  while (!stopping_ && ready_.size() < warm_max_) {
    auto made = make(true, lock);
    if (!made) return;
    ready_.push_back(*std::move(made));
  }
}

std::shared_ptr<process_link> process_host::find_above(const troupe::path& where) const {
  std::scoped_lock lock{mutex_};
  if (by_path_.empty()) return nullptr;
  for (auto above = where; !above.is_root();) {
    above = above.parent();
    if (const auto found = by_path_.find(above); found != by_path_.end()) return found->second.lock();
  }
  return nullptr;
}

void process_host::began(const troupe::path& where, const std::shared_ptr<process_link>& link) {
  std::scoped_lock lock{mutex_};
  by_path_[where] = link;
}

void process_host::forget(const process_link& link, const troupe::path& where) {
  std::shared_ptr<process_link> last;  // released after the lock
  std::scoped_lock lock{mutex_};
  if (const auto found = by_path_.find(where); found != by_path_.end()) {
    const auto present = found->second.lock();
    if (!present || present.get() == &link) by_path_.erase(found);
  }
  if (const auto found = links_.find(link.number()); found != links_.end()) {
    last = std::move(found->second);
    links_.erase(found);
  }
  if (links_.empty()) none_.notify_all();
}

std::size_t process_host::processes() const {
  std::scoped_lock lock{mutex_};
  return links_.size();
}

// -- the launcher's reports -------------------------------------------------------------------------------------------

void process_host::listen() {
  launcher_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                       [this](const boost::system::error_code& failed) {
                         if (failed) return;
                         while (read_report()) {
                         }
                       });
}

// One report. False: no more for now, and `listen` was called if there may be some later.
bool process_host::read_report() {
  launch_report said;
  int handle = -1;
  const auto got = receive_packet(launcher_.native_handle(), &said, sizeof said, &handle, 1, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return listen(), false;
  if (got != sizeof said) return lost_launcher(), false;
  if (said.what == launch_event::ready) {
    std::scoped_lock lock{mutex_};
    launcher_ready_ = true;
    return true;
  }
  std::shared_ptr<process_link> about;
  {
    std::scoped_lock lock{mutex_};
    if (const auto found = links_.find(said.number); found != links_.end()) about = found->second;
  }
  if (!about) {
    if (handle >= 0) ::close(handle);
    return true;
  }
  switch (said.what) {
    case launch_event::ready: break;
    case launch_event::launched: about->launched(said.pid, handle); break;
    case launch_event::failed:
      about->cannot_start(no_process(said.code == 0 ? "fork" : "no handle of it (pidfd_open)", said.status));
      break;
    case launch_event::exited: about->ended(said); break;
  }
  return true;
}

// Its children went with it.
void process_host::lost_launcher() {
  std::vector<std::shared_ptr<process_link>> orphans;
  bool was_ready = false;
  {
    std::scoped_lock lock{mutex_};
    was_ready = launcher_ready_ || stopping_;
    boost::system::error_code ignored;
    launcher_.close(ignored);
    if (launcher_pid_ > 0) {
      ::kill(launcher_pid_, SIGKILL);  // one that was none may have closed its end and live on
      ::waitpid(launcher_pid_, nullptr, 0);
    }
    launcher_pid_ = 0;
    for (const auto& [number, each] : links_) orphans.push_back(each);
    ready_.clear();
  }
  const error why = was_ready
                        ? error{agent_errc::node_lost, "the launcher of processes is gone, and its process with it"}
                        : never_a_launcher();
  if (!orphans.empty() && was_ready) home_.log().error("the launcher of processes is gone, and they with it", {});
  if (!was_ready) home_.log().error("no processes for agents", {{"error", why.message()}});
  for (const auto& each : orphans) each->cannot_start(why);
}

// -- their pulse ------------------------------------------------------------------------------------------------------

void process_host::look_around() {
  std::vector<std::shared_ptr<process_link>> all;
  {
    std::scoped_lock lock{mutex_};
    if (links_.empty()) {
      ticking_ = false;
      looked_ = {};
      return;
    }
    for (const auto& [number, each] : links_) all.push_back(each);
  }
  const instant now = home_.time().now();
  // After a stall, what they said is still to be read.
  const bool stalled = now - looked_ > 4 * tick && looked_ != instant{};
  looked_ = now;
  bool gone_in_time = true;
  if (!stalled)
    for (const auto& each : all) gone_in_time &= each->check_pulse(now);
  {
    std::scoped_lock lock{mutex_};
    const bool never_ready = launcher_pid_ > 0 && !launcher_ready_ && now - launcher_since_ > ready_within;
    if (!gone_in_time) home_.log().error("the launcher of processes does not say what became of one; it is ended", {});
    if (launcher_pid_ > 0 && (!gone_in_time || never_ready)) ::kill(launcher_pid_, SIGKILL);
  }
  timer_.expires_after(tick);
  timer_.async_wait([this](const boost::system::error_code& failed) {
    if (!failed) look_around();
  });
}

// Never waits for the launcher, which may wait for this thread. If it takes no orders now, it is ended with the process
// after the time that a kill has.
void process_host::end_without_handle(std::uint64_t number) {
  const launch_request order{.number = number, .end = true};
  (void)send_packet(launcher_.native_handle(), &order, sizeof order, nullptr, 0, MSG_DONTWAIT);
}

void process_host::stop() {
  {
    std::unique_lock lock{mutex_};
    stopping_ = true;
    if (!thread_.joinable()) return;
    for (const auto& [number, each] : links_) each->kill(exit_cause::killed("the node stops"));
    const bool none = none_.wait_for(lock, farewell, [this] { return links_.empty(); });
    if (const pid_t launcher = std::exchange(launcher_pid_, 0); launcher > 0) {
      if (!none) ::kill(launcher, SIGKILL);  // it does not do its work; its children end with it
      ::shutdown(launcher_.native_handle(), SHUT_RDWR);
      lock.unlock();
      ::waitpid(launcher, nullptr, 0);
    }
  }
  io_.stop();
  thread_.join();
}

}  // namespace troupe::actors

#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <future>
#include <mutex>
#include <thread>
#include <troupe/actors/errc.hpp>
#include <troupe/actors/mcp_client.hpp>
#include <utility>

#include "mcp_session.hpp"
#include "mcp_transport.hpp"

namespace troupe {

using actors::mcp_session;

namespace {

constexpr std::size_t tasks_max = 10'000;

// Whether a header of this name says who one is.
bool is_secret(std::string name) {
  constexpr std::array<std::string_view, 4> secrets{"authorization", "cookie", "proxy-authorization", "x-api-key"};
  for (char& c : name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return std::find(secrets.begin(), secrets.end(), name) != secrets.end();
}

error gone() { return {agent_errc::cancelled, "the MCP client ends"}; }

// A call that can be given up from any thread. Shared by its stop callback and the loop.
struct stoppable {
  std::atomic<std::uint64_t> number{0};
  std::optional<std::stop_callback<std::function<void()>>> callback;
};

}  // namespace

// The thread of a client: a queue of work, the transport's descriptors, deadlines. Shared by the client and its thread.
class mcp_client::loop : public std::enable_shared_from_this<loop> {
 public:
  loop(mcp_options options, logger log)
      : options_{std::move(options)}, wake_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)}, session_{options_, log, [this] {
                                                                                                  publish();
                                                                                                }} {
    const auto post = [this](std::function<void()> work) { return this->post(std::move(work), true); };
    transport_ = options_.url.empty() ? actors::make_stdio_transport(options_, log, session_)
                                      : actors::make_http_transport(options_, post, session_);
    session_.use(*transport_);
  }
  loop(const loop&) = delete;
  loop& operator=(const loop&) = delete;
  ~loop() {
    transport_.reset();  // while there is something that its last words can be posted to
    ::close(wake_);
  }

  void start() {
    thread_ = std::thread{[self = shared_from_this()] { self->run(); }};
  }
  // Ends the thread, and waits for it, unless it is this one.
  void stop() {
    {
      std::scoped_lock lock{mutex_};
      if (std::exchange(stopping_, true)) return;
    }
    wake();
    if (thread_.get_id() == std::this_thread::get_id())
      thread_.detach();
    else
      thread_.join();
  }

  // False: it is not done.
  bool post(std::function<void()> work, bool bounded = false) {
    {
      std::scoped_lock lock{mutex_};
      if (stopping_ || (bounded && tasks_.size() >= tasks_max)) return false;
      tasks_.push_back(std::move(work));
    }
    wake();
    return true;
  }

  mcp_info info() const {
    std::scoped_lock lock{mutex_};
    return info_;
  }
  mcp_session& session() noexcept { return session_; }
  const mcp_options& options() const noexcept { return options_; }

 private:
  void wake() const noexcept {
    const std::uint64_t one = 1;
    (void)!::write(wake_, &one, sizeof one);
  }

  void run() {
    sigset_t broken_pipe;  // a server that does not read is no reason to end
    ::sigemptyset(&broken_pipe);
    ::sigaddset(&broken_pipe, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
    while (do_tasks()) {
      wait();
      session_.look_at_time(std::chrono::steady_clock::now());
    }
    session_.close(gone());
    std::deque<std::function<void()>> rest;
    {
      std::scoped_lock lock{mutex_};
      rest.swap(tasks_);
    }
    for (auto& each : rest) each();  // so that whoever waits is told
  }

  void publish() {
    std::scoped_lock lock{mutex_};
    info_ = session_.info();
  }

  // Whether to go on.
  bool do_tasks() {
    std::deque<std::function<void()>> now;
    {
      std::scoped_lock lock{mutex_};
      if (stopping_) return false;
      now.swap(tasks_);
    }
    for (auto& each : now) each();
    return true;
  }

  void wait() {
    auto ends = transport_->polls();
    ends.push_back({wake_, POLLIN, 0});
    const auto left = session_.next_deadline() - std::chrono::steady_clock::now();
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(std::min<duration>(left, std::chrono::seconds{60}));
    if (::poll(ends.data(), ends.size(), static_cast<int>(std::max<std::int64_t>(ms.count(), 0))) <= 0) return;
    std::uint64_t count = 0;
    (void)!::read(wake_, &count, sizeof count);
    ends.pop_back();
    transport_->polled(ends);
  }

  const mcp_options options_;
  const int wake_;
  mutable std::mutex mutex_;
  bool stopping_ = false;
  std::deque<std::function<void()>> tasks_;
  mcp_info info_;
  mcp_session session_;
  std::unique_ptr<actors::mcp_transport> transport_;
  std::thread thread_;
};

mcp_client::mcp_client(mcp_options options, logger log)
    : loop_{std::make_shared<loop>(std::move(options), std::move(log))} {
  if (auto wrong = check(loop_->options())) throw failure{*std::move(wrong)};
  loop_->start();
}

mcp_client::~mcp_client() { close(); }
void mcp_client::close() { loop_->stop(); }

std::optional<error> mcp_client::check(const mcp_options& options) {
  const auto bad = [&](const char* why) {
    return error{agent_errc::bad_tool, "MCP server `" + options.name.substr(0, 100) + "`: " + why};
  };
  constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.";
  if (options.name.empty() || options.name.size() > 64 || options.name.find_first_not_of(allowed) != std::string::npos)
    return bad("its name has 1 to 64 letters, digits and _ - .");
  if (options.command.empty() == options.url.empty()) return bad("it has either a command or a url");
  if (!options.command.empty() && options.command.front().empty()) return bad("its command is empty");
  for (const duration each : {options.timeout, options.connect_timeout, options.probe_timeout, options.close_timeout,
                              options.restart_delay_min, options.restart_delay_max})
    if (each <= duration{0}) return bad("its times must be positive");
  if (options.restart_delay_max < options.restart_delay_min) return bad("its delays are out of order");
  if (options.message_bytes_max < 1'024 || options.pending_max == 0 || options.tools_max == 0)
    return bad("its limits leave no room");
  if (const auto address = net::read_address(options.url); address && !address->secure && !address->loopback)
    for (const auto& [name, value] : options.headers)
      if (is_secret(name))
        return bad("its headers have a secret in them, which http would send in the clear: use https");
  return {};
}

result<std::vector<mcp_tool>> mcp_client::tools() {
  auto answer = std::make_shared<std::promise<result<std::vector<mcp_tool>>>>();
  auto coming = answer->get_future();
  const bool posted = loop_->post([self = loop_.get(), answer] {
    self->session().when_ready([self, answer](const result<void>& ready) {
      if (ready)
        answer->set_value(self->session().tools());
      else
        answer->set_value(ready.error());
    });
  });
  answer.reset();
  if (!posted) return gone();
  try {
    return coming.get();
  } catch (const std::future_error&) {  // the loop ended without doing it
    return gone();
  }
}

void mcp_client::on_change(std::function<void(const std::vector<mcp_tool>&)> changed) {
  loop_->post(
      [self = loop_.get(), changed = std::move(changed)]() mutable { self->session().on_change(std::move(changed)); });
}

void mcp_client::begin_call(tool_call what, duration limit, std::stop_token stop, done_function done) {
  const auto present = std::chrono::steady_clock::now();
  const instant until = limit > instant::max() - present ? instant::max() : present + limit;
  const auto handle = std::make_shared<stoppable>();
  // Whatever happens to the work, it is answered.
  const auto answered = std::make_shared<done_function>(std::move(done));
  const bool posted = loop_->post(
      [self = loop_.get(), what = std::move(what), until, handle, answered, stop = std::move(stop)]() mutable {
        if (stop.stop_requested()) return (*answered)(gone());
        handle->number = self->session().begin({std::move(what), until, [handle, answered](result<tool_reply> how) {
                                                  handle->callback.reset();
                                                  (*answered)(std::move(how));
                                                }});
        if (handle->number == 0) return;
        const std::weak_ptr<loop> weak = self->weak_from_this();
        handle->callback.emplace(std::move(stop), [weak, number = handle->number.load()] {
          if (const auto still = weak.lock())
            still->post([self = still.get(), number] { self->session().give_up(number); });
        });
      },
      true);
  if (!posted) (*answered)(error{agent_errc::cancelled, "the MCP client ends, or has too much to do"});
}

result<tool_reply> mcp_client::call(tool_call what, duration limit) {
  auto answer = std::make_shared<std::promise<result<tool_reply>>>();
  auto coming = answer->get_future();
  begin_call(std::move(what), limit, {}, [answer](result<tool_reply> how) { answer->set_value(std::move(how)); });
  answer.reset();
  try {
    return coming.get();
  } catch (const std::future_error&) {
    return gone();
  }
}

result<void> mcp_client::ping() {
  auto answer = std::make_shared<std::promise<result<void>>>();
  auto coming = answer->get_future();
  const bool posted = loop_->post([self = loop_.get(), answer] {
    self->session().ping([answer](result<void> how) { answer->set_value(std::move(how)); });
  });
  answer.reset();
  if (!posted) return gone();
  try {
    return coming.get();
  } catch (const std::future_error&) {
    return gone();
  }
}

mcp_info mcp_client::info() const { return loop_->info(); }
const mcp_options& mcp_client::options() const noexcept { return loop_->options(); }

}  // namespace troupe

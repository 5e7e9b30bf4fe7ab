#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <cstring>
#include <troupe/actors/quarantine.hpp>
#include <utility>

#include "cell.hpp"
#include "hardening.hpp"
#include "process_host.hpp"
#include "process_link.hpp"
#include "runtime.hpp"

// What comes from a process, and how it ends. On the host's thread. What a process sends may be anything: what is no
// frame ends it.

namespace troupe::actors {

void process_link::listen() {
  socket_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& failed) {
                       if (!failed) self->read();
                     });
  output_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& failed) {
                       if (!failed) self->read_output();
                     });
}

void process_link::launched(pid_t pid, int handle) {
  pid_.store(pid, std::memory_order_relaxed);
  std::scoped_lock lock{mutex_};
  handle_ = handle;
  if (handle_ < 0) {  // it was lost on the way: this node has no descriptors left
    if (!kill_wanted_)
      kill_wanted_ = exit_cause::failed("there is no handle (pidfd) of its process: too many open files in the node?",
                                        fault::resource_limit);
    host_.end_without_handle(number_);
  }
  if (kill_wanted_ && handle_ >= 0) ::syscall(SYS_pidfd_send_signal, handle_, SIGKILL, nullptr, 0);
}

// What is thrown here, for want of memory most likely, is the fault of what came in.
void process_link::read() {
  try {
    read_frames();
  } catch (const std::exception& e) {
    kill(exit_cause::failed("its process sent what cannot be read: " + std::string{e.what()}, fault::tool_crash));
  }
}

void process_link::read_frames() {
  if (over()) return;
  const auto got = in_.read_from(socket_.native_handle());
  if (got == 0 || (got < 0 && errno != EAGAIN)) return closed_pipe();
  for (frame_reader::frame found;;) {
    const auto there = in_.next(found);
    if (there && !*there) break;
    // A whole frame is a sign of life; pieces of one that never ends are not.
    heard_ns_.store(host_.home().time().now().time_since_epoch().count(), std::memory_order_relaxed);
    heard_once_ = true;
    const auto taken = there ? take(found) : result<void>{there.error()};
    if (!taken)
      return kill(
          exit_cause::failed("its process sent what is no frame: " + taken.error().message(), fault::tool_crash));
  }
  socket_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& failed) {
                       if (!failed) self->read();
                     });
}

// A process that ends closes its pipe, too, and the launcher is about to say why. One that lives on is no good.
void process_link::closed_pipe() {
  auto timer = std::make_shared<boost::asio::steady_timer>(host_.io(), end_follows_pipe);
  timer->async_wait([self = shared_from_this(), timer](const boost::system::error_code& failed) {
    if (!failed && !self->over()) self->kill(exit_cause::failed("its process closed its pipe", fault::tool_crash));
  });
}

void process_link::read_output() {
  char bytes[4096];
  const auto got = ::read(output_.native_handle(), bytes, sizeof bytes);
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return;
  if (got > 0)
    lines_.add({bytes, static_cast<std::size_t>(got)}, [this](const std::string& line) {
      const instant now = host_.home().time().now();
      if (now - logged_since_ >= std::chrono::seconds{1}) logged_ = 0, logged_since_ = now;
      if (++logged_ > output_lines::logged_per_second) return;
      const auto who = owner();
      host_.home().log().info("a process wrote", {{"agent", who ? who->where().str() : std::string{}},
                                                  {"pid", static_cast<std::int64_t>(pid())},
                                                  {"line", line}});
    });
  output_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& failed) {
                       if (!failed) self->read_output();
                     });
}

// What is left of it once the process is gone; others may still hold the other end.
void process_link::drain_output() {
  char bytes[4096];
  for (int rounds = 0; rounds < 64; ++rounds) {
    const auto got = ::read(output_.native_handle(), bytes, sizeof bytes);
    if (got <= 0) return;
    lines_.add({bytes, static_cast<std::size_t>(got)}, [](const std::string&) {});
  }
}

// -- frames -----------------------------------------------------------------------------------------------------------

result<void> process_link::take(const frame_reader::frame& what) {
  // Only messages may be long.
  const bool carries = what.kind == frames::kind::answer || what.kind == frames::kind::letter ||
                       what.kind == frames::kind::passed_on || what.kind == frames::kind::memory_request;
  const net::limits limits{.bytes = frame_overhead_max + (carries ? options_.message_bytes_max : 0), .expansion = 8};
  const auto pass = [&]<class Frame>(std::type_identity<Frame>) -> result<void> {
    auto order = net::decode<Frame>(what.body, limits);
    if (!order) return std::move(order).error();
    take(*std::move(order));
    return ok();
  };
  if (!owner()) return error{errc::parse_error, "it has no agent yet, or its agent is gone"};
  switch (what.kind) {
    case frames::kind::started: return pass(std::type_identity<frames::started>{});
    case frames::kind::not_started: return pass(std::type_identity<frames::not_started>{});
    case frames::kind::answer: return pass(std::type_identity<frames::answer>{});
    case frames::kind::failed: return pass(std::type_identity<frames::failed>{});
    case frames::kind::ended: {
      auto order = net::decode<frames::ended>(what.body, limits);
      if (!order) return std::move(order).error();
      if (!last_words_) last_words_ = frames::bounded(std::move(order->cause));
      return ok();
    }
    case frames::kind::letter: return pass(std::type_identity<frames::letter>{});
    case frames::kind::passed_on: return pass(std::type_identity<frames::passed_on>{});
    case frames::kind::watch: {
      auto order = net::decode<frames::watch>(what.body, limits);
      if (!order) return std::move(order).error();
      return begin_watch(*std::move(order));
    }
    case frames::kind::unwatch: return pass(std::type_identity<frames::unwatch>{});
    case frames::kind::kill: return pass(std::type_identity<frames::kill>{});
    case frames::kind::budget_request: return pass(std::type_identity<frames::budget_request>{});
    case frames::kind::memory_request: return pass(std::type_identity<frames::memory_request>{});
    case frames::kind::beat: return pass(std::type_identity<frames::beat>{});
    default: return error{errc::parse_error, "kind " + std::to_string(static_cast<int>(what.kind))};
  }
}

void process_link::settle(std::uint64_t effect, result<message> outcome) {
  std::shared_ptr<cell> who;
  {
    std::scoped_lock lock{mutex_};
    if (in_hand_.erase(effect) == 0) return;
    who = owner_.lock();
  }
  if (who) who->resolve(effect, std::move(outcome));
}

void process_link::take(frames::started order) {
  in_.set_limit(options_.message_bytes_max + frame_overhead_max);
  std::unique_lock lock{mutex_};
  const auto effect = std::exchange(starting_, 0);
  const auto who = owner_.lock();
  lock.unlock();
  if (who && effect != 0) who->resolve(effect, message::of(std::move(order)));
}

void process_link::take(frames::not_started order) {
  order.cause = frames::bounded(std::move(order.cause));
  std::unique_lock lock{mutex_};
  const auto effect = std::exchange(starting_, 0);
  const auto who = owner_.lock();
  lock.unlock();
  if (!who || effect == 0) return;
  who->resolve(effect, order.declined
                           ? error{agent_errc::declined, order.cause.text}
                           : failure_cause{order.cause}.seen_as(agent_errc::failed_to_start, order.cause.text));
}

void process_link::take(frames::answer order) {
  result<message> reply{message{}};
  if (order.error)
    reply = frames::bounded(*order.error);
  else if (!order.type.empty())
    reply = message::encoded(std::move(order.type), std::move(order.bytes), host_.home().shared_from_this());
  if ((order.number & letter_bit) == 0) return settle(order.number, std::move(reply));
  question asked;
  {
    std::scoped_lock lock{mutex_};
    const auto found = letters_.find(order.number);
    if (found == letters_.end()) return;
    asked = std::move(found->second);
    letters_.erase(found);
  }
  asked.asker->resolve(asked.effect, std::move(reply));
}

void process_link::take(frames::failed order) {
  order.cause = frames::bounded(std::move(order.cause));
  if ((order.number & letter_bit) == 0)
    return settle(order.number, message::of(process_verdict{std::move(order.cause)}));
  take(frames::answer{order.number, error{agent_errc::agent_failed, order.cause.describe()}, {}, {}});
}

void process_link::take(frames::passed_on order) { settle(order.number, message::of(std::move(order))); }

namespace {
bool is_for_operators(std::string_view type) {
  return type == list_quarantine::troupe_message_name || type == inspect_quarantined::troupe_message_name ||
         type == retry_quarantined::troupe_message_name || type == drop_quarantined::troupe_message_name;
}
}  // namespace

bool process_link::in_sandbox() const noexcept {
  const auto& sandbox = options_.sandbox;
  return sandbox.no_network || sandbox.read_only_files || sandbox.system_calls || sandbox.drop_privileges;
}

void process_link::take(frames::letter order) {
  auto& home = host_.home();
  const auto who = owner();
  const auto where = troupe::path::parse(order.to);
  if (!who) return;
  const auto refuse = [&](error why) {
    home.drop(drop_reason::unknown_agent, where ? *where : troupe::path{}, order.type);
    if (order.number != 0) write(frames::answer{order.number, std::move(why), {}, {}});
  };
  if (!where) return refuse({agent_errc::unknown_agent, "no path: " + where.error().message()});
  if (in_sandbox() && is_for_operators(order.type))
    return refuse({agent_errc::policy_denied, "an agent in a sandbox may not ask for `" + order.type + "`"});
  // A supervisor that waits for this agent's start cannot answer it before.
  const auto above = who->parent();
  if (who->current_phase() == phase::starting && above && !above->is_spawner() && *where == above->where() &&
      order.number != 0)
    return refuse({agent_errc::would_deadlock,
                   where->str() + " could answer `" + order.type + "` only after the start of " + who->where().str()});
  envelope mail;
  mail.payload = message::encoded(std::move(order.type), std::move(order.bytes), home.shared_from_this());
  mail.origin = shared_from_this();
  mail.trace = order.trace;
  if (order.number != 0) {
    if (!begin_question()) return refuse({agent_errc::overloaded, "10,000 questions of this process wait for answers"});
    mail.effect = order.number;
    mail.deadline = order.deadline;
  }
  home.deliver(home.ref(*where), std::move(mail), false);
}

// Whether the process may ask one more.
bool process_link::begin_question() {
  std::scoped_lock lock{mutex_};
  if (asked_ >= questions_max) return false;
  ++asked_;
  return true;
}

// An agent of the process asks in its own name, or somebody there says so: nobody above it is there.
void process_link::take(const frames::memory_request& order) {
  const auto refuse = [&](error why) { write(frames::answer{order.number, std::move(why), {}, {}}); };
  if (!where_.contains(order.author))
    return refuse({memory_errc::denied, order.author.str() + " is not in the process of " + where_.str()});
  auto request =
      net::decode<actors::memory_request>(order.bytes, {.bytes = options_.message_bytes_max, .expansion = 8});
  if (!request) return refuse({agent_errc::bad_message, request.error().message()});
  if (!begin_question()) return refuse({agent_errc::overloaded, "10,000 questions of this process wait for answers"});
  host_.home().memory().begin(order.author, *std::move(request), shared_from_this(), order.number);
}

result<void> process_link::begin_watch(frames::watch order) {
  {
    std::scoped_lock lock{mutex_};
    if (watches_.size() >= watches_max) return error{errc::out_of_range, "more than 10,000 watches"};
    if (!watches_.try_emplace(order.number, watched{0, order.who}).second)
      return error{errc::parse_error, "watch " + std::to_string(order.number) + " a second time"};
  }
  // The answer may come before the number is known: then it is the one that has none.
  const auto number = host_.home().watching().add(shared_from_this(), order.who);
  std::scoped_lock lock{mutex_};
  if (const auto found = watches_.find(order.number); found != watches_.end()) found->second.node_number = number;
  return ok();
}

void process_link::take(frames::unwatch order) {
  watched given_up{};
  {
    std::scoped_lock lock{mutex_};
    const auto found = watches_.find(order.number);
    if (found == watches_.end()) return;
    given_up = found->second;
    watches_.erase(found);
  }
  host_.home().watching().remove(given_up.who, given_up.node_number);
}

void process_link::take(frames::kill order) {
  if (in_sandbox()) {
    if (std::exchange(warned_, true)) return;
    host_.home().log().warn("an agent in a sandbox may not kill others; nothing is done",
                            {{"agent", where_.str()}, {"whom", order.who.str()}});
    return;
  }
  signal what{.kind = signal_kind::kill};
  what.cause = std::make_unique<exit_cause>(exit_cause::killed(std::move(order.why)));
  if (const auto target = host_.home().names().find(order.who)) target->post(std::move(what));
}

void process_link::take(const frames::beat& order) {
  {
    std::scoped_lock lock{mutex_};
    waits_on_ = order.waits_on.substr(0, 100);
  }
  if (order.busy < turn_budget_) return;
  const auto ms = std::to_string(order.busy.count() / 1'000'000);
  kill(exit_cause::failed("it hangs: its code has run for " + ms + " ms without awaiting anything (child_options::" +
                              "turn_budget is " + std::to_string(turn_budget_.count() / 1'000'000) + " ms)",
                          fault::timeout));
}

void process_link::take(const frames::budget_request& order) {
  const auto who = owner();
  if (who) write(budget_.serve(order, who->nearest_account(), where_, host_.home().time().now()));
}

bool process_link::check_pulse(instant now) {
  std::unique_lock lock{mutex_};
  if (kill_wanted_) {
    if (kill_since_ == instant{}) kill_since_ = now;
    return now - kill_since_ < killed_within;
  }
  if (owner_.expired()) return true;
  // A process that is only being made may take longer.
  const instant heard{duration{heard_ns_.load(std::memory_order_relaxed)}};
  const auto until =
      later(later(heard, options_.heartbeat_timeout), heard_once_ ? duration{0} : duration{std::chrono::seconds{10}});
  if (now < until) return true;
  const auto silent = now - heard;
  lock.unlock();
  kill(exit_cause::failed(
      "its process is frozen: nothing was heard of it for " + std::to_string(silent.count() / 1'000'000) + " ms",
      fault::timeout));
  return true;
}

// -- its end ----------------------------------------------------------------------------------------------------------

namespace {

exit_cause ended_by(int number, const process_limits& limits) {
  const char* words = ::sigdescr_np(number);
  const char* name = ::sigabbrev_np(number);
  const std::string what = "its process was ended by SIG" + std::string{name ? name : std::to_string(number)} + " (" +
                           (words ? words : "unknown signal") + ")";
  exit_cause cause = exit_cause::failed(what, fault::tool_crash);
  cause.signal = number;
  switch (number) {
    case SIGXCPU:
      cause.fault = fault::resource_limit;
      cause.text += ": its limit of " +
                    std::to_string(std::chrono::ceil<std::chrono::seconds>(limits.cpu_time).count()) + " s of CPU time";
      break;
    case SIGXFSZ:
      cause.fault = fault::resource_limit;
      cause.text += ": its limit of " + std::to_string(limits.file_bytes) + " bytes for a file";
      break;
    case SIGSYS:
      cause.fault = fault::policy_denied;
      cause.text += ": a system call that its sandbox forbids";
      break;
    case SIGKILL: cause.text += ": by somebody, or by the system for want of memory"; break;
    default: break;
  }
  return cause;
}

}  // namespace

exit_cause process_link::cause_of(const launch_report& how) const {
  if (how.code == CLD_EXITED) {
    exit_cause cause =
        exit_cause::failed("its process exited with code " + std::to_string(how.status), fault::tool_crash);
    cause.exit_code = how.status;
    if (how.status == exit_without_pipe) cause.text = "its process closed its pipe";
    if (how.status == exit_out_of_memory && options_.limits.memory_bytes != 0) {
      cause.fault = fault::resource_limit;
      cause.text =
          "its process wanted more memory than its limit of " + std::to_string(options_.limits.memory_bytes) + " bytes";
    }
    return cause;
  }
  return ended_by(how.status, options_.limits);
}

void process_link::ended(const launch_report& how) {
  // What it said before its end counts.
  for (int rounds = 0; rounds < 1'000 && in_.read_from(socket_.native_handle()) > 0; ++rounds)
    for (frame_reader::frame found;;) {
      const auto there = in_.next(found);
      if (!there || !*there || !take(found)) break;
    }
  drain_output();
  exit_cause cause = cause_of(how);
  const bool in_order = how.code == CLD_EXITED && how.status == 0 && last_words_;
  std::unique_lock lock{mutex_};
  const bool killed = kill_wanted_ && how.code == CLD_KILLED && how.status == SIGKILL;
  if (in_order) {
    cause = *last_words_;
  } else if (killed) {
    const auto number = cause.signal;
    cause = *kill_wanted_;
    cause.signal = number;
  }
  lock.unlock();
  if (!in_order) cause.output = lines_.tail();
  finish(std::move(cause));
}

void process_link::cannot_start(const error& why) {
  kill(exit_cause::killed());  // one that outlived its launcher
  finish(exit_cause::failed(why.message(), fault::node_lost));
}

// Whoever waits for the process is told.
void process_link::finish(exit_cause cause) {
  std::shared_ptr<cell> who;
  std::uint64_t starting = 0, stopping = 0;
  std::unordered_set<std::uint64_t> in_hand;
  std::unordered_map<std::uint64_t, question> letters;
  std::unordered_map<std::uint64_t, watched> watches;
  {
    std::scoped_lock lock{mutex_};
    if (over_.exchange(true)) return;
    who = owner_.lock();
    end_ = cause;
    starting = std::exchange(starting_, 0);
    stopping = std::exchange(stopping_, 0);
    in_hand.swap(in_hand_);
    letters.swap(letters_);
    watches.swap(watches_);
    std::string{}.swap(backlog_);
    boost::system::error_code ignored;
    socket_.close(ignored);
    output_.close(ignored);
  }
  for (const auto& [number, each] : watches) host_.home().watching().remove(each.who, each.node_number);
  for (auto& [number, each] : letters)
    each.asker->resolve(each.effect, error{agent_errc::agent_down, where_.str() + " ended: " + cause.describe()});
  budget_.close();
  host_.forget(*this, where_);
  if (!who) return;
  for (const auto effect : in_hand) who->resolve(effect, message::of(process_verdict{cause}));
  if (starting != 0) who->resolve(starting, message::of(process_verdict{cause}));
  if (stopping != 0) who->resolve(stopping, message{});
  signal what{.kind = signal_kind::process_ended, .id = incarnation_};
  what.cause = std::make_unique<exit_cause>(std::move(cause));
  who->post(std::move(what));
}

}  // namespace troupe::actors

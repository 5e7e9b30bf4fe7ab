#include "guest.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <mutex>
#include <thread>
#include <troupe/net/codec.hpp>
#include <unordered_map>
#include <utility>

#include "crash_note.hpp"
#include "entry_point.hpp"
#include "frame_stream.hpp"
#include "hardening.hpp"
#include "remote_budget.hpp"
#include "runtime.hpp"
#include "uplink.hpp"

namespace troupe::actors {

namespace {

// -- the socket -------------------------------------------------------------------------------------------------------

// Writes frames; waits for the node to take them, which it always does. Threads: any.
class frame_writer {
 public:
  explicit frame_writer(int socket) noexcept : socket_{socket} {}

  template <class Frame>
  void send(const Frame& what) {
    const auto bytes = frame_bytes(what);
    std::scoped_lock lock{mutex_};
    std::string_view rest{bytes};
    while (!rest.empty()) {
      const auto taken = ::send(socket_, rest.data(), rest.size(), MSG_NOSIGNAL);
      if (taken < 0 && errno == EINTR) continue;
      if (taken < 0) return;  // the node is gone; whoever reads finds out
      rest.remove_prefix(static_cast<std::size_t>(taken));
    }
  }

 private:
  const int socket_;
  std::mutex mutex_;
};

// `max`: of its bytes. A longer one is an error to whoever asked; the node would take it for no frame.
frames::answer answer_of(std::uint64_t number, const result<message>& reply, std::size_t max) {
  frames::answer out{.number = number, .error = {}, .type = {}, .bytes = {}};
  if (!reply) {
    out.error = reply.error();
  } else if (!reply->empty()) {
    auto bytes = reply->encode();
    if (bytes && bytes->size() > max) {
      out.error =
          error{agent_errc::bad_message, "an answer of " + std::to_string(bytes->size()) +
                                             " bytes; process_options::message_bytes_max is " + std::to_string(max)};
    } else if (bytes) {
      out.type = reply->type_name();
      out.bytes = *std::move(bytes);
    } else {
      out.error = std::move(bytes).error();
    }
  }
  return out;
}

error too_many_questions() { return {agent_errc::overloaded, "10,000 questions of this process wait for answers"}; }

// -- who waits outside ------------------------------------------------------------------------------------------------

// Whoever sent a message to the agent of this process, and gets its answer.
class outside_sender final : public reply_sink {
 public:
  outside_sender(frame_writer& out, runtime& home, std::string path, std::size_t answer_max)
      : out_{out}, home_{home}, path_{std::move(path)}, answer_max_{answer_max} {}
  void resolve(std::uint64_t number, result<message> reply) override {
    out_.send(answer_of(number, reply, answer_max_));
  }
  void fail(std::uint64_t number, error, const exit_cause& cause) override { out_.send(frames::failed{number, cause}); }
  agent_ref sender() override {
    auto where = troupe::path::parse(path_);
    return path_.empty() || !where ? agent_ref{} : home_.ref(*where);
  }

 private:
  frame_writer& out_;
  runtime& home_;
  const std::string path_;
  const std::size_t answer_max_;
};

// -- the process ------------------------------------------------------------------------------------------------------

class guest final : public uplink {
 public:
  explicit guest(int socket) noexcept : socket_{socket}, out_{socket}, in_{frame_overhead_max} {}

  int run(bool warm);

  // uplink
  bool is_outside(const troupe::path& where) const noexcept override { return !where_.contains(where); }
  void deliver(const troupe::path& to, envelope&& mail) override;
  void watch(std::uint64_t number, const troupe::path& who) override { out_.send(frames::watch{number, who}); }
  void unwatch(std::uint64_t number) override { out_.send(frames::unwatch{number}); }
  void kill(const troupe::path& who, std::string why) override { out_.send(frames::kill{who, std::move(why)}); }
  void use_memory(const troupe::path& author, const memory_request& request, std::shared_ptr<reply_sink> whom,
                  std::uint64_t effect) override;
  void root_ended(const exit_cause& cause) override { leave(cause); }

 private:
  static constexpr std::size_t questions_max = 10'000;
  static constexpr int pulse = 4;  // beats within the time after which the node thinks us frozen

  static constexpr duration longest_pause = std::chrono::seconds{1};  // also to see that the socket was closed here

  // Sinks for the two things that the node asks for.
  class starter;
  class stopper;

  void make_runtime();
  bool read();
  result<void> take(const frame_reader::frame& what);
  void begin(frames::start order);
  std::shared_ptr<child_spec> spec_of(const frames::start& order);
  void take(frames::message order);
  void take(frames::letter order);
  void take(frames::answer order);
  void take(frames::down order);
  void take(frames::stop order);
  void beat();
  [[noreturn]] void leave(const exit_cause& cause);
  std::shared_ptr<const void> context() const { return home_; }

  const int socket_;
  frame_writer out_;
  frame_reader in_;
  std::shared_ptr<runtime> home_;
  troupe::path where_;
  process_options options_;
  remote_budget budget_{[this](const frames::budget_request& request) { out_.send(request); }};
  cell_ptr agent_;

  struct question {
    std::shared_ptr<reply_sink> asker;
    std::uint64_t effect;
    std::string whom;
  };
  std::mutex mutex_;
  std::unordered_map<std::uint64_t, question> questions_;  // to agents outside, by number
  std::uint64_t count_ = 0;
};

class guest::starter final : public reply_sink {
 public:
  explicit starter(guest& of) noexcept : guest_{of} {}
  void resolve(std::uint64_t, result<message> outcome) override {
    if (outcome) {
      guest_.out_.send(frames::started{guest_.agent_->turns_max(), guest_.agent_->handled_types()});
      return;
    }
    const bool declined = outcome.error().is(agent_errc::declined);
    guest_.out_.send(
        frames::not_started{declined, exit_cause::failed(outcome.error().message(), fault_of(outcome.error()))});
    std::fflush(nullptr);
    end_process(0);
  }

 private:
  guest& guest_;
};

class guest::stopper final : public reply_sink {
 public:
  explicit stopper(guest& of) noexcept : guest_{of} {}
  void resolve(std::uint64_t, result<message> outcome) override {
    const auto* cause = outcome ? outcome->get_if<exit_cause>() : nullptr;
    guest_.leave(cause ? *cause : exit_cause::shutdown());
  }

 private:
  guest& guest_;
};

int guest::run(bool warm) {
  install_crash_notes();
  ::signal(SIGPIPE, SIG_IGN);
  // Whoever calls exit() is not the only thread: what the others use must not be destroyed under them.
  ::on_exit([](int code, void*) { std::fflush(nullptr), end_process(code); }, nullptr);
  if (warm) make_runtime();
  auto next_beat = std::chrono::steady_clock::now();
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next_beat - std::chrono::steady_clock::now());
    pollfd end{socket_, POLLIN, 0};
    const int ready = ::poll(&end, 1, !agent_ ? -1 : static_cast<int>(std::max(left, left.zero()).count()));
    if (ready > 0 && (end.revents & POLLNVAL) != 0) return exit_without_pipe;
    if (ready > 0 && !read()) {
      ::kill(0, SIGKILL);  // the node is gone: nothing of this session outlives it
      return 0;
    }
    if (agent_ && std::chrono::steady_clock::now() >= next_beat) {
      beat();
      next_beat =
          std::chrono::steady_clock::now() + std::min<duration>(options_.heartbeat_timeout / pulse, longest_pause);
    }
  }
}

void guest::make_runtime() {
  node_options options;
  options.threads = 1;
  options.log = logger::make({.level = log_level::info}).value();
  home_ = std::make_shared<runtime>(std::move(options));
  home_->start_below(*this);
}

bool guest::read() {
  const auto got = in_.read_from(socket_);
  if (got <= 0) return false;
  for (frame_reader::frame found;;) {
    const auto there = in_.next(found);
    if (there && !*there) return true;
    const auto taken = there ? take(found) : result<void>{there.error()};
    if (!taken) {
      std::fprintf(stderr, "troupe: the node sent what this process does not understand: %s\n",
                   taken.error().describe().c_str());
      return false;
    }
  }
}

result<void> guest::take(const frame_reader::frame& what) {
  const net::limits limits{.bytes = options_.message_bytes_max + frame_overhead_max};
  const auto pass = [&]<class Frame>(std::type_identity<Frame>, auto&& to) -> result<void> {
    auto order = net::decode<Frame>(what.body, limits);
    if (!order) return std::move(order).error();
    to(*std::move(order));
    return ok();
  };
  if (!agent_ && what.kind != frames::kind::start) return error{errc::parse_error, "a frame before the start"};
  switch (what.kind) {
    case frames::kind::start:
      return pass(std::type_identity<frames::start>{}, [this](frames::start order) { begin(std::move(order)); });
    case frames::kind::message:
      return pass(std::type_identity<frames::message>{}, [this](frames::message order) { take(std::move(order)); });
    case frames::kind::letter:
      return pass(std::type_identity<frames::letter>{}, [this](frames::letter order) { take(std::move(order)); });
    case frames::kind::answer:
      return pass(std::type_identity<frames::answer>{}, [this](frames::answer order) { take(std::move(order)); });
    case frames::kind::down:
      return pass(std::type_identity<frames::down>{}, [this](frames::down order) { take(std::move(order)); });
    case frames::kind::budget_answer:
      return pass(std::type_identity<frames::budget_answer>{},
                  [this](frames::budget_answer answer) { budget_.take(std::move(answer)); });
    case frames::kind::stop:
      return pass(std::type_identity<frames::stop>{}, [this](frames::stop order) { take(std::move(order)); });
    default: return error{errc::parse_error, "no frame has kind " + std::to_string(static_cast<int>(what.kind))};
  }
}

// -- the agent --------------------------------------------------------------------------------------------------------

std::shared_ptr<child_spec> guest::spec_of(const frames::start& order) {
  auto spec = std::make_shared<child_spec>();
  spec->id = order.where.name();
  spec->actor_type = order.actor_type;
  spec->restart = permanent;   // what it was made of stays; whether it comes back is decided by the node
  spec->quarantine_after = 0;  // so is what is set aside
  for (const auto& each : order.retries)
    spec->on_fault.set(each.kind, fault_action::retry({.attempts = each.attempts,
                                                       .delay_min = each.delay_min,
                                                       .delay_max = each.delay_max,
                                                       .jitter = each.jitter,
                                                       .wait_max = each.wait_max}));
  spec->mailbox.limit = 1'000'000;  // the node holds the mail, and sends no more than there are turns
  spec->start = [order](agent_context& context) -> std::unique_ptr<agent> {
    prepare_thread_for_crash_notes();
    const auto make = find_entry(order.module, order.entry);
    if (!make) throw failure{make.error()};
    auto made = (*make)(context, order.constructor_arguments);
    if (!made) throw failure{std::move(made).error()};
    return *std::move(made);
  };
  return spec;
}

void guest::begin(frames::start order) {
  options_ = order.options;
  const auto refuse = [&](const error& why) {
    out_.send(frames::not_started{false, exit_cause::failed(why.message(), fault::policy_denied)});
    end_process(0);
  };
  if (!home_) {
    if (const auto done = enter_sandbox(options_.sandbox); !done) refuse(done.error());
    make_runtime();
  }
  if (const auto done = set_limits(options_.limits); !done) refuse(done.error());
  in_.set_limit(options_.message_bytes_max + frame_overhead_max);
  where_ = order.where;
  home_->configure_below(order.seed, order.ask_timeout);
  cell_seed seed{.where = order.where, .spec = spec_of(order), .incarnation = order.incarnation - 1};
  seed.last_cause = order.previous;
  if (order.has_budget) seed.nearest_account = std::make_shared<account>(order.where, budget_);
  if (!order.argument_type.empty())
    seed.arguments = troupe::message::encoded(order.argument_type, order.arguments, context());
  agent_ = home_->make_cell(std::move(seed)).value();
  signal start{.kind = signal_kind::start};
  start.origin = std::make_shared<starter>(*this);
  agent_->post(std::move(start));
}

void guest::take(frames::message order) {
  envelope mail;
  mail.payload = troupe::message::encoded(std::move(order.type), std::move(order.bytes), context());
  mail.origin = std::make_shared<outside_sender>(out_, *home_, std::move(order.sender), options_.message_bytes_max);
  mail.effect = order.number;
  mail.deadline = order.deadline;
  mail.trace = order.trace;
  mail.queued = home_->time().coarse_now();
  agent_->deliver(std::move(mail));
}

// For a sub-agent of the agent, which lives in this process, too.
void guest::take(frames::letter order) {
  envelope mail;
  mail.payload = troupe::message::encoded(std::move(order.type), std::move(order.bytes), context());
  mail.origin = std::make_shared<outside_sender>(out_, *home_, std::move(order.from), options_.message_bytes_max);
  mail.effect = order.number;
  mail.deadline = order.deadline;
  mail.trace = order.trace;
  if (const auto where = troupe::path::parse(order.to)) home_->deliver(home_->ref(*where), std::move(mail), false);
}

void guest::take(frames::answer order) {
  question asked;
  {
    std::scoped_lock lock{mutex_};
    const auto found = questions_.find(order.number);
    if (found == questions_.end()) return;
    asked = std::move(found->second);
    questions_.erase(found);
  }
  if (order.error)
    asked.asker->resolve(asked.effect, frames::named(*order.error));
  else if (order.type.empty())
    asked.asker->resolve(asked.effect, troupe::message{});
  else
    asked.asker->resolve(asked.effect,
                         troupe::message::encoded(std::move(order.type), std::move(order.bytes), context()));
}

void guest::take(frames::down order) { home_->watching().outside_ended(order.number, order.incarnation, order.cause); }

void guest::take(frames::stop order) {
  signal what{.kind = signal_kind::stop, .for_good = true};
  what.origin = std::make_shared<stopper>(*this);
  what.cause = std::make_unique<exit_cause>(std::move(order.cause));
  agent_->post(std::move(what));
}

void guest::deliver(const troupe::path& to, envelope&& mail) {
  // The node does not see the dead letters of this process, but its log.
  const auto refuse = [&](error why, drop_reason reason = drop_reason::unknown_agent) {
    home_->drop(reason, to, mail.payload.type_name());
    if (reason != drop_reason::unknown_agent)
      home_->log().warn(
          "a message cannot leave its process",
          {{"agent", where_.str()}, {"to", to.str()}, {"message", mail.payload.type_name()}, {"error", why.message()}});
    if (mail.effect != 0 && mail.origin) mail.origin->resolve(mail.effect, std::move(why));
  };
  auto bytes = mail.payload.encode();
  if (!bytes) {
    const bool local = bytes.error().is(agent_errc::local_message);
    return refuse(std::move(bytes).error(), local ? drop_reason::local_message : drop_reason::bad_message);
  }
  if (bytes->size() > options_.message_bytes_max)
    return refuse({agent_errc::bad_message, "a message of " + std::to_string(bytes->size()) + " bytes to " + to.str() +
                                                "; process_options::message_bytes_max is " +
                                                std::to_string(options_.message_bytes_max)},
                  drop_reason::bad_message);
  std::string type{mail.payload.type_name()};
  if (mail.effect != 0 && dynamic_cast<outside_sender*>(mail.origin.get()))
    return out_.send(frames::passed_on{mail.effect, to.str(), std::move(type), *std::move(bytes)});
  frames::letter letter{.number = 0,
                        .from = {},
                        .to = to.str(),
                        .type = std::move(type),
                        .bytes = *std::move(bytes),
                        .deadline = mail.deadline,
                        .trace = mail.trace};
  if (mail.origin)
    if (const auto from = mail.origin->sender()) letter.from = from.path().str();
  if (mail.effect != 0 && mail.origin) {
    std::unique_lock lock{mutex_};
    if (questions_.size() >= questions_max) {
      lock.unlock();
      return refuse(too_many_questions());
    }
    letter.number = ++count_;
    questions_.emplace(letter.number, question{mail.origin, mail.effect, letter.to});
  }
  out_.send(letter);
}

void guest::use_memory(const troupe::path& author, const memory_request& request, std::shared_ptr<reply_sink> whom,
                       std::uint64_t effect) {
  frames::memory_request out{.number = 0, .author = author, .bytes = {}};
  if (auto packed = net::append(out.bytes, request); !packed) return whom->resolve(effect, std::move(packed).error());
  if (out.bytes.size() > options_.message_bytes_max)
    return whom->resolve(effect, error{errc::out_of_range, "a request of " + std::to_string(out.bytes.size()) +
                                                               " bytes to memory; process_options::message_bytes_max "
                                                               "is " +
                                                               std::to_string(options_.message_bytes_max)});
  {
    std::unique_lock lock{mutex_};
    if (questions_.size() >= questions_max) {
      lock.unlock();
      return whom->resolve(effect, too_many_questions());
    }
    out.number = ++count_;
    questions_.emplace(out.number, question{std::move(whom), effect, "memory"});
  }
  out_.send(out);
}

void guest::beat() {
  frames::beat now;
  now.busy = agent_->busy_for();
  now.waits_on = to_string(static_cast<effect_kind>(agent_->counters().waits_on.load(std::memory_order_relaxed)));
  out_.send(now);
}

// Nothing of this process is needed any more, least of all its destructors.
void guest::leave(const exit_cause& cause) {
  out_.send(frames::ended{cause});
  std::fflush(nullptr);
  end_process(0);
}

}  // namespace

int run_guest(int socket, bool warm) {
  auto* const whole = new guest{socket};  // threads use it until the process ends
  return whole->run(warm);
}

}  // namespace troupe::actors

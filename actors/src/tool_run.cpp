#include "tool_run.hpp"

#include <algorithm>
#include <atomic>
#include <functional>
#include <thread>
#include <utility>

#include "cell.hpp"
#include "failure_cause.hpp"
#include "registered_tool.hpp"
#include "runtime.hpp"

namespace troupe::actors {

namespace {

// The answer to a question to an agent that is a tool.
class tool_sink final : public reply_sink {
 public:
  // `begun`: the agent may have seen the question.
  using tell_function = std::function<void(result<tool_reply>, bool begun)>;
  tool_sink(tell_function tell, agent_ref sender) : tell_{std::move(tell)}, sender_{std::move(sender)} {}

  // What is answered on the thread that delivers the question, while it does, is a refusal to take it.
  void delivering(bool now) noexcept { delivering_ = now ? std::this_thread::get_id() : std::thread::id{}; }

  void resolve(std::uint64_t, result<message> reply) override {
    const bool begun = delivering_.load() != std::this_thread::get_id();
    if (reply) return tell_(typed_reply<tool_reply>(std::move(reply)), begun);
    const auto& why = reply.error();
    const auto kind = fault_of(why);
    // Whoever calls a tool is told of the tool's failure, not of what it is made of.
    if (kind == fault::tool_crash || kind == fault::resource_limit || kind == fault::timeout)
      return tell_(error{errc_of(kind), why.message()}.with_retry_after(why.retry_after()), begun);
    tell_(why, begun);
  }
  agent_ref sender() override { return sender_; }

 private:
  tell_function tell_;
  agent_ref sender_;
  std::atomic<std::thread::id> delivering_{};
};

// Somebody's answer; the first one counts, and none at all is a no.
class confirmation {
 public:
  using tell_function = std::function<void(result<tool_reply>)>;
  explicit confirmation(tell_function tell) : tell_{std::move(tell)} {}
  confirmation(const confirmation&) = delete;
  confirmation& operator=(const confirmation&) = delete;
  ~confirmation() { give(false, "nobody answered"); }

  void give(bool allowed, const std::string& why) {
    if (given_.exchange(true)) return;
    if (allowed)
      tell_(tool_reply{});
    else
      tell_(error{agent_errc::policy_denied, "it was not confirmed" + (why.empty() ? "" : ": " + why)});
  }

 private:
  tell_function tell_;
  std::atomic<bool> given_{false};
};

}  // namespace

tool_run::tool_run(cell& owner, std::shared_ptr<const registered_tool> tool, tool_call call, const trace_context& trace,
                   instant deadline)
    : owner_{owner},
      tool_{std::move(tool)},
      call_{std::move(call)},
      trace_{trace},
      deadline_{deadline},
      random_{std::hash<std::string>{}(call_.idempotency_key)} {
  call_.attempt = 0;
}

tool_run::~tool_run() { stop_.request_stop(); }

void tool_run::tell(const std::weak_ptr<cell>& whom, std::uint64_t effect, tool_news news) {
  if (const auto there = whom.lock()) there->resolve(effect, message::of(std::move(news)));
}

tool_run::step tool_run::begin(std::uint64_t effect) {
  effect_ = effect;
  switch (tool_->spec.policy) {
    case tool_policy::allow: return try_it();
    case tool_policy::confirm: return ask_somebody();
    case tool_policy::deny: break;
  }
  return {.outcome = error{agent_errc::policy_denied, "tool `" + name() + "`: it is not allowed"}};
}

tool_run::step tool_run::ask_somebody() {
  auto& tools = owner_.home().tools();
  const auto ask = tools.confirming();
  if (!ask)
    return {.outcome = error{agent_errc::policy_denied, "tool `" + name() + "`: there is nobody to confirm it"}};
  phase_ = phase::asking;
  const auto answer =
      std::make_shared<confirmation>([whom = owner_.weak_from_this(), effect = effect_](result<tool_reply> said) {
        tell(whom, effect, {.attempt = 0, .reply = std::move(said)});
      });
  try {
    ask({name(), tool_->spec.description, call_.arguments, owner_.where(), call_.idempotency_key},
        [answer](bool allowed, const std::string& why) { answer->give(allowed, why); });
  } catch (...) {
    const failure_cause why{std::current_exception()};
    answer->give(false, "whoever is to confirm it failed: " + why.text);
  }
  return {.until = std::min(deadline_, later(owner_.home().time().now(), tools.limits().confirm_within))};
}

tool_run::step tool_run::try_it() {
  phase_ = phase::trying;
  ++call_.attempt;
  stop_ = std::stop_source{};
  const instant until = std::min(deadline_, later(owner_.home().time().now(), tool_->spec.timeout));
  if (tool_->server)
    begin_server(until);
  else if (tool_->agent)
    begin_agent(until);
  else
    begin_function();
  return {.until = until};
}

void tool_run::begin_function() {
  const bool taken = owner_.home().blocking().submit(
      [whom = owner_.shared_from_this(), effect = effect_, tool = tool_, call = call_, stop = stop_.get_token()] {
        if (stop.stop_requested()) return;
        tool_news news{.attempt = call.attempt, .begun = true};
        try {
          news.reply = tool->function(call, stop);
        } catch (const failure& f) {
          news.reply = f.error();
        } catch (...) {
          const failure_cause why{std::current_exception()};
          news.reply = why.seen_as(agent_errc::agent_failed, why.text);
        }
        whom->resolve(effect, message::of(std::move(news)));
      });
  if (!taken)
    tell(owner_.weak_from_this(), effect_,
         {.attempt = call_.attempt, .reply = error{agent_errc::overloaded, "too much blocking work is waiting"}});
}

void tool_run::begin_agent(instant until) {
  auto& home = owner_.home();
  envelope mail;
  mail.payload = message::of(tool_question{call_});
  const auto sink = std::make_shared<tool_sink>(
      [whom = owner_.weak_from_this(), effect = effect_, attempt = call_.attempt](result<tool_reply> reply,
                                                                                  bool begun) {
        tell(whom, effect, {.attempt = attempt, .reply = std::move(reply), .begun = begun});
      },
      owner_.ref());
  mail.origin = sink;
  mail.effect = 1;
  mail.trace = trace_;
  mail.deadline = until;
  sink->delivering(true);
  home.deliver(home.ref(*tool_->agent), std::move(mail), false);
  sink->delivering(false);
}

void tool_run::begin_server(instant until) {
  auto& home = owner_.home();
  auto call = call_;
  call.tool = tool_->name_there;
  const duration limit = until == instant::max() ? tool_->spec.timeout : until - home.time().now();
  const std::weak_ptr<cell> whom = owner_.weak_from_this();
  const auto told = [whom, effect = effect_, attempt = call_.attempt](result<tool_reply> reply) {
    tell(whom, effect, {.attempt = attempt, .reply = std::move(reply)});
  };
  if (!home.deterministic()) return tool_->server->begin_call(std::move(call), limit, stop_.get_token(), told);
  // Nothing happens behind the back of a deterministic node: whoever runs it waits for the server.
  if (!home.blocking().submit([server = tool_->server, call, limit, told] { told(server->call(call, limit)); }))
    told(error{agent_errc::overloaded, "too much blocking work is waiting"});
}

tool_run::step tool_run::told(const tool_news& news) {
  if (phase_ == phase::asking && news.attempt == 0) {
    if (news.reply) return try_it();
    return {.outcome = error{news.reply.error()}.with_context("tool `" + name() + "`")};
  }
  if (phase_ != phase::trying || news.attempt != call_.attempt) return {.until = instant::min()};  // too late
  if (!news.reply) return failed(news.reply.error(), news.begun);
  if (const auto fine = tool_->check_reply(*news.reply); !fine) return {.outcome = fine.error()};
  return {.outcome = message::of(*news.reply)};
}

tool_run::step tool_run::time_is_up() {
  const instant now = owner_.home().time().now();
  switch (phase_) {
    case phase::waiting: return try_it();
    case phase::asking:
      return {.outcome = error{agent_errc::policy_denied, "tool `" + name() + "`: nobody confirmed it in time"}};
    case phase::trying: break;
  }
  stop_.request_stop();
  const auto taken = std::chrono::duration_cast<std::chrono::milliseconds>(tool_->spec.timeout).count();
  if (now >= deadline_)
    return {.outcome = error{agent_errc::timeout, "tool `" + name() + "`: not done by the deadline of its turn"}};
  return failed({agent_errc::timeout, "not done within " + std::to_string(taken) + " ms"}, true);
}

tool_run::step tool_run::failed(error why, bool begun) {
  const auto kind = fault_of(why);
  const auto& spec = tool_->spec;
  const auto over = [&] { return step{.outcome = std::move(why).with_context("tool `" + name() + "`")}; };
  // What was refused unbegun may be begun; what was begun may have happened: a tool may also pass on what it was told
  // by somebody whom it asked in the middle of its work.
  const bool unbegun = !begun && (kind == fault::overload || kind == fault::provider_throttled);
  if (!spec.retry || !spec.retry->faults.contains(kind) || (!spec.repeatable && !unbegun)) return over();
  if (call_.attempt > static_cast<std::uint32_t>(spec.retry->attempts)) return over();
  const auto delay = next_delay(*spec.retry, static_cast<int>(call_.attempt), why.retry_after(), random_);
  if (!delay) return over();
  const instant next = later(owner_.home().time().now(), *delay);
  if (next >= deadline_) return over();
  phase_ = phase::waiting;
  return {.until = next};
}

}  // namespace troupe::actors

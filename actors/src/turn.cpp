#include <algorithm>
#include <array>
#include <troupe/actors/supervision.hpp>
#include <troupe/actors/turn.hpp>

#include "cell.hpp"
#include "runtime.hpp"
#include "supervisor_agent.hpp"
#include "uplink.hpp"

namespace troupe {

using actors::effect_handle;
using actors::effect_kind;
using actors::envelope;

std::uint64_t random_engine::operator()() noexcept {
  std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

std::uint64_t random_engine::below(std::uint64_t bound) noexcept {
  // Values below the remainder of 2^64 / bound would come up once too often.
  const std::uint64_t unfair = (0 - bound) % bound;
  for (;;)
    if (const std::uint64_t drawn = (*this)(); drawn >= unfair) return drawn % bound;
}

namespace {

// Memory of turns that are over, for the next ones on this thread.
class turn_memory {
 public:
  ~turn_memory() {
    while (count_ > 0) ::operator delete(kept_[--count_]);
  }
  void* take() noexcept { return count_ > 0 ? kept_[--count_] : nullptr; }
  bool keep(void* memory) noexcept {
    if (count_ == kept_.size()) return false;
    kept_[count_++] = memory;
    return true;
  }

 private:
  std::array<void*, 16> kept_{};
  std::size_t count_ = 0;
};
thread_local turn_memory spare_turns;

}  // namespace

void* turn::operator new(std::size_t size) {
  if (void* again = spare_turns.take()) return again;
  return ::operator new(size);
}

void turn::operator delete(void* memory) noexcept {
  if (!spare_turns.keep(memory)) ::operator delete(memory);
}

agent_ref turn::self() const { return cell_->ref(); }

agent_ref turn::parent() const {
  const actors::cell* above = cell_->parent().get();
  if (above && above->is_spawner()) above = above->parent().get();
  if (above) return const_cast<actors::cell*>(above)->ref();
  // The root of a process stands below its parent in the node's tree.
  return cell_->where().is_root() ? agent_ref{} : ref(cell_->where().parent());
}

agent_ref turn::sender() const { return origin_ ? origin_->sender() : agent_ref{}; }

agent_ref turn::ref(const path& where) const { return cell_->home().ref(where); }
agent_ref turn::child(std::string_view name) const { return ref(cell_->where() / name); }
timestamp turn::time() const noexcept { return cell_->home().time().wall(); }
instant turn::now() const noexcept { return cell_->home().time().now(); }

std::optional<instant> turn::deadline() const noexcept {
  if (deadline_ == instant::max()) return {};
  return deadline_;
}

random_engine& turn::random() {
  if (!random_) {
    random_engine mixed{cell_->home().options().seed ^ std::hash<path>{}(cell_->where())};
    random_.emplace(mixed() + number_);
  }
  return *random_;
}

effect_handle turn::begin_ask(const agent_ref& to, message question, std::optional<duration> within) {
  auto& home = cell_->home();
  if (cancelled_) return {cell_, cell_->begin_failed_effect(effect_kind::ask, this, *cancelled_)};
  if (to && cell_->would_wait_for_itself(*this, to))
    return {cell_, cell_->begin_failed_effect(effect_kind::ask, this,
                                              {agent_errc::would_deadlock,
                                               to.path().str() + " could answer `" + std::string{question.type_name()} +
                                                   "` only after this turn of " + cell_->where().str()})};
  const duration longest = within.value_or(home.options().ask_timeout);
  // The coarse clock costs less, and may be some milliseconds behind.
  const instant now = longest < std::chrono::seconds{1} ? home.time().now() : home.time().coarse_now();
  envelope mail;
  mail.payload = std::move(question);
  mail.origin = cell_->shared_from_this();
  mail.trace = trace_;
  mail.deadline = std::min(deadline_, actors::later(now, longest));
  mail.effect = cell_->begin_effect(effect_kind::ask, this, mail.deadline);
  cell_->effects().find(mail.effect)->target = to;
  effect_handle handle{cell_, mail.effect};
  if (!cell_->abandoned()) home.deliver(to, std::move(mail), true);
  return handle;
}

void turn::send_message(const agent_ref& to, message what) {
  if (cell_->abandoned()) return;
  envelope mail;
  mail.payload = std::move(what);
  mail.origin = cell_->shared_from_this();
  mail.trace = trace_;
  mail.queued_by_turn = number_;
  if (cell_->home().deliver(to, std::move(mail), kind_ == actors::turn_kind::message)) cell_->wait_for_room(*this);
}

void turn::forward_message(const agent_ref& to, message what) {
  if (cell_->abandoned()) return;
  envelope mail;
  mail.payload = std::move(what);
  mail.origin = origin_;
  mail.effect = cell_->take_question(*this);
  mail.trace = trace_;
  mail.deadline = deadline_;
  cell_->home().deliver(to, std::move(mail), false);
}

void turn::begin_delayed_send(duration delay, const agent_ref& to, message what) {
  if (cell_->abandoned()) return;
  const auto id = cell_->begin_effect(effect_kind::delayed_send, nullptr, actors::later(now(), delay));
  auto* slot = cell_->effects().find(id);
  slot->outcome = std::move(what);
  slot->target = to;
}

effect<void> turn::sleep(duration time) {
  return effect<void>{effect_handle{cell_, cell_->begin_effect(effect_kind::sleep, this, actors::later(now(), time))}};
}

effect_handle turn::begin_run(std::function<message(std::stop_token)> work) {
  const auto id = cell_->begin_effect(effect_kind::run, this, deadline_);
  effect_handle handle{cell_, id};
  if (cell_->abandoned() || cancelled_) return handle;
  auto& stop = cell_->effects().find(id)->stop;
  stop = std::stop_source{};
  const bool taken = cell_->home().blocking().submit(
      [who = cell_->shared_from_this(), id, work = std::move(work), nobody_waits = stop.get_token()] {
        if (nobody_waits.stop_requested()) return;
        try {
          who->resolve(id, work(nobody_waits));
        } catch (const failure& f) {
          who->resolve(id, f.error());
        } catch (...) {
          const actors::failure_cause why{std::current_exception()};
          who->resolve(id, why.seen_as(agent_errc::agent_failed, why.text));
        }
      });
  if (!taken) cell_->complete(id, error{agent_errc::overloaded, "too much blocking work is waiting"});
  return handle;
}

effect_handle turn::begin_remember(memory::record what) {
  if (what.space.is_root()) what.space = cell_->where();
  return begin_memory({std::move(what)});
}

effect_handle turn::begin_memory(actors::memory_request what) {
  const bool writes = std::holds_alternative<memory::record>(what.what);
  const auto id = cell_->begin_effect(writes ? effect_kind::remember : effect_kind::memory, this, deadline_);
  effect_handle handle{cell_, id};
  if (cell_->abandoned() || cancelled_) return handle;
  auto& stop = cell_->effects().find(id)->stop;
  stop = std::stop_source{};
  cell_->home().use_memory(cell_->where(), std::move(what), cell_->shared_from_this(), id, stop.get_token());
  return handle;
}

namespace {

// The agent's own space, unless another is named.
template <class Query>
actors::memory_request about(const path& own, Query what) {
  if (what.space.is_root()) what.space = own;
  return {std::move(what)};
}

}  // namespace

effect<std::vector<memory::hit>> turn::recall(const memory::query& what) {
  return effect<std::vector<memory::hit>>{begin_memory(about(cell_->where(), what))};
}
named_effect<std::vector<memory::hit>> turn::recall(memory::query&& what) {
  return named_effect<std::vector<memory::hit>>{begin_memory(about(cell_->where(), std::move(what)))};
}
effect<std::vector<memory::hit>> turn::recall(std::string text, std::size_t limit) {
  const memory::query what{.text = std::move(text), .limit = limit};
  return recall(what);
}
effect<std::vector<memory::record>> turn::facts(const memory::facts_query& which) {
  return effect<std::vector<memory::record>>{begin_memory(about(cell_->where(), which))};
}
named_effect<std::vector<memory::record>> turn::facts(memory::facts_query&& which) {
  return named_effect<std::vector<memory::record>>{begin_memory(about(cell_->where(), std::move(which)))};
}
effect<std::vector<memory::record>> turn::facts(std::string key_prefix) {
  const memory::facts_query which{.key_prefix = std::move(key_prefix)};
  return facts(which);
}
effect<memory::window> turn::window(const memory::window_query& what) {
  return effect<memory::window>{begin_memory(about(cell_->where(), what))};
}
named_effect<memory::window> turn::window(memory::window_query&& what) {
  return named_effect<memory::window>{begin_memory(about(cell_->where(), std::move(what)))};
}
effect<std::optional<id>> turn::summarize(memory::summary_policy policy, path space) {
  return effect<std::optional<id>>{
      begin_memory(about(cell_->where(), actors::summarize_space{std::move(space), policy}))};
}

effect_handle turn::begin_spawn(child_spec spec) { return ask_spawner(message::of(start_child{std::move(spec)})); }

effect_handle turn::ask_spawner(message request) {
  const auto spawner = cell_->spawner();
  if (!spawner) return {cell_, cell_->begin_failed_effect(effect_kind::ask, this, spawner.error())};
  return begin_ask(agent_ref{*spawner}, std::move(request), {});
}

effect<void> turn::stop(std::string_view name) {
  return effect<void>{ask_spawner(message::of(actors::forget_child{std::string{name}}))};
}

namespace {
void require(const agent_ref& who, const char* what) {
  if (!who) throw failure{error{agent_errc::unknown_agent, std::string{"an empty reference cannot be "} + what}};
}
}  // namespace

effect_handle turn::begin_wait() { return {cell_, cell_->begin_effect(effect_kind::tasks, this, instant::max())}; }

// Through the mailbox, so that whoever waits goes on when the code that ends its wait has given the thread back.
// A cell that is being freed has nobody who waits.
void turn::end_wait(std::uint64_t effect) {
  if (!cell_->weak_from_this().expired()) cell_->resolve(effect, message{});
}

std::string turn::sub_agent_name(std::string_view stem) {
  return path::escape_segment(std::string{stem.substr(0, 24)} + "-" + std::to_string(number_) + "-" +
                              std::to_string(++sub_agents_));
}

// An agent that ends takes its sub-agents along; one that is being freed has none left.
void turn::let_go(std::string name) {
  const auto phase = cell_->current_phase();
  if (phase != actors::phase::running && phase != actors::phase::starting) return;
  if (cell_->abandoned() || cell_->weak_from_this().expired() || !cell_->spawner_cell_) return;
  send_message(agent_ref{cell_->spawner_cell_}, message::of(actors::forget_child{std::move(name)}));
}

void turn::watch(const agent_ref& who) {
  require(who, "watched");
  if (!cell_->abandoned()) cell_->watch(who.path());
}
void turn::unwatch(const agent_ref& who) {
  require(who, "unwatched");
  cell_->unwatch(who.path());
}
void turn::stop(exit_cause cause) { stop_ = std::move(cause); }
void turn::decline() { declined_ = true; }

void turn::kill(const agent_ref& who, std::string why) {
  require(who, "killed");
  if (cell_->abandoned()) return;
  actors::signal what{.kind = actors::signal_kind::kill};
  what.cause = std::make_unique<exit_cause>(exit_cause::killed(std::move(why)));
  if (const auto target = cell_->home().resolve(who))
    target->post(std::move(what));
  else if (auto* outside = cell_->home().outside(); outside && outside->is_outside(who.path()))
    outside->kill(who.path(), std::move(what.cause->text));
}

circuit_breaker& turn::breaker(std::string_view name) { return cell_->home().circuit_breakers().get(name); }

namespace actors {

// A turn of an abandoned cell goes no further than to its next wait.
bool effect_handle::finished() const noexcept {
  const auto* slot = owner_->effects().find(id_);
  return slot && slot->finished && !owner_->abandoned();
}

void effect_handle::resume_when_finished(std::coroutine_handle<> waiting) const {
  auto* slot = owner_->effects().find(id_);
  slot->waiter = waiting;
  slot->owner = owner_->current_turn();  // an effect may be awaited by another turn than the one that began it
  owner_->waits_on(slot->kind);
}

result<message> effect_handle::take() {
  auto* slot = owner_->effects().find(id_);
  auto outcome = std::move(slot->outcome);
  std::exchange(owner_, nullptr)->effects().release(id_);
  return outcome;
}

void effect_handle::abandon() noexcept { owner_->give_up(id_); }

}  // namespace actors

}  // namespace troupe

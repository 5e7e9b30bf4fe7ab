#include <algorithm>
#include <array>
#include <troupe/actors/supervision.hpp>
#include <troupe/actors/turn.hpp>

#include "cell.hpp"
#include "durable_budget.hpp"
#include "runtime.hpp"
#include "supervisor_agent.hpp"
#include "turn_journal.hpp"
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

turn::turn(actors::cell& owner) noexcept : cell_{&owner} {}
turn::~turn() = default;

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
// A durable turn sees the times that the journal has, so that it sees them again when it is resumed.
timestamp turn::time() const noexcept { return journal_ ? journal_->time() : cell_->home().time().wall(); }
instant turn::now() const noexcept {
  return journal_ ? cell_->home().instant_of(journal_->time()) : cell_->home().time().now();
}

std::optional<instant> turn::deadline() const noexcept {
  if (deadline_ == instant::max()) return {};
  return deadline_;
}

random_engine& turn::random() {
  if (!random_) {
    if (journal_) return random_.emplace(random_engine{std::hash<id>{}(journal_->name())}());
    random_engine mixed{cell_->home().options().seed ^ std::hash<path>{}(cell_->where())};
    random_.emplace(mixed() + number_);
  }
  return *random_;
}

std::optional<effect_handle> turn::resumed(effect_kind kind, std::string_view about, std::string_view arguments,
                                           actors::known_effect& known, bool again) {
  if (!journal_ || cancelled_) return {};
  known = journal_->begin(kind, about, actors::digest_of(known.shape, arguments));
  if (known.wrong) return effect_handle{cell_, cell_->begin_failed_effect(kind, this, *known.wrong)};
  if (!known.has_result || (again && !known.failed)) return {};
  const auto id = cell_->begin_effect(kind, this, instant::max());
  number(id, known);
  return effect_handle{cell_, id};
}

void turn::number(std::uint64_t effect, const actors::known_effect& known) {
  if (known.number == 0) return;
  cell_->effects().find(effect)->number = known.number;
  journal_->in_progress(known.number, effect);
}

effect_handle turn::begin_ask(const agent_ref& to, message question, std::optional<duration> within, bool again) {
  auto& home = cell_->home();
  if (cancelled_) return {cell_, cell_->begin_failed_effect(effect_kind::ask, this, *cancelled_)};
  actors::known_effect known;
  if (journal_) {
    // What cannot be written down is not compared.
    const auto arguments = question.encode().value_or(std::string{});
    if (question.type()) known.shape = question.type()->shape;
    const auto about = (to ? to.path().str() : std::string{"nobody"}) + " (" + std::string{question.type_name()} + ")";
    if (auto before = resumed(effect_kind::ask, about, arguments, known, again)) return *std::move(before);
  }
  if (to && cell_->would_wait_for_itself(*this, to)) {
    error why{agent_errc::would_deadlock, to.path().str() + " could answer `" + std::string{question.type_name()} +
                                              "` only after this turn of " + cell_->where().str()};
    if (!journal_) return {cell_, cell_->begin_failed_effect(effect_kind::ask, this, std::move(why))};
    const auto id = cell_->begin_effect(effect_kind::ask, this, instant::max());
    number(id, known);
    effect_handle handle{cell_, id};
    cell_->complete(id, std::move(why));
    return handle;
  }
  // A durable agent answers when it runs again; without a limit of its own, such a question waits for that.
  const bool lasts = journal_ && home.inbox_of(to);
  const duration longest = within.value_or(lasts ? duration::max() : home.options().ask_timeout);
  // The coarse clock costs less, and may be some milliseconds behind.
  const instant now = known.begun                         ? home.instant_of(*known.begun)
                      : longest < std::chrono::seconds{1} ? home.time().now()
                                                          : home.time().coarse_now();
  envelope mail;
  mail.payload = std::move(question);
  mail.origin = cell_->shared_from_this();
  mail.trace = trace_;
  mail.deadline = std::min(deadline_, actors::later(now, longest));
  mail.effect = cell_->begin_effect(effect_kind::ask, this, mail.deadline);
  cell_->effects().find(mail.effect)->target = to;
  effect_handle handle{cell_, mail.effect};
  if (known.number != 0) {
    number(mail.effect, known);
    if (known.has_result) {
      cell_->effects().find(mail.effect)->again = true;
    } else if (lasts) {
      cell_->effects().find(mail.effect)->lasts = true;
      auto before = journal_->before(cell_->where());
      before.emplace_back(journal_->note(cell_->where(), known.number, home.time().wall(), {}));
      mail.origin = std::make_shared<actors::durable_question>(cell_->shared_from_this(), mail.effect, journal_->name(),
                                                               known.number, std::move(before));
    }
  }
  if (cell_->abandoned()) return handle;
  if (!journal_ || mail.origin.get() != static_cast<actors::reply_sink*>(cell_)) {
    home.deliver(to, std::move(mail), true);
    return handle;
  }
  mail.origin.reset();                                            // or the cell would keep itself
  const auto kept = std::make_shared<envelope>(std::move(mail));  // a std::function is copied
  actors::begin_when_written(*cell_, *journal_, known.number, [cell = cell_, to, kept] {
    kept->origin = cell->shared_from_this();
    cell->home().deliver(to, std::move(*kept), true);
  });
  return handle;
}

void turn::send_message(const agent_ref& to, message what) {
  if (cell_->abandoned()) return;
  if (journal_) return void(journal_->messages.push_back({.to = to, .payload = std::move(what)}));
  envelope mail;
  mail.payload = std::move(what);
  mail.origin = cell_->shared_from_this();
  mail.trace = trace_;
  mail.queued_by_turn = number_;
  if (cell_->home().deliver(to, std::move(mail), kind_ == actors::turn_kind::message)) cell_->wait_for_room(*this);
}

void turn::forward_message(const agent_ref& to, message what) {
  if (cell_->abandoned()) return;
  if (journal_)
    throw failure{error{errc::unsupported, cell_->where().str() +
                                               " is durable, and answers itself: ask the other agent, and return what "
                                               "it says"}};
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
  if (journal_)
    return void(journal_->messages.push_back({.to = to, .payload = std::move(what), .delay = delay, .later = true}));
  const auto id = cell_->begin_effect(effect_kind::delayed_send, nullptr, actors::later(now(), delay));
  auto* slot = cell_->effects().find(id);
  slot->outcome = std::move(what);
  slot->target = to;
}

effect<void> turn::sleep(duration time) {
  actors::known_effect known;
  if (auto before = resumed(effect_kind::sleep, {}, std::to_string(time.count()), known, false))
    return effect<void>{*std::move(before)};
  const auto& home = cell_->home();
  const instant from = known.begun ? home.instant_of(*known.begun) : home.time().now();
  const auto id = cell_->begin_effect(effect_kind::sleep, this, actors::later(from, time));
  number(id, known);
  if (known.number != 0 && !known.begun && !cell_->abandoned()) cell_->commit_begin(*this, known.number);
  return effect<void>{effect_handle{cell_, id}};
}

effect<approval_decision> turn::approval(const approval_request& what) {
  auto& home = cell_->home();
  auto bytes = net::encode(what);
  actors::known_effect known;
  if (auto before = resumed(effect_kind::approval, what.subject, bytes, known, false))
    return effect<approval_decision>{*std::move(before)};
  const instant from = known.begun ? home.instant_of(*known.begun) : home.time().now();
  const auto effect_id =
      cell_->begin_effect(effect_kind::approval, this, actors::later(from, what.within.value_or(duration::max())));
  number(effect_id, known);
  effect<approval_decision> asked{effect_handle{cell_, effect_id}};
  if (cell_->abandoned() || cancelled_) return asked;
  if (bytes.size() > memory::effect_request_size_bytes_max) {
    cell_->complete(effect_id, error{errc::out_of_range, "an approval of " + std::to_string(bytes.size()) +
                                                             " bytes; the limit is " +
                                                             std::to_string(memory::effect_request_size_bytes_max)});
    return asked;
  }
  auto* slot = cell_->effects().find(effect_id);
  actors::approvals::entry open{.shown = {{}, cell_->where(), known.begun.value_or(home.time().wall()), what}};
  if (known.number != 0) {
    slot->lasts = true;
    open.shown.id = journal_->question(known.number);
    open.turn = journal_->name();
    open.number = known.number;
    journal_->asks(known.number, std::move(bytes));
    if (!known.begun) cell_->commit_begin(*this, known.number);
  } else {
    slot->stop = std::stop_source{};
    open.shown.id = home.next_id();
    open.asker = cell_->shared_from_this();
    open.effect = effect_id;
    open.given_up = slot->stop.get_token();
  }
  home.approvals().add(std::move(open));
  return asked;
}

effect_handle turn::begin_receive(const message_type* type, duration within) {
  auto& home = cell_->home();
  if (kind_ != actors::turn_kind::message || home.outside())
    throw failure{error{errc::unsupported, cell_->where().str() +
                                               ": only the handler of a message receives others, and not in a process "
                                               "of its own"}};
  actors::known_effect known;
  if (auto before = resumed(effect_kind::receive, type->name, std::to_string(within.count()), known, false))
    return *std::move(before);
  const instant from = known.begun ? home.instant_of(*known.begun) : home.time().now();
  const auto id = cell_->begin_effect(effect_kind::receive, this, actors::later(from, within));
  number(id, known);
  effect_handle handle{cell_, id};
  if (cell_->abandoned() || cancelled_) return handle;
  cell_->effects().find(id)->wants = type;
  if (known.number != 0 && !known.begun && within != duration::max()) cell_->commit_begin(*this, known.number);
  actors::cell_rest::look_for_mail(*cell_);
  return handle;
}

namespace {

void submit(actors::cell& of, std::uint64_t effect, std::function<message(std::stop_token)> work,
            std::stop_token nobody_waits) {
  const bool taken = of.home().blocking().submit(
      [who = of.shared_from_this(), effect, work = std::move(work), nobody_waits = std::move(nobody_waits)] {
        if (nobody_waits.stop_requested()) return;
        try {
          who->resolve(effect, work(nobody_waits));
        } catch (const failure& f) {
          who->resolve(effect, f.error());
        } catch (...) {
          const actors::failure_cause why{std::current_exception()};
          who->resolve(effect, why.seen_as(agent_errc::agent_failed, why.text));
        }
      });
  if (!taken) of.complete(effect, error{agent_errc::overloaded, "too much blocking work is waiting"});
}

}  // namespace

effect_handle turn::begin_run(std::function<message(std::stop_token)> work) {
  actors::known_effect known;
  if (auto before = resumed(effect_kind::run, {}, {}, known, false)) {
    // As in the turn's first life, when the work ended elsewhere, what it owns is not dropped by the turn.
    const actors::turn_charges::running nobody{nullptr};
    work = nullptr;
    return *std::move(before);
  }
  const auto id = cell_->begin_effect(effect_kind::run, this, deadline_);
  number(id, known);
  effect_handle handle{cell_, id};
  if (cell_->abandoned() || cancelled_) return handle;
  auto& stop = cell_->effects().find(id)->stop;
  stop = std::stop_source{};
  if (!journal_) {
    submit(*cell_, id, std::move(work), stop.get_token());
    return handle;
  }
  actors::begin_when_written(
      *cell_, *journal_, known.number,
      [cell = cell_, id, work = std::move(work), token = stop.get_token()] { submit(*cell, id, work, token); });
  return handle;
}

effect_handle turn::begin_once(const std::function<message()>& value) {
  actors::known_effect known;
  if (auto before = resumed(effect_kind::once, {}, {}, known, false)) return *std::move(before);
  const auto id = cell_->begin_effect(effect_kind::once, this, instant::max());
  number(id, known);
  effect_handle handle{cell_, id};
  if (cell_->effects().find(id)->finished) return handle;
  try {
    cell_->complete(id, value());
  } catch (const failure& f) {
    cell_->complete(id, f.error());
  } catch (...) {
    const actors::failure_cause why{std::current_exception()};
    cell_->complete(id, why.seen_as(agent_errc::agent_failed, why.text));
  }
  return handle;
}

effect_handle turn::begin_remember(memory::record what) {
  if (what.space.is_root()) what.space = cell_->where();
  if (!journal_ || cancelled_) return begin_memory({std::move(what)});
  // Stored with all else that the turn does, at its end.
  if (what.time == timestamp{}) what.time = time();
  auto complete = cell_->home().memory().prepare(cell_->where(), std::move(what));
  if (!complete) return {cell_, cell_->begin_failed_effect(effect_kind::remember, this, std::move(complete).error())};
  complete->what.id = journal_->next_record();
  const auto effect = cell_->begin_effect(effect_kind::remember, this, instant::max());
  if (auto* slot = cell_->effects().find(effect); !slot->finished) {
    slot->outcome = message::of(complete->what.id);
    slot->finished = true;
  }
  journal_->records.emplace_back(*std::move(complete));
  return {cell_, effect};
}

effect_handle turn::begin_memory(actors::memory_request what) {
  const bool writes = std::holds_alternative<memory::record>(what.what);
  const auto kind = writes ? effect_kind::remember : effect_kind::memory;
  actors::known_effect known{.shape = net::shape_of<actors::memory_request>};
  if (journal_)
    if (auto before = resumed(kind, {}, net::encode(what), known, false)) return *std::move(before);
  const auto id = cell_->begin_effect(kind, this, deadline_);
  number(id, known);
  effect_handle handle{cell_, id};
  if (cell_->abandoned() || cancelled_) return handle;
  auto& stop = cell_->effects().find(id)->stop;
  stop = std::stop_source{};
  if (!journal_ || !std::holds_alternative<actors::summarize_space>(what.what)) {
    cell_->home().use_memory(cell_->where(), std::move(what), cell_->shared_from_this(), id, stop.get_token());
    return handle;
  }
  actors::begin_when_written(*cell_, *journal_, known.number,
                             [cell = cell_, what = std::move(what), id, token = stop.get_token()] {
                               cell->home().use_memory(cell->where(), what, cell->shared_from_this(), id, token);
                             });
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

effect_handle turn::begin_spawn(child_spec spec) {
  return ask_spawner(message::of(start_child{std::move(spec)}), true);
}

effect_handle turn::ask_spawner(message request, bool again) {
  const auto spawner = cell_->spawner();
  if (!spawner) return {cell_, cell_->begin_failed_effect(effect_kind::ask, this, spawner.error())};
  return begin_ask(agent_ref{*spawner}, std::move(request), {}, again);
}

effect<void> turn::stop(std::string_view name) {
  return effect<void>{ask_spawner(message::of(actors::forget_child{std::string{name}}), true)};
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
  if (cell_->weak_from_this().expired()) return;
  if (auto* slot = journal_ ? cell_->effects().find(effect) : nullptr; slot && !slot->finished && !slot->ends) {
    slot->ends = true;
    journal_->wait_ends();
  }
  cell_->resolve(effect, message{});
}

std::string turn::sub_agent_name(std::string_view stem) {
  const auto which = journal_ ? journal_->name().to_string().substr(24) : std::to_string(number_);
  return path::escape_segment(std::string{stem.substr(0, 24)} + "-" + which + "-" + std::to_string(++sub_agents_));
}

// An agent that ends takes its sub-agents along; one that is being freed has none left.
void turn::let_go(std::string name) {
  const auto phase = cell_->current_phase();
  if (phase != actors::phase::running && phase != actors::phase::starting) return;
  if (cell_->abandoned() || cell_->weak_from_this().expired() || !cell_->spawner_cell_) return;
  envelope mail;  // at once, of a durable turn, too
  mail.payload = message::of(actors::forget_child{std::move(name)});
  mail.origin = cell_->shared_from_this();
  mail.trace = trace_;
  cell_->home().deliver(agent_ref{cell_->spawner_cell_}, std::move(mail), false);
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

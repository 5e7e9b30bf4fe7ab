#include "durable_inbox.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "cell.hpp"
#include "durable_cell.hpp"
#include "runtime.hpp"
#include "stored_answer.hpp"

namespace troupe::actors {

namespace {
constexpr std::size_t limit_max = 1'000'000;  // of messages that are looked through for one
}

// -- questions of durable turns ---------------------------------------------------------------------------------------

durable_question::durable_question(std::shared_ptr<cell> asker, std::uint64_t effect, id in_turn, std::uint32_t n,
                                   std::vector<memory::operation> first)
    : turn{in_turn}, number{n}, before{std::move(first)}, asker_{std::move(asker)}, effect_{effect} {}
durable_question::~durable_question() = default;

void durable_question::resolve(std::uint64_t, result<message> reply) { asker_->resolve(effect_, std::move(reply)); }
cell* durable_question::as_cell() noexcept { return asker_.get(); }
agent_ref durable_question::sender() { return asker_->sender(); }

// -- messages that were accepted --------------------------------------------------------------------------------------

namespace {

// The agent went down with the message in its inbox: no answer.
bool is_no_answer(const result<message>& reply) {
  return !reply && (reply.error().is(agent_errc::agent_down) || reply.error().is(agent_errc::node_stopping));
}

}  // namespace

accepted_message::accepted_message(std::shared_ptr<durable_inbox> of, const memory::inbox_message& what,
                                   std::shared_ptr<reply_sink> waiter, std::uint64_t effect)
    : of_{std::move(of)},
      name_{what.name},
      from_{what.from},
      asker_{what.asker},
      number_{what.effect},
      waiter_{std::move(waiter)},
      effect_{effect} {}

agent_ref accepted_message::sender() {
  if (waiter_)
    if (auto known = waiter_->sender()) return known;
  return from_.empty() ? agent_ref{} : of_->home().ref(troupe::path{from_});
}

void accepted_message::resolve(std::uint64_t, result<message> reply) {
  if (is_no_answer(reply)) {
    of_->forget(name_);  // whoever starts next reads it from disk
    return tell(reply);
  }
  end(std::move(reply));
}

void accepted_message::fail(std::uint64_t, error why, const exit_cause&) { end(std::move(why)); }

void accepted_message::end(result<message> reply) {
  auto answer = encode_answer(reply);
  if (!answer) {
    reply = std::move(answer).error();
    answer = encode_answer(reply);
  }
  memory::command what;
  what.author = of_->where();
  what.at = of_->home().time().wall();
  what.operations = std::move(before_);
  what.operations.emplace_back(memory::end_turn{of_->where(), name_, *answer});
  of_->home().memory().commit(std::move(what), [self = shared_from_this(), reply, answer = *answer,
                                                at = what.at](const result<memory::outcome>& done) {
    if (done) return self->ended(reply, answer, at, done->late_results == 0);
    self->of_->forget(self->name_);
    self->tell(done.error());
  });
}

void accepted_message::set_aside(std::string why, error answer) {
  const result<message> reply{std::move(answer)};
  const auto stored = *encode_answer(reply);
  if (why.size() > memory::aside_reason_size_bytes_max) why.resize(memory::aside_reason_size_bytes_max);
  memory::command what;
  what.author = of_->where();
  what.at = of_->home().time().wall();
  what.operations.emplace_back(memory::set_message_aside{of_->where(), name_, std::move(why), stored});
  of_->home().memory().commit(
      std::move(what), [self = shared_from_this(), reply, stored, at = what.at](const result<memory::outcome>& done) {
        if (done) return self->ended(reply, stored, at, done->late_results == 0);
        self->of_->forget(self->name_);
        self->tell(done.error());
      });
}

void accepted_message::ended(const result<message>& reply, const std::string& answer, timestamp at, bool asker_has_it) {
  of_->ended(name_);
  tell(reply);
  if (asker_.is_nil() || !asker_has_it) return;
  auto& home = of_->home();
  if (const auto asker = home.inbox_of(home.ref(troupe::path{from_})))
    asker->tell_result({asker_, number_, at, answer});
}

// A durable asker hears of it by its journal.
void accepted_message::tell(const result<message>& reply) {
  if (has_waiter()) waiter_->resolve(effect_, reply);
}

// -- the inbox --------------------------------------------------------------------------------------------------------

durable_inbox::durable_inbox(std::shared_ptr<runtime> home, troupe::path where, std::size_t limit)
    : home_{std::move(home)}, where_{std::move(where)}, limit_{limit} {}

bool durable_inbox::know(const id& name) {
  std::scoped_lock held{mutex_};
  return known_.insert(name).second;
}

void durable_inbox::forget(const id& name) {
  std::scoped_lock held{mutex_};
  known_.erase(name);
}

std::size_t durable_inbox::limit() const {
  std::scoped_lock held{mutex_};
  return limit_;
}

void durable_inbox::set_limit(std::size_t limit) {
  std::scoped_lock held{mutex_};
  limit_ = limit;
}

void durable_inbox::was_found(std::size_t messages, std::optional<memory::rest> rest) {
  std::scoped_lock held{mutex_};
  registered_ = true;
  on_disk_ = messages;
  rest_ = rest;
}

std::optional<memory::rest> durable_inbox::take_rest() {
  std::scoped_lock held{mutex_};
  return std::exchange(rest_, std::nullopt);
}

// An agent that starts meanwhile reads it from disk, or has to be told.
void durable_inbox::tell_result(const journaled_result& what) {
  if (const auto to = home_->names().find(where_)) return to->tell_result(what);
  (void)take_rest();
  if (const auto to = home_->names().find(where_)) to->tell_result(what);
}

void durable_inbox::take_back(const id& name, envelope&& mail) {
  memory::command what;
  what.author = where_;
  what.operations.emplace_back(memory::take_message_back{where_, name});
  const auto shared = std::make_shared<envelope>(std::move(mail));  // with the callback, which is copied
  home_->memory().commit(
      std::move(what), [self = shared_from_this(), name, shared](const result<memory::outcome>& done) {
        const auto refused = [&](error why) { shared->origin->resolve(shared->effect, std::move(why)); };
        if (!done) return refused(done.error());
        if (done->repeated_messages != 0) return refused({errc::not_found, "the message is in line already"});
        self->was_accepted(1);
        const bool taken =
            self->home_->blocking().submit([self, name, shared] { self->taken_back(name, std::move(*shared)); }, true);
        if (!taken) refused({agent_errc::node_stopping, "the node is stopped"});
      });
}

// Its turn goes on by the journal, which is read from disk.
void durable_inbox::taken_back(const id& name, envelope&& mail) {
  auto found = home_->memory().journal(where_, limit_max);
  const auto refused = [&](error why) { mail.origin->resolve(mail.effect, std::move(why)); };
  if (!found) return refused(found.error());
  const auto message = std::ranges::find(found->inbox, name, &memory::inbox_message::name);
  const auto to = home_->names().find(where_);
  if (message == found->inbox.end() || !know(name)) return refused({errc::not_found, "the message is in line already"});
  mail.origin = std::make_shared<accepted_message>(shared_from_this(), *message, std::move(mail.origin), mail.effect);
  mail.effect = 1;
  mail.unbounded = true;
  mail.queued = home_->time().coarse_now();
  const auto origin = mail.origin;
  if (to) {
    signal news{.kind = signal_kind::taken_back};
    news.value = message::of(
        taken_back_message{name, std::move(found->turns[name]), std::make_shared<envelope>(std::move(mail))});
    to->post(std::move(news));
  } else {
    origin->resolve(1,
                    error{agent_errc::agent_down, where_.str() + " does not run; the message is kept until it does"});
  }
}

void durable_inbox::drop(const id& name) {
  memory::command what;
  what.author = where_;
  what.operations.emplace_back(memory::end_turn{where_, name, *encode_answer(message{})});
  home_->memory().commit(std::move(what), [self = shared_from_this()](const result<memory::outcome>& done) {
    if (!done)
      self->home_->log().warn("a message that was dropped from quarantine is still in the journal",
                              {{"agent", self->where_.str()}, {"error", done.error().describe()}});
  });
}

void durable_inbox::forget_agent(const std::shared_ptr<reply_sink>& told) {
  auto found = home_->memory().journal(where_, limit_max);
  if (!found) return told->resolve(1, found.error());
  memory::command what;
  what.author = where_;
  what.at = home_->time().wall();
  const auto answer = *encode_answer(error{agent_errc::agent_down, where_.str() + " was forgotten"});
  what.operations.emplace_back(memory::forget_agent{where_, answer});
  home_->memory().commit(std::move(what), [self = shared_from_this(), told, answer, at = what.at,
                                           had = *std::move(found)](const result<memory::outcome>& done) {
    if (!done) return told->resolve(1, done.error());
    for (const auto& [turn, so_far] : had.turns) self->home_->approvals().turn_over(turn);
    for (const auto& each : had.inbox)
      if (!each.asker.is_nil())
        if (const auto asker = self->home_->inbox_of(self->home_->ref(troupe::path{each.from})))
          asker->tell_result({each.asker, each.effect, at, answer});
    told->resolve(1, message{});
  });
}

std::vector<envelope> durable_inbox::take_due(instant now) {
  std::scoped_lock held{mutex_};
  std::vector<envelope> due;
  while (!later_.empty() && later_.begin()->first <= now)
    due.push_back(std::move(later_.extract(later_.begin()).mapped()));
  return due;
}

// They keep this object.
void durable_inbox::close() {
  std::multimap<instant, envelope> kept;
  std::scoped_lock held{mutex_};
  kept.swap(later_);
}

instant durable_inbox::next_due() const {
  std::scoped_lock held{mutex_};
  return later_.empty() ? instant::max() : later_.begin()->first;
}

std::vector<memory::operation> durable_inbox::registration() const {
  std::scoped_lock held{mutex_};
  if (registered_) return {};
  return {memory::register_agent{where_}};
}

void durable_inbox::was_registered() {
  std::scoped_lock held{mutex_};
  registered_ = true;
}

std::shared_ptr<void> durable_inbox::take_room() {
  {
    std::scoped_lock held{mutex_};
    if (on_disk_ + being_accepted_ >= limit_) return nullptr;
    ++being_accepted_;
  }
  return {this, [self = shared_from_this()](void*) {
            std::scoped_lock held{self->mutex_};
            --self->being_accepted_;
          }};
}

void durable_inbox::was_accepted(std::size_t messages) {
  std::scoped_lock held{mutex_};
  registered_ = true;
  on_disk_ += messages;
  rest_.reset();
}

void durable_inbox::ended(const id& name) {
  home_->approvals().turn_over(name);
  std::scoped_lock held{mutex_};
  known_.erase(name);
  if (on_disk_ > 0) --on_disk_;
}

result<durable_inbox::staged> durable_inbox::stage(envelope&& mail, id name) const {
  auto bytes = mail.payload.encode();
  if (!bytes) return std::move(bytes).error().with_context(where_.str() + " is durable");
  memory::inbox_message what{
      .name = name, .to = where_, .type = std::string{mail.payload.type_name()}, .bytes = *std::move(bytes)};
  if (const auto sender = mail.origin ? mail.origin->sender() : agent_ref{}) what.from = sender.path().str();
  if (mail.deadline != instant::max()) what.deadline = home_->wall_of(mail.deadline);
  if (mail.trace.valid()) what.trace = mail.trace.traceparent();
  return staged{{std::move(what)}, std::move(mail)};
}

void durable_inbox::accept(envelope&& mail, accepted then) {
  const auto origin = mail.origin;
  const auto effect = mail.effect;
  const auto refused = [origin, effect, then](const error& why) {
    if (then) then(why);
    if (effect != 0 && origin) origin->resolve(effect, why);
  };
  auto room = take_room();
  if (!room) {
    home_->drop(drop_reason::mailbox_full, where_, mail.payload.type_name());
    return refused({agent_errc::mailbox_full,
                    "the inbox of " + where_.str() + " is full (" + std::to_string(limit()) + " messages)"});
  }
  auto* question = dynamic_cast<durable_question*>(origin.get());
  const id name = question ? question->turn.derived(question->number) : home_->next_id();
  const std::string type{mail.payload.type_name()};
  auto made = stage(std::move(mail), name);
  if (!made) {
    home_->drop(drop_reason::local_message, where_, type);
    return refused(made.error());
  }
  made->room = std::move(room);
  memory::command what;
  what.author = where_;
  what.operations = registration();
  if (question) {
    made->what.what.asker = question->turn;
    made->what.what.effect = question->number;
    std::move(question->before.begin(), question->before.end(), std::back_inserter(what.operations));
  }
  what.operations.emplace_back(made->what);
  const auto shared = std::make_shared<staged>(std::move(*made));  // with the callback, which is copied
  home_->memory().commit(
      std::move(what),
      [self = shared_from_this(), shared, name, type, refused,
       then = std::move(then)](const result<memory::outcome>& done) {
        shared->room.reset();
        if (!done) {
          self->home_->drop(drop_reason::agent_down, self->where_, type);
          return refused(done.error());
        }
        // One that is asked again keeps its place in the line: it is in a mailbox, or read from disk by whoever starts.
        if (done->repeated_messages == 0) {
          self->was_accepted(1);
          self->arrive(std::move(*shared));
        }
        if (then) then(name);
      },
      false);
}

void durable_inbox::arrive(staged&& what) {
  if (!know(what.what.what.name)) return;  // a cell that has started meanwhile read it from disk
  auto& mail = what.mail;
  mail.origin = std::make_shared<accepted_message>(shared_from_this(), what.what.what, std::move(mail.origin),
                                                   std::exchange(mail.effect, 1));
  mail.queued = home_->time().coarse_now();
  const auto name = what.what.what.name;
  if (what.what.what.due) {
    const auto due = home_->instant_of(*what.what.what.due);
    {
      std::scoped_lock held{mutex_};
      later_.emplace(due, std::move(mail));
    }
    // One that starts meanwhile looks for itself.
    if (const auto to = home_->names().find(where_)) home_->timers().add(due, to);
    return;
  }
  for (;;) {
    const auto to = home_->names().find(where_);
    if (to && to->take_in(mail)) return;
    forget(name);
    const auto now = home_->names().find(where_);
    if (!now || now == to) break;  // there is nobody, or one that goes: it stays on disk
    if (!know(name)) return;       // one that has just started has read it from there
  }
  mail.origin->resolve(
      1, error{agent_errc::agent_down, where_.str() + " does not run; the message is kept until it does"});
}

std::vector<envelope> durable_inbox::take_in(std::vector<memory::inbox_message> stored) {
  std::vector<envelope> all;
  for (auto& each : stored) {
    if (!know(each.name)) continue;
    envelope mail;
    mail.origin = std::make_shared<accepted_message>(shared_from_this(), each, nullptr, 0);
    mail.effect = 1;
    mail.unbounded = true;
    mail.payload = message::encoded(std::move(each.type), std::move(each.bytes), home_);
    if (each.deadline) mail.deadline = home_->instant_of(*each.deadline);
    if (const auto trace = trace_context::parse(each.trace)) mail.trace = *trace;
    mail.queued = home_->time().coarse_now();
    if (const auto due = each.due ? home_->instant_of(*each.due) : instant::min(); due > home_->time().now()) {
      std::scoped_lock held{mutex_};
      later_.emplace(due, std::move(mail));
    } else {
      all.push_back(std::move(mail));
    }
  }
  return all;
}

}  // namespace troupe::actors

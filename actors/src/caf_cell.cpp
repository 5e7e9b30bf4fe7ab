#include "caf_cell.hpp"

#include <caf/exit_reason.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>
#include <caf/sec.hpp>
#include <caf/system_messages.hpp>
#include <utility>

#include "caf_scheduler.hpp"
#include "runtime.hpp"
#include "tsan.hpp"

namespace troupe::actors {

namespace {

// The CAF worker that runs on this thread: what is scheduled from here goes to its own queue, without a lock.
thread_local caf::execution_unit* current_worker = nullptr;

// Takes an agent's answer back to the foreign actor that asked.
class foreign_asker final : public reply_sink {
 public:
  foreign_asker(caf::strong_actor_ptr asker, caf::message_id request, caf::strong_actor_ptr agent,
                const caf_types& types)
      : asker_{std::move(asker)}, request_{request}, agent_{std::move(agent)}, types_{types} {}

  void resolve(std::uint64_t, result<message> reply) override {
    if (!asker_) return;
    caf::message answer;
    if (reply) {
      answer = types_.convert(*reply);
      if (answer.empty() && !reply->empty() && !reply->get_if<done>())
        reply = error{agent_errc::unexpected_reply, "`" + std::string{reply->type_name()} + "` is not shared with CAF"};
    }
    if (!reply) answer = caf::make_message(caf::make_error(caf::sec::runtime_error, reply.error().describe()));
    asker_->enqueue(agent_, request_.response_id(), std::move(answer), nullptr);
  }

 private:
  caf::strong_actor_ptr asker_;
  caf::message_id request_;
  caf::strong_actor_ptr agent_;
  const caf_types& types_;
};

}  // namespace

caf_cell::caf_cell(caf::actor_config& config, cell_seed seed, const caf_types& types,
                   std::shared_ptr<thread_count> threads)
    : caf::local_actor{config}, types_{types}, guest_{std::move(seed), *this} {
  if (guest_.spec().isolation != tier::thread || guest_.home().deterministic()) return;
  const auto visit = [this] {
    const auto state = resume(nullptr, 0);
    if (state == resume_later) ring();
    caf::intrusive_ptr_release(ctrl());  // what ring() added; this object may be gone now
    return state != done;
  };
  thread_ = std::make_unique<own_thread>(visit, std::string{guest_.where().name()}, std::move(threads));
}

caf_cell::~caf_cell() { tsan::takes_over(this); }

void caf_cell::ring() {
  caf::intrusive_ptr_add_ref(ctrl());  // released by the worker that runs it
  if (thread_) return thread_->wake();
  // The worker of another node in this process is not ours to use.
  if (current_worker && &current_worker->system() == &home_system())
    current_worker->exec_later(this);
  else
    home_system().scheduler().enqueue(this);
}

// A message of a foreign actor, on the sender's thread.
void caf_cell::enqueue(caf::mailbox_element_ptr element, caf::execution_unit*) {
  const auto bounce = [&](caf::sec why) {
    if (element->sender && element->mid.is_request())
      element->sender->enqueue(caf::strong_actor_ptr{ctrl()}, element->mid.response_id(),
                               caf::make_message(caf::make_error(why)), nullptr);
  };
  if (guest_.gone()) return bounce(caf::sec::request_receiver_down);
  const auto& content = element->content();
  if (content.match_elements<caf::exit_msg>()) {
    signal what{.kind = signal_kind::kill};
    what.cause = std::make_unique<exit_cause>(
        exit_cause::killed("by a CAF exit message: " + caf::to_string(content.get_as<caf::exit_msg>(0).reason)));
    return guest_.post(std::move(what));
  }
  envelope mail;
  mail.payload = types_.convert(content);
  if (mail.payload.empty()) return bounce(caf::sec::unexpected_message);
  if (element->mid.is_request()) {
    mail.origin = std::make_shared<foreign_asker>(element->sender, element->mid, caf::strong_actor_ptr{ctrl()}, types_);
    mail.effect = 1;
  }
  mail.queued = guest_.home().time().coarse_now();
  guest_.deliver(std::move(mail));
}

caf::resumable::resume_result caf_cell::resume(caf::execution_unit* worker, std::size_t) {
  current_worker = worker;
  const auto state = guest_.run(guest_.home().deterministic() ? steps_max_deterministic : steps_max, time_slice);
  current_worker = nullptr;
  switch (state) {
    case visit::idle: return awaiting_message;  // another thread may run it already
    case visit::more:
      // CAF's test coordinator puts what is to be resumed in front of its queue, where it would run for ever.
      if (!guest_.home().deterministic()) return resume_later;
      ring();
      return awaiting_message;
    case visit::terminated: break;
  }
  cleanup(caf::exit_reason::normal, worker);
  return done;
}

void caf_cell::intrusive_ptr_add_ref_impl() { caf::intrusive_ptr_add_ref(ctrl()); }
void caf_cell::intrusive_ptr_release_impl() { caf::intrusive_ptr_release(ctrl()); }

}  // namespace troupe::actors

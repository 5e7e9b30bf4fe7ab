#include "caf_cell.hpp"

#include <utility>

#include <caf/exit_reason.hpp>
#include <caf/sec.hpp>

#include "caf_scheduler.hpp"
#include "cell.hpp"

namespace troupe::actors {

namespace {

// The CAF worker that runs on this thread: a bell rung here goes to its own queue, without a lock.
thread_local caf::execution_unit* current_worker = nullptr;

struct nothing_else {};

// Takes an agent's answer back to the foreign actor that asked.
class foreign_asker final : public reply_sink {
 public:
  foreign_asker(caf::strong_actor_ptr asker, caf::message_id request, caf::strong_actor_ptr agent, const caf_types& types)
      : asker_{std::move(asker)}, request_{request}, agent_{std::move(agent)}, types_{types} {}

  void resolve(std::uint64_t, result<message> reply) override {
    if (!asker_ || !request_.is_request()) return;
    caf::message answer;
    if (reply) {
      answer = types_.convert(*reply);
      if (answer.empty() && !reply->get_if<done>())
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

caf_cell::caf_cell(caf::actor_config& config, std::shared_ptr<cell> guest, const caf_types& types)
    : caf::event_based_actor{config}, guest_{std::move(guest)}, types_{types} {
  guest_->attach(this);
  set_exit_handler([this](caf::scheduled_actor*, caf::exit_msg& exit) {
    signal what{.kind = signal_kind::kill};
    what.cause = std::make_unique<exit_cause>(exit_cause::killed("by a CAF exit message: " + caf::to_string(exit.reason)));
    guest_->post(std::move(what));
  });
  set_default_handler(caf::drop);
}

// A behaviour that matches nothing keeps the actor alive.
caf::behavior caf_cell::make_behavior() {
  return {[](const nothing_else&) {}};
}

caf::invoke_message_result caf_cell::consume(caf::mailbox_element& element) {
  if (&element != &bell_)
    return take_foreign(element) ? caf::invoke_message_result::consumed : caf::event_based_actor::consume(element);
  current_worker = context();
  const bool alive = guest_->run(messages_per_visit);
  current_worker = nullptr;
  if (!alive) {
    quit();
    guest_.reset();
  }
  return caf::invoke_message_result::consumed;
}

bool caf_cell::take_foreign(caf::mailbox_element& element) {
  envelope mail;
  mail.payload = types_.convert(element.content());
  if (mail.payload.empty()) return false;
  if (element.mid.is_request()) {
    mail.origin = std::make_shared<foreign_asker>(element.sender, element.mid, caf::strong_actor_ptr{ctrl()}, types_);
    mail.effect = 1;
  }
  mail.queued = guest_->home_time();
  guest_->deliver(std::move(mail));
  return true;
}

void caf_cell::ring() { enqueue(caf::mailbox_element_ptr{&bell_}, current_worker); }
void caf_cell::release() noexcept { caf::intrusive_ptr_release(ctrl()); }

}  // namespace troupe::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::actors::nothing_else)

#pragma once

#include <memory>

#include <caf/event_based_actor.hpp>
#include <caf/mailbox_element.hpp>

#include "scheduler.hpp"

namespace troupe::actors {

class caf_types;
class cell;

// A message of CAF that says "run": part of the actor itself, so that ringing allocates nothing. The cell's mailbox sees to it that
// it is in CAF's queue at most once.
class bell_element final : public caf::mailbox_element {
 public:
  bell_element() : mailbox_element{nullptr, caf::make_message_id(), {}} {}
  caf::type_erased_tuple& content() override { return nothing_; }
  const caf::type_erased_tuple& content() const override { return nothing_; }
  caf::message move_content_to_message() override { return {}; }
  caf::message copy_content_to_message() const override { return {}; }
  void request_deletion(bool) const noexcept override {}

 private:
  caf::empty_type_erased_tuple nothing_;
};

// The CAF actor behind one cell. CAF schedules it; the cell keeps its own mailbox, since CAF's can be neither bounded nor looked at.
// Owners: CAF while it is scheduled, and the cell, whose doorbell it is.
class caf_cell final : public caf::event_based_actor, public doorbell {
 public:
  // Messages per visit of the scheduler, so that a flooded agent does not starve the others.
  static constexpr std::size_t messages_per_visit = 300;

  // `types` outlives every actor of its system.
  caf_cell(caf::actor_config& config, std::shared_ptr<cell> guest, const caf_types& types);

  caf::behavior make_behavior() override;
  caf::invoke_message_result consume(caf::mailbox_element& element) override;
  void ring() override;
  void release() noexcept override;

 private:
  bool take_foreign(caf::mailbox_element& element);

  std::shared_ptr<cell> guest_;  // shared with the registry; let go when the cell is terminated
  const caf_types& types_;
  bell_element bell_;
};

}  // namespace troupe::actors

#include "approvals.hpp"

#include <algorithm>
#include <troupe/memory/errc.hpp>
#include <utility>

#include "durable_cell.hpp"
#include "runtime.hpp"
#include "stored_answer.hpp"

namespace troupe::actors {

namespace {

error nobody_waits(const id& which) {
  return {errc::not_found, "nobody waits for the approval " + which.to_string() + ": it was decided or given up"};
}

}  // namespace

void approvals::add(entry what) {
  std::scoped_lock held{mutex_};
  const auto name = what.shown.id;
  open_.try_emplace(name, std::move(what));
}

void approvals::was_found(const troupe::path& agent, const memory::open_request& what) {
  auto request = net::decode<approval_request>(what.request);
  if (!request) {
    home_.log().error("what an agent asks people cannot be read",
                      {{"agent", agent.str()}, {"error", request.error().describe()}});
    return;
  }
  add({.shown = {what.turn.derived(what.effect), agent, what.asked, *std::move(request)},
       .turn = what.turn,
       .number = what.effect});
}

void approvals::remove(const id& which) {
  std::scoped_lock held{mutex_};
  open_.erase(which);
}

void approvals::turn_over(const id& turn) {
  std::scoped_lock held{mutex_};
  if (!open_.empty()) std::erase_if(open_, [&](const auto& each) { return each.second.turn == turn; });
}

std::vector<open_approval> approvals::list() {
  std::vector<open_approval> all;
  {
    std::scoped_lock held{mutex_};
    std::erase_if(open_, [](const auto& each) { return each.second.given_up.stop_requested(); });
    for (const auto& [name, each] : open_) all.push_back(each.shown);
  }
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.asked < b.asked; });
  return all;
}

void approvals::decide(const id& which, approval_decision what, const std::shared_ptr<reply_sink>& told) {
  entry about;
  {
    std::scoped_lock held{mutex_};
    const auto found = open_.find(which);
    if (found == open_.end() || found->second.given_up.stop_requested())
      about.shown.id = {};
    else
      about = found->second;
    if (found != open_.end() && about.turn.is_nil()) open_.erase(found);
  }
  if (about.shown.id.is_nil()) return told->resolve(1, nobody_waits(which));
  if (!about.turn.is_nil()) return decide_durable(about, what, told);
  const auto asker = about.asker.lock();
  if (!asker || asker->gone()) return told->resolve(1, nobody_waits(which));
  asker->resolve(about.effect, message::of(std::move(what)));
  told->resolve(1, message{});
}

void approvals::decide_durable(const entry& about, const approval_decision& what,
                               const std::shared_ptr<reply_sink>& told) {
  journaled_result news{about.turn, about.number, home_.time().wall(), encode_answer(message::of(what))};
  memory::command decided;
  decided.author = about.shown.agent;
  decided.operations.emplace_back(memory::note_effect{
      .agent = about.shown.agent,
      .turn = about.turn,
      .what = {.number = about.number, .label = {}, .at = news.at, .request = {}, .result = *news.stored}});
  home_.memory().commit(std::move(decided),
                        [this, about, told, news = std::move(news)](const result<memory::outcome>& done) {
                          const bool over = done ? done->late_results != 0 : done.error().is(memory_errc::stale);
                          if (done || over) remove(about.shown.id);
                          if (over) return told->resolve(1, nobody_waits(about.shown.id));
                          if (!done) return told->resolve(1, done.error());
                          if (const auto inbox = home_.inbox_of(home_.ref(about.shown.agent))) inbox->tell_result(news);
                          told->resolve(1, message{});
                        });
}

}  // namespace troupe::actors

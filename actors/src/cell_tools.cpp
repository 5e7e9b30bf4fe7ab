#include <troupe/actors/turn.hpp>

#include "cell.hpp"
#include "durable_budget.hpp"
#include "registered_tool.hpp"
#include "runtime.hpp"
#include "tool_run.hpp"
#include "turn_journal.hpp"

// Calls of tools: how a turn begins one, and what a cell does about it (tool_run.hpp).

namespace troupe {

using actors::effect_handle;
using actors::effect_kind;
using actors::tool_run;

effect_handle turn::begin_tool(std::string_view name, result<std::string> arguments) {
  auto& home = cell_->home();
  actors::known_effect known;
  const auto refuse = [&](error why) {
    if (known.number == 0)
      return effect_handle{cell_, cell_->begin_failed_effect(effect_kind::tool, this, std::move(why))};
    const auto id = cell_->begin_effect(effect_kind::tool, this, instant::max());
    number(id, known);
    effect_handle handle{cell_, id};
    cell_->complete(id, std::move(why));
    return handle;
  };
  if (cancelled_) return refuse(*cancelled_);
  if (cell_->abandoned()) return refuse(cell_->no_effects());
  if (auto before = resumed(effect_kind::tool, name, arguments ? *arguments : std::string{}, known, false))
    return *std::move(before);
  if (home.outside())
    return refuse({errc::unsupported, "an agent in a process of its own cannot call tools; let one of the node do it"});
  if (!arguments) return refuse(std::move(arguments).error());
  const auto tool = home.tools().get(name);
  if (!tool) return refuse({agent_errc::unknown_tool, "there is no tool `" + actors::seen(name) + "`"});
  if (arguments->size() > home.tools().limits().arguments_bytes_max)
    return refuse({agent_errc::bad_arguments, "tool `" + tool->spec.name + "`: " + std::to_string(arguments->size()) +
                                                  " bytes of arguments, more than are allowed"});
  if (arguments->empty()) *arguments = "{}";
  if (auto fine = tool->check_arguments(*arguments); !fine) return refuse(std::move(fine).error());
  const id key = journal_ ? journal_->call(known.number) : home.next_id();
  tool_call call{tool->spec.name, *std::move(arguments), key.to_string(), 0};
  auto run = std::make_shared<tool_run>(*cell_, tool, std::move(call), trace_, deadline_);
  const auto effect = cell_->begin_effect(effect_kind::tool, this, instant::max());
  effect_handle handle{cell_, effect};
  number(effect, known);
  const auto begin = [cell = cell_, run = std::move(run), effect] {
    cell->effects().find(effect)->tool = run;
    cell->follow_tool(effect, run->begin(effect));
  };
  if (journal_)
    actors::begin_when_written(*cell_, *journal_, known.number, begin);
  else
    begin();
  return handle;
}

namespace actors {

void cell::follow_tool(std::uint64_t effect, tool_run::step next) {
  if (next.outcome) {
    effects_.find(effect)->tool.reset();
    complete(effect, std::move(*next.outcome));
  } else if (next.until != instant::min() && next.until != instant::max()) {
    effects_.rearm(effect, next.until);
    arm_timer(next.until);
  }
}

void cell::tool_due(std::uint64_t effect) {
  const auto run = effects_.find(effect)->tool;
  if (run) follow_tool(effect, run->time_is_up());
}

bool cell::tool_told(std::uint64_t effect, const result<message>& what) {
  const auto run = effects_.find(effect)->tool;
  const auto* news = run && what ? what->get_if<tool_news>() : nullptr;
  if (!news) return false;
  follow_tool(effect, run->told(*news));
  return true;
}

}  // namespace actors

}  // namespace troupe

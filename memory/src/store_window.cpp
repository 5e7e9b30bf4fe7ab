// Prompts about a space.

#include <map>
#include <set>
#include <troupe/memory/store.hpp>

#include "call_of.hpp"
#include "store_parts.hpp"

namespace troupe::memory {
namespace {

part part_of(part_kind kind, record what, double score = 0) {
  part made;
  made.kind = kind;
  made.text = std::move(what.text);
  made.record = what.id;
  made.score = score;
  return made;
}

}  // namespace

result<window> store::window(const path& author, const window_query& what) const {
  return guarded([&]() -> result<memory::window> {
    auto newest = this->newest(author, what.space, what.recent_max);
    if (!newest) return std::move(newest).error();
    std::vector<part> recent, summaries, retrieved;
    std::set<id> taken;
    std::map<std::string, std::uint64_t> calls;
    for (auto& each : *newest) {
      if (each.kind == record_kind::summary || each.kind == record_kind::blob || each.text.empty()) continue;
      taken.insert(each.id);
      std::uint64_t call = 0;
      if (auto name = call_of(each); !name.empty())
        call = calls.try_emplace(std::move(name), calls.size() + 1).first->second;
      recent.push_back(part_of(part_kind::recent, std::move(each)));
      recent.back().call = call;
    }
    if (const auto row = parts_->spaces.find(what.space); row && !row->latest_summary.is_nil()) {
      if (auto latest = record_of(reader{*parts_->database}, row->latest_summary)) {
        taken.insert(latest->id);
        summaries.push_back(part_of(part_kind::summary, *std::move(latest)));
      }
    }
    if (!what.question.empty() && what.retrieved_max > 0) {
      // Some of what is found is among the recent, so as many more are asked for.
      query asked;
      asked.text = what.question;
      asked.space = what.space;
      asked.scope = what.scope;
      asked.limit = std::clamp<std::size_t>(what.retrieved_max + taken.size(), 1, 1000);
      auto hits = recall(author, asked);
      if (!hits) return std::move(hits).error();
      for (auto& each : *hits) {
        if (retrieved.size() == what.retrieved_max) break;
        if (!taken.contains(each.what.id) && !each.what.text.empty())
          retrieved.push_back(part_of(part_kind::retrieved, std::move(each.what), each.score));
      }
    }
    return fill_window(what.pinned, std::move(summaries), std::move(retrieved), std::move(recent), what.options);
  });
}

}  // namespace troupe::memory

// Prompts and summaries of a space.

#include <map>
#include <set>
#include <troupe/memory/errc.hpp>
#include <troupe/memory/recursive_summary.hpp>
#include <troupe/memory/store.hpp>
#include <troupe/memory/tokens.hpp>

#include "access_rules.hpp"
#include "store_parts.hpp"

namespace troupe::memory {
namespace {

constexpr std::string_view call_attribute = "call";
// What one summary takes in; more of it is for the next.
constexpr std::size_t summarised_at_once = 10'000;

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
      if (const auto found = each.attributes.find(std::string{call_attribute}); found != each.attributes.end())
        call = calls.try_emplace(found->second, calls.size() + 1).first->second;
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

result<std::optional<id>> store::summarize(const path& author, const path& space, const summary_policy& policy) {
  return guarded([&]() -> result<std::optional<id>> {
    const auto nothing = result<std::optional<id>>{std::optional<id>{}};
    const auto row = parts_->spaces.find(space);
    auto page = read(author, space, row ? row->summarised_to : 0, summarised_at_once);
    if (!page) return std::move(page).error();
    auto& records = page->records;
    std::erase_if(records, [](const record& each) {
      return each.kind == record_kind::summary || each.kind == record_kind::blob || each.text.empty();
    });
    unsummarised since;
    for (const auto& each : records) {
      since.tokens += count_tokens(each.text);
      since.importance += each.importance;
      ++since.records;
      since.newest = std::max(since.newest, each.recorded);
    }
    if (!summary_due(policy, since, parts_->time.wall())) return nothing;

    // The newest stay as they are, calls with their results; of a page that is not the last, all are old.
    if (!page->next) {
      std::size_t kept = 0, keep = 0;
      while (keep < records.size()) {
        kept += count_tokens(records[records.size() - 1 - keep].text);
        if (kept > policy.keep_tokens) break;
        ++keep;
      }
      const auto call_of = [](const record& each) {
        const auto found = each.attributes.find(std::string{call_attribute});
        return found == each.attributes.end() ? std::string{} : found->second;
      };
      std::set<std::string> calls;
      for (std::size_t i = records.size() - keep; i < records.size(); ++i) calls.insert(call_of(records[i]));
      calls.erase("");
      while (keep < records.size() && calls.contains(call_of(records[records.size() - 1 - keep]))) ++keep;
      records.resize(records.size() - keep);
    }
    if (records.size() < 2) return nothing;

    std::vector<std::string> texts;
    record made;
    made.space = space;
    made.kind = record_kind::summary;
    move_records archived{{}, true};
    if (row && !row->latest_summary.is_nil()) {
      if (auto latest = get(author, row->latest_summary)) {
        texts.push_back(std::move(latest->text));
        made.sources.push_back(latest->id);
      }
    }
    for (auto& each : records) {
      texts.push_back(std::move(each.text));
      made.sources.push_back(each.id);
      made.time = std::max(made.time, each.time);
      made.importance = std::max(made.importance, each.importance);
    }
    auto text = summarize_recursively(*parts_->summarizer, texts, {.tokens_max = policy.summary_tokens_max});
    if (!text) return std::move(text).error().with_context("summarising " + space.str());
    if (text->empty()) return nothing;
    made.text = *std::move(text);
    archived.ids = made.sources;
    auto put = prepare(author, std::move(made));
    if (!put) return std::move(put).error();
    const auto named = put->what.id;
    command both = command_of(author, *std::move(put));
    both.operations.push_back(std::move(archived));
    if (auto applied = apply(std::move(both)); !applied) return std::move(applied).error();
    return std::optional<id>{named};
  });
}

}  // namespace troupe::memory

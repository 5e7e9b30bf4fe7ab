#include "store_summary.hpp"

#include <set>
#include <troupe/memory/recursive_summary.hpp>
#include <troupe/memory/tokens.hpp>

#include "call_of.hpp"
#include "store_parts.hpp"

namespace troupe::memory {
namespace {

// What one summary takes in; more of it is for the next.
constexpr std::size_t summarised_at_once = 10'000;
// What one call of tidy() does.
constexpr std::size_t looks_max = 10'000;
constexpr std::size_t reads_max = 256;
constexpr std::size_t summaries_max = 32;

struct attempt {
  unsummarised since;  // what had come since the last summary
  bool due = false;
  std::optional<id> made;
};

result<attempt> summarise(store& in, const path& author, const path& space, const summary_policy& policy) {
  auto& parts = in.inside();
  attempt done;
  const auto row = parts.spaces.find(space);
  auto page = in.read(author, space, row ? row->summarised_to : 0, summarised_at_once);
  if (!page) return std::move(page).error();
  auto& records = page->records;
  std::erase_if(records, [](const record& each) {
    return each.kind == record_kind::summary || each.kind == record_kind::blob || each.text.empty();
  });
  auto& since = done.since;
  for (const auto& each : records) {
    since.tokens += count_tokens(each.text);
    since.importance += each.importance;
    ++since.records;
    since.newest = std::max(since.newest, each.recorded);
  }
  if (!summary_due(policy, since, parts.time.wall())) return done;
  done.due = true;

  // The newest stay as they are, calls with their results; of a page that is not the last, all are old.
  if (!page->next) {
    std::size_t kept = 0, keep = 0;
    while (keep < records.size()) {
      kept += count_tokens(records[records.size() - 1 - keep].text);
      if (kept > policy.keep_tokens) break;
      ++keep;
    }
    std::set<std::string> calls;
    for (std::size_t i = records.size() - keep; i < records.size(); ++i) calls.insert(call_of(records[i]));
    calls.erase("");
    while (keep < records.size() && calls.contains(call_of(records[records.size() - 1 - keep]))) ++keep;
    records.resize(records.size() - keep);
  }
  if (records.size() < 2) return done;

  std::vector<std::string> texts;
  record made;
  made.space = space;
  made.kind = record_kind::summary;
  move_records archived{{}, true};
  if (row && !row->latest_summary.is_nil()) {
    if (auto latest = in.get(author, row->latest_summary)) {
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
  auto text = summarize_recursively(*parts.summarizer, texts, {.tokens_max = policy.summary_tokens_max});
  if (!text) return std::move(text).error().with_context("summarising " + space.str());
  if (text->empty()) return done;
  made.text = *std::move(text);
  archived.ids = made.sources;
  auto put = in.prepare(author, std::move(made));
  if (!put) return std::move(put).error();
  const auto named = put->what.id;
  command both = command_of(author, *std::move(put));
  both.operations.push_back(std::move(archived));
  if (auto applied = in.apply(std::move(both)); !applied) return std::move(applied).error();
  done.made = named;
  return done;
}

// When a space that had no summary made may be due without being written to: of what there is, only its age grows.
timestamp due_by_itself(const attempt& of, const summary_policy& policy) {
  if (of.due || of.since.records < 2 || !policy.idle) return timestamp::max();
  const auto idle = std::max(*policy.idle, duration{0});
  return of.since.newest > timestamp::max() - idle ? timestamp::max() : of.since.newest + idle;
}

}  // namespace

result<std::optional<id>> store::summarize(const path& author, const path& space, const summary_policy& policy) {
  return guarded([&]() -> result<std::optional<id>> {
    auto done = summarise(*this, author, space, policy);
    if (!done) return std::move(done).error();
    return done->made;
  });
}

std::uint64_t summarise_due_spaces(store& in) {
  auto& parts = in.inside();
  std::uint64_t made = 0;
  std::vector<path> failed;
  auto looks = looks_max;
  for (std::size_t reads = 0; reads < reads_max && made + failed.size() < summaries_max; ++reads) {
    const auto next = parts.spaces.next_to_summarise(looks, parts.time.wall());
    if (!next) break;
    const auto& [space, policy] = *next;
    const auto done = guarded([&, &space = space, &policy = policy] { return summarise(in, space, space, policy); });
    if (!done) {
      parts.options.log.warn("a space could not be summarised",
                             {{"space", space.str()}, {"error", done.error().message()}});
      failed.push_back(space);
    } else if (done->made) {
      ++made;
    } else {
      parts.spaces.look_again(space, due_by_itself(*done, policy));
    }
  }
  for (const auto& each : failed) parts.spaces.look_again(each, timestamp::min());
  return made;
}

}  // namespace troupe::memory

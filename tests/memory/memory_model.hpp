#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <troupe/memory/command.hpp>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

namespace troupe::test {

// What a memory is after a stream of commands, in the simplest containers: no tiers, index, vectors or batches. For
// commands that are accepted and come from the root; quotas, grants and visits are not in it.
class memory_model {
 public:
  struct kept {
    memory::record what;
    std::uint32_t place = 0;
    bool archived = false;
  };
  struct space {
    std::uint32_t number = 0, next_place = 0;
    std::map<std::uint32_t, id> by_place;
    std::map<std::string, std::string> states;
    memory::space_options options;
  };
  struct unfinished_blob {
    path space;
    std::uint32_t pieces = 0;
    std::string bytes;
  };
  // What a command did, as memory::outcome has it.
  struct done {
    std::uint64_t erased = 0, moved = 0;
  };

  const std::map<path, space>& spaces() const { return spaces_; }
  const std::map<id, unfinished_blob>& unfinished_blobs() const { return unfinished_; }
  std::size_t size() const { return records_.size(); }
  kept* find(const id& which) {
    const auto found = records_.find(which);
    return found == records_.end() ? nullptr : &found->second;
  }
  // Those of a space and of all below it.
  template <class Predicate>
  std::vector<id> ids_under(const path& under, Predicate wanted) const {
    std::vector<id> found;
    for (const auto& [which, each] : records_)
      if (under.contains(each.what.space) && wanted(each.what)) found.push_back(which);
    return found;
  }

  done apply(timestamp at, const memory::operation& what) {
    done_ = {};
    at_ = at;
    std::visit([&](const auto& op) { one(op); }, what);
    return done_;
  }

  // As when the memory is opened again.
  void give_up_unfinished_blobs() { unfinished_.clear(); }

  // As store::forget() does it. Returns the summaries that it makes again, whose new texts are the summarizer's.
  std::vector<id> forget(const std::vector<id>& targets) {
    std::set<id> gone{targets.begin(), targets.end()}, due;
    std::vector<id> remade;
    for (const auto& each : targets) due.merge(std::set<id>{derived_[each]});
    while (!due.empty()) {
      const auto next = due.extract(due.begin()).value();
      if (gone.contains(next)) continue;
      const auto& what = records_.at(next).what;
      due.merge(std::set<id>{derived_[next]});
      auto left = what.sources;
      std::erase_if(left, [&](const id& each) { return gone.contains(each); });
      if (what.kind == memory::record_kind::summary && !left.empty()) {
        one(memory::remake_summary{next, what.text, {}, std::move(left)});
        remade.push_back(next);
      } else {
        gone.insert(next);
      }
    }
    erase_all({gone.begin(), gone.end()});
    return remade;
  }
  std::vector<id> forget_space(const path& under) {
    auto remade = forget(ids_under(under, [](const memory::record&) { return true; }));
    std::erase_if(unfinished_, [&](const auto& each) { return under.contains(each.second.space); });
    std::vector<path> there;
    for (auto& [name, each] : spaces_)
      if (under.contains(name)) {
        each.states.clear();
        there.push_back(name);
      }
    for (auto name = there.rbegin(); name != there.rend(); ++name) one(memory::drop_space{*name});
    return remade;
  }

  static std::uint64_t counted_bytes(const memory::record& what) {
    std::uint64_t bytes = what.text.size() + (what.blob ? what.blob->size_bytes : 0);
    if (what.fact) bytes += what.fact->key.size() + what.fact->value.size();
    for (const auto& [key, value] : what.attributes) bytes += key.size() + value.size();
    return bytes;
  }

 private:
  space& space_or_new(const path& name) {
    const auto [found, is_new] = spaces_.try_emplace(name);
    if (is_new) found->second.number = next_number_++;
    return found->second;
  }

  void one(const memory::put_record& op) {
    const auto& what = op.what;
    auto& in = space_or_new(what.space);
    const auto place = in.next_place++;
    if (what.blob) unfinished_.erase(what.id);
    for (const auto& source : what.sources) derived_[source].insert(what.id);
    if (what.expires) expiries_.emplace(std::tuple{*what.expires, in.number, place}, what.id);
    in.by_place.emplace(place, what.id);
    records_.emplace(what.id, kept{what, place, false});
  }
  void one(const memory::remake_summary& op) {
    auto& what = records_.at(op.id).what;
    for (const auto& source : what.sources) derived_[source].erase(op.id);
    what.text = op.text;
    what.sources = op.sources;
    for (const auto& source : what.sources) derived_[source].insert(op.id);
  }
  void one(const memory::erase_records& op) { erase_all(op.ids); }
  void one(const memory::define_space& op) { space_or_new(op.space).options = op.options; }
  void one(const memory::set_grant&) {}
  void one(const memory::set_state& op) {
    if (op.bytes)
      space_or_new(op.space).states[op.key] = *op.bytes;
    else if (const auto in = spaces_.find(op.space); in != spaces_.end())
      in->second.states.erase(op.key);
  }
  void one(const memory::put_chunk& op) {
    auto& blob = unfinished_[op.blob];
    blob.space = op.space;
    blob.bytes += op.bytes;
    ++blob.pieces;
  }
  void one(const memory::drop_unfinished_blob& op) { unfinished_.erase(op.blob); }
  void one(const memory::expire_records& op) {
    while (done_.erased < op.records_max && !expiries_.empty() && std::get<0>(expiries_.begin()->first) <= at_) {
      const auto which = expiries_.begin()->second;
      for (const auto& derived : derived_[which]) std::erase(records_.at(derived).what.sources, which);
      derived_.erase(which);
      erase_one(which);
    }
  }
  void one(const memory::move_records& op) {
    for (const auto& each : op.ids)
      if (auto* found = find(each); found && std::exchange(found->archived, op.to_archive) != op.to_archive)
        ++done_.moved;
  }
  void one(const memory::note_visits&) {}
  void one(const memory::drop_space& op) {
    const auto in = spaces_.find(op.space);
    if (in == spaces_.end() || op.space.is_root() || !in->second.by_place.empty() || !in->second.states.empty()) return;
    if (const auto next = std::next(in); next != spaces_.end() && op.space.contains(next->first)) return;
    spaces_.erase(in);
  }
  void one(const memory::note_audit&) {}
  // The journal touches no record: journal_test is about it.
  void one(const memory::register_agent&) {}
  void one(const memory::accept_message&) {}
  void one(const memory::begin_turn&) {}
  void one(const memory::note_effect&) {}
  void one(const memory::end_turn&) {}
  void one(const memory::rest_turn&) {}
  void one(const memory::set_message_aside&) {}
  void one(const memory::take_message_back&) {}
  void one(const memory::forget_agent&) {}
  void one(const memory::note_charges&) {}

  void erase_all(std::vector<id> ids) {
    while (!ids.empty()) {
      const auto next = ids.back();
      ids.pop_back();
      if (!records_.contains(next)) continue;
      if (const auto derived = derived_.extract(next))
        ids.insert(ids.end(), derived.mapped().begin(), derived.mapped().end());
      erase_one(next);
    }
  }
  void erase_one(const id& which) {
    const auto gone = records_.extract(which);
    const auto& [what, place, archived] = gone.mapped();
    auto& in = spaces_.at(what.space);
    in.by_place.erase(place);
    if (what.expires) expiries_.erase(std::tuple{*what.expires, in.number, place});
    for (const auto& source : what.sources)
      if (const auto of = derived_.find(source); of != derived_.end()) of->second.erase(which);
    derived_.erase(which);
    ++done_.erased;
  }

  std::map<path, space> spaces_;
  std::unordered_map<id, kept> records_;
  std::unordered_map<id, std::set<id>> derived_;  // by source
  std::map<std::tuple<timestamp, std::uint32_t, std::uint32_t>, id> expiries_;
  std::map<id, unfinished_blob> unfinished_;
  std::uint32_t next_number_ = 0;
  timestamp at_{};
  done done_;
};

}  // namespace troupe::test

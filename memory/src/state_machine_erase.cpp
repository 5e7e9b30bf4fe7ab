// How the state machine takes things away again.

#include <troupe/memory/errc.hpp>
#include <troupe/net/codec.hpp>
#include <unordered_set>

#include "access_rules.hpp"
#include "audit_chain.hpp"
#include "postings.hpp"
#include "state_machine.hpp"

namespace troupe::memory {

std::vector<id> state_machine::derived_from(const id& source) const {
  std::vector<id> derived;
  const auto prefix = keys::lineage_prefix(source);
  to_.scan(family::meta, prefix, [&](std::string_view key, std::string_view) {
    const auto bytes = std::as_bytes(std::span{key.substr(prefix.size())});
    if (bytes.size() != 16) throw failure{error{memory_errc::damaged, "an entry of lineage has a wrong size"}};
    derived.push_back(id::from_bytes(bytes.first<16>()).value());
    return true;
  });
  return derived;
}

void state_machine::erase_pieces(const id& blob) {
  to_.scan(family::blobs, keys::bytes_of(blob), [&](std::string_view key, std::string_view) {
    to_.erase(family::blobs, key);
    return true;
  });
}

void state_machine::erase_record(const found_record& found) {
  const auto& [where, what, archived] = found;
  difference by{.records = -1};
  if (archived) {
    by.archived_records = -1;
    by.archived_bytes = -static_cast<std::int64_t>(counted_bytes(what));
  }
  unindex(what, where, by);
  to_.erase(archived ? family::archive : family::records, keys::at(where));
  to_.erase(family::ids, keys::bytes_of(what.id));
  if (what.expires) to_.erase(family::meta, keys::expiry(*what.expires, where));
  if (!what.subject.empty()) to_.erase(family::meta, keys::subject(what.subject, where));
  if (what.fact) to_.erase(family::facts, keys::fact(where.space, what.fact->key, what.fact->valid_from, where.place));
  if (what.blob) erase_pieces(what.id);
  to_.erase(family::meta, keys::heat(where));
  count(what.space, by, false).value();
  if (what.kind == record_kind::summary) {
    // What it stood for is to be summarised again.
    if (auto row = row_of(what.space); row && row->latest_summary == what.id) {
      row->latest_summary = {};
      row->summarised_to = 0;
      set_row(what.space, *row);
    }
  }
  ++outcome_.erased;
}

void state_machine::erase_all(std::vector<id> ids) {
  std::unordered_set<id> seen{ids.begin(), ids.end()};
  while (!ids.empty()) {
    const auto next = ids.back();
    ids.pop_back();
    for (const auto& derived : derived_from(next))
      if (seen.insert(derived).second) ids.push_back(derived);
    if (const auto found = find(next)) erase_record(*found);
  }
}

result<void> state_machine::apply_one(const command& whole, const erase_records& op) {
  for (const auto& each : op.ids) {
    const auto found = find(each);
    if (!found) continue;
    if (auto may_write = require_write(whole.author, found->what.space); !may_write) return may_write;
  }
  const auto before = outcome_.erased;
  erase_all(op.ids);
  if (outcome_.erased > before) audit(whole, "erase", std::to_string(outcome_.erased - before) + " records: " + op.why);
  return ok();
}

// The rest of a record that is derived from one whose time is over stays: what was summarised may go.
void state_machine::detach_source(const id& derived, const id& source) {
  to_.erase(family::meta, keys::lineage(source, derived));
  auto found = find(derived);
  if (!found) return;
  std::erase(found->what.sources, source);
  store_record(found->what, found->where, found->archived);
}

result<void> state_machine::apply_one(const command& whole, const expire_records& op) {
  if (!whole.author.is_root()) return error{memory_errc::denied, "the root alone expires records"};
  std::vector<address> due;
  auto end = std::string{"X"};
  keys::append_time(end, whole.at);
  to_.scan(family::meta, "X", [&](std::string_view key, std::string_view) {
    if (key.substr(0, end.size()) > end || due.size() >= op.records_max) return false;
    due.push_back(keys::read_address(key.substr(end.size())));
    return true;
  });
  for (const auto& where : due) {
    auto bytes = to_.get(family::records, keys::at(where));
    const bool archived = !bytes;
    if (!bytes) bytes = to_.get(family::archive, keys::at(where));
    if (!bytes) throw failure{error{memory_errc::damaged, "a record that expires is not there"}};
    const found_record found{where, net::decode<record>(*bytes).value(), archived};
    for (const auto& derived : derived_from(found.what.id)) detach_source(derived, found.what.id);
    erase_record(found);
  }
  return ok();
}

result<void> state_machine::apply_one(const command& whole, const drop_unfinished_blob& op) {
  const auto key = keys::unfinished_blob(op.blob);
  const auto row = to_.get(family::meta, key);
  if (!row) return ok();
  if (auto may_write = require_write(whole.author, net::decode<blob_row>(*row).value().space); !may_write)
    return may_write;
  erase_pieces(op.blob);
  to_.erase(family::meta, key);
  return ok();
}

result<void> state_machine::apply_one(const command& whole, const drop_space& op) {
  if (auto may_write = require_write(whole.author, op.space); !may_write) return may_write;
  const auto row = row_of(op.space);
  if (!row || row->records > 0) return ok();
  bool empty = true;
  to_.scan(family::meta, keys::space_row(op.space) + '\1',
           [&](std::string_view, std::string_view) { return empty = false; });
  if (empty && !op.space.is_root())
    to_.scan(family::states, keys::u32(row->number), [&](std::string_view, std::string_view) { return empty = false; });
  if (!empty || op.space.is_root()) return ok();
  to_.erase(family::meta, keys::space_row(op.space));
  to_.erase(family::meta, keys::space_path(row->number));
  return ok();
}

}  // namespace troupe::memory

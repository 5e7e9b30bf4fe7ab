#include "state_machine.hpp"

#include <troupe/memory/errc.hpp>
#include <troupe/net/codec.hpp>

#include "access_rules.hpp"
#include "audit_chain.hpp"
#include "postings.hpp"

namespace troupe::memory {
namespace {

error too_large(std::string what, std::size_t limit) {
  return error{errc::out_of_range, std::move(what) + ": the limit is " + std::to_string(limit)};
}

result<void> check_shape(const command& whole, const put_record& op) {
  const auto& what = op.what;
  const auto wrong = [](std::string why) { return error{errc::invalid_argument, std::move(why)}; };
  if (what.id.is_nil()) return wrong("a record needs an id");
  if (what.author != whole.author) return wrong("a record's author is whoever writes it");
  if (what.kind < record_kind::episode || what.kind > record_kind::blob) return wrong("a record of no known kind");
  if (!(what.importance >= 0 && what.importance <= 1)) return wrong("a record's importance is 0 to 1");
  if (what.text.size() > text_size_bytes_max) return too_large("bytes of a record's text", text_size_bytes_max);
  if (what.subject.size() > subject_size_bytes_max) return too_large("bytes of a subject", subject_size_bytes_max);
  if (what.subject.find('\0') != std::string::npos) return wrong("a subject has no zero byte");
  if (what.sources.size() > sources_max) return too_large("sources of a record", sources_max);
  if (what.attributes.size() > attributes_max) return too_large("attributes of a record", attributes_max);
  for (const auto& [key, value] : what.attributes) {
    if (key.size() > attribute_key_size_bytes_max)
      return too_large("bytes of an attribute's key", attribute_key_size_bytes_max);
    if (value.size() > attribute_value_size_bytes_max)
      return too_large("bytes of the attribute \"" + key + '"', attribute_value_size_bytes_max);
  }
  if ((what.kind == record_kind::fact) != what.fact.has_value())
    return wrong("a fact has a key and a value, and no other kind of record has");
  if ((what.kind == record_kind::blob) != what.blob.has_value())
    return wrong("a blob has a size and a digest, and no other kind of record has");
  if (what.fact) {
    const auto& [key, value, from, to] = *what.fact;
    if (key.empty() || key.find('\0') != std::string::npos)
      return wrong("a fact's key has bytes, and no zero among them");
    if (key.size() > fact_key_size_bytes_max) return too_large("bytes of a fact's key", fact_key_size_bytes_max);
    if (to && *to < from) return wrong("a fact ends before it begins");
  }
  return ok();
}

}  // namespace

std::uint64_t counted_bytes(const record& what) {
  std::uint64_t bytes = what.text.size() + (what.blob ? what.blob->size_bytes : 0);
  if (what.fact) bytes += what.fact->key.size() + what.fact->value.size();
  for (const auto& [key, value] : what.attributes) bytes += key.size() + value.size();
  return bytes;
}

std::vector<analyzed> analyze_texts(const analyzer& words, const command& of) {
  std::vector<analyzed> texts(of.operations.size());
  for (std::size_t n = 0; n < texts.size(); ++n) {
    if (const auto* put = std::get_if<put_record>(&of.operations[n]))
      texts[n] = words.analyze(put->what.text);
    else if (const auto* remake = std::get_if<remake_summary>(&of.operations[n]))
      texts[n] = words.analyze(remake->text);
  }
  return texts;
}

result<outcome> state_machine::apply(const command& what, std::span<const analyzed> texts) {
  outcome_ = {};
  std::uint64_t before = 0;
  if (const auto row = to_.get(family::meta, keys::applied)) before = keys::read_u64(*row);
  outcome_.index = before + 1;
  to_.put(family::meta, keys::applied, keys::u64(outcome_.index));
  to_.accept();

  if (!what.client.is_nil()) {
    const auto row = to_.get(family::meta, keys::client_row(what.client));
    if (row && keys::read_u64(*row) >= what.sequence) {
      outcome_.repeated = true;
      return outcome_;
    }
    to_.put(family::meta, keys::client_row(what.client), keys::u64(what.sequence));
  }
  for (std::size_t i = 0; i < what.operations.size(); ++i) {
    text_ = &texts[i];
    operation_ = static_cast<std::uint32_t>(i);
    auto done = std::visit([&](const auto& op) { return apply_one(what, op); }, what.operations[i]);
    if (done) continue;
    to_.reject();
    auto why = std::move(done).error();
    if (why.is(memory_errc::denied)) {
      append_refusal(to_, what.at, what.author, why.message());
      to_.accept();
    }
    if (what.operations.size() > 1) why.with_context("operation " + std::to_string(i + 1));
    return why;
  }
  to_.accept();
  return outcome_;
}

result<void> state_machine::require_write(const path& author, const path& space) const {
  if (may(to_, author, space, access::write)) return ok();
  return error{memory_errc::denied, author.str() + " may not write in " + space.str() + ": it needs a grant"};
}

std::optional<space_row> state_machine::row_of(const path& space) const {
  const auto row = to_.get(family::meta, keys::space_row(space));
  if (!row) return {};
  return net::decode<space_row>(*row).value();
}

result<space_row> state_machine::row_or_new(const path& space) {
  if (auto row = row_of(space)) return *std::move(row);
  space_row row;
  if (const auto next = to_.get(family::meta, keys::next_space)) row.number = keys::read_u32(*next);
  if (row.number >= spaces_max) return too_large("spaces of one memory, those that are gone included", spaces_max);
  to_.put(family::meta, keys::next_space, keys::u32(row.number + 1));
  to_.put(family::meta, keys::space_path(row.number), keys::of_path(space));
  // It may be the parent of spaces that were there before it.
  const auto prefix = keys::space_row(space);
  to_.scan(family::meta, prefix, [&](std::string_view key, std::string_view value) {
    if (key.size() > prefix.size() && key[prefix.size()] != '\1') return false;  // beyond the subtree
    const auto below = net::decode<space_row>(value).value();
    row.subtree_records += below.records;
    row.subtree_bytes += below.bytes;
    return true;
  });
  set_row(space, row);
  return row;
}

void state_machine::set_row(const path& space, const space_row& row) {
  to_.put(family::meta, keys::space_row(space), net::encode(row));
}

result<void> state_machine::count(const path& space, const difference& by, bool within_quotas) {
  const auto add = [](std::uint64_t& to, std::int64_t n) { to += static_cast<std::uint64_t>(n); };
  for (auto up = space;; up = up.parent()) {
    if (auto row = row_of(up)) {
      add(row->subtree_records, by.records);
      add(row->subtree_bytes, by.bytes);
      const auto over = [&](const std::optional<std::uint64_t>& limit, std::uint64_t now) {
        return limit && now > *limit;
      };
      if (within_quotas && by.records > 0 && over(row->options.records_max, row->subtree_records))
        return error{memory_errc::quota_exceeded, "the space " + up.str() + " holds all the records it may, " +
                                                      std::to_string(*row->options.records_max) +
                                                      ": forget some, or define a larger quota"};
      if (within_quotas && by.bytes > 0 && over(row->options.bytes_max, row->subtree_bytes))
        return error{memory_errc::quota_exceeded, "the space " + up.str() + " would hold more than the " +
                                                      std::to_string(*row->options.bytes_max) +
                                                      " bytes it may: forget some, or define a larger quota"};
      if (up == space) {
        add(row->records, by.records);
        add(row->bytes, by.bytes);
        add(row->words, by.words);
        add(row->archived_records, by.archived_records);
        add(row->archived_bytes, by.archived_bytes);
      }
      set_row(up, *row);
    }
    if (up.is_root()) return ok();
  }
}

std::optional<state_machine::found_record> state_machine::find(const id& of) const {
  const auto where = to_.get(family::ids, keys::bytes_of(of));
  if (!where) return {};
  found_record found{keys::read_address(*where), {}, false};
  auto bytes = to_.get(family::records, *where);
  if (!bytes) {
    bytes = to_.get(family::archive, *where);
    found.archived = true;
  }
  if (!bytes) throw failure{error{memory_errc::damaged, "the record " + of.to_string() + " is not where its id says"}};
  found.what = net::decode<record>(*bytes).value();
  return found;
}

void state_machine::store_record(const record& what, address where, bool archived) {
  to_.put(archived ? family::archive : family::records, keys::at(where), net::encode(what));
}

void state_machine::index(const record& what, address where, std::string_view vector, difference& by) {
  add_postings(to_, where, *text_);
  by.words += text_->length;
  by.bytes += static_cast<std::int64_t>(counted_bytes(what));
  if (!vector.empty()) to_.put(family::vectors, keys::at(where), std::string{vector});
  for (const auto& source : what.sources) to_.put(family::meta, keys::lineage(source, what.id), "");
}

void state_machine::unindex(const record& what, address where, difference& by) {
  const auto analyzed = words_.analyze(what.text);
  remove_postings(to_, where, analyzed);
  by.words -= analyzed.length;
  by.bytes -= static_cast<std::int64_t>(counted_bytes(what));
  to_.erase(family::vectors, keys::at(where));
  for (const auto& source : what.sources) to_.erase(family::meta, keys::lineage(source, what.id));
}

result<void> state_machine::apply_one(const command& whole, const put_record& op) {
  if (auto shaped = check_shape(whole, op); !shaped) return shaped;
  const auto& what = op.what;
  if (auto may_write = require_write(whole.author, what.space); !may_write) return may_write;
  if (to_.has(family::ids, keys::bytes_of(what.id)))
    return error{errc::already_exists, "there is a record " + what.id.to_string()};
  for (const auto& source : what.sources)
    if (!to_.has(family::ids, keys::bytes_of(source)))
      return error{memory_errc::no_such_record, "a source of the record, " + source.to_string() + ", is not there"};
  if (what.blob) {
    const auto unfinished = to_.get(family::meta, keys::unfinished_blob(what.id));
    const auto size = unfinished ? net::decode<blob_row>(*unfinished).value().size_bytes : 0;
    if (size != what.blob->size_bytes || what.blob->sha256.size() != 32)
      return error{errc::invalid_argument, "the pieces of the blob " + what.id.to_string() + " are " +
                                               std::to_string(size) + " bytes, its record says " +
                                               std::to_string(what.blob->size_bytes)};
    to_.erase(family::meta, keys::unfinished_blob(what.id));
  }
  auto row = row_or_new(what.space);
  if (!row) return std::move(row).error();
  const address where{row->number, row->next_place};
  if (++row->next_place == 0) return too_large("records that ever were in one space", UINT32_MAX);
  if (what.kind == record_kind::summary) {
    row->latest_summary = what.id;
    for (const auto& source : what.sources) {
      const auto from = keys::read_address(*to_.get(family::ids, keys::bytes_of(source)));
      if (from.space == where.space) row->summarised_to = std::max(row->summarised_to, from.place + 1);
    }
  }
  set_row(what.space, *row);

  difference by{.records = 1};
  index(what, where, op.vector, by);
  if (auto counted = count(what.space, by, true); !counted) return counted;
  store_record(what, where, false);
  to_.put(family::ids, keys::bytes_of(what.id), keys::at(where));
  if (what.expires) to_.put(family::meta, keys::expiry(*what.expires, where), "");
  if (!what.subject.empty()) to_.put(family::meta, keys::subject(what.subject, where), "");
  if (what.fact)
    to_.put(family::facts, keys::fact(where.space, what.fact->key, what.fact->valid_from, where.place),
            net::encode(fact_row{what.recorded, what.fact->valid_to, what.fact->value.empty()}));
  return ok();
}

result<void> state_machine::apply_one(const command& whole, const remake_summary& op) {
  auto found = find(op.id);
  if (!found) return error{memory_errc::no_such_record, "there is no record " + op.id.to_string()};
  if (auto may_write = require_write(whole.author, found->what.space); !may_write) return may_write;
  if (found->what.kind != record_kind::summary)
    return error{errc::invalid_argument, "the record " + op.id.to_string() + " is no summary"};
  if (op.text.size() > text_size_bytes_max) return too_large("bytes of a record's text", text_size_bytes_max);
  const auto& before = found->what.sources;
  for (const auto& source : op.sources)
    if (std::find(before.begin(), before.end(), source) == before.end())
      return error{errc::invalid_argument, "the summary " + op.id.to_string() + " was not made from " +
                                               source.to_string() + ": it can lose sources, not gain them"};
  difference by;
  unindex(found->what, found->where, by);
  if (found->archived) by.archived_bytes -= static_cast<std::int64_t>(counted_bytes(found->what));
  found->what.text = op.text;
  found->what.sources = op.sources;
  index(found->what, found->where, op.vector, by);
  if (found->archived) by.archived_bytes += static_cast<std::int64_t>(counted_bytes(found->what));
  store_record(found->what, found->where, found->archived);
  return count(found->what.space, by, true);
}

result<void> state_machine::apply_one(const command& whole, const define_space& op) {
  if (auto may_write = require_write(whole.author, op.space); !may_write) return may_write;
  // What bounds a space is set from above it: an agent does not lift its own quota.
  if (!whole.author.is_root() && whole.author == op.space) {
    const auto now = row_of(op.space);
    const auto bounded = now && (now->options.records_max || now->options.bytes_max);
    if (bounded) return error{memory_errc::denied, op.space.str() + " has a quota, which an agent above it may change"};
  }
  if (op.options.ttl && *op.options.ttl <= duration{0})
    return error{errc::invalid_argument, "a time to live is more than nothing"};
  auto row = row_or_new(op.space);
  if (!row) return std::move(row).error();
  row->options = op.options;
  set_row(op.space, *row);
  audit(whole, "define", op.space.str());
  return ok();
}

result<void> state_machine::apply_one(const command& whole, const set_grant& op) {
  if (auto may_write = require_write(whole.author, op.on); !may_write) return may_write;
  const auto key = keys::grant_row(op.to, op.on);
  if (op.allowed) {
    if (*op.allowed != access::read && *op.allowed != access::write)
      return error{errc::invalid_argument, "a grant is to read or to write"};
    to_.put(family::meta, key, std::string(1, static_cast<char>(*op.allowed)));
    audit(whole, "grant", std::string{to_string(*op.allowed)} + " on " + op.on.str() + " to " + op.to.str());
  } else if (to_.has(family::meta, key)) {
    to_.erase(family::meta, key);
    audit(whole, "revoke", op.on.str() + " from " + op.to.str());
  }
  return ok();
}

result<void> state_machine::apply_one(const command& whole, const memory::set_state& op) {
  if (auto may_write = require_write(whole.author, op.space); !may_write) return may_write;
  if (op.key.size() > fact_key_size_bytes_max) return too_large("bytes of a state's key", fact_key_size_bytes_max);
  if (op.bytes && op.bytes->size() > state_size_bytes_max) return too_large("bytes of a state", state_size_bytes_max);
  if (!op.bytes && !row_of(op.space)) return ok();
  const auto row = row_or_new(op.space);
  if (!row) return row.error();
  const auto key = keys::state(row->number, op.key);
  if (op.bytes)
    to_.put(family::states, key, *op.bytes);
  else
    to_.erase(family::states, key);
  return ok();
}

result<void> state_machine::apply_one(const command& whole, const put_chunk& op) {
  if (auto may_write = require_write(whole.author, op.space); !may_write) return may_write;
  if (op.blob.is_nil() || op.bytes.empty())
    return error{errc::invalid_argument, "a piece of a blob has bytes and an id"};
  if (op.bytes.size() > chunk_size_bytes_max) return too_large("bytes of a blob's piece", chunk_size_bytes_max);
  const auto key = keys::unfinished_blob(op.blob);
  blob_row row{.chunks = 0, .size_bytes = 0, .space = op.space};
  if (const auto bytes = to_.get(family::meta, key)) row = net::decode<blob_row>(*bytes).value();
  if (op.index != row.chunks || op.space != row.space || to_.has(family::ids, keys::bytes_of(op.blob)))
    return error{errc::invalid_argument, "piece " + std::to_string(op.index) + " of the blob " + op.blob.to_string() +
                                             " comes out of order: " + std::to_string(row.chunks) + " is next"};
  to_.put(family::blobs, keys::chunk(op.blob, op.index), op.bytes);
  ++row.chunks;
  row.size_bytes += op.bytes.size();
  to_.put(family::meta, key, net::encode(row));
  return ok();
}

result<void> state_machine::apply_one(const command& whole, const move_records& op) {
  for (const auto& each : op.ids) {
    const auto found = find(each);
    if (!found || found->archived == op.to_archive) continue;
    if (auto may_write = require_write(whole.author, found->what.space); !may_write) return may_write;
    to_.erase(found->archived ? family::archive : family::records, keys::at(found->where));
    store_record(found->what, found->where, op.to_archive);
    const std::int64_t sign = op.to_archive ? 1 : -1;
    const difference by{.archived_records = sign,
                        .archived_bytes = sign * static_cast<std::int64_t>(counted_bytes(found->what))};
    if (auto counted = count(found->what.space, by, false); !counted) return counted;
    ++outcome_.moved;
  }
  return ok();
}

result<void> state_machine::apply_one(const command& whole, const note_visits& op) {
  if (!whole.author.is_root()) return error{memory_errc::denied, "the root alone notes visits"};
  for (const auto& each : op.of) {
    const auto where = to_.get(family::ids, keys::bytes_of(each.id));
    if (!where) continue;
    const auto key = keys::heat(keys::read_address(*where));
    heat_row row;
    if (const auto bytes = to_.get(family::meta, key)) row = net::decode<heat_row>(*bytes).value();
    row.visits += each.count;
    row.last = std::max(row.last, each.last);
    to_.put(family::meta, key, net::encode(row));
  }
  return ok();
}

result<void> state_machine::apply_one(const command& whole, const note_audit& op) {
  // The log is written by what happens, not by whoever likes to.
  if (!whole.author.is_root() && op.action != "denied" && op.action != "forget")
    return error{memory_errc::denied, "the root alone writes lines of its own into the audit log"};
  if (op.action == "denied")
    append_refusal(to_, whole.at, whole.author, op.object);
  else
    audit(whole, op.action, op.object);
  return ok();
}

void state_machine::audit(const command& whole, std::string action, std::string object) {
  outcome_.audit_number = append_audit(to_, whole.at, whole.author, std::move(action), std::move(object)).number;
}

}  // namespace troupe::memory

#include "postings.hpp"

#include <algorithm>
#include <troupe/memory/errc.hpp>

namespace troupe::memory {

namespace {

void append_varint(std::string& to, std::uint32_t n) {
  for (; n >= 0x80; n >>= 7) to.push_back(static_cast<char>(n | 0x80));
  to.push_back(static_cast<char>(n));
}

[[noreturn]] void damaged() { throw failure{error{memory_errc::damaged, "a block of the index is not as written"}}; }

std::uint32_t take_varint(std::string_view& from) {
  if (!from.empty() && static_cast<std::uint8_t>(from.front()) < 0x80) {  // nearly all
    const auto byte = from.front();
    from.remove_prefix(1);
    return static_cast<std::uint8_t>(byte);
  }
  std::uint64_t n = 0;
  for (int shift = 0; shift < 35; shift += 7) {
    if (from.empty()) break;
    const auto byte = static_cast<std::uint8_t>(from.front());
    from.remove_prefix(1);
    n |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) {
      if (n > 0xffff'ffff) break;
      return static_cast<std::uint32_t>(n);
    }
  }
  damaged();
}

void append_entry(std::string& to, const posting& p) {
  append_varint(to, p.place % posting::block_places);
  append_varint(to, p.count);
  append_varint(to, p.length);
}
void append_entry(std::string& to, const record_length& l) {
  append_varint(to, l.place % record_length::block_places);
  append_varint(to, l.length);
}

void take_rest(std::string_view& from, posting& p) {
  p.count = take_varint(from);
  if (p.count == 0) damaged();
  p.length = take_varint(from);
}
void take_rest(std::string_view& from, record_length& l) { l.length = take_varint(from); }

// Entries mostly come by place; only where they do not, they are sorted.
template <class Entry>
void decode(std::string_view value, std::uint32_t block, std::vector<Entry>& into) {
  if (block > 0xffff'ffff / Entry::block_places) damaged();
  const auto before = into.size();
  bool sorted = true;
  while (!value.empty()) {
    Entry entry;
    const auto place = take_varint(value);
    if (place >= Entry::block_places) damaged();
    entry.place = block * Entry::block_places + place;
    take_rest(value, entry);
    sorted = sorted && (into.size() == before || into.back().place < entry.place);
    into.push_back(entry);
  }
  if (sorted) return;
  const auto begin = into.begin() + static_cast<std::ptrdiff_t>(before);
  std::stable_sort(begin, into.end(), [](const Entry& a, const Entry& b) { return a.place < b.place; });
  auto last = begin;
  for (auto next = begin + 1; next != into.end(); ++next) {
    if (next->place != last->place) ++last;
    *last = *next;
  }
  into.erase(last + 1, into.end());
}

template <class Entry>
void remove(write_set& from, const std::string& key, std::uint32_t place) {
  const auto value = from.get(family::index, key);
  if (!value) return;
  std::vector<Entry> entries;
  decode(*value, place / Entry::block_places, entries);
  std::string left;
  for (const auto& entry : entries)
    if (entry.place != place) append_entry(left, entry);
  if (left.empty())
    from.erase(family::index, key);
  else
    from.put(family::index, key, std::move(left));
}

}  // namespace

void add_postings(write_set& to, address where, const analyzed& text) {
  const auto block = where.place / posting::block_places;
  std::string entry;
  for (const auto& [term, count] : text.terms) {
    entry.clear();
    append_entry(entry, posting{where.place, count, text.length});
    to.append(family::index, keys::term_block(where.space, term, block), entry);
  }
  entry.clear();
  append_entry(entry, record_length{where.place, text.length});
  to.append(family::index, keys::length_block(where.space, where.place / record_length::block_places), entry);
}

void remove_postings(write_set& from, address where, const analyzed& text) {
  const auto block = where.place / posting::block_places;
  for (const auto& each : text.terms)
    remove<posting>(from, keys::term_block(where.space, each.term, block), where.place);
  remove<record_length>(from, keys::length_block(where.space, where.place / record_length::block_places), where.place);
}

void decode_postings(std::string_view value, std::uint32_t block, std::vector<posting>& into) {
  decode(value, block, into);
}

void decode_lengths(std::string_view value, std::uint32_t block, std::vector<record_length>& into) {
  decode(value, block, into);
}

void each_posting(const reader& from, std::uint32_t space,
                  const std::function<void(std::string_view, const posting&)>& visit) {
  std::vector<posting> found;
  from.scan(family::index, keys::u32(space) + 't', [&](std::string_view key, std::string_view value) {
    constexpr std::size_t before_term = 5, after_term = 5;
    if (key.size() < before_term + after_term || key[key.size() - after_term] != '\0') damaged();
    found.clear();
    decode(value, keys::read_u32(key.substr(key.size() - 4)), found);
    for (const auto& each : found) visit(key.substr(before_term, key.size() - before_term - after_term), each);
    return true;
  });
}

void each_length(const reader& from, std::uint32_t space, const std::function<void(const record_length&)>& visit) {
  std::vector<record_length> found;
  from.scan(family::index, keys::lengths_of(space), [&](std::string_view key, std::string_view value) {
    if (key.size() != 9) damaged();
    found.clear();
    decode(value, keys::read_u32(key.substr(5)), found);
    for (const auto& each : found) visit(each);
    return true;
  });
}

}  // namespace troupe::memory

#include "reindex.hpp"

#include <map>
#include <troupe/memory/errc.hpp>
#include <troupe/memory/record.hpp>
#include <troupe/net/codec.hpp>

#include "postings.hpp"
#include "space_table.hpp"

namespace troupe::memory {

void rebuild_index(database& of, const analyzer& words, const format_row& now) {
  constexpr std::size_t batch_records = 1'000;
  rocksdb::WriteBatch clear;
  clear.DeleteRange(of.handle(family::index), rocksdb::Slice{}, std::string(80, '\xff'));
  of.write(clear).value();

  std::map<std::uint32_t, std::uint64_t> counted;  // words of each space
  const reader view{of};
  for (const auto tier : {family::records, family::archive}) {
    write_set changes{of};
    std::size_t waiting = 0;
    const auto flush = [&] {
      changes.accept();
      rocksdb::WriteBatch batch;
      changes.fill(batch);
      of.write(batch).value();
      changes = write_set{of};
      waiting = 0;
    };
    view.scan(tier, "", [&](std::string_view key, std::string_view value) {
      const auto what = net::decode<record>(value);
      if (!what || key.size() != 8) throw failure{error{memory_errc::damaged, "a record cannot be read"}};
      const auto where = keys::read_address(key);
      const auto analyzed = words.analyze(what->text);
      add_postings(changes, where, analyzed);
      counted[where.space] += analyzed.length;
      if (++waiting == batch_records) flush();
      return true;
    });
    flush();
  }
  write_set rows{of};
  view.scan(family::meta, "S", [&](std::string_view key, std::string_view value) {
    auto row = net::decode<space_row>(value).value();
    row.words = counted[row.number];
    rows.put(family::meta, key, net::encode(row));
    return true;
  });
  rows.put(family::meta, keys::format, net::encode(now));
  rows.accept();
  rocksdb::WriteBatch batch;
  rows.fill(batch);
  of.write(batch).value();
}

}  // namespace troupe::memory

#include "format.hpp"

#include <troupe/memory/errc.hpp>
#include <troupe/net/codec.hpp>

#include "keys.hpp"

namespace troupe::memory {

result<format_row> settle_format(database& of, const format_row& ours) {
  const auto where = "the memory in " + of.folder().string();
  const reader now{of};
  const auto row = now.get(family::meta, keys::format);
  if (!row) {
    bool empty = true;
    now.scan(family::meta, "", [&](std::string_view, std::string_view) { return empty = false; });
    if (!empty) return error{memory_errc::foreign, where + " was not made by Troupe: take another folder"};
    rocksdb::WriteBatch batch;
    batch.Put(of.handle(family::meta), std::string{keys::format}, net::encode(ours));
    if (auto written = of.write(batch); !written) return std::move(written).error();
    return ours;
  }
  auto there = net::decode<format_row>(*row);
  if (!there) return error{memory_errc::damaged, where + " is damaged. Its format: " + there.error().message()};
  if (there->number > format_number)
    return error{memory_errc::newer_format, where + " was written by a newer Troupe, in format " +
                                                std::to_string(there->number) + "; this one knows " +
                                                std::to_string(format_number) + ": use the newer program"};
  if (there->number < format_number) {  // from 1 to 2: a family more, which RocksDB has made
    there->number = format_number;
    rocksdb::WriteBatch batch;
    batch.Put(of.handle(family::meta), std::string{keys::format}, net::encode(*there));
    if (auto written = of.write(batch); !written) return std::move(written).error();
  }
  return there;
}

}  // namespace troupe::memory

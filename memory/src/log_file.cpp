#include "log_file.hpp"

#include <algorithm>
#include <boost/crc.hpp>
#include <fstream>
#include <istream>
#include <map>
#include <string_view>
#include <troupe/memory/errc.hpp>

namespace troupe::memory {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t block_size_bytes = 32 << 10;
constexpr std::size_t header_size_bytes = 7;
constexpr std::uint64_t sector_size_bytes = 512;  // what a disk writes as a whole

enum type : std::uint8_t { full = 1, first = 2, middle = 3, last = 4 };

using crc32c = boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true>;

std::uint32_t masked(std::uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xa282ead8u; }

std::uint32_t little_endian(std::string_view bytes) {
  std::uint32_t n = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) n = n << 8 | static_cast<std::uint8_t>(bytes[i]);
  return n;
}

// Where the zeros begin that go on to the end.
std::uint64_t zeros_at_end(std::istream& log, std::uint64_t size) {
  std::string bytes;
  while (size > 0) {
    const auto from = (size - 1) / block_size_bytes * block_size_bytes;
    bytes.resize(size - from);
    log.seekg(static_cast<std::streamoff>(from));
    if (!log.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) return size;
    const auto at = bytes.find_last_not_of('\0');
    if (at != std::string::npos) return from + at + 1;
    size = from;
  }
  return 0;
}

class log_reader {
 public:
  log_reader(std::istream& log, std::uint64_t size)
      : log_{log},
        size_{size},
        zeros_from_{zeros_at_end(log, size)},
        unwritten_from_{(zeros_from_ + sector_size_bytes - 1) / sector_size_bytes * sector_size_bytes} {}

  log_findings run() {
    log_.clear();
    log_.seekg(0);
    std::string block;
    while (at_ < zeros_from_) {
      block.resize(std::min<std::uint64_t>(block_size_bytes, size_ - at_));
      if (!log_.read(block.data(), static_cast<std::streamsize>(block.size()))) {
        found_.damage = "it cannot be read at byte " + std::to_string(at_);
        return found_;
      }
      if (!read(block)) return found_;
      at_ += block.size();
    }
    found_.torn = found_.torn || in_pieces_;
    return found_;
  }

 private:
  // Whether to go on with the next block.
  bool read(std::string_view block) {
    for (std::size_t pos = 0; pos < block.size() && at_ + pos < zeros_from_;) {
      const auto rest = block.substr(pos);
      if (rest.size() < header_size_bytes) {
        found_.torn = found_.torn || block.size() < block_size_bytes;
        return true;
      }
      const auto crc = little_endian(rest.substr(0, 4));
      const auto length = little_endian(rest.substr(4, 2));
      const auto kind = static_cast<std::uint8_t>(rest[6]);
      const auto covered = rest.substr(6, 1 + length);  // by the crc
      if (covered.size() < 1 + length) {
        if (pos + header_size_bytes + length > block_size_bytes) return bad(pos, block.size(), "a length is wrong");
        return cut_off(pos, crc, covered);
      }
      const auto end = pos + header_size_bytes + length;
      crc32c computed;
      computed.process_bytes(covered.data(), covered.size());
      if (masked(computed.checksum()) != crc) return bad(pos, end, "a checksum is wrong");
      if (!piece(pos, end, kind)) return false;
      pos = end;
    }
    return true;
  }

  // A record of which the end is missing. If its checksum is that of fewer bytes, nothing is missing, and its length
  // is wrong.
  bool cut_off(std::size_t pos, std::uint32_t crc, std::string_view covered) {
    crc32c computed;
    for (const char c : covered) {
      computed.process_byte(static_cast<unsigned char>(c));
      if (masked(computed.checksum()) == crc) return damaged(pos, "a length is wrong");
    }
    found_.torn = true;
    return false;
  }

  // A record that is not what was written: it was not written whole, if the disk has only zeros from within it on.
  bool bad(std::size_t pos, std::size_t end, const char* why) {
    if (unwritten_from_ >= at_ + end) return damaged(pos, why);
    found_.torn = true;
    return false;
  }

  bool piece(std::size_t pos, std::size_t end, std::uint8_t kind) {
    const bool begins = kind == full || kind == first;
    if (!begins && kind != middle && kind != last) return damaged(pos, "a record is of no known type");
    if (begins == in_pieces_) return damaged(pos, "a piece of a record is missing");
    in_pieces_ = kind == first || kind == middle;
    if (!in_pieces_) ++found_.records, found_.whole_bytes = at_ + end;
    return true;
  }

  bool damaged(std::size_t pos, const char* why) {
    found_.damage = std::string{why} + " at byte " + std::to_string(at_ + pos);
    return false;
  }

  std::istream& log_;
  const std::uint64_t size_;
  const std::uint64_t zeros_from_;
  const std::uint64_t unwritten_from_;  // the first sector of zeros
  std::uint64_t at_ = 0;                // of the block
  bool in_pieces_ = false;
  log_findings found_;
};

result<log_findings> verify_file(const fs::path& file) {
  std::ifstream log{file, std::ios::binary};
  std::error_code failed;
  const auto size = fs::file_size(file, failed);
  if (!log || failed) return error{errc::io_error, file.string() + " cannot be read"};
  return verify_log(log, size);
}

error damaged(const fs::path& file, const std::string& why) {
  return error{memory_errc::damaged, "the memory in " + file.parent_path().string() + " is damaged, in its file " +
                                         file.filename().string() + ": " + why +
                                         ". Restore a backup, or set the folder aside and begin anew"};
}

result<void> verify_manifest(const fs::path& folder) {
  std::string name;
  std::ifstream{folder / "CURRENT"} >> name;
  const auto file = folder / name;
  std::error_code failed;
  if (!name.starts_with("MANIFEST-") || !fs::is_regular_file(file, failed)) return ok();
  const auto found = verify_file(file);
  if (!found) return found.error();
  if (!found->damage.empty()) return damaged(file, found->damage);
  if (found->torn || found->records == 0) return damaged(file, "its end is missing");
  return ok();
}

}  // namespace

log_findings verify_log(std::istream& log, std::uint64_t size_bytes) { return log_reader{log, size_bytes}.run(); }

result<void> verify_logs(const fs::path& folder, bool cut) {
  if (auto verified = verify_manifest(folder); !verified) return verified;
  std::map<std::uint64_t, fs::path> logs;  // by their numbers
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator{folder, failed}) {
    const auto stem = entry.path().stem().string();
    const bool numbered =
        !stem.empty() && stem.size() < 20 && stem.find_first_not_of("0123456789") == std::string::npos;
    if (numbered && entry.path().extension() == ".log") logs.emplace(std::stoull(stem), entry.path());
  }
  if (failed) return error{errc::io_error, "the folder " + folder.string() + " cannot be read: " + failed.message()};
  const fs::path* torn = nullptr;
  std::uint64_t whole_bytes = 0;
  for (const auto& [number, file] : logs) {
    const auto found = verify_file(file);
    if (!found) return found.error();
    if (!found->damage.empty()) return damaged(file, found->damage);
    if (torn && found->records > 0) return damaged(*torn, "its end is missing, and there is a later one");
    if (found->torn) torn = &file, whole_bytes = found->whole_bytes;
  }
  if (torn && cut) fs::resize_file(*torn, whole_bytes, failed);
  if (failed) return error{errc::io_error, torn->string() + " cannot be written: " + failed.message()};
  return ok();
}

}  // namespace troupe::memory

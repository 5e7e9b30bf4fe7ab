#include <bit>
#include <limits>
#include <msgpack.hpp>
#include <troupe/net/errc.hpp>
#include <troupe/net/packer.hpp>

namespace troupe::net {

namespace {

// What msgpack's packer writes to.
struct sink {
  std::string& out;
  void write(const char* data, std::size_t size) { out.append(data, size); }
};

template <class Pack>
void write(std::string& out, Pack&& pack) {
  sink to{out};
  msgpack::packer<sink> with{to};
  pack(with);
}

// Not by msgpack's pack_double, which writes whole numbers as integers, and so -0.0 as 0.
template <class Bits>
void write_bits(std::string& out, char header, Bits bits) {
  out += header;
  for (int shift = static_cast<int>(sizeof bits) * 8 - 8; shift >= 0; shift -= 8)
    out += static_cast<char>(bits >> shift & 0xff);
}

}  // namespace

void packer::nil() {
  write(out_, [](auto& with) { with.pack_nil(); });
}

void packer::boolean(bool truth) {
  write(out_, [&](auto& with) { truth ? with.pack_true() : with.pack_false(); });
}

void packer::integer(std::int64_t number) {
  write(out_, [&](auto& with) { with.pack_int64(number); });
}

void packer::natural(std::uint64_t number) {
  write(out_, [&](auto& with) { with.pack_uint64(number); });
}

void packer::real(double number) { write_bits(out_, '\xcb', std::bit_cast<std::uint64_t>(number)); }

void packer::real(float number) { write_bits(out_, '\xca', std::bit_cast<std::uint32_t>(number)); }

void packer::text(std::string_view bytes) {
  if (!fits(bytes.size())) return;
  write(out_, [&](auto& with) {
    with.pack_str(static_cast<std::uint32_t>(bytes.size()));
    with.pack_str_body(bytes.data(), static_cast<std::uint32_t>(bytes.size()));
  });
}

void packer::binary(std::string_view bytes) {
  if (!fits(bytes.size())) return;
  write(out_, [&](auto& with) {
    with.pack_bin(static_cast<std::uint32_t>(bytes.size()));
    with.pack_bin_body(bytes.data(), static_cast<std::uint32_t>(bytes.size()));
  });
}

void packer::array(std::size_t items) {
  if (!fits(items)) return;
  write(out_, [&](auto& with) { with.pack_array(static_cast<std::uint32_t>(items)); });
}

void packer::map(std::size_t entries) {
  if (!fits(entries)) return;
  write(out_, [&](auto& with) { with.pack_map(static_cast<std::uint32_t>(entries)); });
}

void packer::fail(error why) {
  if (!failed_) failed_ = std::move(why);
}

bool packer::fits(std::size_t size) {
  constexpr std::size_t most = std::numeric_limits<std::uint32_t>::max();
  if (size > most) fail({net_errc::too_big, std::to_string(size) + " bytes or items: MessagePack counts to 2^32 - 1"});
  return size <= most;
}

}  // namespace troupe::net

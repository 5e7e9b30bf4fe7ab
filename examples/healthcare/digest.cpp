#include "healthcare/digest.hpp"

#include <openssl/evp.h>

#include <stdexcept>

namespace healthcare {

std::array<std::byte, 32> sha256(std::string_view text) {
  std::array<std::byte, 32> out{};
  if (EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(out.data()), nullptr, EVP_sha256(),
                 nullptr) != 1) {
    throw std::runtime_error{"OpenSSL has no SHA-256"};
  }
  return out;
}

std::string hex(const std::byte* bytes, std::size_t count) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    out += digits[std::to_integer<std::size_t>(bytes[i] >> 4)];
    out += digits[std::to_integer<std::size_t>(bytes[i] & std::byte{15})];
  }
  return out;
}

std::string sha256_hex(std::string_view text) {
  const auto digest = sha256(text);
  return hex(digest.data(), digest.size());
}

}  // namespace healthcare

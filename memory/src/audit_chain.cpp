#include "audit_chain.hpp"

#include <openssl/evp.h>

#include <troupe/memory/errc.hpp>
#include <troupe/net/codec.hpp>

#include "keys.hpp"

namespace troupe::memory {
namespace {

struct refusals {
  timestamp since{};
  std::uint64_t unlogged = 0;
  template <class Self, class Visitor>
  static constexpr void troupe_visit(Self& self, Visitor&& visit) {
    visit("since", self.since), visit("unlogged", self.unlogged);
  }
};

}  // namespace

std::string sha256(std::string_view bytes) {
  std::string digest(32, '\0');
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), &size, EVP_sha256(),
                 nullptr) != 1)
    throw failure{error{errc::internal, "the crypto library has no SHA-256"}};
  return digest;
}

audit_entry append_audit(write_set& to, timestamp at, const path& author, std::string action, std::string object) {
  audit_entry entry{.number = 1,
                    .at = at,
                    .author = author,
                    .action = std::move(action),
                    .object = std::move(object),
                    .before = std::string(32, '\0'),
                    .hash = {}};
  if (const auto head = to.get(family::meta, keys::audit_head)) {
    if (head->size() != 8 + 32)
      throw failure{error{memory_errc::damaged, "the head of the audit log has a wrong size"}};
    entry.number = keys::read_u64(*head) + 1;
    entry.before = head->substr(8);
  }
  const auto bytes = net::encode(entry);
  entry.hash = sha256(bytes);
  to.put(family::audit, keys::u64(entry.number), bytes);
  to.put(family::meta, keys::audit_head, keys::u64(entry.number) + entry.hash);
  return entry;
}

void append_refusal(write_set& to, timestamp at, const path& author, std::string_view object) {
  const auto key = keys::refusals_row(author);
  refusals so_far;
  if (const auto row = to.get(family::meta, key)) so_far = net::decode<refusals>(*row).value();
  if (so_far.since != timestamp{} && at - so_far.since < std::chrono::minutes{10} && at >= so_far.since) {
    ++so_far.unlogged;
  } else {
    std::string text{object};
    if (so_far.unlogged > 0) text += " (and " + std::to_string(so_far.unlogged) + " refusals since the line before)";
    append_audit(to, at, author, "denied", std::move(text));
    so_far = {at, 0};
  }
  to.put(family::meta, key, net::encode(so_far));
}

}  // namespace troupe::memory

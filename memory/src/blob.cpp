// Blobs: in pieces, so that none needs to be in memory as a whole.

#include <openssl/evp.h>

#include <troupe/memory/errc.hpp>
#include <troupe/memory/store.hpp>

#include "state_machine.hpp"
#include "store_parts.hpp"

namespace troupe::memory {
namespace {

constexpr std::size_t piece_size_bytes = 256 << 10;

// SHA-256 of bytes that come piece by piece.
class running_digest {
 public:
  running_digest() : context_{EVP_MD_CTX_new(), &EVP_MD_CTX_free} {
    if (!context_ || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1)
      throw failure{error{errc::internal, "the crypto library has no SHA-256"}};
  }
  void add(std::string_view bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }
  std::string finish() {
    std::string digest(32, '\0');
    EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr);
    return digest;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

}  // namespace

result<id> store::write_blob(const path& author, record about, const std::function<result<std::string>()>& source) {
  return guarded([&]() -> result<id> {
    about.kind = record_kind::blob;
    about.blob.reset();
    auto made = prepare(author, std::move(about));
    if (!made) return std::move(made).error();
    auto& what = made->what;
    running_digest digest;
    std::uint64_t size = 0;
    std::uint32_t pieces = 0;
    std::string waiting;
    const auto write_piece = [&]() -> result<void> {
      auto bytes = waiting.substr(0, piece_size_bytes);
      waiting.erase(0, bytes.size());
      size += bytes.size();
      auto written = apply(command_of(author, put_chunk{what.id, what.space, pieces++, std::move(bytes)}));
      if (!written) return std::move(written).error();
      return ok();
    };
    const auto write_all = [&]() -> result<void> {
      for (;;) {
        auto more = source();
        if (!more) return std::move(more).error();
        if (more->empty()) break;
        digest.add(*more);
        waiting += *more;
        while (waiting.size() >= piece_size_bytes)
          if (auto written = write_piece(); !written) return written;
      }
      if (!waiting.empty())
        if (auto written = write_piece(); !written) return written;
      what.blob = blob_part{size, digest.finish()};
      auto written = apply(command_of(author, *made));
      if (!written) return std::move(written).error();
      return ok();
    };
    if (auto written = write_all(); !written) {
      // What was written of it goes when it is given up here; after a crash, when the store is opened.
      if (pieces > 0) static_cast<void>(apply(command_of(author, drop_unfinished_blob{what.id})));
      return std::move(written).error();
    }
    return what.id;
  });
}

result<void> store::read_blob(const path& author, const id& which,
                              const std::function<result<void>(std::string_view)>& sink) const {
  return guarded([&]() -> result<void> {
    const reader now{*parts_->database};
    const auto found = record_of(now, which);
    if (!found || !found->blob || (found->expires && *found->expires <= parts_->time.wall()))
      return error{memory_errc::no_such_blob, "there is no blob " + which.to_string()};
    if (auto may = parts_->require_read(now, author, found->space); !may) return may;
    running_digest digest;
    std::uint64_t size = 0;
    std::uint32_t next = 0;
    result<void> stopped = ok();
    now.scan(family::blobs, keys::bytes_of(which), [&](std::string_view key, std::string_view bytes) {
      if (key.size() != 20 || keys::read_u32(key.substr(16)) != next++) return false;
      digest.add(bytes);
      size += bytes.size();
      stopped = sink(bytes);
      return stopped.has_value();
    });
    if (!stopped) return stopped;
    if (size != found->blob->size_bytes || digest.finish() != found->blob->sha256)
      return error{memory_errc::damaged, "the blob " + which.to_string() +
                                             " is not what was written: " + std::to_string(size) + " bytes of " +
                                             std::to_string(found->blob->size_bytes) + ", or another digest"};
    return ok();
  });
}

}  // namespace troupe::memory

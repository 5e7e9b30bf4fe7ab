#pragma once

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <thread>
#include <troupe/actors/child_spec.hpp>
#include <troupe/actors/node.hpp>
#include <troupe/memory/store.hpp>
#include <type_traits>
#include <utility>

// What our side's measurements of durable turns have in common.
namespace bench::ours {

template <class T>
T must(troupe::result<T> value) {
  if (!value) throw std::runtime_error{"ours: " + value.error().message()};
  if constexpr (!std::is_void_v<T>) return *std::move(value);
}

inline const troupe::child_options durable{.durability = troupe::durability::local};

// A node with its memory in a folder.
class world {
 public:
  explicit world(const std::filesystem::path& folder)
      : store_{must(troupe::memory::store::open({.folder = folder}))},
        node_{{.threads = std::thread::hardware_concurrency(), .memory = store_}} {}

  troupe::memory::store& store() { return *store_; }
  troupe::node& node() { return node_; }

 private:
  std::shared_ptr<troupe::memory::store> store_;  // shared with the node
  troupe::node node_;
};

}  // namespace bench::ours

// A build without libfaiss-dev.

#include <stdexcept>

#include "memory_sides.hpp"

namespace bench {

bool faiss_available() noexcept { return false; }
scan_rates scan_faiss(std::size_t) { throw std::runtime_error{"faiss is not installed"}; }

}  // namespace bench

#include "entry_point.hpp"

#include <dlfcn.h>
#include <link.h>

namespace troupe::actors {

result<entry_point> entry_point_of(process_entry function) {
  Dl_info about{};
  void* entry = nullptr;
  const auto address = reinterpret_cast<void*>(function);
  if (::dladdr1(address, &about, &entry, RTLD_DL_LINKMAP) == 0)
    return error{errc::internal, "the code of an agent is in no file that is loaded"};
  const auto* map = static_cast<const link_map*>(entry);
  return entry_point{map->l_name, reinterpret_cast<std::uint64_t>(address) - map->l_addr};
}

result<process_entry> find_entry(const std::string& module, std::uint64_t distance) {
  void* const file = ::dlopen(module.empty() ? nullptr : module.c_str(), RTLD_NOW);
  link_map* map = nullptr;
  if (!file || ::dlinfo(file, RTLD_DI_LINKMAP, &map) != 0)
    return error{errc::not_found, "the code of this agent cannot be loaded: " + std::string{::dlerror()}};
  return reinterpret_cast<process_entry>(map->l_addr + distance);
}

}  // namespace troupe::actors

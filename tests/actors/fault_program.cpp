#include <cstdlib>
#include <iostream>
#include <troupe/actors/run.hpp>

#include "damage.hpp"

// A node with one agent in a tier, that does a damage: what the fault matrix says of tiers that cannot contain it.
//
//   fault_program TIER DAMAGE      numbers of troupe::tier and support::damage
//
// Prints "went on" if the node is alive afterwards.

using namespace troupe;
using namespace std::chrono_literals;

int main(int argc, char** argv) {
  if (const auto code = process_main()) return *code;
  if (argc != 3) return 64;
  const auto where = static_cast<tier>(std::atoi(argv[1]));
  const auto what = static_cast<support::damage>(std::atoi(argv[2]));
  node_options options;
  options.log = logger{};
  node n{std::move(options)};
  auto top = n.supervise(
      {.name = "top", .intensity = 10, .children = {child<support::sufferer>("worker", {.isolation = where})}});
  if (!top) return 1;
  (void)n.ask(n.ref(path{"/top/worker"}), support::suffer{what}, 5s);
  std::cout << "went on\n";
}

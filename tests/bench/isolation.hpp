#pragma once

#include <cstddef>
#include <troupe/actors/isolation.hpp>
#include <vector>

// The measurements of bench_isolation on Troupe's agents. Each makes a node of its own and blocks until it is done;
// each runs in a fresh process. What each does, and its sizes, is described in README.md.
namespace bench::isolation {

// Seconds from a question to its answer, mean; both carry so many bytes.
double ask(troupe::tier where, std::size_t rounds, std::size_t payload_bytes);

enum class failure { exception, killed };  // killed: SIGKILL of the process; only for tier::process
// Seconds from the failure to the first answer, median.
double restart(troupe::tier where, failure how, std::size_t times);

enum class start { cold, warm, sandboxed };
// Seconds that start_child takes for a child in a process, median.
double spawn(start how, std::size_t times);

// Many children in processes, started at once: seconds until all have answered; then for each of them bytes of memory
// (proportional set size), descriptors of the node, and seconds of CPU time in an idle second, the node's and the
// launcher's shares included; then seconds until all are stopped; then the descriptors of the node that are left over.
std::vector<double> many(std::size_t children, std::size_t idle_seconds);

}  // namespace bench::isolation

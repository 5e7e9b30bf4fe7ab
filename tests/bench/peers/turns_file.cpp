// One sync for each turn, and nothing else: what a turn does is appended to a file. The least that a runtime can do
// which syncs each turn by itself.

#include <fcntl.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

#include "turns_sides.hpp"

namespace bench {

turn_figures turns_of_file(const turn_load& load) {
  std::filesystem::create_directories(load.folder);
  const int file = ::open((load.folder / "turns.log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file < 0) throw std::runtime_error{"the file cannot be opened"};
  std::string line;
  const auto figures =
      turns_of({
                   .begin = [&] { line.clear(); },
                   .step =
                       [&](std::size_t agent, std::size_t) {
                         line += message_text(agent);
                         for (std::size_t n = 0; n < load.effects; ++n) line += effect_text(n);
                         line += message_text(agent);  // its state
                       },
                   .commit =
                       [&] {
                         if (::write(file, line.data(), line.size()) != static_cast<ssize_t>(line.size()) ||
                             ::fdatasync(file) != 0)
                           throw std::runtime_error{"the file cannot be written"};
                       },
               },
               load);
  ::close(file);
  return figures;
}

}  // namespace bench

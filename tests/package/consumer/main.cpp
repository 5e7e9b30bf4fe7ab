// What a user's first program needs of an installed Troupe.
#include <iostream>
#include <troupe/core/path.hpp>

int main() {
  const auto greeter = troupe::path::parse("/hello/greeter");
  if (!greeter) {
    std::cerr << greeter.error() << '\n';
    return 1;
  }
  std::cout << "troupe " TROUPE_VERSION ": hello from " << greeter->name() << '\n';
}

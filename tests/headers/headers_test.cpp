#include <iostream>

// Both are generated: each includes all public headers of all modules, and says how many they are.
int headers_in_order();
int headers_backwards();

int main() {
  std::cout << headers_in_order() << " public headers, in order and backwards\n";
  return headers_in_order() == headers_backwards() ? 0 : 1;
}

#include "support.hpp"

BOOST_AUTO_TEST_SUITE(circuit_breaker_test)
BOOST_AUTO_TEST_SUITE_END()

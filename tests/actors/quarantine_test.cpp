#include "support.hpp"

BOOST_AUTO_TEST_SUITE(quarantine_test)
BOOST_AUTO_TEST_SUITE_END()

#include "support.hpp"

BOOST_AUTO_TEST_SUITE(cause_test)
BOOST_AUTO_TEST_SUITE_END()

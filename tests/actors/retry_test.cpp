#include "support.hpp"

BOOST_AUTO_TEST_SUITE(retry_test)
BOOST_AUTO_TEST_SUITE_END()

#include "support.hpp"

BOOST_AUTO_TEST_SUITE(fault_policy_test)
BOOST_AUTO_TEST_SUITE_END()

#include "scripted.hpp"
using namespace troupe;
BOOST_AUTO_TEST_SUITE(task_graph_policy_test)
BOOST_AUTO_TEST_SUITE_END()

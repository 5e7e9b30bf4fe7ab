// The entry point that every module's tests share.
#define BOOST_TEST_MODULE troupe
#include <boost/test/unit_test.hpp>

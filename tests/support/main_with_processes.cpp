// The entry point of tests whose agents run in processes of their own: those are made from this program.
#define BOOST_TEST_MODULE troupe
#define BOOST_TEST_NO_MAIN
#include <boost/test/unit_test.hpp>
#include <troupe/actors/run.hpp>

int main(int argc, char** argv) {
  if (const auto code = troupe::process_main()) return *code;
  return boost::unit_test::unit_test_main(&init_unit_test, argc, argv);
}

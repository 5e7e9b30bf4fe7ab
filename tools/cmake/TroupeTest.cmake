# How tests are declared: one Boost.Test executable per module, one CTest per suite, a suite named after its file.
#
#   troupe_test(core SUITES clock_test path_test LIBRARIES troupe::core [ONE_THREAD path_test] [PCH header ...] [MAIN main.cpp])
#
# ONE_THREAD names the suites in which nothing runs beside anything else: the thread sanitizer has nothing to see there.
include_guard(GLOBAL)

set(TROUPE_SUITES "" CACHE STRING "Regular expression: build only the test suites whose names match; empty: all")

# The asan preset has no checks of pointers by the undefined behaviour sanitizer here: they are a third of the time that the suites take
# to compile, and the address sanitizer finds most of the same. The modules have them.
set(TROUPE_TEST_FLAGS "" CACHE STRING "Flags of the compiler for test suites alone")
option(TROUPE_TEST_THREADS_ONLY "Leave out the test suites that use one thread" OFF)

function(troupe_test module)
  cmake_parse_arguments(PARSE_ARGV 1 test "" "MAIN" "SUITES;ONE_THREAD;LIBRARIES;PCH")
  set(target ${module}_tests)
  if(NOT test_MAIN)
    set(test_MAIN ${PROJECT_SOURCE_DIR}/tests/support/main.cpp)
  endif()
  if(TROUPE_SUITES)
    list(FILTER test_SUITES INCLUDE REGEX "${TROUPE_SUITES}")
  endif()
  if(TROUPE_TEST_THREADS_ONLY AND test_ONE_THREAD)
    list(REMOVE_ITEM test_SUITES ${test_ONE_THREAD})
  endif()
  list(TRANSFORM test_SUITES APPEND .cpp OUTPUT_VARIABLE sources)
  add_executable(${target} ${test_MAIN} ${sources})
  target_link_libraries(${target} PRIVATE ${test_LIBRARIES} Boost::unit_test_framework troupe_options)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(${target} PRIVATE BOOST_TEST_DYN_LINK)
  target_compile_options(${target} PRIVATE ${TROUPE_TEST_FLAGS})
  target_precompile_headers(${target} PRIVATE <boost/test/unit_test.hpp> <chrono> <string> <vector> ${test_PCH})
  # It defines the test module before it includes Boost.Test, so it cannot start from the precompiled header.
  set_source_files_properties(${test_MAIN} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
  foreach(suite IN LISTS test_SUITES)
    add_test(NAME ${module}.${suite} COMMAND ${target} --run_test=${suite} --log_level=test_suite --report_level=short)
    set_tests_properties(${module}.${suite} PROPERTIES SKIP_RETURN_CODE 77 LABELS ${module})
  endforeach()
endfunction()

# A libFuzzer target with its seed corpus, run for a bounded number of inputs as a test (clang only); INSTRUMENT names the
# libraries that it looks into: they are compiled with coverage, which the fuzzer steers by, and with the sanitizers, which
# whatever else links them gets too.
#
#   troupe_fuzz(config SOURCE fuzz_config.cpp CORPUS corpus/config INSTRUMENT troupe_core RUNS 20000)
function(troupe_fuzz name)
  cmake_parse_arguments(PARSE_ARGV 1 fuzz "" "SOURCE;CORPUS;RUNS" "INSTRUMENT")
  set(sanitizers address,undefined)
  foreach(library IN LISTS fuzz_INSTRUMENT)
    target_compile_options(${library} PRIVATE -fsanitize=fuzzer-no-link,${sanitizers} -fno-sanitize-recover=undefined)
    target_link_options(${library} INTERFACE -fsanitize=${sanitizers})
  endforeach()
  add_executable(fuzz_${name} ${fuzz_SOURCE})
  target_link_libraries(fuzz_${name} PRIVATE ${fuzz_INSTRUMENT} troupe_options)
  target_compile_options(fuzz_${name} PRIVATE -fsanitize=fuzzer,${sanitizers} -fno-sanitize-recover=undefined)
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer,${sanitizers})
  add_dependencies(fuzz fuzz_${name})
  # What it finds goes into a folder that is empty each time, so that each run is the same one.
  set(found ${CMAKE_CURRENT_BINARY_DIR}/found_${name})
  add_test(NAME fuzz.${name} COMMAND sh -c "rm -rf \"$0\" && mkdir \"$0\" && exec \"$@\"" ${found}
           $<TARGET_FILE:fuzz_${name}> -runs=${fuzz_RUNS} -seed=1 -reload=0 -max_len=65536 -timeout=10 -rss_limit_mb=2048
           ${found} ${CMAKE_CURRENT_SOURCE_DIR}/${fuzz_CORPUS})
  set_tests_properties(fuzz.${name} PROPERTIES LABELS fuzz TIMEOUT 240)
endfunction()

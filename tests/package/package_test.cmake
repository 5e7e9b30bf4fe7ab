# The steps of the test "package"; tests/package/CMakeLists.txt passes the variables in lower case.
cmake_minimum_required(VERSION 3.25)

function(run what)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${what} failed (${status}):\n${output}")
  endif()
  message(STATUS "${what}: ok")
  set(output "${output}" PARENT_SCOPE)
endfunction()

set(prefix "${work}/prefix")
file(REMOVE_RECURSE "${work}")
run("install" ${CMAKE_COMMAND} --install "${build}" --prefix "${prefix}")

# What is installed must not lead back into the tree it came from.
file(GLOB_RECURSE package_files "${prefix}/*.cmake")
if(NOT package_files)
  message(FATAL_ERROR "nothing under ${prefix} lets find_package find troupe")
endif()
foreach(file IN LISTS package_files)
  file(READ "${file}" text)
  foreach(place "${source}" "${build}")
    string(FIND "${text}" "${place}/" at)
    if(NOT at EQUAL -1)
      message(FATAL_ERROR "${file} mentions ${place}, which a user does not have")
    endif()
  endforeach()
endforeach()

file(COPY "${consumer}" DESTINATION "${work}")
run("configure the consumer" ${CMAKE_COMMAND} -S "${work}/consumer" -B "${work}/build" -G "${generator}"
  -D "CMAKE_PREFIX_PATH=${prefix}" -D "CMAKE_CXX_COMPILER=${compiler}" -D "CMAKE_CXX_COMPILER_LAUNCHER=${launcher}"
  -D "CMAKE_BUILD_TYPE=${build_type}")
run("build the consumer" ${CMAKE_COMMAND} --build "${work}/build")
run("run the consumer" "${work}/build/consumer")
message(STATUS "${output}")
if(NOT output MATCHES "troupe ${version}: hello, consumer")
  message(FATAL_ERROR "the consumer was to print \"troupe ${version}: hello, consumer\"")
endif()

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
set(ENV{CMAKE_PREFIX_PATH} "${prefix}:${prefix_path}:$ENV{CMAKE_PREFIX_PATH}")
set(configure ${CMAKE_COMMAND} -S "${work}/consumer" -G "${generator}" -D "CMAKE_CXX_COMPILER=${compiler}"
  -D "CMAKE_CXX_COMPILER_LAUNCHER=${launcher}" -D "CMAKE_BUILD_TYPE=${build_type}")
run("configure the consumer" ${configure} -B "${work}/build")
run("build the consumer" ${CMAKE_COMMAND} --build "${work}/build")
run("run the consumer" "${work}/build/consumer")
message(STATUS "${output}")
if(NOT output MATCHES "troupe ${version}: hello, consumer")
  message(FATAL_ERROR "the consumer was to print \"troupe ${version}: hello, consumer\"")
endif()

# As a part of another project it brings no tests and installs nothing. Configured only: what it compiles is what was tested above.
run("configure the consumer with Troupe inside" ${configure} -B "${work}/inside" -D "TROUPE_SOURCE=${source}" -D BUILD_SHARED_LIBS=ON)
run("install the consumer with Troupe inside" ${CMAKE_COMMAND} --install "${work}/inside" --prefix "${work}/inside_prefix")
if(EXISTS "${work}/inside_prefix")
  message(FATAL_ERROR "Troupe is a part of the consumer, but installs itself")
endif()

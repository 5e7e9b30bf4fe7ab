# TROUPE_CUDA=AUTO|ON|OFF: whether gpu is to have its CUDA backend, which is yet to come; so far it is only said what was found.
# AUTO takes it where nvcc is found; ON makes its absence an error; OFF never looks.
include_guard(GLOBAL)

set(TROUPE_CUDA AUTO CACHE STRING "Compile the CUDA backend: AUTO (if nvcc is found), ON, OFF")
set_property(CACHE TROUPE_CUDA PROPERTY STRINGS AUTO ON OFF)
if(NOT TROUPE_CUDA MATCHES "^(AUTO|ON|OFF)$")
  message(FATAL_ERROR "TROUPE_CUDA is \"${TROUPE_CUDA}\": it must be AUTO, ON or OFF")
endif()

if(NOT TROUPE_CUDA STREQUAL "OFF")
  find_package(CUDAToolkit 12.0 QUIET)
  if(CUDAToolkit_FOUND AND CUDAToolkit_NVCC_EXECUTABLE)
    message(STATUS "CUDA backend: toolkit ${CUDAToolkit_VERSION} found (${CUDAToolkit_NVCC_EXECUTABLE})")
  elseif(TROUPE_CUDA STREQUAL "ON")
    message(FATAL_ERROR "TROUPE_CUDA=ON, but no CUDA toolkit 12 or newer was found. "
                        "Install it (nvcc must be on PATH or under /usr/local/cuda), or configure with TROUPE_CUDA=OFF.")
  else()
    message(STATUS "CUDA backend: no toolkit found, building for the CPU only")
  endif()
else()
  message(STATUS "CUDA backend: switched off (TROUPE_CUDA=OFF)")
endif()

# Finds libseccomp (libseccomp-dev), which has no CMake config. Defines Seccomp::seccomp, Seccomp_FOUND and Seccomp_VERSION.
find_path(SECCOMP_INCLUDE_DIR seccomp.h)
find_library(SECCOMP_LIBRARY seccomp)
if(SECCOMP_INCLUDE_DIR)
  file(STRINGS "${SECCOMP_INCLUDE_DIR}/seccomp.h" seccomp_version_lines REGEX "#define SCMP_VER_(MAJOR|MINOR|MICRO)")
  string(REGEX REPLACE "[^0-9]+" "." Seccomp_VERSION "${seccomp_version_lines}")
  string(REGEX REPLACE "^\\.|\\.$" "" Seccomp_VERSION "${Seccomp_VERSION}")
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Seccomp REQUIRED_VARS SECCOMP_LIBRARY SECCOMP_INCLUDE_DIR VERSION_VAR Seccomp_VERSION
  REASON_FAILURE_MESSAGE "install it with: apt-get install libseccomp-dev")
if(Seccomp_FOUND AND NOT TARGET Seccomp::seccomp)
  add_library(Seccomp::seccomp UNKNOWN IMPORTED GLOBAL)
  set_target_properties(Seccomp::seccomp PROPERTIES IMPORTED_LOCATION "${SECCOMP_LIBRARY}"
                        INTERFACE_INCLUDE_DIRECTORIES "${SECCOMP_INCLUDE_DIR}")
endif()
mark_as_advanced(SECCOMP_INCLUDE_DIR SECCOMP_LIBRARY)

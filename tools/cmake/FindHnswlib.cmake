# Finds hnswlib (libhnswlib-dev), headers without a CMake config. Defines Hnswlib::hnswlib and Hnswlib_FOUND.
find_path(HNSWLIB_INCLUDE_DIR hnswlib/hnswlib.h)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Hnswlib REQUIRED_VARS HNSWLIB_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "install it with: apt-get install libhnswlib-dev")
if(Hnswlib_FOUND AND NOT TARGET Hnswlib::hnswlib)
  add_library(Hnswlib::hnswlib INTERFACE IMPORTED GLOBAL)
  set_target_properties(Hnswlib::hnswlib PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${HNSWLIB_INCLUDE_DIR}")
endif()
mark_as_advanced(HNSWLIB_INCLUDE_DIR)

# Finds MessagePack for C++ (libmsgpack-cxx-dev: headers alone). By its header, since its CMake config has had three names.
# Defines msgpack::cxx, MsgpackCxx_FOUND and MsgpackCxx_VERSION.
find_path(MSGPACK_CXX_INCLUDE_DIR msgpack/version_master.hpp)
if(MSGPACK_CXX_INCLUDE_DIR)
  file(STRINGS "${MSGPACK_CXX_INCLUDE_DIR}/msgpack/version_master.hpp" msgpack_version_lines REGEX "#define MSGPACK_VERSION_")
  string(REGEX REPLACE "[^0-9]+" "." MsgpackCxx_VERSION "${msgpack_version_lines}")
  string(REGEX REPLACE "^\\." "" MsgpackCxx_VERSION "${MsgpackCxx_VERSION}")
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(MsgpackCxx REQUIRED_VARS MSGPACK_CXX_INCLUDE_DIR VERSION_VAR MsgpackCxx_VERSION
  REASON_FAILURE_MESSAGE "install it with: apt-get install libmsgpack-cxx-dev")
if(MsgpackCxx_FOUND AND NOT TARGET msgpack::cxx)
  add_library(msgpack::cxx INTERFACE IMPORTED GLOBAL)
  set_target_properties(msgpack::cxx PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${MSGPACK_CXX_INCLUDE_DIR}"
                        INTERFACE_COMPILE_DEFINITIONS MSGPACK_NO_BOOST)
endif()
mark_as_advanced(MSGPACK_CXX_INCLUDE_DIR)

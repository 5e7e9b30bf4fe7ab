# Finds RocksDB as Debian and Ubuntu package it: by its headers and shared library, since its own CMake config asks for what
# it was built with. Defines RocksDB::rocksdb, RocksDB_FOUND and RocksDB_VERSION.
find_path(ROCKSDB_INCLUDE_DIR rocksdb/version.h)
find_library(ROCKSDB_LIBRARY rocksdb)
if(ROCKSDB_INCLUDE_DIR)
  file(STRINGS "${ROCKSDB_INCLUDE_DIR}/rocksdb/version.h" rocksdb_version_lines REGEX "#define ROCKSDB_(MAJOR|MINOR|PATCH) ")
  string(REGEX REPLACE "[^0-9]+" "." RocksDB_VERSION "${rocksdb_version_lines}")
  string(REGEX REPLACE "^\\.|\\.$" "" RocksDB_VERSION "${RocksDB_VERSION}")
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(RocksDB REQUIRED_VARS ROCKSDB_LIBRARY ROCKSDB_INCLUDE_DIR VERSION_VAR RocksDB_VERSION
  REASON_FAILURE_MESSAGE "install it with: apt-get install librocksdb-dev")
if(RocksDB_FOUND AND NOT TARGET RocksDB::rocksdb)
  add_library(RocksDB::rocksdb UNKNOWN IMPORTED GLOBAL)
  set_target_properties(RocksDB::rocksdb PROPERTIES IMPORTED_LOCATION "${ROCKSDB_LIBRARY}"
                        INTERFACE_INCLUDE_DIRECTORIES "${ROCKSDB_INCLUDE_DIR}")
endif()
mark_as_advanced(ROCKSDB_INCLUDE_DIR ROCKSDB_LIBRARY)

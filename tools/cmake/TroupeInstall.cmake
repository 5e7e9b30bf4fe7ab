# Installs the modules' export and the package files, so that find_package(troupe) works for a user's own project.
include_guard(GLOBAL)
include(CMakePackageConfigHelpers)

set(troupe_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/troupe")
configure_package_config_file("${PROJECT_SOURCE_DIR}/tools/cmake/troupe-config.cmake.in"
  "${PROJECT_BINARY_DIR}/troupe-config.cmake" INSTALL_DESTINATION "${troupe_package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/troupe-config-version.cmake" COMPATIBILITY SameMinorVersion)
install(EXPORT troupe_targets NAMESPACE troupe:: FILE troupe-targets.cmake DESTINATION "${troupe_package_dir}")
install(FILES "${PROJECT_BINARY_DIR}/troupe-config.cmake" "${PROJECT_BINARY_DIR}/troupe-config-version.cmake"
              "${PROJECT_SOURCE_DIR}/tools/cmake/FindCAF.cmake" "${PROJECT_SOURCE_DIR}/tools/cmake/FindRocksDB.cmake"
              "${PROJECT_SOURCE_DIR}/tools/cmake/FindSeccomp.cmake" "${PROJECT_SOURCE_DIR}/tools/cmake/FindStemmer.cmake"
        DESTINATION "${troupe_package_dir}")

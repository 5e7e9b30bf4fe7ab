# How a module is declared: one folder, one target, its public headers as a verified file set.
#
#   troupe_module(core
#     HEADERS include/troupe/core/result.hpp ...   public, installed, each compiled alone by the verification
#     SOURCES src/path.cpp ...
#     PUBLIC troupe::other                         modules whose headers ours include
#     PRIVATE fmt::fmt                             third-party libraries, private to their home
#     PCH <troupe/core/result.hpp> ...)            what most sources include, compiled once; the fuzz preset does without, and so
#                                                  sees what a source forgot to include
include_guard(GLOBAL)
include(GNUInstallDirs)

option(TROUPE_WERROR "Treat warnings as errors" OFF)

# Warnings and the language level of our own code; never exported.
add_library(troupe_options INTERFACE)
target_compile_features(troupe_options INTERFACE cxx_std_20)
target_compile_options(troupe_options INTERFACE -Wall -Wextra -Wpedantic $<$<CXX_COMPILER_ID:GNU>:-Wshadow=local>
                       $<$<BOOL:${TROUPE_WERROR}>:-Werror>)
# g++ 12 and 13 report coroutine frames and inlined std::string moves as uninitialised or overflowing when they are not.
target_compile_options(troupe_options INTERFACE
                       $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized;-Wno-restrict;-Wno-stringop-overflow;-Wno-array-bounds>)

function(troupe_module name)
  cmake_parse_arguments(PARSE_ARGV 1 module "" "" "HEADERS;SOURCES;PUBLIC;PRIVATE;PCH")
  set(target troupe_${name})
  if(module_SOURCES)
    add_library(${target} ${module_SOURCES})
    target_link_libraries(${target} PUBLIC ${module_PUBLIC} PRIVATE ${module_PRIVATE} $<BUILD_INTERFACE:troupe_options>)
    target_include_directories(${target} PRIVATE src)
    target_precompile_headers(${target} PRIVATE ${module_PCH})
    target_compile_features(${target} PUBLIC cxx_std_20)
    set_target_properties(${target} PROPERTIES
      VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
      INSTALL_RPATH "$ORIGIN"  # as shared libraries, they find each other
      POSITION_INDEPENDENT_CODE ON VERIFY_INTERFACE_HEADER_SETS ON)
    target_sources(${target} PUBLIC FILE_SET HEADERS BASE_DIRS include FILES ${module_HEADERS})
  else()
    add_library(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE ${module_PUBLIC})
    target_compile_features(${target} INTERFACE cxx_std_20)
    set_target_properties(${target} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
    target_sources(${target} INTERFACE FILE_SET HEADERS BASE_DIRS include FILES ${module_HEADERS})
  endif()
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  add_library(troupe::${name} ALIAS ${target})
  if(TROUPE_INSTALL)
    install(TARGETS ${target} EXPORT troupe_targets FILE_SET HEADERS
            LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  endif()
endfunction()

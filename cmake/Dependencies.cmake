# SPDX-License-Identifier: Apache-2.0
# The libraries of others, as targets dep::*; docs/dependencies.md says what each is for and who may
# include it. A target is defined only if its library is found, so that whoever links a missing one
# gets an error that names it; the closing status line lists what is missing.
#
#   dep::crypto dep::ssl dep::sodium dep::curl dep::git2 dep::sqlite dep::yaml dep::re2 dep::zlib
#   dep::cli11 dep::beast                      header-only
#   dep::gtest dep::json dep::httplib          for tests
#   dep::linking                               how the sluice binary itself is linked
#
# Tests do not link dep::linking: the release kind would make them fully static, and Debian's httplib
# is a shared library.
include_guard(GLOBAL)

set(SLUICE_DEPS static CACHE STRING "which libraries are linked: static, vendored or system")
set_property(CACHE SLUICE_DEPS PROPERTY STRINGS static vendored system)
set(SLUICE_DEPS_PREFIX "" CACHE PATH "folder of the built libraries; empty: what tools/deps says")

if(NOT SLUICE_DEPS MATCHES "^(static|vendored|system)$")
  message(FATAL_ERROR "SLUICE_DEPS is `${SLUICE_DEPS}`: it must be static, vendored or system")
endif()

# ---- where they are -------------------------------------------------------------------------------

set(_tools "${CMAKE_CURRENT_LIST_DIR}/../tools")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
  "${_tools}/deps" "${_tools}/deps-recipes.sh" "${_tools}/vendored/lock")

if(SLUICE_DEPS_PREFIX)
  set(_prefix "${SLUICE_DEPS_PREFIX}")
else()
  # What it says on standard error goes straight to the terminal: a first run takes a minute or three.
  execute_process(COMMAND "${_tools}/deps" "${SLUICE_DEPS}"
    OUTPUT_VARIABLE _prefix OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE _failed)
  if(_failed)
    message(FATAL_ERROR "the libraries of the ${SLUICE_DEPS} kind are not there; the reason stands above")
  endif()
endif()

# What tools/deps builds comes from there and from nowhere else, the rest from Debian: a half-filled
# folder must not end in a binary that mixes the two.
set(_suffix .a)
set(_built "")
if(SLUICE_DEPS STREQUAL "static")
  set(_built crypto ssl curl git2)
elseif(SLUICE_DEPS STREQUAL "vendored")
  set(_built zlib crypto ssl sodium sqlite nghttp2 curl git2)
else()
  set(_suffix .so)
endif()

find_package(Threads REQUIRED)
set(_missing "")

function(_first_existing out file)
  foreach(dir IN LISTS ARGN)
    if(EXISTS "${dir}/${file}")
      set(${out} "${dir}" PARENT_SCOPE)
      return()
    endif()
  endforeach()
  set(${out} "" PARENT_SCOPE)
endfunction()

# _dep(NAME HEADER [LIBRARY name] [SUFFIX .so|.a] [LINKS target|flag...])
# No find_library: its cached answers would outlive a change of the kind. Each archive is a target, for
# CMake to know what must stand after what on the linker's line.
function(_dep name header)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "LIBRARY;SUFFIX" "LINKS")
  if(NOT arg_SUFFIX)
    set(arg_SUFFIX ${_suffix})
  endif()
  if(name IN_LIST _built)
    set(include_dirs "${_prefix}/include")
    set(library_dirs "${_prefix}/lib")
  else()
    set(include_dirs "/usr/include/${CMAKE_LIBRARY_ARCHITECTURE}" /usr/include)
    set(library_dirs "/usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}" /usr/lib)
  endif()
  _first_existing(include "${header}" ${include_dirs})
  set(found "${include}")
  if(arg_LIBRARY)
    set(file "lib${arg_LIBRARY}${arg_SUFFIX}")
    _first_existing(dir "${file}" ${library_dirs})
    if(NOT dir)
      set(found "")
    endif()
  endif()
  foreach(link IN LISTS arg_LINKS)
    if(link MATCHES "::" AND NOT TARGET ${link})
      set(found "")
    endif()
  endforeach()
  if(NOT found)
    set(_missing ${_missing} ${name} PARENT_SCOPE)
    return()
  endif()
  if(arg_LIBRARY)
    add_library(dep::${name} UNKNOWN IMPORTED GLOBAL)
    set_target_properties(dep::${name} PROPERTIES IMPORTED_LOCATION "${dir}/${file}")
  else()
    add_library(dep::${name} INTERFACE IMPORTED GLOBAL)
  endif()
  target_link_libraries(dep::${name} INTERFACE ${arg_LINKS})
  if(name IN_LIST _built)  # Debian's folders are searched by the compiler itself, in its own order
    target_include_directories(dep::${name} SYSTEM INTERFACE "${include}")
  endif()
endfunction()

# ---- what they are --------------------------------------------------------------------------------
# Shared libraries name what they need themselves; archives do not, so LINKS spells it out.

_dep(zlib zlib.h LIBRARY z)
_dep(crypto openssl/evp.h LIBRARY crypto LINKS Threads::Threads ${CMAKE_DL_LIBS})
_dep(ssl openssl/ssl.h LIBRARY ssl LINKS dep::crypto)
_dep(sodium sodium.h LIBRARY sodium LINKS Threads::Threads)
_dep(sqlite sqlite3.h LIBRARY sqlite3 LINKS Threads::Threads m ${CMAKE_DL_LIBS})
_dep(yaml yaml.h LIBRARY yaml)
_dep(re2 re2/re2.h LIBRARY re2 LINKS Threads::Threads)
if(SLUICE_DEPS STREQUAL "system")
  _dep(curl curl/curl.h LIBRARY curl)
  _dep(git2 git2.h LIBRARY git2)
else()
  _dep(nghttp2 nghttp2/nghttp2.h LIBRARY nghttp2)
  _dep(curl curl/curl.h LIBRARY curl LINKS dep::nghttp2 dep::ssl dep::crypto dep::zlib Threads::Threads)
  set(_git2_links dep::zlib Threads::Threads)
  if(SLUICE_DEPS STREQUAL "static")  # Debian's source of libgit2 is without the parser
    _dep(http_parser http_parser.h LIBRARY http_parser)
    list(PREPEND _git2_links dep::http_parser)
  endif()
  _dep(git2 git2.h LIBRARY git2 LINKS ${_git2_links})
endif()

_dep(cli11 CLI/CLI.hpp)
_dep(beast boost/beast.hpp LINKS dep::ssl Threads::Threads)

_dep(json nlohmann/json.hpp)
_dep(gtest_alone gtest/gtest.h SUFFIX .a LIBRARY gtest LINKS Threads::Threads)
_dep(gtest gmock/gmock.h SUFFIX .a LIBRARY gmock LINKS dep::gtest_alone)
_dep(httplib httplib.h SUFFIX .so LIBRARY cpp-httplib LINKS Threads::Threads)
if(TARGET dep::httplib)
  # As Debian's library was compiled: these change its classes.
  target_compile_definitions(dep::httplib INTERFACE
    CPPHTTPLIB_OPENSSL_SUPPORT CPPHTTPLIB_ZLIB_SUPPORT CPPHTTPLIB_BROTLI_SUPPORT)
  # It brings Debian's shared OpenSSL. A test that also holds a static OpenSSL would export a thousand
  # of its symbols to it (counted), and a library compiled for one version would run on another.
  if(NOT SLUICE_DEPS STREQUAL "system")
    target_link_options(dep::httplib INTERFACE -Wl,--exclude-libs,ALL)
  endif()
endif()

# ---- how the binary is linked ---------------------------------------------------------------------

add_library(dep::linking INTERFACE IMPORTED GLOBAL)
target_link_options(dep::linking INTERFACE -Wl,--as-needed)
if(NOT SLUICE_DEPS STREQUAL "system")
  target_link_options(dep::linking INTERFACE -Wl,--gc-sections)
endif()
if("${CMAKE_CXX_FLAGS} ${CMAKE_EXE_LINKER_FLAGS}" MATCHES "-fsanitize")
  # The sanitizers' runtimes are shared libraries and want a shared C++ library beside them.
elseif(SLUICE_DEPS STREQUAL "static")
  # libc stays shared: PKCS#11 modules are loaded at run time, and libfaketime by the loader. What is
  # ours stays ours: a module that we load must not find our OpenSSL in place of its own.
  target_link_options(dep::linking INTERFACE -static-libstdc++ -static-libgcc -Wl,--exclude-libs,ALL)
  # For what is measured and packaged, GNU ld: it puts code that seldom runs in a place of its own, and
  # packs the 23,000 addresses that the loader has to fill in, which takes a megabyte off each process.
  # mold 1.10 leaves out the mark by which glibc (2.36 and newer) knows them, and glibc then refuses.
  if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    include(CheckCXXSourceRuns)
    set(CMAKE_REQUIRED_LINK_OPTIONS -fuse-ld=bfd -Wl,-z,pack-relative-relocs)
    check_cxx_source_runs("const char* volatile text = \"\"; int main() { return *text; }" SLUICE_PACKED_RELOCATIONS)
    unset(CMAKE_REQUIRED_LINK_OPTIONS)
    if(SLUICE_PACKED_RELOCATIONS)
      target_link_options(dep::linking INTERFACE -fuse-ld=bfd -Wl,-z,pack-relative-relocs)
      include("${CMAKE_CURRENT_LIST_DIR}/Often.cmake")
    endif()
  endif()
elseif(SLUICE_DEPS STREQUAL "vendored")
  target_link_options(dep::linking INTERFACE -static)
endif()

# sluice_dep_libraries(OUT dep::x...): files and flags that these stand for, in link order, each before
# what it needs: for a .pc file or another build system.
function(sluice_dep_libraries out)
  set(line "")
  foreach(item IN LISTS ARGN)
    if(item STREQUAL "Threads::Threads")
      list(APPEND line -pthread)
    elseif(TARGET ${item})
      get_target_property(type ${item} TYPE)
      if(NOT type STREQUAL "INTERFACE_LIBRARY")
        get_target_property(file ${item} IMPORTED_LOCATION)
        list(APPEND line "${file}")
      endif()
      get_target_property(links ${item} INTERFACE_LINK_LIBRARIES)
      if(links)
        sluice_dep_libraries(below ${links})
        list(APPEND line ${below})
      endif()
    elseif(item MATCHES "^[-/]")
      list(APPEND line "${item}")
    else()
      list(APPEND line "-l${item}")
    endif()
  endforeach()
  # Of repeated archives the last counts: all that need it stand before it.
  list(REVERSE line)
  list(REMOVE_DUPLICATES line)
  list(REVERSE line)
  set(${out} "${line}" PARENT_SCOPE)
endfunction()

message(STATUS "libraries: ${SLUICE_DEPS}, ${_prefix}")
if(_missing)
  list(JOIN _missing ", " _missing)
  message(STATUS "libraries that are not there: ${_missing}")
endif()

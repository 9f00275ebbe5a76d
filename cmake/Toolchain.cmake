# SPDX-License-Identifier: Apache-2.0
# Compiler, linker and warnings: the same for every target of ours.

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_compile_options(
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow
  $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor> $<$<COMPILE_LANGUAGE:CXX>:-Wold-style-cast>
  -Wunused-result
  # g++ 12 takes emptied optionals and moved-from variants for uninitialised; the sanitizers look
  # for the real ones.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
  # clang sees what libstdc++ 12 uses in its own std::stable_sort.
  $<$<CXX_COMPILER_ID:Clang>:-Wno-deprecated-declarations>
  -fno-strict-aliasing -fstack-protector-strong
  # ccache finds a file again from another checkout, and the binary names no folder of the builder.
  -ffile-prefix-map=${CMAKE_SOURCE_DIR}=.)

option(SLUICE_WERROR "warnings are errors; the presets, which know their compiler, say so" OFF)
if(SLUICE_WERROR)
  add_compile_options(-Werror)
endif()

set(SLUICE_SANITIZE "" CACHE STRING "value for -fsanitize")
if(SLUICE_SANITIZE)
  add_compile_options(-fsanitize=${SLUICE_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SLUICE_SANITIZE})
else()
  add_compile_definitions($<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2>)
endif()

if(SLUICE_FUZZ)
  # The rooms too, not only the targets: libFuzzer follows what it can see.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# SPDX-License-Identifier: Apache-2.0
# sluice_room(NAME NEEDS room... USES dep::x...): lib/NAME/*.cc as the static library NAME.
#
# NEEDS are the rooms below; headers reach users through them. USES are third-party libraries;
# they stay private: no header of ours includes theirs, so only the room itself sees their folders.
set(SLUICE_UNITY 8 CACHE STRING "sources compiled together; 0: each alone")

function(sluice_room name)
  cmake_parse_arguments(ARG "" "" "NEEDS;USES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/lib/${name}/*.cc)
  add_library(${name} STATIC ${sources})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR}/lib)
  target_link_libraries(${name} PUBLIC ${ARG_NEEDS} PRIVATE ${ARG_USES})
  set_target_properties(${name} PROPERTIES OUTPUT_NAME sluice_${name})
  sluice_unity(${name})
  set_property(GLOBAL APPEND PROPERTY SLUICE_ROOMS ${name})
  set_property(GLOBAL PROPERTY SLUICE_NEEDS_${name} ${ARG_NEEDS})
  set_property(GLOBAL PROPERTY SLUICE_USES_${name} ${ARG_USES})
endfunction()

function(sluice_unity target)
  if(SLUICE_UNITY GREATER 0)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${SLUICE_UNITY})
  endif()
endfunction()

# sluice_test(ROOM NEEDS ...): tests/ROOM/*_test.cc as one program that links that room alone
# (and tests/support), run as one ctest test.
function(sluice_test name)
  cmake_parse_arguments(ARG "" "" "NEEDS;USES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/${name}/*_test.cc)
  add_executable(${name}_test ${sources})
  target_link_libraries(${name}_test PRIVATE ${ARG_NEEDS} ${ARG_USES} test_support dep::gtest)
  target_include_directories(${name}_test PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  sluice_unity(${name}_test)
  add_test(NAME ${name} COMMAND ${name}_test --gtest_output=xml:${CMAKE_BINARY_DIR}/results/${name}.xml
    --gtest_brief=1)
  set_tests_properties(${name} PROPERTIES TIMEOUT 600 LABELS room)
endfunction()

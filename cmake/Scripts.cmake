# SPDX-License-Identifier: Apache-2.0
# sluice_scripts(): each executable tests/NAME_test.sh or tests/NAME_test.py is the test NAME.
#
# A script finds the binary in $SLUICE, the build folder in $BUILD and a file of its own for results
# in $RESULTS (optional; without it the script counts as one test). It ends with 77 to be skipped, and
# says why in a line that starts with SKIP.
function(sluice_scripts)
  file(GLOB scripts CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_test.sh ${CMAKE_CURRENT_SOURCE_DIR}/*_test.py)
  foreach(script IN LISTS scripts)
    get_filename_component(name ${script} NAME_WE)
    string(REGEX REPLACE "_test$" "" name ${name})
    add_test(NAME ${name} COMMAND ${script} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    set_tests_properties(${name} PROPERTIES LABELS script TIMEOUT 600 SKIP_RETURN_CODE 77
      ENVIRONMENT "SLUICE=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/sluice;BUILD=${CMAKE_BINARY_DIR};RESULTS=${CMAKE_BINARY_DIR}/results/${name}.xml")
  endforeach()
endfunction()

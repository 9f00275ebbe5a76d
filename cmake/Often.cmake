# SPDX-License-Identifier: Apache-2.0
# What a verification runs lies together in the program, at its beginning.
#
# The kernel maps a program's code 16 pages at a time, and counts them: of 9.3 MiB, 5.4 were there after
# a verification that runs 0.9. often.txt has the object files of archives that it runs (tools/often
# writes it), whole rooms, and single functions of the commands. What a list names and a library does
# not have is no error: it only costs memory. For GNU ld: others know no INSERT.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${CMAKE_CURRENT_LIST_DIR}/often.txt")
file(STRINGS "${CMAKE_CURRENT_LIST_DIR}/often.txt" _often REGEX "^[^#]")
function(_often_section out name first)
  set(text "SECTIONS { ${name}.often : {\n${first}")
  foreach(object IN LISTS _often)
    if(NOT object MATCHES "^[.]")
      string(APPEND text "  *${object}(${name} ${name}.*)\n")
    elseif(name STREQUAL ".text")
      string(APPEND text "  *(${object})\n")
    endif()
  endforeach()
  set(${out} "${text}} }\n" PARENT_SCOPE)
endfunction()
_often_section(_code .text "  *(.text.startup .text.startup.*)\n")
_often_section(_constants .rodata "")
# Constants after those of the others: what stands before them is code.
file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/often.ld" @ONLY
  CONTENT "${_code}INSERT BEFORE .text;\n${_constants}INSERT AFTER .rodata;\n")
target_link_options(dep::linking INTERFACE "-Wl,-T,${CMAKE_BINARY_DIR}/often.ld")
set_property(TARGET dep::linking APPEND PROPERTY INTERFACE_LINK_DEPENDS "${CMAKE_BINARY_DIR}/often.ld")

# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` and the packages contain.
#
#   program   bin/sluice, man pages, completions: from the binary itself, so that they cannot differ
#   library   libsluice.a with the rooms that verify offline, its headers, sluice.pc, sluiceConfig.cmake
#
# Everything is found relative to where it lies, so that --prefix may be chosen at installation.
set(SLUICE_LIBRARY_ROOMS base json crypto x509 dsse sigstore)

# The headers for other programs: what a caller needs to sign, to verify and to read the verdict, and
# what these include. docs/library.md says what may be relied on; tests/install_test.sh compiles each.
set(SLUICE_LIBRARY_HEADERS
  base/bytes.h base/codec.h base/files.h base/limits.h base/random.h base/result.h base/secret.h
  base/strong.h base/time.h base/verdict.h
  crypto/digest.h crypto/key.h crypto/private_key.h
  dsse/envelope.h dsse/statement.h
  json/value.h
  sigstore/artifact.h sigstore/bundle.h sigstore/checkpoint.h sigstore/identity.h sigstore/merkle.h
  sigstore/note.h sigstore/pattern.h sigstore/sign_key.h sigstore/trust_root.h sigstore/verifier.h
  sigstore/verify_key.h sigstore/witness.h
  x509/algorithm.h x509/authority.h x509/certificate.h x509/chain.h x509/constraints.h x509/der.h
  x509/fulcio.h x509/judged.h x509/name.h x509/oid.h x509/sct.h x509/timestamp.h)

# ---- program --------------------------------------------------------------------------------------

install(TARGETS sluice RUNTIME DESTINATION bin COMPONENT program)
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION share/doc/sluice RENAME copyright COMPONENT program)
# Of the libraries that are linked into it.
if(EXISTS "${_prefix}/licences")
  install(DIRECTORY "${_prefix}/licences" DESTINATION share/doc/sluice COMPONENT program)
endif()

install(CODE "set(sluice \"$<TARGET_FILE:sluice>\")\nset(made \"${CMAKE_BINARY_DIR}/made\")" COMPONENT program)
install(CODE [[
  file(REMOVE_RECURSE "${made}")
  file(MAKE_DIRECTORY "${made}/man1" "${made}/bash" "${made}/zsh" "${made}/fish")
  foreach(completion bash/sluice zsh/_sluice fish/sluice.fish)
    get_filename_component(shell ${completion} DIRECTORY)
    execute_process(COMMAND "${sluice}" completion ${shell}
      OUTPUT_FILE "${made}/${completion}" COMMAND_ERROR_IS_FATAL ANY)
  endforeach()
  execute_process(COMMAND "${sluice}" completion man --dir "${made}/man1"
    OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
  file(GLOB pages "${made}/man1/*.1")
  if(NOT pages)
    message(FATAL_ERROR "`sluice completion man` wrote no page")
  endif()
  execute_process(COMMAND gzip -9n ${pages} COMMAND_ERROR_IS_FATAL ANY)
]] COMPONENT program)
install(DIRECTORY ${CMAKE_BINARY_DIR}/made/man1 DESTINATION share/man COMPONENT program)
install(DIRECTORY ${CMAKE_BINARY_DIR}/made/bash/ DESTINATION share/bash-completion/completions COMPONENT program)
install(DIRECTORY ${CMAKE_BINARY_DIR}/made/zsh/ DESTINATION share/zsh/site-functions COMPONENT program)
install(DIRECTORY ${CMAKE_BINARY_DIR}/made/fish/ DESTINATION share/fish/vendor_completions.d COMPONENT program)

# ---- library --------------------------------------------------------------------------------------

add_library(sluice_library STATIC)
foreach(room IN LISTS SLUICE_LIBRARY_ROOMS)
  target_sources(sluice_library PRIVATE $<TARGET_OBJECTS:${room}>)
  get_property(uses GLOBAL PROPERTY SLUICE_USES_${room})
  list(APPEND library_uses ${uses})
endforeach()
list(REMOVE_DUPLICATES library_uses)
set_target_properties(sluice_library PROPERTIES OUTPUT_NAME sluice LINKER_LANGUAGE CXX)
install(TARGETS sluice_library ARCHIVE DESTINATION lib COMPONENT library)

foreach(header IN LISTS SLUICE_LIBRARY_HEADERS)
  get_filename_component(folder ${header} DIRECTORY)
  install(FILES ${CMAKE_SOURCE_DIR}/lib/${header} DESTINATION include/sluice/${folder} COMPONENT library)
endforeach()

# Debian's libraries are the user's business to link, shared or static. Those that we built ourselves
# are in no place of their own, so they come along.
set(SLUICE_PC_REQUIRES "")
set(SLUICE_OWN_ARCHIVES "")
foreach(use IN LISTS library_uses)
  if(SLUICE_DEPS STREQUAL "vendored")
    get_target_property(archive ${use} IMPORTED_LOCATION)
    install(FILES ${archive} DESTINATION lib/sluice COMPONENT library)
    get_filename_component(archive ${archive} NAME)
    list(APPEND SLUICE_OWN_ARCHIVES ${archive})
  else()
    string(REPLACE "dep::" "lib" module ${use})
    string(REPLACE "libre2" "re2" module ${module})  # has its name without a prefix
    list(APPEND SLUICE_PC_REQUIRES ${module})
  endif()
endforeach()
list(JOIN SLUICE_PC_REQUIRES " " SLUICE_PC_REQUIRES)
list(TRANSFORM SLUICE_OWN_ARCHIVES PREPEND "\${libdir}/sluice/" OUTPUT_VARIABLE SLUICE_PC_ARCHIVES)
list(JOIN SLUICE_PC_ARCHIVES " " SLUICE_PC_ARCHIVES)
configure_file(cmake/sluice.pc.in ${CMAKE_BINARY_DIR}/sluice.pc @ONLY)
configure_file(cmake/sluiceConfig.cmake.in ${CMAKE_BINARY_DIR}/sluiceConfig.cmake @ONLY)
include(CMakePackageConfigHelpers)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/sluiceConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/sluice.pc DESTINATION lib/pkgconfig COMPONENT library)
install(FILES ${CMAKE_BINARY_DIR}/sluiceConfig.cmake ${CMAKE_BINARY_DIR}/sluiceConfigVersion.cmake
  DESTINATION lib/cmake/sluice COMPONENT library)

# ---- packages -------------------------------------------------------------------------------------

set(CPACK_PACKAGE_CONTACT "The sluice developers")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_RESOURCE_FILE_LICENSE ${CMAKE_SOURCE_DIR}/LICENSE)
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/packages)
set(CPACK_GENERATOR DEB TGZ)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL program library)

# One tarball with everything, two Debian packages.
set(CPACK_ARCHIVE_COMPONENT_INSTALL OFF)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME sluice)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME libsluice-dev)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libdevel)
set(CPACK_COMPONENT_LIBRARY_DESCRIPTION "C++ library that signs and verifies Sigstore bundles offline")
if(NOT SLUICE_DEPS STREQUAL "vendored")
  set(CPACK_DEBIAN_LIBRARY_PACKAGE_DEPENDS "libssl-dev, libsodium-dev, libre2-dev")
endif()
include(CPack)

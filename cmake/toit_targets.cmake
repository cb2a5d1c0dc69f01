# How every library of the project is built: one warning level, assertions on in every build, sources found by folder so
# that no file is ever left out of the build.

add_library(toit_flags INTERFACE)
target_compile_options(toit_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
                                            -ffp-contract=off)
target_include_directories(toit_flags INTERFACE "${PROJECT_SOURCE_DIR}")
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # g++ 12 takes std::string's own copies, once inlined, for overlapping or endless ones.
  target_compile_options(toit_flags INTERFACE -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread)
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # The stable sort of the library of g++ 12 uses what it calls deprecated itself.
  target_compile_options(toit_flags INTERFACE -Wno-error=deprecated-declarations)
endif()
if(TOIT_SANITIZE)
  # CAF 0.17.6 forms a null reference in every function-based spawn, hence no null check. Those about pointers double
  # the time to build and see what AddressSanitizer sees anyway.
  target_compile_options(
    toit_flags
    INTERFACE -fsanitize=address,undefined
              -fno-sanitize=null,vptr,alignment,object-size,nonnull-attribute,returns-nonnull-attribute
              -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(toit_flags INTERFACE -fsanitize=address,undefined)
endif()

if(TOIT_FUZZ)
  target_compile_options(toit_flags INTERFACE -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)
  target_link_options(toit_flags INTERFACE -fsanitize=address,undefined)
endif()

# toit_library(NAME FOLDER [DEPENDENCY...]): every .cpp of the folder, not of its subfolders.
function(toit_library name folder)
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${folder}/*.cpp")
  add_library(${name} STATIC ${sources})
  target_link_libraries(${name} PRIVATE toit_flags PUBLIC ${ARGN})
endfunction()

# Deliberate bugs, which the simulator's checkers must find, exist in builds made for tests alone.
if(TOIT_TESTS)
  target_compile_definitions(toit_flags INTERFACE TOIT_TEST_SWITCHES)
endif()

// Bytes taken for what is packed in a journal: the payload of an entry, a line of the log, a head, an account, a row of
// a snapshot. The first byte chooses.

#include "tests/fuzz/entry.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 0)
    toit::fuzz::try_packed(data[0], {data + 1, size - 1});
  return 0;
}

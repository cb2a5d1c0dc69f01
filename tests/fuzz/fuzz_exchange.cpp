// Bytes taken for a play of many acts of which an exchange of a few streams is the place, on a State node when the
// first byte is even, else on a territory's.

#include "tests/fuzz/exchange_play.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 0)
    toit::fuzz::exchange_play{data[0] % 2 == 0, {data + 1, size - 1}}.run();
  return 0;
}

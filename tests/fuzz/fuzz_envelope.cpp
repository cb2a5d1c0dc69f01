// Bytes taken for what neighbours send. The first one chooses: 0, one envelope as it comes; another number, a play of
// many acts of which an exchange of a few streams is the place, on a State node or a territory's.

#include "tests/fuzz/exchange_play.hpp"

namespace {

using namespace toit;

void try_envelope(std::span<const std::uint8_t> bytes) {
  auto read = federation::decode(bytes);
  if (!read)
    return;
  auto packed = federation::encode(*read);
  // Fields that came later may lack in what was sent.
  auto again = federation::decode(packed);
  law::require(again && federation::encode(*again) == packed, "packing and unpacking come to rest");
  law::require(packed.size() >= bytes.size(), "a message is in its shortest form");
  law::require(again->said.index() == read->said.index() && again->from == read->from && again->to == read->to,
               "an envelope comes back as it was");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0)
    return 0;
  std::span rest{data + 1, size - 1};
  if (data[0] == 0)
    try_envelope(rest);
  else
    fuzz::exchange_play{data[0] % 2 == 0, rest}.run();
  return 0;
}

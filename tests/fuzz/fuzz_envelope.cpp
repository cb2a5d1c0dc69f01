// Bytes taken for one envelope of a neighbour's.

#include "federation/envelope.hpp"
#include "law/require.hpp"

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
  try_envelope({data, size});
  return 0;
}

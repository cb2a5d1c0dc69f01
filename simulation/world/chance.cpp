#include "simulation/world/chance.hpp"

#include "law/require.hpp"

#include <memory>
#include <sodium.h>

namespace toit::simulation {

namespace {

std::unique_ptr<chance> sodium_source;

const char* source_name() { return "seeded"; }
std::uint32_t source_random() { return static_cast<std::uint32_t>(sodium_source->next()); }
void source_buffer(void* const buffer, const std::size_t size) {
  sodium_source->fill({static_cast<std::uint8_t*>(buffer), size});
}

randombytes_implementation seeded_source{source_name, source_random, nullptr, nullptr, source_buffer, nullptr};

} // namespace

sodium_chance::sodium_chance(std::uint64_t seed) {
  law::require(!sodium_source, "one run at a time");
  // First: libsodium draws for itself when it starts, once a process.
  law::require(sodium_init() >= 0, "libsodium starts");
  sodium_source = std::make_unique<chance>(seed);
  randombytes_set_implementation(&seeded_source);
}

sodium_chance::~sodium_chance() {
  randombytes_set_implementation(&randombytes_sysrandom_implementation);
  sodium_source.reset();
}

} // namespace toit::simulation

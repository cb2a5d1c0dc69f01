/// \file
/// Witnesses' marks: what a State node signs of a stream that it holds. docs/journal-format.md is normative.

#pragma once

#include "journal/chain.hpp"
#include "ports/replica.hpp"

namespace toit::journal {

/// A State authority's stream, and another than the one it marks: nobody is a witness of himself.
bool can_mark(const ports::stream_id& witness, const ports::stream_id& stream);

/// What a mark's signature covers.
bytes mark_message(const ports::witness_mark& mark);

/// Sets the key id and the signature.
void sign(ports::witness_mark& mark, const signing_key& key);

bool verify(const ports::witness_mark& mark, const public_key& key);

} // namespace toit::journal

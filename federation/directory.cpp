#include "federation/directory.hpp"

#include "federation/directory_check.hpp"
#include "journal/pack.hpp"

#include <algorithm>
#include <set>

namespace toit::federation {

namespace {

constexpr std::uint8_t signed_form_version = 1;

bool hosts(const node_entry& node, const stream_id& stream) {
  return std::ranges::find(node.streams, stream) != node.streams.end();
}

bool supervises(const stream_id& authority, const territory_entry& territory) {
  return std::ranges::find(territory.supervisors, authority) != territory.supervisors.end();
}

bool follows(const node_entry& node, const territory_entry& territory) {
  return std::ranges::any_of(territory.supervisors, [&](const stream_id& authority) { return hosts(node, authority); });
}

bool is_holder(const node_entry& node, const territory_entry& territory) {
  return std::ranges::find(territory.holders, node.name) != territory.holders.end();
}

/// It answers for the territory's stream, or watches over it.
bool concerns(const node_entry& node, const territory_entry& territory) {
  return hosts(node, territory.stream) || follows(node, territory);
}

} // namespace

const node_entry* directory::find(const node_name& name) const {
  auto found = std::ranges::find(nodes, name, &node_entry::name);
  return found == nodes.end() ? nullptr : &*found;
}

const node_entry* directory::host_of(const stream_id& stream) const {
  auto found = std::ranges::find_if(nodes, [&](const node_entry& node) { return hosts(node, stream); });
  return found == nodes.end() ? nullptr : &*found;
}

const territory_entry* directory::territory_of(const stream_id& stream, law::civil_date day) const {
  auto is_it = [&](const territory_entry& entry) { return entry.stream == stream && entry.in_force(day); };
  auto found = std::ranges::find_if(territories, is_it);
  return found == territories.end() ? nullptr : &*found;
}

std::optional<stream_id> directory::competent(law::siren territory, federation::matter of,
                                              std::optional<law::departement_code> departement) const {
  std::optional<stream_id> for_all;
  for (const auto& row : competences) {
    if (row.territory != territory || row.matter != of)
      continue;
    if (row.departement == departement)
      return row.authority;
    if (!row.departement)
      for_all = row.authority;
  }
  return for_all;
}

// [R441-2-15-I-2a] [R441-2-15-II-2]
std::optional<stream_id> directory::authority_for(const territory_entry& territory, federation::matter of,
                                                  std::optional<law::departement_code> departement) const {
  if (auto named = competent(territory.territory, of, departement))
    return named;
  bool by_departement = of == matter::thresholds || of == matter::dalo;
  if (by_departement && departement)
    return stream_id::parse("SD" + std::string{departement->view()});
  return of == matter::dispositif ? std::optional{territory.ordering} : std::nullopt;
}

std::vector<dated_key> directory::signing_keys_of(const stream_id& stream) const {
  const auto* host = host_of(stream);
  return host ? std::vector<dated_key>{host->signing_keys} : std::vector<dated_key>{};
}

std::optional<law::bytes32> directory::escrow_of(const stream_id& stream, law::civil_date day) const {
  const auto* territory = territory_of(stream, day);
  const auto* orderer = territory ? host_of(territory->ordering) : nullptr;
  return orderer ? orderer->escrow_key : std::nullopt;
}

std::vector<const node_entry*> neighbours_of(const directory& in, const node_name& of, law::civil_date day) {
  const auto* self = in.find(of);
  if (!self)
    return {};
  std::set<stream_id> shared;
  std::set<node_name> holders;
  for (const auto& territory : in.territories) {
    bool concerned = concerns(*self, territory);
    if (!territory.in_force(day) || (!concerned && !is_holder(*self, territory)))
      continue;
    shared.insert(territory.stream);
    shared.insert(territory.supervisors.begin(), territory.supervisors.end());
    // Of two who merely hold it neither is the other's affair.
    if (concerned)
      holders.insert(territory.holders.begin(), territory.holders.end());
  }
  std::vector<const node_entry*> neighbours;
  auto is_shared = [&](const stream_id& stream) { return shared.contains(stream); };
  for (const auto& node : in.nodes)
    if (&node != self && (std::ranges::any_of(node.streams, is_shared) || holders.contains(node.name)))
      neighbours.push_back(&node);
  return neighbours;
}

bool should_hold(const directory& in, const node_name& who, const stream_id& stream, law::civil_date day) {
  const auto* node = in.find(who);
  if (!node)
    return false;
  auto reaches = [&](const territory_entry& territory) {
    bool holds = is_holder(*node, territory);
    return territory.in_force(day) && ((territory.stream == stream && (holds || follows(*node, territory))) ||
                                       (supervises(stream, territory) && (holds || concerns(*node, territory))));
  };
  return hosts(*node, stream) || std::ranges::any_of(in.territories, reaches);
}

bool is_held_by(const directory& in, const node_name& who, const stream_id& stream, law::civil_date day) {
  const auto* node = in.find(who);
  const auto* territory = in.territory_of(stream, day);
  return node && territory && is_holder(*node, *territory);
}

bool is_followed_by(const directory& in, const node_name& who, const stream_id& stream, law::civil_date day) {
  const auto* node = in.find(who);
  const auto* territory = in.territory_of(stream, day);
  return node && territory && follows(*node, *territory);
}

std::string inconsistency_of(const directory& given) {
  auto found = inconsistencies_of(given, 1);
  return found.empty() ? std::string{} : found.front().where + " " + found.front().what;
}

namespace {

struct signed_form {
  byte_view content;
  journal::key_id key_id{};
  journal::signature signature{};
};

bytes pack_signed(const signed_form& form) {
  msgpack::sbuffer buffer;
  journal::packer out{buffer};
  out.pack_array(4);
  out.pack_uint8(signed_form_version);
  journal::detail::pack_bytes(out, form.content);
  journal::detail::pack_bytes(out, form.key_id);
  journal::detail::pack_bytes(out, form.signature);
  return {buffer.data(), buffer.data() + buffer.size()};
}

/// Bytes before the content: the array's head, the version, and the head of a bin of 1, 2 or 4 bytes of length.
std::size_t bytes_before_content(byte_view given) {
  if (given.size() < 3 || given[2] < 0xC4 || given[2] > 0xC6)
    return 0;
  return 3 + (std::size_t{1} << (given[2] - 0xC4));
}

/// Absent unless packing gives the same bytes again.
std::optional<signed_form> unpack_signed(byte_view given) {
  constexpr std::size_t head_of_small_bin = 2;
  signed_form form;
  auto before = bytes_before_content(given);
  auto after = 2 * head_of_small_bin + form.key_id.size() + form.signature.size();
  if (before == 0 || given.size() < before + after)
    return std::nullopt;
  form.content = given.subspan(before, given.size() - before - after);
  auto tail = given.last(after);
  std::ranges::copy(tail.subspan(head_of_small_bin, form.key_id.size()), form.key_id.begin());
  std::ranges::copy(tail.last(form.signature.size()), form.signature.begin());
  if (!std::ranges::equal(pack_signed(form), given))
    return std::nullopt;
  return form;
}

bytes message_of(byte_view content) {
  bytes message;
  journal::put(message, journal::view_of("toit.directory.1"));
  journal::put(message, content);
  return message;
}

} // namespace

bytes sign_directory(const directory& issued, const journal::signing_key& anchor) {
  auto content = journal::pack_alone(issued);
  return pack_signed({content, journal::id_of(anchor.public_half()), anchor.sign(message_of(content))});
}

std::expected<directory, directory_fault> open_directory(byte_view signed_bytes, const public_key& anchor) {
  if (signed_bytes.size() > directory_limit_bytes)
    return std::unexpected{directory_fault::malformed};
  auto form = unpack_signed(signed_bytes);
  if (!form)
    return std::unexpected{directory_fault::malformed};
  if (form->key_id != journal::id_of(anchor) || !journal::verify(message_of(form->content), form->signature, anchor))
    return std::unexpected{directory_fault::bad_signature};
  auto opened = journal::unpack_alone<directory>(form->content);
  if (!opened)
    return std::unexpected{directory_fault::malformed};
  if (!inconsistencies_of(*opened, 1).empty())
    return std::unexpected{directory_fault::inconsistent};
  return std::move(*opened);
}

} // namespace toit::federation

/// \file
/// What the node knows of an agent or a demandeur beside the law: login, display name, password and tokens. Local and
/// erasable: entries know him by a random id alone.

#pragma once

#include "ports/journal.hpp"

namespace toit::ports {

struct account_token {
  law::bytes32 hash{}; ///< of a secret shown once
  law::text<60> label;
  law::instant expires{};
  friend bool operator==(const account_token&, const account_token&) = default;
  static constexpr auto fields() {
    using law::field;
    using t = account_token;
    return std::tuple{field{"hash", &t::hash}, field{"label", &t::label}, field{"expires", &t::expires}};
  }
};

struct account_secrets {
  law::agent_id account;
  law::text<80> login;
  law::text<120> display_name;
  std::string password; ///< as the hasher made it
  law::list<account_token, 16> tokens;
  std::optional<law::dossier_id> own_dossier; ///< of a demandeur
  friend bool operator==(const account_secrets&, const account_secrets&) = default;
  static constexpr auto fields() {
    using law::field;
    using t = account_secrets;
    return std::tuple{
        field{"account", &t::account},   field{"login", &t::login},   field{"display_name", &t::display_name},
        field{"password", &t::password}, field{"tokens", &t::tokens}, field{"own_dossier", &t::own_dossier}};
  }
};

/// Accounts as rows of the journal's file, encrypted.
class account_sealer {
public:
  virtual ~account_sealer() = default;
  virtual account_row seal(const account_secrets& secrets) = 0;
  /// Absent when the row is another territory's, or altered, or when no key is here.
  virtual std::optional<account_secrets> open(const account_row& row) = 0;
};

/// Hash of short secrets that are random themselves: tokens, codes, idempotency keys.
class digester {
public:
  virtual ~digester() = default;
  virtual law::bytes32 digest(std::string_view purpose, std::span<const std::uint8_t> content) const = 0;
  /// Of what is for others to hold against its digest: BLAKE2b of 32 bytes, without a key, as any tool finds it.
  virtual law::bytes32 plain_digest(std::span<const std::uint8_t> content) const = 0;
};

} // namespace toit::ports

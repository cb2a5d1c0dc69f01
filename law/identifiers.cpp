#include "law/identifiers.hpp"

namespace toit::law {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

bool all_digits(std::string_view text) { return std::ranges::all_of(text, is_digit); }
bool all_digits_or_capitals(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return is_digit(c) || is_upper(c); });
}

int digit(char c) { return c - '0'; }

/// Luhn's sum: from the right, every second digit doubled and its own digits added.
int luhn_sum(std::string_view digits) {
  int sum = 0;
  bool twice = false;
  for (auto it = digits.rbegin(); it != digits.rend(); ++it, twice = !twice) {
    int value = twice ? 2 * digit(*it) : digit(*it);
    sum += value > 9 ? value - 9 : value;
  }
  return sum;
}

/// Two characters of a mainland département: 01 to 95 without 20, 2A, 2B.
bool is_mainland(std::string_view text) {
  if (text == "2A" || text == "2B")
    return true;
  return text.size() == 2 && all_digits(text) && text >= "01" && text <= "95" && text != "20";
}

/// Three characters of an overseas département or collectivity with INSEE codes.
bool is_overseas(std::string_view text) {
  static constexpr std::string_view known[] = {"971", "972", "973", "974", "975", "976", "977",
                                               "978", "984", "986", "987", "988", "989"};
  return std::ranges::find(known, text) != std::end(known);
}

} // namespace

bool departement_rule::accepts(std::string_view text) { return is_mainland(text) || is_overseas(text); }

bool commune_rule::accepts(std::string_view text) {
  if (text.size() != 5 || !all_digits(text.substr(2)))
    return false;
  return is_mainland(text.substr(0, 2)) || is_overseas(text.substr(0, 3));
}

bool nud_rule::accepts(std::string_view text) {
  if (text.size() != 18)
    return false;
  auto departement = text.substr(0, 3);
  bool mainland = departement.front() == '0' && is_mainland(departement.substr(1));
  auto month = text.substr(3, 2);
  return (mainland || is_overseas(departement)) && all_digits(month) && month >= "01" && month <= "12" &&
         all_digits(text.substr(5, 8)) && all_digits_or_capitals(text.substr(13));
}

bool siren_rule::accepts(std::string_view text) {
  return text.size() == 9 && all_digits(text) && text != "000000000" && luhn_sum(text) % 10 == 0;
}

bool siret_rule::accepts(std::string_view text) {
  if (text.size() != 14 || !all_digits(text) || !siren_rule::accepts(text.substr(0, 9)))
    return false;
  if (luhn_sum(text) % 10 == 0)
    return true;
  // La Poste ran out of numbers: its establishments only need digits that sum to a multiple of five.
  int sum = 0;
  for (char c : text)
    sum += digit(c);
  return text.starts_with("356000000") && sum % 5 == 0;
}

bool rpls_rule::accepts(std::string_view text) { return text.size() == 10 && all_digits_or_capitals(text); }

bool nir_rule::accepts(std::string_view text) {
  if (text.size() != 15 || std::string_view{"123478"}.find(text[0]) == std::string_view::npos)
    return false;
  std::string digits{text.substr(0, 13)};
  // The key counts Corsica's letters as 19 and 18 in place of 2A and 2B.
  if (auto place = digits.substr(5, 2); place == "2A" || place == "2B")
    digits.replace(5, 2, place == "2A" ? "19" : "18");
  if (!all_digits(digits) || !all_digits(text.substr(13)))
    return false;
  return 97 - std::stoull(digits) % 97 == std::stoull(std::string{text.substr(13)});
}

departement_code departement_of(commune_code where) {
  auto text = where.view();
  auto overseas = text.substr(0, 3);
  return *departement_code::parse(is_overseas(overseas) ? overseas : text.substr(0, 2));
}

std::string to_hex(std::span<const std::uint8_t> bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (auto byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

bool parse_hex(std::string_view text, std::span<std::uint8_t> bytes) {
  auto nibble = [](char c) { return is_digit(c) ? digit(c) : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
  if (text.size() != 2 * bytes.size())
    return false;
  for (char c : text)
    if (nibble(c) < 0)
      return false;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<std::uint8_t>(nibble(text[2 * i]) << 4 | nibble(text[2 * i + 1]));
  return true;
}

} // namespace toit::law

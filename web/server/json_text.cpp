#include "web/server/json_text.hpp"

namespace toit::web {

namespace {

using law::refusal_code;

/// Builds the value as the parser reads it, and stops at the first thing that is not wanted.
class builder : public nlohmann::json_sax<json> {
public:
  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override { return put(value); }
  bool number_unsigned(number_unsigned_t value) override { return put(value); }
  bool number_float(number_float_t value, const string_t&) override { return put(value); }
  bool string(string_t& value) override { return put(std::move(value)); }
  bool binary(binary_t&) override { return false; }

  bool start_object(std::size_t) override { return open(json::object()); }
  bool start_array(std::size_t) override { return open(json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    if (nested_.back()->contains(name))
      return refuse(refusal_code::malformed, "Un champ est donné deux fois.");
    key_ = std::move(name);
    return true;
  }

  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return refuse(refusal_code::malformed, "Le corps de la requête n'est pas du JSON bien formé, en UTF-8.");
  }

  json root;
  law::refusal wrong;

private:
  bool refuse(refusal_code code, law::literal because) {
    wrong = law::refuse(code, "", because).error();
    return false;
  }

  json* place(json value) {
    if (++values_ > json_values_limit) {
      refuse(refusal_code::too_large, "Le corps de la requête a trop de valeurs.");
      return nullptr;
    }
    if (nested_.empty())
      return &(root = std::move(value));
    if (nested_.back()->is_array())
      return &nested_.back()->emplace_back(std::move(value));
    return &((*nested_.back())[std::exchange(key_, {})] = std::move(value));
  }

  bool put(json value) { return place(std::move(value)) != nullptr; }

  bool open(json value) {
    if (nested_.size() == json_depth_limit)
      return refuse(refusal_code::too_large, "Le corps de la requête est trop imbriqué.");
    auto* placed = place(std::move(value));
    if (placed)
      nested_.push_back(placed);
    return placed != nullptr;
  }

  bool close() {
    nested_.pop_back();
    return true;
  }

  std::vector<json*> nested_; ///< a parent does not move while it has an open child
  std::string key_;
  std::size_t values_ = 0;
};

} // namespace

std::expected<json, law::refusal> parse_json(std::string_view bytes) {
  builder read;
  if (!json::sax_parse(bytes.begin(), bytes.end(), &read))
    return std::unexpected{std::move(read.wrong)};
  return std::move(read.root);
}

std::string to_text(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

} // namespace toit::web

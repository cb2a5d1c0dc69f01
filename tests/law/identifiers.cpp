#include "law/identifiers.hpp"

#include "law/text.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace toit::law;

namespace {

template <class Code>
void check_accepted(std::initializer_list<std::string_view> texts) {
  for (auto text : texts) {
    INFO(text);
    auto parsed = Code::parse(text);
    REQUIRE(parsed);
    CHECK(parsed->view() == text);
  }
}

template <class Code>
void check_refused(std::initializer_list<std::string_view> texts) {
  for (auto text : texts) {
    INFO(text);
    CHECK_FALSE(Code::parse(text));
  }
}

} // namespace

TEST_CASE("a numéro unique has a département, a month, a year, six digits and five characters of a desk",
          "[L441-2-1]") {
  check_accepted<nud>({"093012600000193066", "075122699999900001", "02A0126000001GDPUB", "02B0126000001GDPUB",
                       "974112600000197411", "001012600000101004", "095012600000195127"});
  check_refused<nud>({"", "09301260000019306", "0930126000001930660", "093002600000193066", "093132600000193066",
                      "193012600000193066", "000012600000193066", "020012600000193066", "096012600000193066",
                      "979012600000193066", "02C0126000001GDPUB", "2A00126000001GDPUB", "0930126000001gdpub",
                      "09301260000O193066", "093012600000 93066", "09301260000019306\xC3"});
}

TEST_CASE("a SIREN has nine digits and its key", "[R441-2-15-I-10]") {
  check_accepted<siren>({"732829320", "200057867", "356000000"});
  check_refused<siren>({"", "732829321", "732829302", "73282932", "7328293200", "000000000", "73282932O", " 32829320"});
}

TEST_CASE("one wrong digit of a SIREN is always noticed", "[R441-2-15-I-10]") {
  const std::string good = "732829320";
  for (std::size_t place = 0; place < good.size(); ++place)
    for (char wrong = '0'; wrong <= '9'; ++wrong) {
      auto altered = good;
      altered[place] = wrong;
      CHECK(siren::parse(altered).has_value() == (altered == good));
    }
}

TEST_CASE("a SIRET has the SIREN of its legal person and a key of its own", "[R441-2-2]") {
  check_accepted<siret>({"73282932000074", "35600000000048"});
  check_refused<siret>(
      {"73282932000075", "7328293200007", "732829320000740", "73282932100073", "00000000000000", "7328293200007A"});
}

TEST_CASE("an establishment of La Poste needs digits whose sum is a multiple of five", "[R441-2-2]") {
  check_accepted<siret>({"35600000000001", "35600000000006"});
  check_refused<siret>({"35600000000002"});
  // The exception is La Poste's alone.
  check_refused<siret>({"73282932000004"});
}

TEST_CASE("a commune has the code of a département and three digits", "[R441-2-15-I-0-1]") {
  check_accepted<commune_code>({"93066", "01004", "2A004", "2B033", "95680", "97105", "97411", "97611", "98818"});
  check_refused<commune_code>(
      {"", "9306", "930660", "00001", "20004", "96001", "99001", "2C004", "2a004", "93O66", "97001", "97901", "93-66"});
}

TEST_CASE("the département of a commune is read on two characters, overseas on three", "[R441-2-8]") {
  auto departement = [](std::string_view commune) { return departement_of(*commune_code::parse(commune)).text(); };
  CHECK(departement("93066") == "93");
  CHECK(departement("2A004") == "2A");
  CHECK(departement("97411") == "974");
  CHECK(departement("97105") == "971");
}

TEST_CASE("a département is one of those that exist", "[R441-2-15-I-0-1]") {
  check_accepted<departement_code>({"01", "19", "21", "2A", "2B", "95", "971", "976"});
  check_refused<departement_code>({"", "00", "1", "20", "96", "97", "2C", "093", "970", "979"});
}

TEST_CASE("a dwelling of the RPLS has ten positions", "[R411-3]") {
  check_accepted<rpls_id>({"0123456789", "ABCDEFGHIJ", "93A0000001"});
  check_refused<rpls_id>({"", "012345678", "01234567890", "012345678a", "01234 6789", "01234-6789"});
}

TEST_CASE("a NIR has fifteen characters and its key, in Corsica too", "[R441-2-2]") {
  check_accepted<nir>({"255081416802538", "184122A45678956", "184122B45678983"});
  check_refused<nir>({"", "255081416802539", "25508141680253", "2550814168025380", "055081416802538", "955081416802538",
                      "184122C45678956", "25508141680253A"});
}

TEST_CASE("the key of a NIR goes from 01 to 97", "[R441-2-2]") {
  unsigned accepted = 0;
  for (int key = 0; key < 100; ++key) {
    auto two_digits = std::to_string(100 + key).substr(1);
    accepted += nir::parse("2550814168025" + two_digits).has_value();
  }
  CHECK(accepted == 1);
  CHECK_FALSE(nir::parse("255081416800000"));
}

TEST_CASE("the pattern given to the outside is the form that is accepted") {
  CHECK(nud::rule::pattern.find("{5}$") != std::string_view::npos);
  CHECK(rpls_id::rule::pattern == "^[0-9A-Z]{10}$");
}

TEST_CASE("a random identifier is written in lower-case hexadecimal, and read back alone") {
  subject_id id;
  for (std::size_t i = 0; i < id.bytes.size(); ++i)
    id.bytes[i] = static_cast<std::uint8_t>(17 * i);
  CHECK(to_text(id) == "00112233445566778899aabbccddeeff");
  subject_id read;
  CHECK(parse_hex(to_text(id), read.bytes));
  CHECK(read == id);
  for (auto malformed : {"", "00112233445566778899aabbccddee", "00112233445566778899aabbccddeeff00",
                         "00112233445566778899AABBCCDDEEFF", "00112233445566778899aabbccddeefg"}) {
    subject_id untouched;
    CHECK_FALSE(parse_hex(malformed, untouched.bytes));
    CHECK(untouched.empty());
  }
}

// -- text -----------------------------------------------------------------------------------------------------------

TEST_CASE("a text holds as many bytes as its limit, and not one more", "[R441-2-15-I-4-0]") {
  CHECK(text<4>::parse(""));
  CHECK(text<4>::parse("abcd"));
  CHECK(text<4>::parse("é\xC3\xA9"));
  CHECK_FALSE(text<4>::parse("abcde"));
  CHECK_FALSE(text<4>::parse("ééa"));
}

TEST_CASE("a text is well formed UTF-8", "[R441-2-15-I-4-0]") {
  for (std::string_view clean : {"Épinay-sur-Seine", "\xC2\xA0", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF",
                                 "\xEF\xBF\xBD", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "a\tb\nc"}) {
    INFO(clean);
    CHECK(is_clean_text(clean));
  }
  for (std::string_view dirty :
       {"\x80", "\xC0\xAF", "\xC1\xBF", "\xC3", "\xC3(", "\xE0\x9F\xBF", "\xE2\x82", "\xED\xA0\x80", "\xED\xBF\xBF",
        "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "caf\xE9"})
    CHECK_FALSE(is_clean_text(dirty));
}

TEST_CASE("a text holds no control character but line feed and tab", "[R441-2-15-I-4-0]") {
  for (char control = 1; control < 0x20; ++control)
    CHECK(is_clean_text(std::string_view{&control, 1}) == (control == '\n' || control == '\t'));
  CHECK_FALSE(is_clean_text(std::string_view{"\0", 1}));
  CHECK_FALSE(is_clean_text("\x7F"));
}

TEST_CASE("a text holds none of the control characters from U+0080 to U+009F", "[R441-2-15-I-4-0]") {
  CHECK_FALSE(is_clean_text("\xC2\x80"));
  CHECK_FALSE(is_clean_text("\xC2\x9B"));
  CHECK_FALSE(is_clean_text("\xC2\x9F"));
  CHECK(is_clean_text("\xC2\xA0"));
}

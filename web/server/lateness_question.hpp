/// \file
/// How late entries of a territory are is in entries that only its host can read: he is asked, page by page, within
/// bounds, for he may be the very one whose carence is looked into.
///
/// Text       L441-2-7 al. 4 (3°).
/// Not here   what is made of it: law/evidence.hpp.

#pragma once

#include "law/lateness.hpp"
#include "web/server/host.hpp"
#include "web/server/json_text.hpp"

namespace toit::web {

using told_lines = std::optional<std::vector<law::lateness_line>>;

struct lateness_limits {
  std::size_t pages = 512;
  std::size_t lines = 100'000;
  std::size_t page_bytes = 256U << 10;
  std::chrono::milliseconds time{30'000}; ///< after which no page is asked for; one is waited for ten seconds
};

/// Nothing is told when he does not answer, does not come to an end in time, or says what cannot be. Made as shared.
class lateness_question : public std::enable_shared_from_this<lateness_question> {
public:
  using ask_host =
      std::function<void(law::text<2048> target, std::function<void(const std::optional<relayed_answer>&)> take)>;

  lateness_question(ask_host ask, std::shared_ptr<const ports::clock> clock, std::function<void(told_lines)> tell,
                    lateness_limits limits = {});

  void begin();

private:
  void ask(const std::string& target);
  void take(const std::optional<relayed_answer>& told);
  bool add(const json& items);

  ask_host ask_;
  std::shared_ptr<const ports::clock> clock_;
  std::function<void(told_lines)> tell_;
  lateness_limits limits_;
  std::chrono::milliseconds began_{0};
  std::size_t pages_ = 0;
  std::vector<law::lateness_line> lines_;
};

} // namespace toit::web

// Runs seeds of the world, each in a process of its own, and says how often each fault, command and refusal occurred.
//
//   world_run --seeds 1..200 [--commands N] [--crashes N] [--days N] [--jobs N]
//             [--bug NAME --expect-caught] [--twice] [--no-coverage] [--occurs NAME,NAME...] [--log]
//   world_run --passing --seeds 1..60 [--episodes N] [...]   the same of runs in which a territory passes
//
// Exit 1 when a checker found something, when two runs of a seed differ, when something that can occur, or that
// --occurs names, never did, or when a deliberate bug was not caught; exit 2 when it was asked for in a way that it
// does not know.

#include "base/log.hpp"
#include "simulation/world/mishaps.hpp"
#include "simulation/world/passing_run.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <ranges>
#include <sys/wait.h>
#include <unistd.h>

using namespace toit;
using simulation::passing_options;
using simulation::run_options;
using simulation::tally;

namespace {

/// A bug behind a switch, and the checkers of which one must tell it: any other failure catches nothing.
struct deliberate_bug {
  std::string_view name;
  std::variant<bool deliberate_bugs::*, bool federation::exchange_bugs::*, bool nodes::hosting_bugs::*> flag;
  std::array<std::string_view, 2> checkers;

  void set_in(run_options& run, passing_options& passing) const {
    if (const auto* of_actors = std::get_if<0>(&flag))
      run.bugs.** of_actors = passing.bugs.** of_actors = true;
    else if (const auto* of_links = std::get_if<1>(&flag))
      run.link_bugs.** of_links = true;
    else
      passing.hosting_bugs.*std::get<2>(flag) = true;
  }

  bool is_told_by(std::string_view fault) const {
    return std::ranges::any_of(checkers, [&](std::string_view c) { return fault.starts_with(std::string{c} + ":"); });
  }
};

constexpr std::array bugs{
    deliberate_bug{"acknowledge_before_sync", &deliberate_bugs::acknowledge_before_sync, {"receipts", "repeats"}},
    deliberate_bug{"fire_deadline_twice", &deliberate_bugs::fire_deadline_twice, {"P6", "P9"}},
    deliberate_bug{"accept_stale_subject", &deliberate_bugs::accept_stale_subject, {"P8", "P9"}},
    deliberate_bug{"lose_an_inbox_entry", &deliberate_bugs::lose_an_inbox_entry, {"commands", "commands"}},
    deliberate_bug{"fork_is_duplicate", &federation::exchange_bugs::fork_is_duplicate, {"fork", "fork"}},
    deliberate_bug{"countersign_at_once", &federation::exchange_bugs::countersign_at_once, {"promises", "promises"}},
    // Of runs in which a territory passes.
    deliberate_bug{"skip_the_fence", &nodes::hosting_bugs::skip_the_fence, {"fence", "fence"}},
    deliberate_bug{"adopt_shorter_prefix", &nodes::hosting_bugs::adopt_shorter_prefix, {"prefix", "prefix"}},
    deliberate_bug{"import_late_twice", &deliberate_bugs::import_late_twice, {"late", "late"}},
    deliberate_bug{"execute_late_decision", &deliberate_bugs::execute_late_decision, {"decided", "decided"}},
};

struct asked {
  std::uint64_t first = 1;
  std::uint64_t last = 200;
  unsigned jobs = 2;
  run_options run;
  bool passing = false;
  passing_options passes;
  const deliberate_bug* bug = nullptr;
  bool expect_caught = false;
  bool twice = false;
  bool coverage = true;
  std::vector<std::string> occurs; ///< must, however few the seeds are
  bool logs = false;
};

// -- what must have occurred ----------------------------------------------------------------------------------------

struct exception {
  const char* name;
  const char* why;
};

constexpr const char* prefects_own = "of a prefect's procedures, which the State nodes of a run do not have";
constexpr const char* passes_elsewhere = "of runs in which a territory passes: --passing";
constexpr const char* not_played = "no player of a run sees to the dispositif";

/// What a run cannot bring about, and why.
constexpr exception unreachable[] = {
    {"command.clock_set", "only a demonstration node has a clock that can be set"},
    {"command.signing_key_changed", "an entry of a State node's stream: looked for after each change of keys"},
    {"command.stream_closing", passes_elsewhere},
    {"command.authority_cut", passes_elsewhere},
    {"command.late_entry_settled", passes_elsewhere},
    {"command.late_entry_reviewed", passes_elsewhere},
    {"command.dispositif_begun", not_played},
    {"command.dispositif_put_in_service", not_played},
    {"command.adhesion_decided", not_played},
    {"command.adhesion_left", not_played},
    {"command.dispositif_convention_proposed", not_played},
    {"command.dispositif_convention_answered", not_played},
    {"refusal.E_WRONG_PREFET", prefects_own},
    {"refusal.E_MISSING_OPINION", prefects_own},
    {"refusal.E_NOT_CONFORM", not_played},
    {"refusal.E_NOT_CONCERNED", not_played},
    {"refusal.E_FENCED", "no territory of a run passes to another node"},
    {"refusal.E_UNKNOWN_OUTCOME", "the API's word for an answer that did not come: here it is fault.unanswered"},
    {"refusal.E_INTERNAL", "answered when the file of a document is damaged: no mishap of a run may bring that about"},
};

/// Beside the kinds of mishaps themselves: what they must have led to, and what clients do.
constexpr const char* more_faults[] = {
    "race",
    "crowd",
    "sixty_four_in_flight",
    "late_fact",
    "unanswered",
    "repeat_answered",
    "repeat_unanswered",
    "torn_write",
    "repeat_in_flight",
    "key_reused",
    "frozen_day",
    "start_failed",
    "lost_sector",
    "document_destroyed",
    "command_recorded",
    "command_refused",
    "command_too_late",
    "message_lost",
    "message_doubled",
    "message_overtaken",
    "past_written_over",
    "rewritten_at_source",
};

std::vector<std::string> expected(bool passing) {
  if (passing)
    return simulation::passing_occurrences();
  std::vector<std::string> names;
  auto add = [&](const char* family, const auto& of_family) {
    for (auto name : of_family)
      names.push_back(std::string{family} + "." + std::string{name});
  };
  // State nodes have streams of their own, and neither desk nor procedures: what becomes of their commands is counted.
  for (const auto& kind : law::all_kinds())
    if (kind.family != law::entry_family::state)
      names.push_back("command." + std::string{kind.name});
  add("refusal", names_of(law::refusal_code{}));
  add("fault", names_of(simulation::mishap{}));
  add("fault", std::vector<std::string>(std::begin(more_faults), std::end(more_faults)));
  add("due", names_of(law::due_rule{}));
  add("warning", names_of(law::warning{}));
  std::erase_if(names, [](const std::string& name) {
    return std::ranges::any_of(unreachable, [&](const exception& e) { return name == e.name; });
  });
  return names;
}

/// Prints every count; false when something that can occur did not, or something that cannot did.
bool report_counts(tally counts, bool passing) {
  bool complete = true;
  for (const auto& name : expected(passing))
    counts.try_emplace(name, 0);
  for (const auto& [name, times] : counts) {
    std::printf("%-45s %10llu%s\n", name.c_str(), static_cast<unsigned long long>(times),
                times == 0 ? "  NEVER OCCURRED" : "");
    complete = complete && times > 0;
  }
  for (const auto& e : unreachable) {
    if (passing)
      break;
    bool occurred = counts.contains(e.name);
    std::printf("%-45s unreachable: %s%s\n", e.name, e.why, occurred ? "  YET IT OCCURRED" : "");
    complete = complete && !occurred;
  }
  return complete;
}

/// Of few seeds: what occurs in nearly all of them.
bool all_occurred(const asked& what, const tally& counts) {
  bool all = true;
  for (const auto& name : what.occurs) {
    auto found = counts.find(name);
    bool occurred = found != counts.end() && found->second > 0;
    if (!occurred)
      std::printf("%-45s NEVER OCCURRED\n", name.c_str());
    all = all && occurred;
  }
  return all;
}

// -- one seed, in a process of its own ------------------------------------------------------------------------------

void write_line(int out, const std::string& line) {
  std::string_view rest = line;
  while (!rest.empty()) {
    auto written = ::write(out, rest.data(), rest.size());
    if (written <= 0)
      _exit(3);
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

[[noreturn]] void run_seed(const asked& what, std::uint64_t seed, int out) {
  base::set_up_log(base::log_format::text, what.logs ? base::log_level::info : base::log_level::off);
  auto run = [&] {
    auto options = what.run;
    auto passes = what.passes;
    options.seed = passes.seed = seed;
    return what.passing ? simulation::run_passing(passes) : simulation::run_world(options);
  };
  auto result = run();
  if (what.twice) {
    auto again = run();
    bool same = again.head == result.head && again.heads_elsewhere == result.heads_elsewhere;
    if (!same || again.counts != result.counts)
      result.faults.push_back({"determinism", "the same seed gives head " + result.head + ", then " + again.head});
  }
  write_line(out, "head " + result.head + "\n");
  for (const auto& found : result.faults)
    write_line(out, "fault " + found.checker + ": " + found.what + "\n");
  for (const auto& [name, times] : result.counts)
    write_line(out, "count " + name + " " + std::to_string(times) + "\n");
  write_line(out, "end\n");
  _exit(0);
}

struct seed_process {
  std::uint64_t seed = 0;
  pid_t pid = 0;
  int in = -1;
  std::string said;
};

seed_process launch(const asked& what, std::uint64_t seed) {
  int ends[2];
  if (pipe(ends) != 0) {
    std::perror("pipe");
    std::exit(3);
  }
  std::fflush(stdout);
  auto pid = fork();
  if (pid == 0) {
    close(ends[0]);
    run_seed(what, seed, ends[1]);
  }
  close(ends[1]);
  return {seed, pid, ends[0], {}};
}

/// Reads what the process says until it ends; false when it ended otherwise than by having said it all.
bool hear_out(seed_process& child) {
  char part[4096];
  for (ssize_t got = 0; (got = ::read(child.in, part, sizeof part)) > 0;)
    child.said.append(part, static_cast<std::size_t>(got));
  close(child.in);
  int status = 0;
  waitpid(child.pid, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 && child.said.ends_with("end\n");
}

// -- all of them ----------------------------------------------------------------------------------------------------

struct summary {
  tally counts;
  std::uint64_t seeds = 0;
  std::uint64_t failed = 0;
  std::optional<std::uint64_t> caught_by; ///< the first seed whose checkers told the deliberate bug
  std::string heads;                      ///< of every seed, one after the other
};

void print_failure(const asked& what, std::uint64_t seed, const std::vector<std::string>& found) {
  auto number = std::to_string(seed);
  auto bug = what.bug ? " --bug " + std::string{what.bug->name} : std::string{};
  auto sizes = what.passing ? "--passing --episodes " + std::to_string(what.passes.episodes)
                            : "--commands " + std::to_string(what.run.commands) + " --crashes " +
                                  std::to_string(what.run.crashes) + " --days " + std::to_string(what.run.days);
  std::printf("seed %s failed: world_run --seeds %s..%s %s --no-coverage%s\n", number.c_str(), number.c_str(),
              number.c_str(), sizes.c_str(), bug.c_str());
  for (const auto& line : found)
    std::printf("  %s\n", line.c_str());
}

void take_line(std::string_view line, summary& all, std::vector<std::string>& found) {
  if (line.starts_with("fault "))
    found.emplace_back(line.substr(6));
  else if (line.starts_with("head "))
    all.heads += line.substr(5);
  if (!line.starts_with("count "))
    return;
  auto space = line.rfind(' ');
  std::uint64_t times = 0;
  std::from_chars(line.data() + space + 1, line.data() + line.size(), times);
  all.counts[std::string{line.substr(6, space - 6)}] += times;
}

void take_in(const asked& what, seed_process& child, summary& all) {
  bool ended_well = hear_out(child);
  std::vector<std::string> found;
  std::string_view rest = child.said;
  while (!rest.empty()) {
    auto end = std::min(rest.find('\n'), rest.size() - 1);
    take_line(rest.substr(0, end), all, found);
    rest.remove_prefix(end + 1);
  }
  if (!ended_well)
    found.emplace_back("the run was aborted: what it said is above");
  ++all.seeds;
  if (found.empty())
    return;
  bool caught = ended_well && what.expect_caught &&
                std::ranges::any_of(found, [&](const std::string& line) { return what.bug->is_told_by(line); });
  bool is_news = !caught || !all.caught_by;
  if (caught)
    all.caught_by = std::min(child.seed, all.caught_by.value_or(child.seed));
  else if (!what.expect_caught || !ended_well)
    ++all.failed;
  if (is_news)
    print_failure(what, child.seed, found);
}

summary run_all(const asked& what) {
  summary all;
  std::vector<seed_process> running;
  auto seed = what.first;
  while (true) {
    // A bug that has been caught need not be caught again.
    bool more = seed <= what.last && !all.caught_by;
    if (more && running.size() < what.jobs) {
      running.push_back(launch(what, seed++));
    } else if (!running.empty()) {
      take_in(what, running.front(), all);
      running.erase(running.begin());
    } else {
      return all;
    }
  }
}

// -- the command line -----------------------------------------------------------------------------------------------

template <class Number>
bool read_number(std::string_view text, Number& number) {
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failure == std::errc{} && end == text.data() + text.size();
}

bool read_seeds(std::string_view text, asked& what) {
  auto dots = text.find("..");
  if (dots == std::string_view::npos)
    return read_number(text, what.first) && read_number(text, what.last);
  return read_number(text.substr(0, dots), what.first) && read_number(text.substr(dots + 2), what.last);
}

bool read_bug(std::string_view name, asked& what) {
  what.bug = std::ranges::find(bugs, name, &deliberate_bug::name);
  if (what.bug == bugs.end())
    return false;
  what.bug->set_in(what.run, what.passes);
  return true;
}

bool read_option(std::string_view option, std::string_view value, asked& what) {
  if (option == "--seeds")
    return read_seeds(value, what);
  if (option == "--commands")
    return read_number(value, what.run.commands);
  if (option == "--crashes")
    return read_number(value, what.run.crashes);
  if (option == "--days")
    return read_number(value, what.run.days);
  if (option == "--episodes")
    return read_number(value, what.passes.episodes);
  if (option == "--jobs")
    return read_number(value, what.jobs);
  if (option == "--occurs") {
    for (auto name : std::views::split(value, ','))
      what.occurs.emplace_back(name.begin(), name.end());
    return true;
  }
  return option == "--bug" && read_bug(value, what);
}

bool read_arguments(int count, char** arguments, asked& what) {
  for (int i = 1; i < count; ++i) {
    std::string_view option = arguments[i];
    if (option == "--passing")
      what.passing = true;
    else if (option == "--expect-caught")
      what.expect_caught = true;
    else if (option == "--twice")
      what.twice = true;
    else if (option == "--log")
      what.logs = true;
    else if (option == "--no-coverage")
      what.coverage = false;
    else if (i + 1 == count || !read_option(option, arguments[++i], what))
      return false;
  }
  return what.first <= what.last && what.jobs > 0 && what.run.days > 1 && (what.bug || !what.expect_caught);
}

} // namespace

/// Runs make and drop millions of small values: short stacks and a small quarantine keep AddressSanitizer's share low.
extern "C" const char* __asan_default_options() { return "malloc_context_size=3:quarantine_size_mb=8"; }

int main(int count, char** arguments) {
  asked what;
  if (!read_arguments(count, arguments, what)) {
    std::fprintf(stderr, "usage: world_run [--seeds A..B] [--commands N] [--crashes N] [--days N] [--jobs N]\n"
                         "                 [--passing] [--episodes N]\n"
                         "                 [--bug NAME] [--expect-caught] [--twice] [--no-coverage]\n"
                         "                 [--occurs NAME,NAME...] [--log]\n");
    return 2;
  }
  auto begun = std::chrono::steady_clock::now();
  auto all = run_all(what);
  auto spent = std::to_string(
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - begun).count());
  if (what.expect_caught) {
    auto outcome = all.caught_by ? "caught by seed " + std::to_string(*all.caught_by)
                                 : "NOT CAUGHT in " + std::to_string(all.seeds) + " seeds";
    std::printf("%s: %s, %llu runs aborted, %s s\n", std::string{what.bug->name}.c_str(), outcome.c_str(),
                static_cast<unsigned long long>(all.failed), spent.c_str());
    return all.caught_by && all.failed == 0 ? 0 : 1;
  }
  bool complete = all_occurred(what, all.counts);
  complete = (!what.coverage || report_counts(all.counts, what.passing)) && complete;
  std::printf("world: %llu seeds, %llu failed, %s s%s\n", static_cast<unsigned long long>(all.seeds),
              static_cast<unsigned long long>(all.failed), spent.c_str(), complete ? "" : ", not everything occurred");
  return all.failed == 0 && complete ? 0 : 1;
}

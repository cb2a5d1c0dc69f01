#include "simulation/world/state_node.hpp"

#include "actors/event_recorder.hpp"
#include "journal/signers.hpp"
#include "nodes/bootstrap.hpp"
#include "simulation/world/virtual_journal.hpp"

namespace toit::simulation {

state_node::state_node(const linked_node& node, std::uint64_t disk_seed, surroundings around)
    : node_{node}, around_{around}, disk_{disk_seed}, clock_{std::make_shared<neighbour_clock>(around.time)},
      links_{node, clock_, around.network} {}

state_node::~state_node() {
  if (running())
    crash();
}

void state_node::open_journal() {
  auto setup = journal_on(disk_);
  setup.keys = node_.keys;
  setup.clock = clock_;
  journal_ = std::make_unique<journal::node_journal>(std::move(setup));
  nodes::open_stream(*journal_,
                     {node_.stream, service_of_state(), law::text<120>{node_.name.text()}, law::text<16>{"training"}},
                     law::local_date("93", clock_->now()));
  journal_->load(node_.stream);
  auto today = [this] { return law::local_date("93", clock_->now()); };
  journal_->change_keys_when_released(
      [this](const ports::stream_id& stream, const journal::public_key& former) {
        return std::ranges::none_of(
            around_.federation.directory.signing_keys_of(stream),
            [&](const federation::dated_key& key) { return key.key == former && key.is_revoked(clock_->now()); });
      },
      today);
}

void state_node::start() {
  rows_.reset();
  open_journal();
  recorder_ =
      around_.system.spawn(event_recorder, &journal_->writer(), std::make_shared<base::metrics>(), deliberate_bugs{});
  std::array<std::uint8_t, 16> run{};
  around_.chance.fill(run);
  links_.begin({around_.system, *journal_, recorder_, around_.federation, run, [](const ports::stream_id&) {}});
}

void state_node::crash() {
  disk_.go_down();
  links_.end(around_.scheduler);
  if (recorder_) {
    auto gone = caf::actor_cast<caf::actor>(std::exchange(recorder_, event_recorder_actor{}));
    caf::anon_send_exit(gone, caf::exit_reason::kill);
    while (!has_ended(gone) && around_.scheduler.prioritize(gone))
      around_.scheduler.run_once();
  }
  rows_.reset();
  journal_.reset();
  disk_.come_back();
}

bool state_node::in_trouble() const {
  return running() &&
         (disk_.down() || !recorder_ || has_ended(caf::actor_cast<caf::actor>(recorder_)) || !links_.running());
}

std::shared_ptr<ports::append> state_node::make_note() {
  return appending(law::processing_event{law::text<80>{"note"}, law::text<400>{std::to_string(++notes_)}}, {});
}

std::shared_ptr<ports::append> state_node::appending(law::event event, const law::command_id& id) {
  law::record record{};
  record.occurred_on = law::local_date("93", clock_->now());
  record.originator = service_of_state();
  record.introducer = service_of_state();
  record.command = id;
  record.event = std::move(event);
  law::subject_id subject;
  around_.chance.fill(subject.bytes);
  auto append = std::make_shared<ports::append>();
  append->command = id;
  append->stream = node_.stream;
  append->reads.push_back({subject, 0});
  auto payload = journal_->open_sealer()->seal(node_.stream, subject, record);
  append->drafts.push_back({subject, std::move(payload), std::make_shared<const law::record>(record)});
  return append;
}

void state_node::note() { write(make_note()); }

void state_node::write(ports::append_ptr one) {
  if (running() && !in_trouble())
    caf::anon_send(recorder_, append_atom_v,
                   append_group_ptr{std::make_shared<append_group>(append_group{std::move(one)})});
}

void state_node::command(const ports::command_post& post, const ports::stream_id& whom,
                         const std::optional<law::nud>& number, law::event asked, law::civil_date today,
                         std::chrono::hours valid_for) {
  ports::posted_command letter{node_.stream, whom, {}, number, {}};
  around_.chance.fill(letter.id.bytes);
  letter.asked.occurred_on = today;
  letter.asked.originator = service_of_state();
  letter.asked.introducer = service_of_state();
  around_.chance.fill(letter.asked.agent.bytes);
  letter.asked.command = letter.id;
  letter.asked.event = std::move(asked);
  auto sealed = post.seal(letter);
  law::require(sealed.has_value(), "the directory of a run has every key");
  write(appending(law::command_issued{law::text<16>{whom.view()}, post.now() + valid_for, {*sealed}}, letter.id));
}

ports::transfer state_node::write_as_thief() {
  law::require(!running(), "what a thief has copied is off");
  auto after = last_seq(node_.stream);
  rows_.reset();
  virtual_disk thiefs{after + 1};
  thiefs.restore(disk_.copy());
  auto setup = journal_on(thiefs);
  const auto& stolen = node_.keys.former;
  setup.keys = {stolen.front().signing_seed, stolen.front().operating_secret, {stolen.begin() + 1, stolen.end()}};
  setup.clock = clock_;
  journal_ = std::make_unique<journal::node_journal>(std::move(setup));
  journal_->load(node_.stream);
  ports::append_ptr one = make_note();
  journal_->writer().stage({&one, 1});
  law::require(journal_->writer().sync().entries, "there is room for a note");
  auto made = *journal_->open_transfers()->read(node_.stream, after, std::size_t{1} << 20);
  journal_.reset();
  return made;
}

void state_node::write_alone(unsigned how_many) {
  law::require(!running(), "a node that runs writes by its recorder");
  rows_.reset();
  open_journal();
  for (; how_many > 0; --how_many) {
    ports::append_ptr one = make_note();
    journal_->writer().stage({&one, 1});
    law::require(journal_->writer().sync().entries, "there is room for a note");
  }
  journal_.reset();
}

std::unique_ptr<journal::store_reader> state_node::open_rows() const { return open_rows_on(disk_); }

journal::store_reader* state_node::rows() {
  if (!rows_ && has_journal(disk_))
    rows_ = open_rows();
  return rows_.get();
}

std::uint64_t state_node::last_seq(const ports::stream_id& stream) {
  auto head = rows() ? rows()->last_head(stream) : std::nullopt;
  return head ? head->seq : 0;
}

std::vector<journal::public_key> state_node::signers() {
  return rows() ? journal::signers_of(*rows(), node_.stream) : std::vector<journal::public_key>{};
}

std::optional<law::bytes32> state_node::link_at(const ports::stream_id& stream, std::uint64_t seq) {
  auto row = rows() ? rows()->entry(stream, seq) : std::nullopt;
  return row ? std::optional{row->link} : std::nullopt;
}

} // namespace toit::simulation

/// \file
/// What is behind each route.

#pragma once

#include "web/server/call.hpp"

namespace toit::web::serve {

// serve_node.cpp: the node itself, and who asks.
void health(const call_ptr& c);
void readiness(const call_ptr& c);
void metrics(const call_ptr& c);
void openapi(const call_ptr& c);
void territory(const call_ptr& c);
void log_in(const call_ptr& c);
void log_out(const call_ptr& c);
void who_asks(const call_ptr& c);
void clock(const call_ptr& c);
void statistics(const call_ptr& c);
void stream_head(const call_ptr& c);
void entry(const call_ptr& c);
void erasures(const call_ptr& c);
void entries_in_name(const call_ptr& c);
void federation(const call_ptr& c);

// serve_commands.cpp: whatever is recorded.
void command(const call_ptr& c);
void upload(const call_ptr& c);
void issue_token(const call_ptr& c);
void revoke_tokens(const call_ptr& c);
/// Submits what a route has made by itself, and answers with its receipt.
void record(const call_ptr& c, std::shared_ptr<asked_command> asked);

// serve_reads.cpp: nominative reads, each through the guard.
void dossiers(const call_ptr& c);
void dossier(const call_ptr& c);
void consultations(const call_ptr& c);
void document(const call_ptr& c);
void candidates(const call_ptr& c);
void deadlines(const call_ptr& c);

// serve_state.cpp: what State authorities do, and what they are answered.
void relayed_read(const call_ptr& c);
void lateness(const call_ptr& c);
void commands(const call_ptr& c);
void command_issued(const call_ptr& c);
void territories(const call_ptr& c);
void thresholds(const call_ptr& c);

// serve_dispositif.cpp: the dispositif, in the territory and on the prefect's node.
void dispositif(const call_ptr& c);
void dispositif_conventions(const call_ptr& c);
void late_entries(const call_ptr& c);
void acts(const call_ptr& c);
void procedures(const call_ptr& c);
void specifications(const call_ptr& c);
void powers(const call_ptr& c);

// serve_evidence.cpp: the evidence about a territory, on the prefect's node.
void evidence(const call_ptr& c);
void file_evidence(const call_ptr& c);
void filed_evidence(const call_ptr& c);

// serve_registers.cpp: what names no applicant.
void dwellings(const call_ptr& c);
void dwelling(const call_ptr& c);
void vacancies(const call_ptr& c);
void vacancy(const call_ptr& c);
void sessions(const call_ptr& c);
void session(const call_ptr& c);
void legal_persons(const call_ptr& c);
void habilitations(const call_ptr& c);
void mandates(const call_ptr& c);
void accounts(const call_ptr& c);
void conventions(const call_ptr& c);
void flows(const call_ptr& c);
void balances(const call_ptr& c);

} // namespace toit::web::serve

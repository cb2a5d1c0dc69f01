/// \file
/// Files by which a demonstration knows its own folder again, and `toit tour` finds it.

#pragma once

#include <filesystem>
#include <string>

namespace toit::nodes {

/// Marks the folder as a demonstration's own, and holds the password of its accounts.
constexpr const char* begun_mark = "demonstration";
/// There once the population has been entered.
constexpr const char* done_mark = "population";
/// Holds the port on which it is served.
constexpr const char* port_mark = "port";
/// Of a federation: the keys of its anchor, and the directory that they sign.
constexpr const char* anchor_file = "anchor.keys";
constexpr const char* directory_file = "directory.toit";

/// Throws std::runtime_error when the file cannot be written.
void mark(const std::filesystem::path& file, const std::string& content);
/// The first line; empty where there is no such file.
std::string read_mark(const std::filesystem::path& file);
/// The whole; empty where there is no such file.
std::string read_text(const std::filesystem::path& file);

} // namespace toit::nodes

#include "federation/directory.hpp"

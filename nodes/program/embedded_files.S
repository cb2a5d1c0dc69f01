// What the program carries of the project's own files.

  .include "nodes/embed.inc"

  .section .rodata
  embed population, "config/population/seine_saint_denis.toml"
  embed law_index, "docs/law-index.md"

  .section .note.GNU-stack, "", %progbits

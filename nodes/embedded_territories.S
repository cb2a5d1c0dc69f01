// The files of config/territories/ as bytes of the program.

  .include "nodes/embed.inc"

  .section .rodata
  embed communes, "config/territories/communes.tsv"
  embed territories, "config/territories/territories.tsv"
  embed departements, "config/territories/departements.tsv"
  embed regions, "config/territories/regions.tsv"
  embed concerned, "config/territories/concerned.tsv"
  embed changes, "config/territories/changes.tsv"

  .section .note.GNU-stack, "", %progbits

// The files of config/territories/ as bytes of the program. Each is a symbol, and its size in bytes another.

.macro embed name:req, file:req
  .global toit_embedded_\name
  .global toit_embedded_\name\()_size
toit_embedded_\name :
  .incbin "\file"
.Lend_of_\name :
  .balign 8
toit_embedded_\name\()_size :
  .quad .Lend_of_\name - toit_embedded_\name
.endm

  .section .rodata
  embed communes, "config/territories/communes.tsv"
  embed territories, "config/territories/territories.tsv"
  embed departements, "config/territories/departements.tsv"
  embed regions, "config/territories/regions.tsv"
  embed concerned, "config/territories/concerned.tsv"

  .section .note.GNU-stack, "", %progbits

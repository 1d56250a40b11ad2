        .macro  set dst, value:req
        \dst = \value
        .endm

        .text
        set     r1
        set     r1, 2, 3
        set     r12, 4
        .rept   2
        set     to=r1
        .endr
        .if     later
        .byte   300
        .endif
        .irp    n, 300
        .byte   \n
        .endr
        .include "no/such.s"
later:  .else
        exit

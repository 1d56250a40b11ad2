# Each line below has one mistake.
        .sectoin xdp, "ax", @progbits
        .section xdp, "axz", @progbits
        .section xdp, "ax", @progbit
        .text
begin:
        r11 = 1
        r1 = 5 6
        r0 = 0xffffffff
        if r1 == 0 goto nowhere
        goto 1b
        w1 += r2
        r1 = mov r2
        *(u32 *)(r1 + 40000) = r2
begin:  exit
        .long 1,, 2
        .byte 256
        .asciz "no end
        .ascii "\q"
        .zero -1
        .p2align 99
        .quad later - elsewhere
        .short begin + far
        .popsection
        .endm
        .type begin, @fnuction
        .loc 7 1
        .size begin, nothing
#include <linux/bpf.h>

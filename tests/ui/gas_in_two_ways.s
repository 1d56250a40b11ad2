//@ --deny warnings
        .text
        .align  4
        r1 = 0xffffffff
        *(u8 *)(r10 - 1) = 256
        r0 = 0
        exit

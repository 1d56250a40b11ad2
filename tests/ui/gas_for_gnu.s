//@ --deny warnings
        .align  3
        mov     %r0, 1          ; one, and no statement
        mov     %r1, 2 ; exit
        exit

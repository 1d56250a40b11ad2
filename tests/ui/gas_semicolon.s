        r0 = 1                  ; one
        exit

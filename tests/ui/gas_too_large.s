        .data
        .zero 0x100000000

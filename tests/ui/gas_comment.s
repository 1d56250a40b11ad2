        .text
        exit
/* no end

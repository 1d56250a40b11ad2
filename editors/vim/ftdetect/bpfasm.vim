autocmd BufNewFile,BufRead *.bpfasm setfiletype bpfasm

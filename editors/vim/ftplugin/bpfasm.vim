" Vim file type plugin: bpfasm.
if exists("b:did_ftplugin")
  finish
endif
let b:did_ftplugin = 1

setlocal comments=s1:/*,mb:*,ex:*/,:///,:// commentstring=//\ %s
setlocal expandtab shiftwidth=4 softtabstop=4
let b:undo_ftplugin = "setlocal comments< commentstring< expandtab< shiftwidth< softtabstop<"

" :BpfasmFmt lays the file out; errors are left to `bpfasm check`.
command! -buffer BpfasmFmt update | silent execute '!bpfasm fmt' shellescape(expand('%')) | edit

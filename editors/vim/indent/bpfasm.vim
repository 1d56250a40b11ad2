" Vim indent file: bpfasm. Four blanks for each brace, labels one step further out, as `bpfasm fmt` has it.
if exists("b:did_indent")
  finish
endif
let b:did_indent = 1

setlocal indentexpr=BpfasmIndent(v:lnum) indentkeys=0},0),0],<:>,o,O,e
let b:undo_indent = "setlocal indentexpr< indentkeys<"

if exists("*BpfasmIndent")
  finish
endif

let s:label = '^\s*\.\=\w\+:\s*$'

function BpfasmIndent(number)
  let above = prevnonblank(a:number - 1)
  if above == 0
    return 0
  endif
  let text = substitute(getline(above), '//.*$', '', '')
  let steps = indent(above)
  if text =~ s:label
    let steps += shiftwidth()
  endif
  if text =~ '[{(\[]\s*$'
    let steps += shiftwidth()
  endif
  if getline(a:number) =~ '^\s*[})\]]' || getline(a:number) =~ s:label
    let steps -= shiftwidth()
  endif
  return max([steps, 0])
endfunction

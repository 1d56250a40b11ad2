" Vim syntax file: bpfasm. Made by asm/tests/editors.rs out of the language's words.
if exists("b:current_syntax")
  finish
endif

syntax keyword bpfasmDeclaration license import btf const param type enum struct union packed map global
syntax keyword bpfasmDeclaration config prog func macro extern dialect struct_ops cpu endian version section static
syntax keyword bpfasmDeclaration weak hidden
syntax keyword bpfasmStatement view stack raw if goto gotol gotox may_goto call callx exit nospec
syntax keyword bpfasmStatement lock ld_pseudo alias
syntax keyword bpfasmBetween at as align size apart unchecked helper in true false kfunc ksym
syntax keyword bpfasmBetween kconfig var common absolute
syntax keyword bpfasmRegister r0 r1 r2 r3 r4 r5 r6 r7 r8 r9 r10 w0
syntax keyword bpfasmRegister w1 w2 w3 w4 w5 w6 w7 w8 w9 w10 fp
syntax keyword bpfasmType u8 u16 u32 u64 s8 s16 s32 s64 be16 be32 be64 bool
syntax keyword bpfasmType char ip4 ip6 mac void
syntax keyword bpfasmParameter reg imm mem label str block any
syntax keyword bpfasmFunction sizeof alignof offsetof baseof numberof bitoffsetof bitsizeof bitshift bitsigned bitunit
syntax keyword bpfasmInstruction addr_space_cast atomic_fetch_add atomic_fetch_and atomic_fetch_or atomic_fetch_xor bswap16 bswap32 bswap64 cmpxchg32_32 cmpxchg_64 le16 le32
syntax keyword bpfasmInstruction le64 ll load_acquire skb store_release xchg32_32 xchg_64
syntax keyword bpfasmMap unspec hash array prog_array perf_event_array percpu_hash percpu_array stack_trace cgroup_array lru_hash lru_percpu_hash lpm_trie
syntax keyword bpfasmMap array_of_maps hash_of_maps devmap sockmap cpumap xskmap sockhash cgroup_storage reuseport_sockarray percpu_cgroup_storage queue sk_storage
syntax keyword bpfasmMap devmap_hash ringbuf inode_storage task_storage bloom_filter user_ringbuf cgrp_storage arena insn_array rhash

syntax match bpfasmDirective "@\(if\|else\|for\|assert\|error\|warning\|defined\|is\|core\|file\|line\|relo\|reloc\)\>"
syntax match bpfasmMacro "\<\h\w*!=\@!"
syntax match bpfasmArgument "\$\h\w*"
syntax match bpfasmLabel "\%(\w\|[\])]\)\@1<!\.\h\w*"
syntax match bpfasmLabel "^\s*\%(\h\w*\|\d\+\):\ze\s*$"
syntax match bpfasmNumber "\<\%(0[xX][0-9A-Fa-f_]\+\|0b[01_]\+\|0o[0-7_]\+\|\d[0-9_]*[KMG]\=\)\>"
syntax match bpfasmNumber "\<\d\+\%(\.\d\+\)\{3}\>"
syntax match bpfasmEscape contained "\\\%(x\x\x\|.\)"
syntax region bpfasmString start=+"+ skip=+\\.+ end=+"+ oneline contains=bpfasmEscape
syntax match bpfasmName "`[^`]*`"
syntax match bpfasmCharacter "'\%(\\x\x\x\|\\.\|[^'\\]\)'"
syntax keyword bpfasmTodo contained TODO FIXME
syntax match bpfasmComment "//.*$" contains=bpfasmTodo,@Spell
syntax match bpfasmDoc "///.*$" contains=bpfasmTodo,@Spell
syntax region bpfasmComment start="/\*" end="\*/" contains=bpfasmTodo,@Spell

highlight default link bpfasmDeclaration Keyword
highlight default link bpfasmStatement Statement
highlight default link bpfasmBetween Keyword
highlight default link bpfasmRegister Identifier
highlight default link bpfasmType Type
highlight default link bpfasmParameter StorageClass
highlight default link bpfasmFunction Function
highlight default link bpfasmInstruction Operator
highlight default link bpfasmMap Type
highlight default link bpfasmDirective PreProc
highlight default link bpfasmMacro Macro
highlight default link bpfasmArgument Special
highlight default link bpfasmLabel Label
highlight default link bpfasmNumber Number
highlight default link bpfasmEscape SpecialChar
highlight default link bpfasmString String
highlight default link bpfasmCharacter Character
highlight default link bpfasmTodo Todo
highlight default link bpfasmComment Comment
highlight default link bpfasmDoc SpecialComment

let b:current_syntax = "bpfasm"

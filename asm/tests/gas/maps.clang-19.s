	.text
	.file	"maps.c"
	.file	0 "/src" "maps.c" md5 0x2041cbda4ed1780e13ed88dab2650cac
	.file	1 "." "common.h" md5 0xba18898adec69f479878f056e874b5ab
	.section	xdp,"ax",@progbits
	.globl	target                          # -- Begin function target
	.p2align	3
	.type	target,@function
target:                                 # @target
.Lfunc_begin0:
	.cfi_sections .debug_frame
	.cfi_startproc
# %bb.0:
	.loc	0 46 2 prologue_end             # maps.c:46:2
.Ltmp0:
	r0 = 2
	exit
.Ltmp1:
.Ltmp2:
.Lfunc_end0:
	.size	target, .Lfunc_end0-target
	.cfi_endproc
                                        # -- End function
	.globl	count                           # -- Begin function count
	.p2align	3
	.type	count,@function
count:                                  # @count
.Lfunc_begin1:
	.loc	0 50 0                          # maps.c:50:0
	.cfi_startproc
# %bb.0:
	#DEBUG_VALUE: count:ctx <- $r1
	r6 = r1
.Ltmp3:
.Ltmp4:
	#DEBUG_VALUE: count:ctx <- $r6
	r1 = 3
.Ltmp5:
	.loc	0 51 13 prologue_end            # maps.c:51:13
.Ltmp6:
.Ltmp7:
	*(u16 *)(r10 - 8) = r1
	r1 = 8589934593 ll
	*(u64 *)(r10 - 16) = r1
	r2 = r10
	r2 += -16
	.loc	0 52 24                         # maps.c:52:24
.Ltmp8:
	r1 = flows ll
	call 1
.Ltmp9:
.Ltmp10:
	#DEBUG_VALUE: count:value <- $r0
	.loc	0 0 24 is_stmt 0                # maps.c:0:24
	r1 = 0
	.loc	0 52 59                         # maps.c:52:59
.Ltmp11:
	*(u64 *)(r10 - 24) = r1
	*(u64 *)(r10 - 32) = r1
	*(u64 *)(r10 - 40) = r1
	*(u64 *)(r10 - 48) = r1
	.loc	0 53 6 is_stmt 1                # maps.c:53:6
.Ltmp12:
	if r0 == 0 goto LBB1_2
.Ltmp13:
.Ltmp14:
# %bb.1:
	#DEBUG_VALUE: count:value <- $r0
	#DEBUG_VALUE: count:ctx <- $r6
	.loc	0 0 6 is_stmt 0                 # maps.c:0:6
	r1 = 1
.Ltmp15:
	.loc	0 54 3 is_stmt 1                # maps.c:54:3
.Ltmp16:
.Ltmp17:
	lock *(u64 *)(r0 + 0) += r1
	.loc	0 55 16                         # maps.c:55:16
.Ltmp18:
	r1 = *(u64 *)(r0 + 8)
	r1 += 10
	*(u64 *)(r0 + 8) = r1
	.loc	0 56 2                          # maps.c:56:2
.Ltmp19:
	goto LBB1_3
.Ltmp20:
.Ltmp21:
LBB1_2:
	#DEBUG_VALUE: count:value <- $r0
	#DEBUG_VALUE: count:ctx <- $r6
	.loc	0 0 2 is_stmt 0                 # maps.c:0:2
	r2 = r10
	r2 += -16
	r3 = r10
	r3 += -48
.Ltmp22:
	.loc	0 57 3 is_stmt 1                # maps.c:57:3
.Ltmp23:
.Ltmp24:
	r1 = flows ll
	r4 = 0
	call 2
.Ltmp25:
.Ltmp26:
LBB1_3:
	#DEBUG_VALUE: count:ctx <- $r6
	.loc	0 59 2                          # maps.c:59:2
.Ltmp27:
	r1 = r6
	r2 = progs ll
	r3 = 1
	call 12
.Ltmp28:
	.loc	0 60 2                          # maps.c:60:2
.Ltmp29:
	r1 = r6
	r2 = calls ll
	r3 = 1
	call 12
.Ltmp30:
	.loc	0 0 2 is_stmt 0                 # maps.c:0:2
	r1 = 0
	.loc	0 61 6 is_stmt 1                # maps.c:61:6
.Ltmp31:
	*(u32 *)(r10 - 52) = r1
	r2 = r10
	r2 += -52
	.loc	0 62 14                         # maps.c:62:14
.Ltmp32:
	r1 = outer ll
	call 1
.Ltmp33:
	r1 = r0
.Ltmp34:
.Ltmp35:
	#DEBUG_VALUE: count:map <- $r1
	.loc	0 0 14 is_stmt 0                # maps.c:0:14
	r0 = 2
	.loc	0 63 2 is_stmt 1                # maps.c:63:2
.Ltmp36:
	if r1 == 0 goto LBB1_5
.Ltmp37:
.Ltmp38:
# %bb.4:
	#DEBUG_VALUE: count:map <- $r1
	#DEBUG_VALUE: count:ctx <- $r6
	.loc	0 0 2 is_stmt 0                 # maps.c:0:2
	r0 = 1
.Ltmp39:
.Ltmp40:
LBB1_5:
	#DEBUG_VALUE: count:map <- $r1
	#DEBUG_VALUE: count:ctx <- $r6
	.loc	0 63 2                          # maps.c:63:2
	exit
.Ltmp41:
.Ltmp42:
.Lfunc_end1:
	.size	count, .Lfunc_end1-count
	.cfi_endproc
                                        # -- End function
	.section	"xdp/second","ax",@progbits
	.globl	other                           # -- Begin function other
	.p2align	3
	.type	other,@function
other:                                  # @other
.Lfunc_begin2:
	.cfi_startproc
# %bb.0:
	.loc	0 68 2 prologue_end is_stmt 1   # maps.c:68:2
.Ltmp43:
	r0 = 3
	exit
.Ltmp44:
.Ltmp45:
.Lfunc_end2:
	.size	other, .Lfunc_end2-other
	.cfi_endproc
                                        # -- End function
	.type	inner_a,@object                 # @inner_a
	.section	.maps,"aw",@progbits
	.globl	inner_a
	.p2align	3, 0x0
inner_a:
	.zero	32
	.size	inner_a, 32

	.type	inner_b,@object                 # @inner_b
	.globl	inner_b
	.p2align	3, 0x0
inner_b:
	.zero	32
	.size	inner_b, 32

	.type	outer,@object                   # @outer
	.globl	outer
	.p2align	3, 0x0
outer:
	.quad	0
	.quad	0
	.quad	0
	.quad	0
	.quad	inner_a
	.quad	inner_b
	.size	outer, 48

	.type	calls,@object                   # @calls
	.globl	calls
	.p2align	3, 0x0
calls:
	.quad	0
	.quad	0
	.quad	0
	.quad	0
	.quad	target
	.size	calls, 40

	.type	.L__const.count.key,@object     # @__const.count.key
	.section	.rodata,"a",@progbits
.L__const.count.key:
	.long	1                               # 0x1
	.long	2                               # 0x2
	.short	3                               # 0x3
	.size	.L__const.count.key, 10

	.type	flows,@object                   # @flows
	.section	.maps,"aw",@progbits
	.globl	flows
	.p2align	3, 0x0
flows:
	.zero	32
	.size	flows, 32

	.type	progs,@object                   # @progs
	.globl	progs
	.p2align	3, 0x0
progs:
	.zero	32
	.size	progs, 32

	.type	_license,@object                # @_license
	.section	license,"aw",@progbits
	.globl	_license
_license:
	.asciz	"GPL"
	.size	_license, 4

	.section	.debug_loclists,"",@progbits
	.long	.Ldebug_list_header_end0-.Ldebug_list_header_start0 # Length
.Ldebug_list_header_start0:
	.short	5                               # Version
	.byte	8                               # Address size
	.byte	0                               # Segment selector size
	.long	3                               # Offset entry count
.Lloclists_table_base0:
	.long	.Ldebug_loc0-.Lloclists_table_base0
	.long	.Ldebug_loc1-.Lloclists_table_base0
	.long	.Ldebug_loc2-.Lloclists_table_base0
.Ldebug_loc0:
	.byte	1                               # DW_LLE_base_addressx
	.byte	7                               #   base address index
	.byte	4                               # DW_LLE_offset_pair
	.uleb128 .Lfunc_begin1-.Lfunc_begin0    #   starting offset
	.uleb128 .Ltmp3-.Lfunc_begin0           #   ending offset
	.byte	1                               # Loc expr size
	.byte	81                              # DW_OP_reg1
	.byte	4                               # DW_LLE_offset_pair
	.uleb128 .Ltmp3-.Lfunc_begin0           #   starting offset
	.uleb128 .Lfunc_end1-.Lfunc_begin0      #   ending offset
	.byte	1                               # Loc expr size
	.byte	86                              # DW_OP_reg6
	.byte	0                               # DW_LLE_end_of_list
.Ldebug_loc1:
	.byte	1                               # DW_LLE_base_addressx
	.byte	7                               #   base address index
	.byte	4                               # DW_LLE_offset_pair
	.uleb128 .Ltmp9-.Lfunc_begin0           #   starting offset
	.uleb128 .Ltmp25-.Lfunc_begin0          #   ending offset
	.byte	1                               # Loc expr size
	.byte	80                              # DW_OP_reg0
	.byte	0                               # DW_LLE_end_of_list
.Ldebug_loc2:
	.byte	1                               # DW_LLE_base_addressx
	.byte	7                               #   base address index
	.byte	4                               # DW_LLE_offset_pair
	.uleb128 .Ltmp34-.Lfunc_begin0          #   starting offset
	.uleb128 .Lfunc_end1-.Lfunc_begin0      #   ending offset
	.byte	1                               # Loc expr size
	.byte	81                              # DW_OP_reg1
	.byte	0                               # DW_LLE_end_of_list
.Ldebug_list_header_end0:
	.section	.debug_abbrev,"",@progbits
	.byte	1                               # Abbreviation Code
	.byte	17                              # DW_TAG_compile_unit
	.byte	1                               # DW_CHILDREN_yes
	.byte	37                              # DW_AT_producer
	.byte	37                              # DW_FORM_strx1
	.byte	19                              # DW_AT_language
	.byte	5                               # DW_FORM_data2
	.byte	3                               # DW_AT_name
	.byte	37                              # DW_FORM_strx1
	.byte	114                             # DW_AT_str_offsets_base
	.byte	23                              # DW_FORM_sec_offset
	.byte	16                              # DW_AT_stmt_list
	.byte	23                              # DW_FORM_sec_offset
	.byte	27                              # DW_AT_comp_dir
	.byte	37                              # DW_FORM_strx1
	.byte	17                              # DW_AT_low_pc
	.byte	1                               # DW_FORM_addr
	.byte	85                              # DW_AT_ranges
	.byte	35                              # DW_FORM_rnglistx
	.byte	115                             # DW_AT_addr_base
	.byte	23                              # DW_FORM_sec_offset
	.byte	116                             # DW_AT_rnglists_base
	.byte	23                              # DW_FORM_sec_offset
	.ascii	"\214\001"                      # DW_AT_loclists_base
	.byte	23                              # DW_FORM_sec_offset
	.byte	0                               # EOM(1)
	.byte	0                               # EOM(2)
	.byte	2                               # Abbreviation Code
	.byte	52                              # DW_TAG_variable
	.byte	0                               # DW_CHILDREN_no
	.byte	3                               # DW_AT_name
	.byte	37                              # DW_FORM_strx1
	.byte	73                              # DW_AT_type
	.byte	19                              # DW_FORM_ref4
	.byte	63                              # DW_AT_external
	.byte	25                              # DW_FORM_flag_present
	.byte	58                              # DW_AT_decl_file
	.byte	11                              # DW_FORM_data1
	.byte	59                              # DW_AT_decl_line
	.byte	11                              # DW_FORM_data1
	.byte	2                               # DW_AT_location
	.byte	24                              # DW_FORM_exprloc
	.byte	0                               # EOM(1)
	.byte	0                               # EOM(2)
	.byte	3                               # Abbreviation Code
	.byte	19                              # DW_TAG_structure_type
	.byte	1                               # DW_CHILDREN_yes
	.byte	11                              # DW_AT_byte_size
	.byte	11                              # DW_FORM_data1
	.byte	58                              # DW_AT_decl_file
	.byte	11                              # DW_FORM_data1
	.byte	59                              # DW_AT_decl_line
	.byte	11                              # DW_FORM_data1
	.byte	0                               # EOM(1)
	.byte	0                               # EOM(2)
	.byte	4                               # Abbreviation Code
	.byte	13                              # DW_TAG_member
	.byte	0                               # DW_CHILDREN_no
	.byte	3                               # DW_AT_name
	.byte	37                              # DW_FORM_strx1
	.byte	73                              # DW_AT_type
	.byte	19                              # DW_FORM_ref4
	.byte	58                              # DW_AT_decl_file
	.byte	11                              # DW_FORM_data1
	.byte	59                              # DW_AT_decl_line
	.byte	11                              # DW_FORM_data1
	.byte	56                              # DW_AT_data_member_location
	.byte	11                              # DW_FORM_data1
	.byte	0                               # EOM(1)
	.byte	0                               # EOM(2)
	.byte	5                               # Abbreviation Code
	.byte	13                              # DW_TAG_member
	.byte	0                               # DW_CHILDREN_no
	.byte	3                               # DW_AT_name
	.byte	37                              # DW_FORM_strx1
	.byte	73                              # DW_AT_type
	.byte	19                              # DW_FORM_ref4
	.byte	58                              # DW_AT_decl_file
	.byte	11                              # DW_FORM_data1
	.byte	59                              # DW_AT_decl_line
	.byte	11                              # DW_FORM_data1
	.ascii	"\210\001"                      # DW_AT_alignment
	.byte	15                              # DW_FORM_udata
	.byte	56                              # DW_AT_data_member_location
	.byte	11                              # DW_FORM_data1
	.byte	0                               # EOM(1)
	.byte	0                               # EOM(2)
	.byte	6                               # Abbreviation Code
	.byte	15                              # DW_TAG_pointer_type
	.byte	0                               # DW_CHILDREN_no
	.byte	73                              # DW_AT_type
	.byte	19                              # DW_FORM_ref4
	.byte	0                               # EOM(1)
	.byte	0                               # EOM(2)
	.byte	7                               # Abbreviation Code
	.byte	1                               # DW_TAG_array_type
	.byte	1                               # DW_CHILDREN_yes
	.byte	73                              # DW_AT_type
	.byte	19                              # DW_FORM_ref4
	.byte	0                               # EOM(1)
	.byte	0                               # EOM(2)
	.byte	8                               # Abbreviation Code
	.byte	33                              # DW_TAG_subrange_type
	.byte	0                               # DW_CHILDREN_no
	.byte	73                              # DW_AT_type
	.byte	19                              # DW_FORM_ref4
	.byte	55                              # DW_AT_count
	.byte	11                              # DW_FORM_data1
	.byte	0                               # EOM(1)
	.byte	0                               # EOM(2)
	.byte	9                               # Abbreviation Code
	.byte	36                              # DW_TAG_base_type
	.byte	0                               # DW_CHILDREN_no
	.byte	3                               # DW_AT_name
	.byte	37                              # DW_FORM_strx1
	.byte	62                              # DW_AT_encoding
	.byte	11                              # DW_FORM_data1
	.byte	11                              # DW_AT_byte_size
	.byte	11                              # DW_FORM_data1
	.byte	0                               # EOM(1)
	.byte	0                               # EOM(2)
	.byte	10                              # Abbreviation Code
	.byte	36                              # DW_TAG_base_type
	.byte	0                               # DW_CHILDREN_no
	.byte	3                               # DW_AT_name
	.byte	37                              # DW_FORM_strx1
	.byte	11                              # DW_AT_byte_size
	.byte	11                              # DW_FORM_data1
	.byte	62                              # DW_AT_encoding
	.byte	11                              # DW_FORM_data1
	.byte	0                               # EOM(1)
	.byte	0                               # EOM(2)
	.byte	11                              # Abbreviation Code
	.byte	22                              # DW_TAG_typedef
	.byte	0                               # DW_CHILDREN_no
	.byte	73                              # DW_AT_type
	.byte	19                              # DW_FORM_ref4
	.byte	3                               # DW_AT_name
	.byte	37                              # DW_FORM_strx1
	.byte	58                              # DW_AT_decl_file
	.byte	11                              # DW_FORM_data1
	.byte	59                              # DW_AT_decl_line
	.byte	11                              # DW_FORM_data1
	.byte	0                               # EOM(1)
	.byte	0                               # EOM(2)
	.byte	12                              # Abbreviation Code
	.byte	33                              # DW_TAG_subrange_type
	.byte	0                               # DW_CHILDREN_no
	.byte	73                              # DW_AT_type
	.byte	19                              # DW_FORM_ref4
	.byte	0                               # EOM(1)
	.byte	0                               # EOM(2)
	.byte	13                              # Abbreviation Code
	.byte	19                              # DW_TAG_structure_type
	.byte	1                               # DW_CHILDREN_yes
	.byte	3                               # DW_AT_name
	.byte	37                              # DW_FORM_strx1
	.byte	11                              # DW_AT_byte_size
	.byte	11                              # DW_FORM_data1
	.byte	58                              # DW_AT_decl_file
	.byte	11                              # DW_FORM_data1
	.byte	59                              # DW_AT_decl_line
	.byte	11                              # DW_FORM_data1
	.byte	0                               # EOM(1)
	.byte	0                               # EOM(2)
	.byte	14                              # Abbreviation Code
	.byte	21                              # DW_TAG_subroutine_type
	.byte	1                               # DW_CHILDREN_yes
	.byte	73                              # DW_AT_type
	.byte	19                              # DW_FORM_ref4
	.byte	39                              # DW_AT_prototyped
	.byte	25                              # DW_FORM_flag_present
	.byte	0                               # EOM(1)
	.byte	0                               # EOM(2)
	.byte	15                              # Abbreviation Code
	.byte	5                               # DW_TAG_formal_parameter
	.byte	0                               # DW_CHILDREN_no
	.byte	73                              # DW_AT_type
	.byte	19                              # DW_FORM_ref4
	.byte	0                               # EOM(1)
	.byte	0                               # EOM(2)
	.byte	16                              # Abbreviation Code
	.byte	15                              # DW_TAG_pointer_type
	.byte	0                               # DW_CHILDREN_no
	.byte	0                               # EOM(1)
	.byte	0                               # EOM(2)
	.byte	17                              # Abbreviation Code
	.byte	33                              # DW_TAG_subrange_type
	.byte	0                               # DW_CHILDREN_no
	.byte	73                              # DW_AT_type
	.byte	19                              # DW_FORM_ref4
	.byte	55                              # DW_AT_count
	.byte	5                               # DW_FORM_data2
	.byte	0                               # EOM(1)
	.byte	0                               # EOM(2)
	.byte	18                              # Abbreviation Code
	.byte	52                              # DW_TAG_variable
	.byte	0                               # DW_CHILDREN_no
	.byte	3                               # DW_AT_name
	.byte	37                              # DW_FORM_strx1
	.byte	73                              # DW_AT_type
	.byte	19                              # DW_FORM_ref4
	.byte	58                              # DW_AT_decl_file
	.byte	11                              # DW_FORM_data1
	.byte	59                              # DW_AT_decl_line
	.byte	11                              # DW_FORM_data1
	.byte	28                              # DW_AT_const_value
	.byte	15                              # DW_FORM_udata
	.byte	0                               # EOM(1)
	.byte	0                               # EOM(2)
	.byte	19                              # Abbreviation Code
	.byte	38                              # DW_TAG_const_type
	.byte	0                               # DW_CHILDREN_no
	.byte	0                               # EOM(1)
	.byte	0                               # EOM(2)
	.byte	20                              # Abbreviation Code
	.byte	46                              # DW_TAG_subprogram
	.byte	1                               # DW_CHILDREN_yes
	.byte	17                              # DW_AT_low_pc
	.byte	27                              # DW_FORM_addrx
	.byte	18                              # DW_AT_high_pc
	.byte	6                               # DW_FORM_data4
	.byte	64                              # DW_AT_frame_base
	.byte	24                              # DW_FORM_exprloc
	.byte	122                             # DW_AT_call_all_calls
	.byte	25                              # DW_FORM_flag_present
	.byte	3                               # DW_AT_name
	.byte	37                              # DW_FORM_strx1
	.byte	58                              # DW_AT_decl_file
	.byte	11                              # DW_FORM_data1
	.byte	59                              # DW_AT_decl_line
	.byte	11                              # DW_FORM_data1
	.byte	39                              # DW_AT_prototyped
	.byte	25                              # DW_FORM_flag_present
	.byte	73                              # DW_AT_type
	.byte	19                              # DW_FORM_ref4
	.byte	63                              # DW_AT_external
	.byte	25                              # DW_FORM_flag_present
	.byte	0                               # EOM(1)
	.byte	0                               # EOM(2)
	.byte	21                              # Abbreviation Code
	.byte	5                               # DW_TAG_formal_parameter
	.byte	0                               # DW_CHILDREN_no
	.byte	3                               # DW_AT_name
	.byte	37                              # DW_FORM_strx1
	.byte	58                              # DW_AT_decl_file
	.byte	11                              # DW_FORM_data1
	.byte	59                              # DW_AT_decl_line
	.byte	11                              # DW_FORM_data1
	.byte	73                              # DW_AT_type
	.byte	19                              # DW_FORM_ref4
	.byte	0                               # EOM(1)
	.byte	0                               # EOM(2)
	.byte	22                              # Abbreviation Code
	.byte	5                               # DW_TAG_formal_parameter
	.byte	0                               # DW_CHILDREN_no
	.byte	2                               # DW_AT_location
	.byte	34                              # DW_FORM_loclistx
	.byte	3                               # DW_AT_name
	.byte	37                              # DW_FORM_strx1
	.byte	58                              # DW_AT_decl_file
	.byte	11                              # DW_FORM_data1
	.byte	59                              # DW_AT_decl_line
	.byte	11                              # DW_FORM_data1
	.byte	73                              # DW_AT_type
	.byte	19                              # DW_FORM_ref4
	.byte	0                               # EOM(1)
	.byte	0                               # EOM(2)
	.byte	23                              # Abbreviation Code
	.byte	52                              # DW_TAG_variable
	.byte	0                               # DW_CHILDREN_no
	.byte	2                               # DW_AT_location
	.byte	24                              # DW_FORM_exprloc
	.byte	3                               # DW_AT_name
	.byte	37                              # DW_FORM_strx1
	.byte	58                              # DW_AT_decl_file
	.byte	11                              # DW_FORM_data1
	.byte	59                              # DW_AT_decl_line
	.byte	11                              # DW_FORM_data1
	.byte	73                              # DW_AT_type
	.byte	19                              # DW_FORM_ref4
	.byte	0                               # EOM(1)
	.byte	0                               # EOM(2)
	.byte	24                              # Abbreviation Code
	.byte	52                              # DW_TAG_variable
	.byte	0                               # DW_CHILDREN_no
	.byte	2                               # DW_AT_location
	.byte	34                              # DW_FORM_loclistx
	.byte	3                               # DW_AT_name
	.byte	37                              # DW_FORM_strx1
	.byte	58                              # DW_AT_decl_file
	.byte	11                              # DW_FORM_data1
	.byte	59                              # DW_AT_decl_line
	.byte	11                              # DW_FORM_data1
	.byte	73                              # DW_AT_type
	.byte	19                              # DW_FORM_ref4
	.byte	0                               # EOM(1)
	.byte	0                               # EOM(2)
	.byte	0                               # EOM(3)
	.section	.debug_info,"",@progbits
.Lcu_begin0:
	.long	.Ldebug_info_end0-.Ldebug_info_start0 # Length of Unit
.Ldebug_info_start0:
	.short	5                               # DWARF version number
	.byte	1                               # DWARF Unit Type
	.byte	8                               # Address Size (in bytes)
	.long	.debug_abbrev                   # Offset Into Abbrev. Section
	.byte	1                               # Abbrev [1] 0xc:0x376 DW_TAG_compile_unit
	.byte	0                               # DW_AT_producer
	.short	29                              # DW_AT_language
	.byte	1                               # DW_AT_name
	.long	.Lstr_offsets_base0             # DW_AT_str_offsets_base
	.long	.Lline_table_start0             # DW_AT_stmt_list
	.byte	2                               # DW_AT_comp_dir
	.quad	0                               # DW_AT_low_pc
	.byte	0                               # DW_AT_ranges
	.long	.Laddr_table_base0              # DW_AT_addr_base
	.long	.Lrnglists_table_base0          # DW_AT_rnglists_base
	.long	.Lloclists_table_base0          # DW_AT_loclists_base
	.byte	2                               # Abbrev [2] 0x2f:0xb DW_TAG_variable
	.byte	3                               # DW_AT_name
	.long	58                              # DW_AT_type
                                        # DW_AT_external
	.byte	0                               # DW_AT_decl_file
	.byte	33                              # DW_AT_decl_line
	.byte	2                               # DW_AT_location
	.byte	161
	.byte	0
	.byte	3                               # Abbrev [3] 0x3a:0x33 DW_TAG_structure_type
	.byte	32                              # DW_AT_byte_size
	.byte	0                               # DW_AT_decl_file
	.byte	27                              # DW_AT_decl_line
	.byte	4                               # Abbrev [4] 0x3e:0x9 DW_TAG_member
	.byte	4                               # DW_AT_name
	.long	109                             # DW_AT_type
	.byte	0                               # DW_AT_decl_file
	.byte	28                              # DW_AT_decl_line
	.byte	0                               # DW_AT_data_member_location
	.byte	4                               # Abbrev [4] 0x47:0x9 DW_TAG_member
	.byte	7                               # DW_AT_name
	.long	134                             # DW_AT_type
	.byte	0                               # DW_AT_decl_file
	.byte	29                              # DW_AT_decl_line
	.byte	8                               # DW_AT_data_member_location
	.byte	4                               # Abbrev [4] 0x50:0x9 DW_TAG_member
	.byte	8                               # DW_AT_name
	.long	151                             # DW_AT_type
	.byte	0                               # DW_AT_decl_file
	.byte	30                              # DW_AT_decl_line
	.byte	16                              # DW_AT_data_member_location
	.byte	4                               # Abbrev [4] 0x59:0x9 DW_TAG_member
	.byte	11                              # DW_AT_name
	.long	151                             # DW_AT_type
	.byte	0                               # DW_AT_decl_file
	.byte	31                              # DW_AT_decl_line
	.byte	24                              # DW_AT_data_member_location
	.byte	5                               # Abbrev [5] 0x62:0xa DW_TAG_member
	.byte	12                              # DW_AT_name
	.long	168                             # DW_AT_type
	.byte	0                               # DW_AT_decl_file
	.byte	32                              # DW_AT_decl_line
	.byte	8                               # DW_AT_alignment
	.byte	32                              # DW_AT_data_member_location
	.byte	0                               # End Of Children Mark
	.byte	6                               # Abbrev [6] 0x6d:0x5 DW_TAG_pointer_type
	.long	114                             # DW_AT_type
	.byte	7                               # Abbrev [7] 0x72:0xc DW_TAG_array_type
	.long	126                             # DW_AT_type
	.byte	8                               # Abbrev [8] 0x77:0x6 DW_TAG_subrange_type
	.long	130                             # DW_AT_type
	.byte	12                              # DW_AT_count
	.byte	0                               # End Of Children Mark
	.byte	9                               # Abbrev [9] 0x7e:0x4 DW_TAG_base_type
	.byte	5                               # DW_AT_name
	.byte	5                               # DW_AT_encoding
	.byte	4                               # DW_AT_byte_size
	.byte	10                              # Abbrev [10] 0x82:0x4 DW_TAG_base_type
	.byte	6                               # DW_AT_name
	.byte	8                               # DW_AT_byte_size
	.byte	7                               # DW_AT_encoding
	.byte	6                               # Abbrev [6] 0x86:0x5 DW_TAG_pointer_type
	.long	139                             # DW_AT_type
	.byte	7                               # Abbrev [7] 0x8b:0xc DW_TAG_array_type
	.long	126                             # DW_AT_type
	.byte	8                               # Abbrev [8] 0x90:0x6 DW_TAG_subrange_type
	.long	130                             # DW_AT_type
	.byte	2                               # DW_AT_count
	.byte	0                               # End Of Children Mark
	.byte	6                               # Abbrev [6] 0x97:0x5 DW_TAG_pointer_type
	.long	156                             # DW_AT_type
	.byte	11                              # Abbrev [11] 0x9c:0x8 DW_TAG_typedef
	.long	164                             # DW_AT_type
	.byte	10                              # DW_AT_name
	.byte	1                               # DW_AT_decl_file
	.byte	4                               # DW_AT_decl_line
	.byte	9                               # Abbrev [9] 0xa4:0x4 DW_TAG_base_type
	.byte	9                               # DW_AT_name
	.byte	7                               # DW_AT_encoding
	.byte	4                               # DW_AT_byte_size
	.byte	7                               # Abbrev [7] 0xa8:0xb DW_TAG_array_type
	.long	179                             # DW_AT_type
	.byte	12                              # Abbrev [12] 0xad:0x5 DW_TAG_subrange_type
	.long	130                             # DW_AT_type
	.byte	0                               # End Of Children Mark
	.byte	6                               # Abbrev [6] 0xb3:0x5 DW_TAG_pointer_type
	.long	184                             # DW_AT_type
	.byte	13                              # Abbrev [13] 0xb8:0x2a DW_TAG_structure_type
	.byte	15                              # DW_AT_name
	.byte	32                              # DW_AT_byte_size
	.byte	0                               # DW_AT_decl_file
	.byte	20                              # DW_AT_decl_line
	.byte	4                               # Abbrev [4] 0xbd:0x9 DW_TAG_member
	.byte	4                               # DW_AT_name
	.long	134                             # DW_AT_type
	.byte	0                               # DW_AT_decl_file
	.byte	21                              # DW_AT_decl_line
	.byte	0                               # DW_AT_data_member_location
	.byte	4                               # Abbrev [4] 0xc6:0x9 DW_TAG_member
	.byte	7                               # DW_AT_name
	.long	226                             # DW_AT_type
	.byte	0                               # DW_AT_decl_file
	.byte	22                              # DW_AT_decl_line
	.byte	8                               # DW_AT_data_member_location
	.byte	4                               # Abbrev [4] 0xcf:0x9 DW_TAG_member
	.byte	8                               # DW_AT_name
	.long	151                             # DW_AT_type
	.byte	0                               # DW_AT_decl_file
	.byte	23                              # DW_AT_decl_line
	.byte	16                              # DW_AT_data_member_location
	.byte	4                               # Abbrev [4] 0xd8:0x9 DW_TAG_member
	.byte	11                              # DW_AT_name
	.long	243                             # DW_AT_type
	.byte	0                               # DW_AT_decl_file
	.byte	24                              # DW_AT_decl_line
	.byte	24                              # DW_AT_data_member_location
	.byte	0                               # End Of Children Mark
	.byte	6                               # Abbrev [6] 0xe2:0x5 DW_TAG_pointer_type
	.long	231                             # DW_AT_type
	.byte	7                               # Abbrev [7] 0xe7:0xc DW_TAG_array_type
	.long	126                             # DW_AT_type
	.byte	8                               # Abbrev [8] 0xec:0x6 DW_TAG_subrange_type
	.long	130                             # DW_AT_type
	.byte	1                               # DW_AT_count
	.byte	0                               # End Of Children Mark
	.byte	6                               # Abbrev [6] 0xf3:0x5 DW_TAG_pointer_type
	.long	248                             # DW_AT_type
	.byte	11                              # Abbrev [11] 0xf8:0x8 DW_TAG_typedef
	.long	256                             # DW_AT_type
	.byte	14                              # DW_AT_name
	.byte	1                               # DW_AT_decl_file
	.byte	5                               # DW_AT_decl_line
	.byte	9                               # Abbrev [9] 0x100:0x4 DW_TAG_base_type
	.byte	13                              # DW_AT_name
	.byte	7                               # DW_AT_encoding
	.byte	8                               # DW_AT_byte_size
	.byte	2                               # Abbrev [2] 0x104:0xb DW_TAG_variable
	.byte	16                              # DW_AT_name
	.long	271                             # DW_AT_type
                                        # DW_AT_external
	.byte	0                               # DW_AT_decl_file
	.byte	42                              # DW_AT_decl_line
	.byte	2                               # DW_AT_location
	.byte	161
	.byte	1
	.byte	3                               # Abbrev [3] 0x10f:0x2a DW_TAG_structure_type
	.byte	24                              # DW_AT_byte_size
	.byte	0                               # DW_AT_decl_file
	.byte	37                              # DW_AT_decl_line
	.byte	4                               # Abbrev [4] 0x113:0x9 DW_TAG_member
	.byte	4                               # DW_AT_name
	.long	313                             # DW_AT_type
	.byte	0                               # DW_AT_decl_file
	.byte	38                              # DW_AT_decl_line
	.byte	0                               # DW_AT_data_member_location
	.byte	4                               # Abbrev [4] 0x11c:0x9 DW_TAG_member
	.byte	7                               # DW_AT_name
	.long	134                             # DW_AT_type
	.byte	0                               # DW_AT_decl_file
	.byte	39                              # DW_AT_decl_line
	.byte	8                               # DW_AT_data_member_location
	.byte	4                               # Abbrev [4] 0x125:0x9 DW_TAG_member
	.byte	17                              # DW_AT_name
	.long	330                             # DW_AT_type
	.byte	0                               # DW_AT_decl_file
	.byte	40                              # DW_AT_decl_line
	.byte	16                              # DW_AT_data_member_location
	.byte	5                               # Abbrev [5] 0x12e:0xa DW_TAG_member
	.byte	12                              # DW_AT_name
	.long	347                             # DW_AT_type
	.byte	0                               # DW_AT_decl_file
	.byte	41                              # DW_AT_decl_line
	.byte	8                               # DW_AT_alignment
	.byte	24                              # DW_AT_data_member_location
	.byte	0                               # End Of Children Mark
	.byte	6                               # Abbrev [6] 0x139:0x5 DW_TAG_pointer_type
	.long	318                             # DW_AT_type
	.byte	7                               # Abbrev [7] 0x13e:0xc DW_TAG_array_type
	.long	126                             # DW_AT_type
	.byte	8                               # Abbrev [8] 0x143:0x6 DW_TAG_subrange_type
	.long	130                             # DW_AT_type
	.byte	3                               # DW_AT_count
	.byte	0                               # End Of Children Mark
	.byte	6                               # Abbrev [6] 0x14a:0x5 DW_TAG_pointer_type
	.long	335                             # DW_AT_type
	.byte	7                               # Abbrev [7] 0x14f:0xc DW_TAG_array_type
	.long	126                             # DW_AT_type
	.byte	8                               # Abbrev [8] 0x154:0x6 DW_TAG_subrange_type
	.long	130                             # DW_AT_type
	.byte	4                               # DW_AT_count
	.byte	0                               # End Of Children Mark
	.byte	7                               # Abbrev [7] 0x15b:0xb DW_TAG_array_type
	.long	358                             # DW_AT_type
	.byte	12                              # Abbrev [12] 0x160:0x5 DW_TAG_subrange_type
	.long	130                             # DW_AT_type
	.byte	0                               # End Of Children Mark
	.byte	6                               # Abbrev [6] 0x166:0x5 DW_TAG_pointer_type
	.long	363                             # DW_AT_type
	.byte	14                              # Abbrev [14] 0x16b:0xb DW_TAG_subroutine_type
	.long	126                             # DW_AT_type
                                        # DW_AT_prototyped
	.byte	15                              # Abbrev [15] 0x170:0x5 DW_TAG_formal_parameter
	.long	374                             # DW_AT_type
	.byte	0                               # End Of Children Mark
	.byte	16                              # Abbrev [16] 0x176:0x1 DW_TAG_pointer_type
	.byte	2                               # Abbrev [2] 0x177:0xb DW_TAG_variable
	.byte	18                              # DW_AT_name
	.long	386                             # DW_AT_type
                                        # DW_AT_external
	.byte	0                               # DW_AT_decl_file
	.byte	71                              # DW_AT_decl_line
	.byte	2                               # DW_AT_location
	.byte	161
	.byte	2
	.byte	7                               # Abbrev [7] 0x182:0xc DW_TAG_array_type
	.long	398                             # DW_AT_type
	.byte	8                               # Abbrev [8] 0x187:0x6 DW_TAG_subrange_type
	.long	130                             # DW_AT_type
	.byte	4                               # DW_AT_count
	.byte	0                               # End Of Children Mark
	.byte	9                               # Abbrev [9] 0x18e:0x4 DW_TAG_base_type
	.byte	19                              # DW_AT_name
	.byte	6                               # DW_AT_encoding
	.byte	1                               # DW_AT_byte_size
	.byte	2                               # Abbrev [2] 0x192:0xb DW_TAG_variable
	.byte	20                              # DW_AT_name
	.long	413                             # DW_AT_type
                                        # DW_AT_external
	.byte	0                               # DW_AT_decl_file
	.byte	11                              # DW_AT_decl_line
	.byte	2                               # DW_AT_location
	.byte	161
	.byte	3
	.byte	3                               # Abbrev [3] 0x19d:0x29 DW_TAG_structure_type
	.byte	32                              # DW_AT_byte_size
	.byte	0                               # DW_AT_decl_file
	.byte	6                               # DW_AT_decl_line
	.byte	4                               # Abbrev [4] 0x1a1:0x9 DW_TAG_member
	.byte	4                               # DW_AT_name
	.long	226                             # DW_AT_type
	.byte	0                               # DW_AT_decl_file
	.byte	7                               # DW_AT_decl_line
	.byte	0                               # DW_AT_data_member_location
	.byte	4                               # Abbrev [4] 0x1aa:0x9 DW_TAG_member
	.byte	7                               # DW_AT_name
	.long	454                             # DW_AT_type
	.byte	0                               # DW_AT_decl_file
	.byte	8                               # DW_AT_decl_line
	.byte	8                               # DW_AT_data_member_location
	.byte	4                               # Abbrev [4] 0x1b3:0x9 DW_TAG_member
	.byte	8                               # DW_AT_name
	.long	472                             # DW_AT_type
	.byte	0                               # DW_AT_decl_file
	.byte	9                               # DW_AT_decl_line
	.byte	16                              # DW_AT_data_member_location
	.byte	4                               # Abbrev [4] 0x1bc:0x9 DW_TAG_member
	.byte	11                              # DW_AT_name
	.long	522                             # DW_AT_type
	.byte	0                               # DW_AT_decl_file
	.byte	10                              # DW_AT_decl_line
	.byte	24                              # DW_AT_data_member_location
	.byte	0                               # End Of Children Mark
	.byte	6                               # Abbrev [6] 0x1c6:0x5 DW_TAG_pointer_type
	.long	459                             # DW_AT_type
	.byte	7                               # Abbrev [7] 0x1cb:0xd DW_TAG_array_type
	.long	126                             # DW_AT_type
	.byte	17                              # Abbrev [17] 0x1d0:0x7 DW_TAG_subrange_type
	.long	130                             # DW_AT_type
	.short	1024                            # DW_AT_count
	.byte	0                               # End Of Children Mark
	.byte	6                               # Abbrev [6] 0x1d8:0x5 DW_TAG_pointer_type
	.long	477                             # DW_AT_type
	.byte	13                              # Abbrev [13] 0x1dd:0x21 DW_TAG_structure_type
	.byte	8                               # DW_AT_name
	.byte	10                              # DW_AT_byte_size
	.byte	0                               # DW_AT_decl_file
	.byte	3                               # DW_AT_decl_line
	.byte	4                               # Abbrev [4] 0x1e2:0x9 DW_TAG_member
	.byte	21                              # DW_AT_name
	.long	156                             # DW_AT_type
	.byte	0                               # DW_AT_decl_file
	.byte	3                               # DW_AT_decl_line
	.byte	0                               # DW_AT_data_member_location
	.byte	4                               # Abbrev [4] 0x1eb:0x9 DW_TAG_member
	.byte	22                              # DW_AT_name
	.long	156                             # DW_AT_type
	.byte	0                               # DW_AT_decl_file
	.byte	3                               # DW_AT_decl_line
	.byte	4                               # DW_AT_data_member_location
	.byte	4                               # Abbrev [4] 0x1f4:0x9 DW_TAG_member
	.byte	23                              # DW_AT_name
	.long	510                             # DW_AT_type
	.byte	0                               # DW_AT_decl_file
	.byte	3                               # DW_AT_decl_line
	.byte	8                               # DW_AT_data_member_location
	.byte	0                               # End Of Children Mark
	.byte	11                              # Abbrev [11] 0x1fe:0x8 DW_TAG_typedef
	.long	518                             # DW_AT_type
	.byte	25                              # DW_AT_name
	.byte	1                               # DW_AT_decl_file
	.byte	3                               # DW_AT_decl_line
	.byte	9                               # Abbrev [9] 0x206:0x4 DW_TAG_base_type
	.byte	24                              # DW_AT_name
	.byte	7                               # DW_AT_encoding
	.byte	2                               # DW_AT_byte_size
	.byte	6                               # Abbrev [6] 0x20a:0x5 DW_TAG_pointer_type
	.long	527                             # DW_AT_type
	.byte	13                              # Abbrev [13] 0x20f:0x21 DW_TAG_structure_type
	.byte	11                              # DW_AT_name
	.byte	32                              # DW_AT_byte_size
	.byte	0                               # DW_AT_decl_file
	.byte	4                               # DW_AT_decl_line
	.byte	4                               # Abbrev [4] 0x214:0x9 DW_TAG_member
	.byte	26                              # DW_AT_name
	.long	248                             # DW_AT_type
	.byte	0                               # DW_AT_decl_file
	.byte	4                               # DW_AT_decl_line
	.byte	0                               # DW_AT_data_member_location
	.byte	4                               # Abbrev [4] 0x21d:0x9 DW_TAG_member
	.byte	27                              # DW_AT_name
	.long	248                             # DW_AT_type
	.byte	0                               # DW_AT_decl_file
	.byte	4                               # DW_AT_decl_line
	.byte	8                               # DW_AT_data_member_location
	.byte	4                               # Abbrev [4] 0x226:0x9 DW_TAG_member
	.byte	28                              # DW_AT_name
	.long	560                             # DW_AT_type
	.byte	0                               # DW_AT_decl_file
	.byte	4                               # DW_AT_decl_line
	.byte	16                              # DW_AT_data_member_location
	.byte	0                               # End Of Children Mark
	.byte	7                               # Abbrev [7] 0x230:0xc DW_TAG_array_type
	.long	572                             # DW_AT_type
	.byte	8                               # Abbrev [8] 0x235:0x6 DW_TAG_subrange_type
	.long	130                             # DW_AT_type
	.byte	16                              # DW_AT_count
	.byte	0                               # End Of Children Mark
	.byte	11                              # Abbrev [11] 0x23c:0x8 DW_TAG_typedef
	.long	580                             # DW_AT_type
	.byte	30                              # DW_AT_name
	.byte	1                               # DW_AT_decl_file
	.byte	2                               # DW_AT_decl_line
	.byte	9                               # Abbrev [9] 0x244:0x4 DW_TAG_base_type
	.byte	29                              # DW_AT_name
	.byte	8                               # DW_AT_encoding
	.byte	1                               # DW_AT_byte_size
	.byte	2                               # Abbrev [2] 0x248:0xb DW_TAG_variable
	.byte	31                              # DW_AT_name
	.long	595                             # DW_AT_type
                                        # DW_AT_external
	.byte	0                               # DW_AT_decl_file
	.byte	18                              # DW_AT_decl_line
	.byte	2                               # DW_AT_location
	.byte	161
	.byte	4
	.byte	3                               # Abbrev [3] 0x253:0x29 DW_TAG_structure_type
	.byte	32                              # DW_AT_byte_size
	.byte	0                               # DW_AT_decl_file
	.byte	13                              # DW_AT_decl_line
	.byte	4                               # Abbrev [4] 0x257:0x9 DW_TAG_member
	.byte	4                               # DW_AT_name
	.long	313                             # DW_AT_type
	.byte	0                               # DW_AT_decl_file
	.byte	14                              # DW_AT_decl_line
	.byte	0                               # DW_AT_data_member_location
	.byte	4                               # Abbrev [4] 0x260:0x9 DW_TAG_member
	.byte	7                               # DW_AT_name
	.long	330                             # DW_AT_type
	.byte	0                               # DW_AT_decl_file
	.byte	15                              # DW_AT_decl_line
	.byte	8                               # DW_AT_data_member_location
	.byte	4                               # Abbrev [4] 0x269:0x9 DW_TAG_member
	.byte	8                               # DW_AT_name
	.long	151                             # DW_AT_type
	.byte	0                               # DW_AT_decl_file
	.byte	16                              # DW_AT_decl_line
	.byte	16                              # DW_AT_data_member_location
	.byte	4                               # Abbrev [4] 0x272:0x9 DW_TAG_member
	.byte	32                              # DW_AT_name
	.long	330                             # DW_AT_type
	.byte	0                               # DW_AT_decl_file
	.byte	17                              # DW_AT_decl_line
	.byte	24                              # DW_AT_data_member_location
	.byte	0                               # End Of Children Mark
	.byte	2                               # Abbrev [2] 0x27c:0xb DW_TAG_variable
	.byte	33                              # DW_AT_name
	.long	184                             # DW_AT_type
                                        # DW_AT_external
	.byte	0                               # DW_AT_decl_file
	.byte	25                              # DW_AT_decl_line
	.byte	2                               # DW_AT_location
	.byte	161
	.byte	5
	.byte	2                               # Abbrev [2] 0x287:0xb DW_TAG_variable
	.byte	34                              # DW_AT_name
	.long	184                             # DW_AT_type
                                        # DW_AT_external
	.byte	0                               # DW_AT_decl_file
	.byte	25                              # DW_AT_decl_line
	.byte	2                               # DW_AT_location
	.byte	161
	.byte	6
	.byte	18                              # Abbrev [18] 0x292:0x9 DW_TAG_variable
	.byte	35                              # DW_AT_name
	.long	667                             # DW_AT_type
	.byte	1                               # DW_AT_decl_file
	.byte	14                              # DW_AT_decl_line
	.byte	1                               # DW_AT_const_value
	.byte	6                               # Abbrev [6] 0x29b:0x5 DW_TAG_pointer_type
	.long	672                             # DW_AT_type
	.byte	14                              # Abbrev [14] 0x2a0:0x10 DW_TAG_subroutine_type
	.long	374                             # DW_AT_type
                                        # DW_AT_prototyped
	.byte	15                              # Abbrev [15] 0x2a5:0x5 DW_TAG_formal_parameter
	.long	374                             # DW_AT_type
	.byte	15                              # Abbrev [15] 0x2aa:0x5 DW_TAG_formal_parameter
	.long	688                             # DW_AT_type
	.byte	0                               # End Of Children Mark
	.byte	6                               # Abbrev [6] 0x2b0:0x5 DW_TAG_pointer_type
	.long	693                             # DW_AT_type
	.byte	19                              # Abbrev [19] 0x2b5:0x1 DW_TAG_const_type
	.byte	18                              # Abbrev [18] 0x2b6:0x9 DW_TAG_variable
	.byte	36                              # DW_AT_name
	.long	703                             # DW_AT_type
	.byte	1                               # DW_AT_decl_file
	.byte	15                              # DW_AT_decl_line
	.byte	2                               # DW_AT_const_value
	.byte	6                               # Abbrev [6] 0x2bf:0x5 DW_TAG_pointer_type
	.long	708                             # DW_AT_type
	.byte	14                              # Abbrev [14] 0x2c4:0x1a DW_TAG_subroutine_type
	.long	734                             # DW_AT_type
                                        # DW_AT_prototyped
	.byte	15                              # Abbrev [15] 0x2c9:0x5 DW_TAG_formal_parameter
	.long	374                             # DW_AT_type
	.byte	15                              # Abbrev [15] 0x2ce:0x5 DW_TAG_formal_parameter
	.long	688                             # DW_AT_type
	.byte	15                              # Abbrev [15] 0x2d3:0x5 DW_TAG_formal_parameter
	.long	688                             # DW_AT_type
	.byte	15                              # Abbrev [15] 0x2d8:0x5 DW_TAG_formal_parameter
	.long	248                             # DW_AT_type
	.byte	0                               # End Of Children Mark
	.byte	9                               # Abbrev [9] 0x2de:0x4 DW_TAG_base_type
	.byte	37                              # DW_AT_name
	.byte	5                               # DW_AT_encoding
	.byte	8                               # DW_AT_byte_size
	.byte	18                              # Abbrev [18] 0x2e2:0x9 DW_TAG_variable
	.byte	38                              # DW_AT_name
	.long	747                             # DW_AT_type
	.byte	1                               # DW_AT_decl_file
	.byte	18                              # DW_AT_decl_line
	.byte	12                              # DW_AT_const_value
	.byte	6                               # Abbrev [6] 0x2eb:0x5 DW_TAG_pointer_type
	.long	752                             # DW_AT_type
	.byte	14                              # Abbrev [14] 0x2f0:0x15 DW_TAG_subroutine_type
	.long	734                             # DW_AT_type
                                        # DW_AT_prototyped
	.byte	15                              # Abbrev [15] 0x2f5:0x5 DW_TAG_formal_parameter
	.long	374                             # DW_AT_type
	.byte	15                              # Abbrev [15] 0x2fa:0x5 DW_TAG_formal_parameter
	.long	374                             # DW_AT_type
	.byte	15                              # Abbrev [15] 0x2ff:0x5 DW_TAG_formal_parameter
	.long	156                             # DW_AT_type
	.byte	0                               # End Of Children Mark
	.byte	20                              # Abbrev [20] 0x305:0x18 DW_TAG_subprogram
	.byte	7                               # DW_AT_low_pc
	.long	.Lfunc_end0-.Lfunc_begin0       # DW_AT_high_pc
	.byte	1                               # DW_AT_frame_base
	.byte	90
                                        # DW_AT_call_all_calls
	.byte	39                              # DW_AT_name
	.byte	0                               # DW_AT_decl_file
	.byte	44                              # DW_AT_decl_line
                                        # DW_AT_prototyped
	.long	126                             # DW_AT_type
                                        # DW_AT_external
	.byte	21                              # Abbrev [21] 0x314:0x8 DW_TAG_formal_parameter
	.byte	42                              # DW_AT_name
	.byte	0                               # DW_AT_decl_file
	.byte	44                              # DW_AT_decl_line
	.long	374                             # DW_AT_type
	.byte	0                               # End Of Children Mark
	.byte	20                              # Abbrev [20] 0x31d:0x4c DW_TAG_subprogram
	.byte	8                               # DW_AT_low_pc
	.long	.Lfunc_end1-.Lfunc_begin1       # DW_AT_high_pc
	.byte	1                               # DW_AT_frame_base
	.byte	90
                                        # DW_AT_call_all_calls
	.byte	40                              # DW_AT_name
	.byte	0                               # DW_AT_decl_file
	.byte	49                              # DW_AT_decl_line
                                        # DW_AT_prototyped
	.long	126                             # DW_AT_type
                                        # DW_AT_external
	.byte	22                              # Abbrev [22] 0x32c:0x9 DW_TAG_formal_parameter
	.byte	0                               # DW_AT_location
	.byte	42                              # DW_AT_name
	.byte	0                               # DW_AT_decl_file
	.byte	49                              # DW_AT_decl_line
	.long	374                             # DW_AT_type
	.byte	23                              # Abbrev [23] 0x335:0xb DW_TAG_variable
	.byte	2                               # DW_AT_location
	.byte	145
	.byte	40
	.byte	8                               # DW_AT_name
	.byte	0                               # DW_AT_decl_file
	.byte	51                              # DW_AT_decl_line
	.long	477                             # DW_AT_type
	.byte	23                              # Abbrev [23] 0x340:0xb DW_TAG_variable
	.byte	2                               # DW_AT_location
	.byte	145
	.byte	8
	.byte	43                              # DW_AT_name
	.byte	0                               # DW_AT_decl_file
	.byte	52                              # DW_AT_decl_line
	.long	527                             # DW_AT_type
	.byte	23                              # Abbrev [23] 0x34b:0xb DW_TAG_variable
	.byte	2                               # DW_AT_location
	.byte	145
	.byte	4
	.byte	44                              # DW_AT_name
	.byte	0                               # DW_AT_decl_file
	.byte	61                              # DW_AT_decl_line
	.long	156                             # DW_AT_type
	.byte	24                              # Abbrev [24] 0x356:0x9 DW_TAG_variable
	.byte	1                               # DW_AT_location
	.byte	11                              # DW_AT_name
	.byte	0                               # DW_AT_decl_file
	.byte	52                              # DW_AT_decl_line
	.long	522                             # DW_AT_type
	.byte	24                              # Abbrev [24] 0x35f:0x9 DW_TAG_variable
	.byte	2                               # DW_AT_location
	.byte	45                              # DW_AT_name
	.byte	0                               # DW_AT_decl_file
	.byte	62                              # DW_AT_decl_line
	.long	374                             # DW_AT_type
	.byte	0                               # End Of Children Mark
	.byte	20                              # Abbrev [20] 0x369:0x18 DW_TAG_subprogram
	.byte	9                               # DW_AT_low_pc
	.long	.Lfunc_end2-.Lfunc_begin2       # DW_AT_high_pc
	.byte	1                               # DW_AT_frame_base
	.byte	90
                                        # DW_AT_call_all_calls
	.byte	41                              # DW_AT_name
	.byte	0                               # DW_AT_decl_file
	.byte	66                              # DW_AT_decl_line
                                        # DW_AT_prototyped
	.long	126                             # DW_AT_type
                                        # DW_AT_external
	.byte	21                              # Abbrev [21] 0x378:0x8 DW_TAG_formal_parameter
	.byte	42                              # DW_AT_name
	.byte	0                               # DW_AT_decl_file
	.byte	66                              # DW_AT_decl_line
	.long	374                             # DW_AT_type
	.byte	0                               # End Of Children Mark
	.byte	0                               # End Of Children Mark
.Ldebug_info_end0:
	.section	.debug_rnglists,"",@progbits
	.long	.Ldebug_list_header_end1-.Ldebug_list_header_start1 # Length
.Ldebug_list_header_start1:
	.short	5                               # Version
	.byte	8                               # Address size
	.byte	0                               # Segment selector size
	.long	1                               # Offset entry count
.Lrnglists_table_base0:
	.long	.Ldebug_ranges0-.Lrnglists_table_base0
.Ldebug_ranges0:
	.byte	3                               # DW_RLE_startx_length
	.byte	7                               #   start index
	.uleb128 .Lfunc_end1-.Lfunc_begin0      #   length
	.byte	3                               # DW_RLE_startx_length
	.byte	9                               #   start index
	.uleb128 .Lfunc_end2-.Lfunc_begin2      #   length
	.byte	0                               # DW_RLE_end_of_list
.Ldebug_list_header_end1:
	.section	.debug_str_offsets,"",@progbits
	.long	188                             # Length of String Offsets Set
	.short	5
	.short	0
.Lstr_offsets_base0:
	.section	.debug_str,"MS",@progbits,1
.Linfo_string0:
	.asciz	"Debian clang version 19.1.7 (3~deb12u1)" # string offset=0
.Linfo_string1:
	.asciz	"maps.c"                        # string offset=40
.Linfo_string2:
	.asciz	"/src"                          # string offset=47
.Linfo_string3:
	.asciz	"outer"                         # string offset=52
.Linfo_string4:
	.asciz	"type"                          # string offset=58
.Linfo_string5:
	.asciz	"int"                           # string offset=63
.Linfo_string6:
	.asciz	"__ARRAY_SIZE_TYPE__"           # string offset=67
.Linfo_string7:
	.asciz	"max_entries"                   # string offset=87
.Linfo_string8:
	.asciz	"key"                           # string offset=99
.Linfo_string9:
	.asciz	"unsigned int"                  # string offset=103
.Linfo_string10:
	.asciz	"u32"                           # string offset=116
.Linfo_string11:
	.asciz	"value"                         # string offset=120
.Linfo_string12:
	.asciz	"values"                        # string offset=126
.Linfo_string13:
	.asciz	"unsigned long long"            # string offset=133
.Linfo_string14:
	.asciz	"u64"                           # string offset=152
.Linfo_string15:
	.asciz	"inner"                         # string offset=156
.Linfo_string16:
	.asciz	"calls"                         # string offset=162
.Linfo_string17:
	.asciz	"key_size"                      # string offset=168
.Linfo_string18:
	.asciz	"_license"                      # string offset=177
.Linfo_string19:
	.asciz	"char"                          # string offset=186
.Linfo_string20:
	.asciz	"flows"                         # string offset=191
.Linfo_string21:
	.asciz	"saddr"                         # string offset=197
.Linfo_string22:
	.asciz	"daddr"                         # string offset=203
.Linfo_string23:
	.asciz	"port"                          # string offset=209
.Linfo_string24:
	.asciz	"unsigned short"                # string offset=214
.Linfo_string25:
	.asciz	"u16"                           # string offset=229
.Linfo_string26:
	.asciz	"packets"                       # string offset=233
.Linfo_string27:
	.asciz	"bytes"                         # string offset=241
.Linfo_string28:
	.asciz	"name"                          # string offset=247
.Linfo_string29:
	.asciz	"unsigned char"                 # string offset=252
.Linfo_string30:
	.asciz	"u8"                            # string offset=266
.Linfo_string31:
	.asciz	"progs"                         # string offset=269
.Linfo_string32:
	.asciz	"value_size"                    # string offset=275
.Linfo_string33:
	.asciz	"inner_a"                       # string offset=286
.Linfo_string34:
	.asciz	"inner_b"                       # string offset=294
.Linfo_string35:
	.asciz	"bpf_map_lookup_elem"           # string offset=302
.Linfo_string36:
	.asciz	"bpf_map_update_elem"           # string offset=322
.Linfo_string37:
	.asciz	"long"                          # string offset=342
.Linfo_string38:
	.asciz	"bpf_tail_call"                 # string offset=347
.Linfo_string39:
	.asciz	"target"                        # string offset=361
.Linfo_string40:
	.asciz	"count"                         # string offset=368
.Linfo_string41:
	.asciz	"other"                         # string offset=374
.Linfo_string42:
	.asciz	"ctx"                           # string offset=380
.Linfo_string43:
	.asciz	"zero"                          # string offset=384
.Linfo_string44:
	.asciz	"index"                         # string offset=389
.Linfo_string45:
	.asciz	"map"                           # string offset=395
	.section	.debug_str_offsets,"",@progbits
	.long	.Linfo_string0
	.long	.Linfo_string1
	.long	.Linfo_string2
	.long	.Linfo_string3
	.long	.Linfo_string4
	.long	.Linfo_string5
	.long	.Linfo_string6
	.long	.Linfo_string7
	.long	.Linfo_string8
	.long	.Linfo_string9
	.long	.Linfo_string10
	.long	.Linfo_string11
	.long	.Linfo_string12
	.long	.Linfo_string13
	.long	.Linfo_string14
	.long	.Linfo_string15
	.long	.Linfo_string16
	.long	.Linfo_string17
	.long	.Linfo_string18
	.long	.Linfo_string19
	.long	.Linfo_string20
	.long	.Linfo_string21
	.long	.Linfo_string22
	.long	.Linfo_string23
	.long	.Linfo_string24
	.long	.Linfo_string25
	.long	.Linfo_string26
	.long	.Linfo_string27
	.long	.Linfo_string28
	.long	.Linfo_string29
	.long	.Linfo_string30
	.long	.Linfo_string31
	.long	.Linfo_string32
	.long	.Linfo_string33
	.long	.Linfo_string34
	.long	.Linfo_string35
	.long	.Linfo_string36
	.long	.Linfo_string37
	.long	.Linfo_string38
	.long	.Linfo_string39
	.long	.Linfo_string40
	.long	.Linfo_string41
	.long	.Linfo_string42
	.long	.Linfo_string43
	.long	.Linfo_string44
	.long	.Linfo_string45
	.section	.debug_addr,"",@progbits
	.long	.Ldebug_addr_end0-.Ldebug_addr_start0 # Length of contribution
.Ldebug_addr_start0:
	.short	5                               # DWARF version number
	.byte	8                               # Address size
	.byte	0                               # Segment selector size
.Laddr_table_base0:
	.quad	outer
	.quad	calls
	.quad	_license
	.quad	flows
	.quad	progs
	.quad	inner_a
	.quad	inner_b
	.quad	.Lfunc_begin0
	.quad	.Lfunc_begin1
	.quad	.Lfunc_begin2
.Ldebug_addr_end0:
	.section	.BTF,"",@progbits
	.short	60319                           # 0xeb9f
	.byte	1
	.byte	0
	.long	24
	.long	0
	.long	1312
	.long	1312
	.long	323
	.long	0                               # BTF_KIND_PTR(id = 1)
	.long	33554432                        # 0x2000000
	.long	3
	.long	1                               # BTF_KIND_INT(id = 2)
	.long	16777216                        # 0x1000000
	.long	4
	.long	16777248                        # 0x1000020
	.long	0                               # BTF_KIND_ARRAY(id = 3)
	.long	50331648                        # 0x3000000
	.long	0
	.long	2
	.long	4
	.long	2
	.long	5                               # BTF_KIND_INT(id = 4)
	.long	16777216                        # 0x1000000
	.long	4
	.long	32                              # 0x20
	.long	0                               # BTF_KIND_PTR(id = 5)
	.long	33554432                        # 0x2000000
	.long	6
	.long	0                               # BTF_KIND_ARRAY(id = 6)
	.long	50331648                        # 0x3000000
	.long	0
	.long	2
	.long	4
	.long	1
	.long	0                               # BTF_KIND_PTR(id = 7)
	.long	33554432                        # 0x2000000
	.long	8
	.long	25                              # BTF_KIND_TYPEDEF(id = 8)
	.long	134217728                       # 0x8000000
	.long	9
	.long	29                              # BTF_KIND_INT(id = 9)
	.long	16777216                        # 0x1000000
	.long	4
	.long	32                              # 0x20
	.long	0                               # BTF_KIND_PTR(id = 10)
	.long	33554432                        # 0x2000000
	.long	11
	.long	42                              # BTF_KIND_TYPEDEF(id = 11)
	.long	134217728                       # 0x8000000
	.long	12
	.long	46                              # BTF_KIND_INT(id = 12)
	.long	16777216                        # 0x1000000
	.long	8
	.long	64                              # 0x40
	.long	65                              # BTF_KIND_STRUCT(id = 13)
	.long	67108868                        # 0x4000004
	.long	32
	.long	71
	.long	1
	.long	0                               # 0x0
	.long	76
	.long	5
	.long	64                              # 0x40
	.long	88
	.long	7
	.long	128                             # 0x80
	.long	92
	.long	10
	.long	192                             # 0xc0
	.long	98                              # BTF_KIND_VAR(id = 14)
	.long	234881024                       # 0xe000000
	.long	13
	.long	1
	.long	106                             # BTF_KIND_VAR(id = 15)
	.long	234881024                       # 0xe000000
	.long	13
	.long	1
	.long	0                               # BTF_KIND_PTR(id = 16)
	.long	33554432                        # 0x2000000
	.long	17
	.long	0                               # BTF_KIND_ARRAY(id = 17)
	.long	50331648                        # 0x3000000
	.long	0
	.long	2
	.long	4
	.long	12
	.long	0                               # BTF_KIND_PTR(id = 18)
	.long	33554432                        # 0x2000000
	.long	13
	.long	0                               # BTF_KIND_ARRAY(id = 19)
	.long	50331648                        # 0x3000000
	.long	0
	.long	18
	.long	4
	.long	0
	.long	0                               # BTF_KIND_STRUCT(id = 20)
	.long	67108869                        # 0x4000005
	.long	32
	.long	71
	.long	16
	.long	0                               # 0x0
	.long	76
	.long	1
	.long	64                              # 0x40
	.long	88
	.long	7
	.long	128                             # 0x80
	.long	92
	.long	7
	.long	192                             # 0xc0
	.long	114
	.long	19
	.long	256                             # 0x100
	.long	121                             # BTF_KIND_VAR(id = 21)
	.long	234881024                       # 0xe000000
	.long	20
	.long	1
	.long	0                               # BTF_KIND_PTR(id = 22)
	.long	33554432                        # 0x2000000
	.long	23
	.long	0                               # BTF_KIND_ARRAY(id = 23)
	.long	50331648                        # 0x3000000
	.long	0
	.long	2
	.long	4
	.long	3
	.long	0                               # BTF_KIND_PTR(id = 24)
	.long	33554432                        # 0x2000000
	.long	25
	.long	0                               # BTF_KIND_ARRAY(id = 25)
	.long	50331648                        # 0x3000000
	.long	0
	.long	2
	.long	4
	.long	4
	.long	0                               # BTF_KIND_PTR(id = 26)
	.long	33554432                        # 0x2000000
	.long	27
	.long	0                               # BTF_KIND_FUNC_PROTO(id = 27)
	.long	218103809                       # 0xd000001
	.long	2
	.long	0
	.long	28
	.long	0                               # BTF_KIND_PTR(id = 28)
	.long	33554432                        # 0x2000000
	.long	0
	.long	0                               # BTF_KIND_ARRAY(id = 29)
	.long	50331648                        # 0x3000000
	.long	0
	.long	26
	.long	4
	.long	0
	.long	0                               # BTF_KIND_STRUCT(id = 30)
	.long	67108868                        # 0x4000004
	.long	24
	.long	71
	.long	22
	.long	0                               # 0x0
	.long	76
	.long	1
	.long	64                              # 0x40
	.long	127
	.long	24
	.long	128                             # 0x80
	.long	114
	.long	29
	.long	192                             # 0xc0
	.long	136                             # BTF_KIND_VAR(id = 31)
	.long	234881024                       # 0xe000000
	.long	30
	.long	1
	.long	0                               # BTF_KIND_PTR(id = 32)
	.long	33554432                        # 0x2000000
	.long	33
	.long	0                               # BTF_KIND_ARRAY(id = 33)
	.long	50331648                        # 0x3000000
	.long	0
	.long	2
	.long	4
	.long	1024
	.long	0                               # BTF_KIND_PTR(id = 34)
	.long	33554432                        # 0x2000000
	.long	35
	.long	88                              # BTF_KIND_STRUCT(id = 35)
	.long	67108867                        # 0x4000003
	.long	10
	.long	142
	.long	8
	.long	0                               # 0x0
	.long	148
	.long	8
	.long	32                              # 0x20
	.long	154
	.long	36
	.long	64                              # 0x40
	.long	159                             # BTF_KIND_TYPEDEF(id = 36)
	.long	134217728                       # 0x8000000
	.long	37
	.long	163                             # BTF_KIND_INT(id = 37)
	.long	16777216                        # 0x1000000
	.long	2
	.long	16                              # 0x10
	.long	0                               # BTF_KIND_PTR(id = 38)
	.long	33554432                        # 0x2000000
	.long	39
	.long	92                              # BTF_KIND_STRUCT(id = 39)
	.long	67108867                        # 0x4000003
	.long	32
	.long	178
	.long	11
	.long	0                               # 0x0
	.long	186
	.long	11
	.long	64                              # 0x40
	.long	192
	.long	42
	.long	128                             # 0x80
	.long	197                             # BTF_KIND_TYPEDEF(id = 40)
	.long	134217728                       # 0x8000000
	.long	41
	.long	200                             # BTF_KIND_INT(id = 41)
	.long	16777216                        # 0x1000000
	.long	1
	.long	8                               # 0x8
	.long	0                               # BTF_KIND_ARRAY(id = 42)
	.long	50331648                        # 0x3000000
	.long	0
	.long	40
	.long	4
	.long	16
	.long	0                               # BTF_KIND_STRUCT(id = 43)
	.long	67108868                        # 0x4000004
	.long	32
	.long	71
	.long	5
	.long	0                               # 0x0
	.long	76
	.long	32
	.long	64                              # 0x40
	.long	88
	.long	34
	.long	128                             # 0x80
	.long	92
	.long	38
	.long	192                             # 0xc0
	.long	214                             # BTF_KIND_VAR(id = 44)
	.long	234881024                       # 0xe000000
	.long	43
	.long	1
	.long	0                               # BTF_KIND_STRUCT(id = 45)
	.long	67108868                        # 0x4000004
	.long	32
	.long	71
	.long	22
	.long	0                               # 0x0
	.long	76
	.long	24
	.long	64                              # 0x40
	.long	88
	.long	7
	.long	128                             # 0x80
	.long	220
	.long	24
	.long	192                             # 0xc0
	.long	231                             # BTF_KIND_VAR(id = 46)
	.long	234881024                       # 0xe000000
	.long	45
	.long	1
	.long	0                               # BTF_KIND_FUNC_PROTO(id = 47)
	.long	218103809                       # 0xd000001
	.long	2
	.long	237
	.long	28
	.long	241                             # BTF_KIND_FUNC(id = 48)
	.long	201326593                       # 0xc000001
	.long	47
	.long	0                               # BTF_KIND_FUNC_PROTO(id = 49)
	.long	218103809                       # 0xd000001
	.long	2
	.long	237
	.long	28
	.long	264                             # BTF_KIND_FUNC(id = 50)
	.long	201326593                       # 0xc000001
	.long	49
	.long	0                               # BTF_KIND_FUNC_PROTO(id = 51)
	.long	218103809                       # 0xd000001
	.long	2
	.long	237
	.long	28
	.long	270                             # BTF_KIND_FUNC(id = 52)
	.long	201326593                       # 0xc000001
	.long	51
	.long	287                             # BTF_KIND_INT(id = 53)
	.long	16777216                        # 0x1000000
	.long	1
	.long	16777224                        # 0x1000008
	.long	0                               # BTF_KIND_ARRAY(id = 54)
	.long	50331648                        # 0x3000000
	.long	0
	.long	53
	.long	4
	.long	4
	.long	292                             # BTF_KIND_VAR(id = 55)
	.long	234881024                       # 0xe000000
	.long	54
	.long	1
	.long	301                             # BTF_KIND_DATASEC(id = 56)
	.long	251658246                       # 0xf000006
	.long	0
	.long	14
	.long	inner_a
	.long	32
	.long	15
	.long	inner_b
	.long	32
	.long	21
	.long	outer
	.long	48
	.long	31
	.long	calls
	.long	40
	.long	44
	.long	flows
	.long	32
	.long	46
	.long	progs
	.long	32
	.long	307                             # BTF_KIND_DATASEC(id = 57)
	.long	251658240                       # 0xf000000
	.long	0
	.long	315                             # BTF_KIND_DATASEC(id = 58)
	.long	251658241                       # 0xf000001
	.long	0
	.long	55
	.long	_license
	.long	4
	.byte	0                               # string offset=0
	.ascii	"int"                           # string offset=1
	.byte	0
	.ascii	"__ARRAY_SIZE_TYPE__"           # string offset=5
	.byte	0
	.ascii	"u32"                           # string offset=25
	.byte	0
	.ascii	"unsigned int"                  # string offset=29
	.byte	0
	.ascii	"u64"                           # string offset=42
	.byte	0
	.ascii	"unsigned long long"            # string offset=46
	.byte	0
	.ascii	"inner"                         # string offset=65
	.byte	0
	.ascii	"type"                          # string offset=71
	.byte	0
	.ascii	"max_entries"                   # string offset=76
	.byte	0
	.ascii	"key"                           # string offset=88
	.byte	0
	.ascii	"value"                         # string offset=92
	.byte	0
	.ascii	"inner_a"                       # string offset=98
	.byte	0
	.ascii	"inner_b"                       # string offset=106
	.byte	0
	.ascii	"values"                        # string offset=114
	.byte	0
	.ascii	"outer"                         # string offset=121
	.byte	0
	.ascii	"key_size"                      # string offset=127
	.byte	0
	.ascii	"calls"                         # string offset=136
	.byte	0
	.ascii	"saddr"                         # string offset=142
	.byte	0
	.ascii	"daddr"                         # string offset=148
	.byte	0
	.ascii	"port"                          # string offset=154
	.byte	0
	.ascii	"u16"                           # string offset=159
	.byte	0
	.ascii	"unsigned short"                # string offset=163
	.byte	0
	.ascii	"packets"                       # string offset=178
	.byte	0
	.ascii	"bytes"                         # string offset=186
	.byte	0
	.ascii	"name"                          # string offset=192
	.byte	0
	.ascii	"u8"                            # string offset=197
	.byte	0
	.ascii	"unsigned char"                 # string offset=200
	.byte	0
	.ascii	"flows"                         # string offset=214
	.byte	0
	.ascii	"value_size"                    # string offset=220
	.byte	0
	.ascii	"progs"                         # string offset=231
	.byte	0
	.ascii	"ctx"                           # string offset=237
	.byte	0
	.ascii	"target"                        # string offset=241
	.byte	0
	.ascii	"xdp"                           # string offset=248
	.byte	0
	.ascii	"/src/maps.c"                   # string offset=252
	.byte	0
	.ascii	"count"                         # string offset=264
	.byte	0
	.ascii	"other"                         # string offset=270
	.byte	0
	.ascii	"xdp/second"                    # string offset=276
	.byte	0
	.ascii	"char"                          # string offset=287
	.byte	0
	.ascii	"_license"                      # string offset=292
	.byte	0
	.ascii	".maps"                         # string offset=301
	.byte	0
	.ascii	".rodata"                       # string offset=307
	.byte	0
	.ascii	"license"                       # string offset=315
	.byte	0
	.section	.BTF.ext,"",@progbits
	.short	60319                           # 0xeb9f
	.byte	1
	.byte	0
	.long	32
	.long	0
	.long	44
	.long	44
	.long	276
	.long	320
	.long	0
	.long	8                               # FuncInfo
	.long	248                             # FuncInfo section string offset=248
	.long	2
	.long	.Lfunc_begin0
	.long	48
	.long	.Lfunc_begin1
	.long	50
	.long	276                             # FuncInfo section string offset=276
	.long	1
	.long	.Lfunc_begin2
	.long	52
	.long	16                              # LineInfo
	.long	248                             # LineInfo section string offset=248
	.long	15
	.long	.Ltmp0
	.long	252
	.long	0
	.long	47106                           # Line 46 Col 2
	.long	.Lfunc_begin1
	.long	252
	.long	0
	.long	50176                           # Line 49 Col 0
	.long	.Ltmp7
	.long	252
	.long	0
	.long	52237                           # Line 51 Col 13
	.long	.Ltmp8
	.long	252
	.long	0
	.long	53272                           # Line 52 Col 24
	.long	.Ltmp11
	.long	252
	.long	0
	.long	53307                           # Line 52 Col 59
	.long	.Ltmp12
	.long	252
	.long	0
	.long	54278                           # Line 53 Col 6
	.long	.Ltmp17
	.long	252
	.long	0
	.long	55299                           # Line 54 Col 3
	.long	.Ltmp18
	.long	252
	.long	0
	.long	56336                           # Line 55 Col 16
	.long	.Ltmp19
	.long	252
	.long	0
	.long	57346                           # Line 56 Col 2
	.long	.Ltmp24
	.long	252
	.long	0
	.long	58371                           # Line 57 Col 3
	.long	.Ltmp27
	.long	252
	.long	0
	.long	60418                           # Line 59 Col 2
	.long	.Ltmp29
	.long	252
	.long	0
	.long	61442                           # Line 60 Col 2
	.long	.Ltmp31
	.long	252
	.long	0
	.long	62470                           # Line 61 Col 6
	.long	.Ltmp32
	.long	252
	.long	0
	.long	63502                           # Line 62 Col 14
	.long	.Ltmp36
	.long	252
	.long	0
	.long	64514                           # Line 63 Col 2
	.long	276                             # LineInfo section string offset=276
	.long	1
	.long	.Ltmp43
	.long	252
	.long	0
	.long	69634                           # Line 68 Col 2
	.addrsig
	.addrsig_sym target
	.addrsig_sym count
	.addrsig_sym other
	.addrsig_sym inner_a
	.addrsig_sym inner_b
	.addrsig_sym outer
	.addrsig_sym calls
	.addrsig_sym flows
	.addrsig_sym progs
	.addrsig_sym _license
	.section	.debug_line,"",@progbits
.Lline_table_start0:

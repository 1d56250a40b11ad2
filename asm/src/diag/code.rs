//! The numbers of diagnostics; one line each says what it is about.

macro_rules! codes {
    ($($name:ident $code:literal $title:literal)*) => {
        $(#[doc = $title] pub const $name: &str = $code;)*
        /// Every code with its title.
        pub const ALL: &[(&str, &str)] = &[$(($code, $title)),*];
    };
}

codes! {
    CHARACTER    "E0101" "a character that begins nothing"
    NUMBER       "E0102" "a malformed number"
    STRING       "E0103" "a malformed string"
    COMMENT      "E0104" "a comment without an end"
    SYNTAX       "E0105" "a line that is no statement or declaration"
    BRACE        "E0106" "a brace without its partner"
    FOREIGN      "E0107" "a line in another tool's spelling that is no instruction"
    DIALECT      "E0108" "a dialect that does not exist, or is declared too late"

    UNKNOWN      "E0201" "a name that nothing has"
    DUPLICATE    "E0202" "a name that is defined twice"
    IMPORT       "E0203" "a module or file that cannot be imported"
    RESERVED     "E0204" "a name that means something else"
    KIND         "E0205" "a name of the wrong kind"
    CYCLE        "E0206" "a definition that contains itself"
    PARAM        "E0207" "a parameter without a value, or a value without a parameter"

    FIELD        "E0301" "a field that a type does not have"
    TYPE         "E0302" "a type that does not fit"
    RANGE        "E0303" "a number that does not fit"
    SIGN_EXTEND  "E0304" "an immediate that would be sign-extended"
    BYTE_ORDER   "E0305" "a number in the wrong byte order"
    CONSTANT     "E0306" "an expression that is no constant"
    STACK        "E0307" "a stack that is too large"
    HOST_ORDER   "E0308" "values in different byte orders"
    BIT_FIELD    "E0309" "a bit field that is no operand"
    LAYOUT       "E0310" "a layout that cannot be"
    BTF          "E0311" "types that cannot be imported"
    BTF_TEXT     "E0312" "types as text that cannot be read"

    FORM         "E0401" "an instruction that does not exist"
    REGISTER     "E0402" "a register that does not exist"
    READ_ONLY    "E0403" "a register that cannot be written"
    WIDTH        "E0404" "operands of different widths"
    WIDE         "E0405" "a 64-bit immediate without `ll`, or `ll` without one"
    STALE_VIEW   "E0406" "a view whose register a call has destroyed"
    CPU          "E0407" "an instruction that the level lacks"

    LABEL        "E0501" "a label that does not exist"
    DISTANCE     "E0502" "a jump that is too far"
    TARGET       "E0503" "a jump to where no instruction begins"
    FALL_OFF     "E0504" "code that runs off its end"

    ARGUMENT     "E0601" "an argument that a macro does not take"
    RECURSION    "E0602" "a macro that uses itself without end"
    ASSERTION    "E0603" "an assertion that does not hold"
    SAID         "E0604" "an error that the source asks for"
    WARNED       "E0605" "a warning that the source asks for"

    MAP          "E0701" "a map that cannot be"
    SECTION      "E0702" "a section that nobody knows"
    LICENSE      "E0703" "a licence that is given twice"
    EMPTY        "E0704" "a program without instructions"
    CALL         "E0705" "a call that could be two things"
    EXTERN       "E0706" "an extern that cannot be"
    CORE         "E0707" "a CO-RE value that cannot be looked up"
    STRUCT_OPS   "E0708" "a table of functions that cannot be"

    REJECTED     "E0801" "a program that the kernel's verifier refused"

    LISTING_LINE          "E1001" "a line of a listing that cannot be read"
    LISTING_CONTRADICTION "E1002" "a listing that contradicts itself"
    LISTING_LOST          "E1003" "a listing without something that is needed"
    LISTING_GAP           "E1004" "a listing from which instructions are missing"
    LISTING_REWRITTEN     "E1005" "instructions as the kernel rewrote them"
    LISTING_RELOCATION    "E1006" "a listing that may hide a relocation"
    LISTING_LOSSY         "E1007" "an instruction that is printed like another one"
    LISTING_END           "E1008" "a listing that ends before its program"

    GAS_DIRECTIVE  "E1101" "a directive that does not exist"
    GAS_OPERAND    "E1102" "a malformed operand of a directive"
    GAS_EXPRESSION "E1103" "an expression that has no value"
    GAS_RANGE      "E1104" "a value that does not fit its place"
    GAS_SYMBOL     "E1105" "a symbol that is defined twice"
    GAS_LABEL      "E1106" "a jump to a label that is not here"
    GAS_SECTION    "E1107" "a section that cannot be"
    GAS_RELOCATION "E1108" "a value that no relocation has"
    GAS_STRING     "E1109" "a malformed string in a `.s` file"
    GAS_PLACE      "E1110" "a statement where it cannot stand"
    GAS_SIZE       "E1111" "a file that is too large"
    GAS_MACRO      "E1112" "a directive that makes text out of text"
    GAS_FILE       "E1113" "a line of a file that has no number"

    UNINIT          "E1201" "a register that is read before it is written"
    UNSET_RESULT    "E1202" "a program that ends without a result"
    NULL_POINTER    "E1203" "a pointer that may be null"
    PACKET_BOUNDS   "E1204" "packet data that may lie behind the packet's end"
    UNREACHABLE     "E1205" "code that no path leads to"
    STACK_BOUNDS    "E1206" "an access outside of the stack"
    UNWRITTEN_STACK "E1207" "stack that is read and never written"
    SHIFT_WIDTH     "E1208" "a shift past the register's width"
    ZERO_DIVISION   "E1209" "a division by zero"
    ENDLESS_LOOP    "E1210" "a loop that nothing leaves"
    UNUSED_LABEL    "E1211" "a label that nothing jumps to"
    UNUSED_IMPORT   "E1212" "an import of which nothing is used"
    UNUSED_MACRO    "E1213" "a macro that nothing uses"
    UNUSED_FUNC     "E1214" "a function that nothing calls"
    UNUSED_MAP      "E1215" "a map that no instruction names"
    UNUSED_VARIABLE "E1216" "a variable that no instruction names"
    GPL_HELPER      "E1217" "a helper that this licence does not open"
    WRONG_HELPER    "E1218" "a helper that this type of program does not have"
    OLD_HELPER      "E1219" "a helper that newer ones have replaced"
}

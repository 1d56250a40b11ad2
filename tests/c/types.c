// Types of every kind that BTF has.
#define SEC(name) __attribute__((section(name), used))
#if defined(__clang__) && __clang_major__ >= 15
#define TYPE_TAG(text) __attribute__((btf_type_tag(text)))
#define DECL_TAG(text) __attribute__((btf_decl_tag(text)))
#else
#define TYPE_TAG(text)
#define DECL_TAG(text)
#endif

struct unknown;
union unknown_too;

enum small { SMALL_A, SMALL_B = 200 };
enum negative { NEGATIVE = -5, POSITIVE = 5 };
enum large { LARGE = 0x100000000, LARGER };

typedef long number_t;
typedef number_t again_t;
typedef int (*callback_t)(struct unknown *, const char *name, ...);

struct bits {
    unsigned a : 3, : 5, b : 24;
    signed c : 7;
    _Bool flag : 1;
    unsigned long wide : 40;
};

struct __attribute__((packed)) tight {
    char a;
    long b;
    short c;
};

struct __attribute__((aligned(64))) spread {
    int value;
};

struct tree {
    struct tree *left, *right;
    const volatile struct unknown *restrict_less;
    union unknown_too *both;
    callback_t call;
    void *nothing;
    union {
        struct {
            int x, y;
        };
        enum small kind;
        float real;
        double more;
    };
    again_t numbers[2][3];
    _Bool truth;
    unsigned char byte;
    signed char sign;
    __int128 huge;
    int last[];
};

struct tagged {
    int TYPE_TAG("user") * pointer;
    long counter DECL_TAG("counter");
} DECL_TAG("whole");

char _license[] SEC("license") = "GPL";
enum negative negative = NEGATIVE;
enum large large = LARGER;
struct bits bits = { 1, 2, -3, 1, 0x1234567890 };
struct tight tight = { 1, 2, 3 };
struct spread spread = { 5 };
struct tree *root;
struct tagged tagged DECL_TAG("variable");
const char *volatile text = 0;

__attribute__((noinline)) int take(struct tree *tree, enum small kind, const char *const *restrict names) {
    return tree && kind == SMALL_B && names;
}

SEC("socket") int all(void *ctx) {
    return take(root, SMALL_A, 0) + negative + large + bits.wide + tight.c + spread.value + tagged.counter + !text;
}

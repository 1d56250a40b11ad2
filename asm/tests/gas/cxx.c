// Also C++: groups, names with many letters.
#ifdef __cplusplus
template <class T> __attribute__((noinline)) T doubled(T a)
{
	return a * 2;
}

inline __attribute__((noinline)) int inlined(int a)
{
	static int calls = 3;
	return a + ++calls;
}

extern "C" __attribute__((section("xdp"), used)) int entry(int *c)
{
	return doubled<int>(*c) + inlined(4) + (int)doubled<long>(*c);
}
#else
__attribute__((section("xdp"), used)) int entry(int *c)
{
	return *c;
}
#endif

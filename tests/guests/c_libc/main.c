/* SPDX-License-Identifier: ISC */
/* libc as C programs use it: strings, formatting, scanning, sorting, searching, the heap, time. */
#include <ctype.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static int compare_ints(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;
	return (x > y) - (x < y);
}

static void strings(void)
{
	char buffer[64] = "hello";
	char words[] = "one, two;three  four";

	strcat(strcpy(buffer + 5, " "), "world");
	printf("%s %zu %s %s %s\n", buffer, strlen(buffer), strchr(buffer, 'o'), strrchr(buffer, 'o'), strstr(buffer, "lo w"));
	printf("%d %d %d\n", strcmp("a", "b") < 0, strncmp("abc", "abd", 2), strcasecmp("ABC", "abc"));
	printf("%zu %zu %s\n", strspn("aabbc", "ab"), strcspn("aabbc", "c"), strpbrk("hello", "xyzl"));
	char *save, *word = strtok_r(words, " ,;", &save);
	for (; word; word = strtok_r(NULL, " ,;", &save))
		printf("<%s>", word);
	puts("");
	memmove(buffer + 2, buffer, 9);
	printf("%.11s %d %p\n", buffer, memcmp("ab\0c", "ab\0d", 4) < 0, memchr("abc", 'z', 3));
	char *copy = strdup("duplicate"), *part = strndup("duplicate", 3);
	printf("%s %s %zu\n", copy, part, strnlen(copy, 4));
	free(copy);
	free(part);
	for (int c = 0; c < 128; c++)
		printf("%x", (isalpha(c) ? 1 : 0) + (isdigit(c) ? 2 : 0) + (isspace(c) ? 4 : 0) + (ispunct(c) ? 8 : 0));
	printf(" %c%c\n", toupper('q'), tolower('Q'));
}

static void formatting(void)
{
	char small[8];
	int written = -1;

	printf("%d %5d|%-5d|%05d %+d %x %#X %o %#o %c %s %%\n", -7, 42, 42, 42, 42, 255, 255, 8, 8, 'c', "str");
	printf("%hhd %hd %ld %lld %jd %zd %td %" PRIu64 "\n", (signed char)-1, (short)-2, -3L, -4LL, (intmax_t)-5, (ssize_t)-6,
		(ptrdiff_t)-7, UINT64_MAX);
	printf("%f %.3f %e %g %G %a %10.2f|%-10.2f|%010.2f\n", 3.14159, 2.0 / 3, 12345.678, 1e-5, 1e20, 1.0, 1.005, -1.005, 3.5);
	printf("%.0f %.0f %.0f %g %g %g\n", 0.5, 1.5, 2.5, INFINITY, -INFINITY, 0.0);
	printf("%Lf %Lg %.20Lf\n", 1.25L, 1e100L, 0.1L);
	printf("%*d %-*d| %.*s\n", 6, 1, 6, 2, 3, "abcdef");
	printf("%2$s %1$s %2$*3$s\n", "first", "second", 10);
	printf("%s %.2s %10s|%-10s|\n", "all", "cut", "right", "left");
	printf("%p %ls\n", (void *)0x1234, L"wide");
	int length = snprintf(small, sizeof small, "%s", "too long for it");
	printf("%d %s\n", length, small);
	printf("counted%n", &written);
	printf(" %d\n", written);
}

static void scanning(void)
{
	int a = 0, b = 0, n = 0;
	unsigned x = 0;
	double d = 0;
	char word[16] = "", set[16] = "", c = 0;
	long long big = 0;

	int count = sscanf("12 -7 ff 2.5e3 word [abc]x", "%d %i %x %lf %15s [%15[a-c]]%c%n", &a, &b, &x, &d, word, set, &c, &n);
	printf("%d: %d %d %x %g %s %s %c %d\n", count, a, b, x, d, word, set, c, n);
	printf("%d %d %d\n", sscanf("", "%d", &a), sscanf("x", "%d", &a), sscanf("5x", "%d%d", &a, &b));
	sscanf("9223372036854775807", "%lld", &big);
	printf("%lld\n", big);
	printf("%ld %lu %ld %g %g %g\n", strtol("-0x7f", NULL, 0), strtoul("777", NULL, 8), strtol("zz", NULL, 36),
		strtod("1e-3", NULL), strtod("0x1p-2", NULL), atof("2.5x"));
}

static void sorting(void)
{
	static int values[10000];
	unsigned state = 1;

	for (size_t i = 0; i < 10000; i++)
		values[i] = (int)((state = state * 1103515245u + 12345u) >> 8) % 5000;
	qsort(values, 10000, sizeof *values, compare_ints);
	int ordered = 1;
	for (size_t i = 1; i < 10000; i++)
		ordered &= values[i - 1] <= values[i];
	int *found = bsearch(&values[1234], values, 10000, sizeof *values, compare_ints), missing = 5001;
	printf("%d %d %d %p\n", ordered, values[5000], *found == values[1234], bsearch(&missing, values, 10000, sizeof *values, compare_ints));
	div_t d = div(-7, 2);
	printf("%d %d %ld %d\n", d.quot, d.rem, labs(LONG_MIN + 1), abs(-3));
}

static void heap(void)
{
	void *blocks[200];
	int intact = 1;

	for (size_t i = 0; i < 200; i++) {
		blocks[i] = malloc(i * i);
		memset(blocks[i], (int)i, i * i);
	}
	for (size_t i = 0; i < 200; i += 2)
		free(blocks[i]);
	for (size_t i = 1; i < 200; i += 2) {
		blocks[i] = realloc(blocks[i], i * i + 5000);
		for (size_t j = 0; j < i * i; j++)
			intact &= ((unsigned char *)blocks[i])[j] == (unsigned char)i;
	}
	for (size_t i = 1; i < 200; i += 2)
		free(blocks[i]);
	unsigned char *zeroed = calloc(1000, 100);
	for (size_t i = 0; i < 100000; i++)
		intact &= zeroed[i] == 0;
	free(zeroed);
	void *aligned = aligned_alloc(4096, 8192), *posix = NULL;
	int result = posix_memalign(&posix, 64, 100);
	printf("%d %d %d %d\n", intact, (int)((uintptr_t)aligned % 4096), result, (int)((uintptr_t)posix % 64));
	free(aligned);
	free(posix);
	volatile size_t huge = SIZE_MAX / 2;
	printf("%p %p\n", malloc(huge), calloc(huge, 4));
}

static void times(void)
{
	time_t moments[] = { 0, 951782400, 1700000000, -1, 253402300799 };
	char text[128];

	for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
		struct tm tm;
		gmtime_r(&moments[i], &tm);
		strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %a %A %b %B %j %U %W %V %G %y %e %I %p %D %T %%", &tm);
		printf("%s %d\n", text, timegm(&tm) == moments[i]);
	}
	struct timespec a, b;
	clock_gettime(CLOCK_MONOTONIC, &a);
	clock_gettime(CLOCK_MONOTONIC, &b);
	printf("%d %d\n", b.tv_sec > a.tv_sec || b.tv_nsec >= a.tv_nsec, time(NULL) > 1700000000);
}

static void mathematics(void)
{
	printf("%.12g %.12g %.12g %.12g %.12g\n", sin(1), exp(1), log(10), pow(2, 0.5), atan2(1, -1));
	printf("%g %g %g %g %d\n", floor(-2.5), ceil(-2.5), round(-2.5), trunc(-2.5), (int)lrint(2.5));
	int exponent;
	double mantissa = frexp(10, &exponent), whole, part = modf(-3.75, &whole);
	printf("%g %d %g %g %g %g\n", mantissa, exponent, whole, part, ldexp(1, 10), fmod(-7, 3));
	printf("%d %d %d %d %d\n", isnan(NAN), !!isinf(INFINITY), isfinite(1.0), !!signbit(-0.0), fpclassify(1e-310) == FP_SUBNORMAL);
	printf("%.12g %.12g %.12g %.12g\n", erf(0.5), tgamma(5), lgamma(10), cbrt(27));
}

int main(void)
{
	strings();
	formatting();
	scanning();
	sorting();
	heap();
	times();
	mathematics();
	fflush(stdout);
	fprintf(stderr, "to stderr\n");
	return 0;
}

/* SPDX-License-Identifier: ISC */
/* Mathematics (C11 7.12, POSIX). The long double functions work at double precision. */
#ifndef _MATH_H
#define _MATH_H

#include <features.h>

typedef float float_t;
typedef double double_t;

#define HUGE_VAL (__builtin_huge_val())
#define HUGE_VALF (__builtin_huge_valf())
#define HUGE_VALL (__builtin_huge_vall())
#define INFINITY (__builtin_inff())
#define NAN (__builtin_nanf(""))

#define FP_NAN 0
#define FP_INFINITE 1
#define FP_ZERO 2
#define FP_SUBNORMAL 3
#define FP_NORMAL 4
#define FP_ILOGB0 (-2147483647 - 1)
#define FP_ILOGBNAN (-2147483647 - 1)
#ifdef __FP_FAST_FMA
#define FP_FAST_FMA 1
#endif
#ifdef __FP_FAST_FMAF
#define FP_FAST_FMAF 1
#endif

#define MATH_ERRNO 1
#define MATH_ERREXCEPT 2
#define math_errhandling (MATH_ERRNO | MATH_ERREXCEPT)

#define fpclassify(x) __builtin_fpclassify(FP_NAN, FP_INFINITE, FP_NORMAL, FP_SUBNORMAL, FP_ZERO, x)
#define isfinite(x) __builtin_isfinite(x)
#define isinf(x) __builtin_isinf_sign(x)
#define isnan(x) __builtin_isnan(x)
#define isnormal(x) __builtin_isnormal(x)
#define signbit(x) __LIBC_SIGNBIT(x)
#define isgreater(x, y) __builtin_isgreater(x, y)
#define isgreaterequal(x, y) __builtin_isgreaterequal(x, y)
#define isless(x, y) __builtin_isless(x, y)
#define islessequal(x, y) __builtin_islessequal(x, y)
#define islessgreater(x, y) __builtin_islessgreater(x, y)
#define isunordered(x, y) __builtin_isunordered(x, y)
#define __LIBC_SIGNBIT(x) \
	(sizeof(x) == sizeof(float) ? __builtin_signbitf((float)(x)) \
		: sizeof(x) == sizeof(double) ? __builtin_signbit((double)(x)) : __builtin_signbitl((long double)(x)))

__BEGIN_DECLS
double acos(double) __NOTHROW;
float acosf(float) __NOTHROW;
long double acosl(long double) __NOTHROW;
double asin(double) __NOTHROW;
float asinf(float) __NOTHROW;
long double asinl(long double) __NOTHROW;
double atan(double) __NOTHROW;
float atanf(float) __NOTHROW;
long double atanl(long double) __NOTHROW;
double cos(double) __NOTHROW;
float cosf(float) __NOTHROW;
long double cosl(long double) __NOTHROW;
double sin(double) __NOTHROW;
float sinf(float) __NOTHROW;
long double sinl(long double) __NOTHROW;
double tan(double) __NOTHROW;
float tanf(float) __NOTHROW;
long double tanl(long double) __NOTHROW;
double acosh(double) __NOTHROW;
float acoshf(float) __NOTHROW;
long double acoshl(long double) __NOTHROW;
double asinh(double) __NOTHROW;
float asinhf(float) __NOTHROW;
long double asinhl(long double) __NOTHROW;
double atanh(double) __NOTHROW;
float atanhf(float) __NOTHROW;
long double atanhl(long double) __NOTHROW;
double cosh(double) __NOTHROW;
float coshf(float) __NOTHROW;
long double coshl(long double) __NOTHROW;
double sinh(double) __NOTHROW;
float sinhf(float) __NOTHROW;
long double sinhl(long double) __NOTHROW;
double tanh(double) __NOTHROW;
float tanhf(float) __NOTHROW;
long double tanhl(long double) __NOTHROW;
double exp(double) __NOTHROW;
float expf(float) __NOTHROW;
long double expl(long double) __NOTHROW;
double exp2(double) __NOTHROW;
float exp2f(float) __NOTHROW;
long double exp2l(long double) __NOTHROW;
double expm1(double) __NOTHROW;
float expm1f(float) __NOTHROW;
long double expm1l(long double) __NOTHROW;
double log(double) __NOTHROW;
float logf(float) __NOTHROW;
long double logl(long double) __NOTHROW;
double log10(double) __NOTHROW;
float log10f(float) __NOTHROW;
long double log10l(long double) __NOTHROW;
double log1p(double) __NOTHROW;
float log1pf(float) __NOTHROW;
long double log1pl(long double) __NOTHROW;
double log2(double) __NOTHROW;
float log2f(float) __NOTHROW;
long double log2l(long double) __NOTHROW;
double logb(double) __NOTHROW;
float logbf(float) __NOTHROW;
long double logbl(long double) __NOTHROW;
double cbrt(double) __NOTHROW;
float cbrtf(float) __NOTHROW;
long double cbrtl(long double) __NOTHROW;
double fabs(double) __NOTHROW;
float fabsf(float) __NOTHROW;
long double fabsl(long double) __NOTHROW;
double sqrt(double) __NOTHROW;
float sqrtf(float) __NOTHROW;
long double sqrtl(long double) __NOTHROW;
double erf(double) __NOTHROW;
float erff(float) __NOTHROW;
long double erfl(long double) __NOTHROW;
double erfc(double) __NOTHROW;
float erfcf(float) __NOTHROW;
long double erfcl(long double) __NOTHROW;
double lgamma(double) __NOTHROW;
float lgammaf(float) __NOTHROW;
long double lgammal(long double) __NOTHROW;
double tgamma(double) __NOTHROW;
float tgammaf(float) __NOTHROW;
long double tgammal(long double) __NOTHROW;
double ceil(double) __NOTHROW;
float ceilf(float) __NOTHROW;
long double ceill(long double) __NOTHROW;
double floor(double) __NOTHROW;
float floorf(float) __NOTHROW;
long double floorl(long double) __NOTHROW;
double nearbyint(double) __NOTHROW;
float nearbyintf(float) __NOTHROW;
long double nearbyintl(long double) __NOTHROW;
double rint(double) __NOTHROW;
float rintf(float) __NOTHROW;
long double rintl(long double) __NOTHROW;
double round(double) __NOTHROW;
float roundf(float) __NOTHROW;
long double roundl(long double) __NOTHROW;
double trunc(double) __NOTHROW;
float truncf(float) __NOTHROW;
long double truncl(long double) __NOTHROW;
double atan2(double, double) __NOTHROW;
float atan2f(float, float) __NOTHROW;
long double atan2l(long double, long double) __NOTHROW;
double hypot(double, double) __NOTHROW;
float hypotf(float, float) __NOTHROW;
long double hypotl(long double, long double) __NOTHROW;
double pow(double, double) __NOTHROW;
float powf(float, float) __NOTHROW;
long double powl(long double, long double) __NOTHROW;
double fmod(double, double) __NOTHROW;
float fmodf(float, float) __NOTHROW;
long double fmodl(long double, long double) __NOTHROW;
double remainder(double, double) __NOTHROW;
float remainderf(float, float) __NOTHROW;
long double remainderl(long double, long double) __NOTHROW;
double copysign(double, double) __NOTHROW;
float copysignf(float, float) __NOTHROW;
long double copysignl(long double, long double) __NOTHROW;
double nextafter(double, double) __NOTHROW;
float nextafterf(float, float) __NOTHROW;
long double nextafterl(long double, long double) __NOTHROW;
double fdim(double, double) __NOTHROW;
float fdimf(float, float) __NOTHROW;
long double fdiml(long double, long double) __NOTHROW;
double fmax(double, double) __NOTHROW;
float fmaxf(float, float) __NOTHROW;
long double fmaxl(long double, long double) __NOTHROW;
double fmin(double, double) __NOTHROW;
float fminf(float, float) __NOTHROW;
long double fminl(long double, long double) __NOTHROW;
int ilogb(double) __NOTHROW;
int ilogbf(float) __NOTHROW;
int ilogbl(long double) __NOTHROW;
long lrint(double) __NOTHROW;
long lrintf(float) __NOTHROW;
long lrintl(long double) __NOTHROW;
long lround(double) __NOTHROW;
long lroundf(float) __NOTHROW;
long lroundl(long double) __NOTHROW;
long long llrint(double) __NOTHROW;
long long llrintf(float) __NOTHROW;
long long llrintl(long double) __NOTHROW;
long long llround(double) __NOTHROW;
long long llroundf(float) __NOTHROW;
long long llroundl(long double) __NOTHROW;
double ldexp(double, int) __NOTHROW;
float ldexpf(float, int) __NOTHROW;
long double ldexpl(long double, int) __NOTHROW;
double scalbn(double, int) __NOTHROW;
float scalbnf(float, int) __NOTHROW;
long double scalbnl(long double, int) __NOTHROW;
double scalbln(double, long) __NOTHROW;
float scalblnf(float, long) __NOTHROW;
long double scalblnl(long double, long) __NOTHROW;
double frexp(double, int *) __NOTHROW;
float frexpf(float, int *) __NOTHROW;
long double frexpl(long double, int *) __NOTHROW;
double modf(double, double *) __NOTHROW;
float modff(float, float *) __NOTHROW;
long double modfl(long double, long double *) __NOTHROW;
double remquo(double, double, int *) __NOTHROW;
float remquof(float, float, int *) __NOTHROW;
long double remquol(long double, long double, int *) __NOTHROW;
double fma(double, double, double) __NOTHROW;
float fmaf(float, float, float) __NOTHROW;
long double fmal(long double, long double, long double) __NOTHROW;
double nan(const char *) __NOTHROW;
float nanf(const char *) __NOTHROW;
long double nanl(const char *) __NOTHROW;
double nexttoward(double, long double) __NOTHROW;
float nexttowardf(float, long double) __NOTHROW;
long double nexttowardl(long double, long double) __NOTHROW;

#ifdef __LIBC_POSIX
#define M_E 2.7182818284590452354
#define M_LOG2E 1.4426950408889634074
#define M_LOG10E 0.43429448190325182765
#define M_LN2 0.69314718055994530942
#define M_LN10 2.30258509299404568402
#define M_PI 3.14159265358979323846
#define M_PI_2 1.57079632679489661923
#define M_PI_4 0.78539816339744830962
#define M_1_PI 0.31830988618379067154
#define M_2_PI 0.63661977236758134308
#define M_2_SQRTPI 1.12837916709551257390
#define M_SQRT2 1.41421356237309504880
#define M_SQRT1_2 0.70710678118654752440
#define MAXFLOAT 3.40282346638528859812e+38F

extern int signgam;
double j0(double) __NOTHROW;
double j1(double) __NOTHROW;
double jn(int, double) __NOTHROW;
double y0(double) __NOTHROW;
double y1(double) __NOTHROW;
double yn(int, double) __NOTHROW;
double lgamma_r(double, int *) __NOTHROW;
float lgammaf_r(float, int *) __NOTHROW;
float j0f(float) __NOTHROW;
float j1f(float) __NOTHROW;
float jnf(int, float) __NOTHROW;
float y0f(float) __NOTHROW;
float y1f(float) __NOTHROW;
float ynf(int, float) __NOTHROW;
float gammaf(float) __NOTHROW;
float dremf(float, float) __NOTHROW;
float significandf(float) __NOTHROW;
double gamma(double) __NOTHROW;
double drem(double, double) __NOTHROW;
double significand(double) __NOTHROW;
int (finite)(double) __NOTHROW;
#endif

#ifdef __LIBC_GNU
void sincos(double, double *, double *) __NOTHROW;
void sincosf(float, float *, float *) __NOTHROW;
double exp10(double) __NOTHROW;
long double exp10l(long double) __NOTHROW;
double roundeven(double) __NOTHROW;
float roundevenf(float) __NOTHROW;
float exp10f(float) __NOTHROW;
#endif

/* What code compiled against glibc calls behind the classification macros. */
int __fpclassify(double) __NOTHROW;
int __fpclassifyf(float) __NOTHROW;
int __signbit(double) __NOTHROW;
int __signbitf(float) __NOTHROW;
int __isnan(double) __NOTHROW;
int __isinf(double) __NOTHROW;
int __finite(double) __NOTHROW;
__END_DECLS

#endif

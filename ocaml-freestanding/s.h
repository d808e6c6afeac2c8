/* SPDX-License-Identifier: ISC */
/* The operating system that OCaml's runtime is configured for: POSIX's signals (for Stack_overflow alone), C99's
   mathematics, anonymous memory mappings, and neither files, processes, sockets nor dynamic linking. The names are those of the runtime's
   s.h; what is not defined is left out. */

#define OCAML_OS_TYPE "Unix"

#define POSIX_SIGNALS 1
#define HAS_STACK_OVERFLOW_DETECTION 1

#define HAS_C99_FLOAT_OPS 1
#define HAS_WORKING_FMA 1
#define HAS_WORKING_ROUND 1

/* OCaml 5: its heap is mapped, its state is thread-local. */
#define HAS_FULL_THREAD_VARIABLES 1
#define HAS_SYS_MMAN_H 1
#define HAS_MMAP 1
#define HAS_GETENTROPY 1
#define HAS_POSIX_MONOTONIC_CLOCK 1
#define HAVE_MAX_ALIGN_T 1
#define HAVE_LABELS_AS_VALUES 1
#define HAS_STDATOMIC_H 1

#define HAS_STDINT_H 1
#define HAS_UNISTD 1
#define HAS_DIRENT 1
#define HAS_REWINDDIR 1
#define HAS_GETCWD 1
#define HAS_SYSTEM 1
#define HAS_GETTIMEOFDAY 1
#define HAS_GETRUSAGE 1
#define HAS_SECURE_GETENV 1
#define HAS_NANOSECOND_STAT 1
#define HAS_FFS 1

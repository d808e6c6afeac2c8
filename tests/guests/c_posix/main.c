/* SPDX-License-Identifier: ISC */
/* POSIX beside ISO C: streams in memory, threads' objects with one thread, anonymous memory, clocks, randomness, and the
   errors of what does not exist. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SHOW(expression) printf("%s: %d\n", #expression, (int)(expression))

#define FAILS(call) \
	do { \
		errno = 0; \
		long result = (long)(call); \
		printf("%s: %ld %s\n", #call, result, strerror(errno)); \
	} while (0)

static void memory_streams(void)
{
	char *text = NULL, line[32], *delimited = NULL;
	size_t size = 0, room = 0;
	FILE *out = open_memstream(&text, &size);

	for (int i = 0; i < 100; i++)
		fprintf(out, "%d,", i);
	fputs("end\nsecond line\n", out);
	fclose(out);
	printf("open_memstream: %zu bytes, %.12s\n", size, text);
	FILE *in = fmemopen(text, size, "r");
	int a = -1, b = -1;
	int count = fscanf(in, "%d,%d,", &a, &b);
	printf("fscanf: %d, %d %d, next %c\n", count, a, b, ungetc(fgetc(in), in));
	fseek(in, -12, SEEK_END);
	printf("fgets: %s", fgets(line, sizeof line, in));
	int end = fgetc(in);
	printf("feof: %d %d\n", end, !!feof(in));
	rewind(in);
	int length = (int)getdelim(&delimited, &room, '\n', in);
	printf("getdelim: %d, ftell %ld\n", length, ftell(in));
	fclose(in);
	free(delimited);
	free(text);
	char *formatted = NULL;
	length = asprintf(&formatted, "%s-%d", "x", 7);
	printf("asprintf: %d %s\n", length, formatted);
	free(formatted);
}

static int once_count;
static void once(void) { once_count++; }
static int destroyed;
static void destroy(void *value) { destroyed += *(int *)value; }

static void threads(void)
{
	static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	static pthread_once_t control = PTHREAD_ONCE_INIT;
	static int value = 5;
	pthread_mutexattr_t attributes;
	pthread_mutex_t recursive;
	pthread_cond_t condition;
	pthread_key_t key, other;

	SHOW(pthread_mutex_lock(&mutex));
	printf("trylock: %s\n", strerror(pthread_mutex_trylock(&mutex)));
	SHOW(pthread_mutex_unlock(&mutex));
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&recursive, &attributes);
	SHOW(pthread_mutex_lock(&recursive));
	SHOW(pthread_mutex_lock(&recursive));
	SHOW(pthread_mutex_unlock(&recursive));
	SHOW(pthread_mutex_unlock(&recursive));
	pthread_mutex_destroy(&recursive);
	pthread_cond_init(&condition, NULL);
	pthread_cond_signal(&condition);
	pthread_cond_broadcast(&condition);
	struct timespec soon;
	clock_gettime(CLOCK_REALTIME, &soon);
	soon.tv_nsec += 10000000;
	if (soon.tv_nsec >= 1000000000) {
		soon.tv_nsec -= 1000000000;
		soon.tv_sec++;
	}
	pthread_mutex_lock(&mutex);
	printf("timedwait: %s\n", strerror(pthread_cond_timedwait(&condition, &mutex, &soon)));
	pthread_mutex_unlock(&mutex);
	pthread_cond_destroy(&condition);
	pthread_once(&control, once);
	pthread_once(&control, once);
	printf("once: %d\n", once_count);
	SHOW(pthread_key_create(&key, destroy));
	SHOW(pthread_key_create(&other, NULL));
	SHOW(key != other);
	SHOW(pthread_getspecific(key) == NULL);
	SHOW(pthread_setspecific(key, &value));
	SHOW(*(int *)pthread_getspecific(key));
	SHOW(pthread_key_delete(key));
	SHOW(destroyed);
	printf("self: %d\n", pthread_equal(pthread_self(), pthread_self()));
}

static volatile sig_atomic_t signals;
static void count(int number) { signals += number == SIGUSR1; }

static void one_of_a_kind(void)
{
	pthread_barrier_t barrier;
	pthread_barrierattr_t kind;
	pthread_mutex_t checked;
	pthread_mutexattr_t attributes;
	pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
	struct sigaction action = { .sa_handler = count };
	sigset_t blocked, before, pending;
	int shared = -1;

	printf("barrier for none: %s\n", strerror(pthread_barrier_init(&barrier, NULL, 0)));
	pthread_barrierattr_init(&kind);
	SHOW(pthread_barrierattr_getpshared(&kind, &shared));
	printf("shared: %d, %s\n", shared, strerror(pthread_barrierattr_setpshared(&kind, 7)));
	SHOW(pthread_barrier_init(&barrier, &kind, 1));
	for (int round = 0; round < 3; round++)
		printf("barrier for one: %d\n", pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD);
	SHOW(pthread_barrier_destroy(&barrier));
	SHOW(pthread_barrierattr_destroy(&kind));
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&checked, &attributes);
	SHOW(pthread_mutex_lock(&checked));
	printf("locked twice: %s\n", strerror(pthread_mutex_lock(&checked)));
	SHOW(pthread_mutex_unlock(&checked));
	printf("unlocked twice: %s\n", strerror(pthread_mutex_unlock(&checked)));
	SHOW(pthread_rwlock_wrlock(&lock));
	printf("written twice: %s\n", strerror(pthread_rwlock_wrlock(&lock)));
	printf("read while written: %s\n", strerror(pthread_rwlock_rdlock(&lock)));
	SHOW(pthread_rwlock_unlock(&lock));
	for (int round = 0; round < 1000; round++)
		if (sched_yield() != 0)
			puts("sched_yield failed");
	/* A blocked signal waits until it is let through. */
	sigaction(SIGUSR1, &action, NULL);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	SHOW(sigprocmask(SIG_BLOCK, &blocked, &before));
	raise(SIGUSR1);
	sigpending(&pending);
	printf("blocked: %d, pending %d, was blocked %d\n", (int)signals, sigismember(&pending, SIGUSR1), sigismember(&before, SIGUSR1));
	SHOW(sigprocmask(SIG_SETMASK, &before, NULL));
	printf("let through: %d\n", (int)signals);
	FAILS(sigprocmask(77, &blocked, NULL));
}

static void memory(void)
{
	size_t size = 1 << 20;
	unsigned char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int zero = 1;

	for (size_t i = 0; i < size; i++)
		zero &= p[i] == 0;
	memset(p, 0xff, size);
	printf("mmap: %d %d\n", (int)((uintptr_t)p % 4096), zero);
	SHOW(munmap(p, size));
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (size_t i = 0; i < size; i++)
		zero &= p[i] == 0;
	printf("mmap again: %d\n", zero);
	munmap(p, size);
	errno = 0;
	void *nothing = mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	printf("mmap of nothing: %d %s\n", nothing == MAP_FAILED, strerror(errno));
	printf("page: %ld %d, CPUs %d\n", sysconf(_SC_PAGESIZE), getpagesize(), sysconf(_SC_NPROCESSORS_ONLN) >= 1);
}

static void clocks(void)
{
	struct timespec before, after, pause = { 0, 20000000 };
	struct timeval wall;

	clock_gettime(CLOCK_MONOTONIC, &before);
	int slept = nanosleep(&pause, NULL);
	clock_gettime(CLOCK_MONOTONIC, &after);
	int64_t elapsed = (after.tv_sec - before.tv_sec) * INT64_C(1000000000) + after.tv_nsec - before.tv_nsec;
	printf("nanosleep: %d, slept long enough %d\n", slept, elapsed >= 20000000);
	pause.tv_nsec = 1000000000;
	FAILS(nanosleep(&pause, NULL));
	gettimeofday(&wall, NULL);
	printf("gettimeofday: %d, time %d\n", wall.tv_sec > 1700000000, labs(wall.tv_sec - time(NULL)) <= 1);
	FAILS(clock_gettime(9999, &before));

	/* Processor time: a program that has done this little has used little, whatever the machine's age, and sleeps for free. */
	struct timespec used, later, second = { 1, 0 };
	clock_t start = clock();
	SHOW(start >= 0 && start < 100 * CLOCKS_PER_SEC);
	SHOW(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used));
	nanosleep(&second, NULL);
	SHOW(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &later));
	SHOW(later.tv_sec * 1000000000LL + later.tv_nsec - used.tv_sec * 1000000000LL - used.tv_nsec < 500000000);
	volatile double x = 0;
	while (clock() < start + CLOCKS_PER_SEC / 10)
		x += 1;
	SHOW(x > 0);
	SHOW(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &pause, NULL) == EINVAL);
}

static void randomness(void)
{
	unsigned char a[32] = { 0 }, b[32] = { 0 };

	SHOW(getrandom(a, sizeof a, 0));
	SHOW(getentropy(b, sizeof b));
	SHOW(memcmp(a, b, sizeof a) != 0);
	static unsigned char large[257];
	FAILS(getentropy(large, sizeof large));
	srand(1);
	int first = rand();
	srand(1);
	printf("rand: %d\n", rand() == first);
}

static void errors(void)
{
	struct stat status;
	char buffer[16];

	FAILS(open("/no/such/directory/file", O_RDONLY));
	FAILS(stat("/no/such/file", &status));
	FAILS(opendir("/no/such/directory"));
	FAILS(unlink("/no/such/file"));
	FAILS(chdir("/no/such/directory"));
	FAILS(readlink("/no/such/file", buffer, sizeof buffer));
	FAILS(close(99));
	FAILS(read(99, buffer, sizeof buffer));
	FAILS(write(99, "x", 1));
	FAILS(lseek(99, 0, SEEK_SET));
	FAILS(fstat(99, &status));
	FAILS(dup(99));
	FAILS(isatty(99));
	FAILS(setenv("", "x", 1));
	FAILS(setenv("A_NAME", "value", 1));
	printf("getenv: %s\n", getenv("A_NAME"));
	FAILS(unsetenv("A_NAME"));
	printf("getenv: %d\n", getenv("A_NAME") == NULL);
	printf("getpid: %d\n", getpid() > 0);
	printf("write: %d\n", (int)write(STDOUT_FILENO, "", 0));
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	memory_streams();
	threads();
	one_of_a_kind();
	memory();
	clocks();
	randomness();
	errors();
	return 0;
}

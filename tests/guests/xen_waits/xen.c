/* SPDX-License-Identifier: ISC */
/* What the only thread, or all of them, would wait for, for ever: each case, which the command line names, has to end the domain with a word.
   `rights`: what mprotect and mmap must not give, and what stays writable or readable after they were asked. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void locks_twice(void)
{
	pthread_mutex_lock(&mutex);
	pthread_mutex_lock(&mutex);
}

static void waits_for_a_signal(void)
{
	pthread_cond_t condition = PTHREAD_COND_INITIALIZER;

	pthread_mutex_lock(&mutex);
	pthread_cond_wait(&condition, &mutex);
}

static void waits_for_a_post(void)
{
	sem_t semaphore;

	sem_init(&semaphore, 0, 1);
	sem_wait(&semaphore);
	sem_wait(&semaphore);
}

static void waits_for_a_second_thread(void)
{
	pthread_barrier_t barrier;

	pthread_barrier_init(&barrier, NULL, 2);
	pthread_barrier_wait(&barrier);
}

static void spins(void)
{
	pthread_spinlock_t lock;

	pthread_spin_init(&lock, PTHREAD_PROCESS_PRIVATE);
	pthread_spin_lock(&lock);
	pthread_spin_lock(&lock);
}

static void writes_what_it_reads(void)
{
	pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;

	pthread_rwlock_rdlock(&lock);
	pthread_rwlock_wrlock(&lock);
}

static pthread_mutex_t others = PTHREAD_MUTEX_INITIALIZER;

static void *locks_both(void *first)
{
	pthread_mutex_lock(first);
	sched_yield();
	pthread_mutex_lock(first == &mutex ? &others : &mutex);
	return NULL;
}

/* Two threads wait for each other, and the first one for them. */
static void waits_in_a_circle(void)
{
	pthread_t one, other;

	pthread_create(&one, NULL, locks_both, &mutex);
	pthread_create(&other, NULL, locks_both, &others);
	pthread_setname_np(one, "one");
	pthread_setname_np(other, "other");
	pthread_join(one, NULL);
}

static __attribute__((noinline)) int deep(int n)
{
	volatile char frame[256];

	frame[0] = (char)n;
	return n == 0 ? 0 : deep(n - 1) + frame[0];
}

static void *goes_deep(void *unused)
{
	(void)unused;
	deep(1 << 20);
	return NULL;
}

static void overflows(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, goes_deep, NULL);
	pthread_setname_np(thread, "deep");
	pthread_join(thread, NULL);
}

static void *meets(void *barrier)
{
	pthread_barrier_wait(barrier);
	return NULL;
}

/* Threads as many as memory has, twice; then they meet, and end. */
static void exhausts(void)
{
	static pthread_t threads[10000];
	size_t made[2];

	for (int round = 0; round < 2; round++) {
		pthread_barrier_t barrier;
		size_t count = 0;
		int result;

		/* Nobody passes before the count is known: the last one comes when all are there. */
		pthread_barrier_init(&barrier, NULL, 1000000);
		while (count < 10000 && (result = pthread_create(&threads[count], NULL, meets, &barrier)) == 0)
			count++;
		*(unsigned *)&barrier = (unsigned)count + 1;
		pthread_barrier_wait(&barrier);
		for (size_t i = 0; i < count; i++)
			pthread_join(threads[i], NULL);
		made[round] = count;
		if (round == 1)
			printf("refused with EAGAIN: %d, many: %d, as many again: %d\n", result == EAGAIN, count > 20, made[0] == count);
	}
	fflush(stdout);
	exit(0);
}

static int refused(int status, int number)
{
	return status == -1 && errno == number;
}

static void rights(void)
{
	static int variable;
	static const int constant = 7;
	uintptr_t text = (uintptr_t)rights & ~(uintptr_t)4095;
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *code = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *both = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	printf("mmap executable: %d %d\n", code == MAP_FAILED, both == MAP_FAILED);
	printf("mprotect executable: %d\n", refused(mprotect(page, 4096, PROT_READ | PROT_EXEC), EOPNOTSUPP));
	printf("mprotect writable and executable: %d\n", refused(mprotect(page, 4096, PROT_READ | PROT_WRITE | PROT_EXEC), EOPNOTSUPP));
	printf("mprotect text writable: %d\n", refused(mprotect((void *)text, 4096, PROT_READ | PROT_WRITE), EACCES));
	printf("mprotect constants writable: %d\n", refused(mprotect((void *)((uintptr_t)&constant & ~(uintptr_t)4095), 4096,
		PROT_READ | PROT_WRITE), EACCES));
	printf("mprotect variables: %d\n", refused(mprotect((void *)((uintptr_t)&variable & ~(uintptr_t)4095), 4096, PROT_NONE), EACCES));
	memset(page, 1, 8192);
	printf("mprotect one page of two: %d\n", mprotect(page, 4096, PROT_READ));
	page[4096] = 2;
	printf("they hold %d %d\n", page[0], page[4096]);
	fflush(stdout);
	page[0] = 3;
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	{ "mutex", locks_twice }, { "condition", waits_for_a_signal }, { "semaphore", waits_for_a_post },
	{ "barrier", waits_for_a_second_thread }, { "spin", spins }, { "rwlock", writes_what_it_reads }, { "rights", rights },
	{ "circle", waits_in_a_circle }, { "overflow", overflows }, { "exhaust", exhausts },
};

struct solo5_start_info {
	const char *cmdline;
	uintptr_t heap_start;
	size_t heap_size;
};

extern void _nolibc_init(uintptr_t heap_start, size_t heap_size);

int solo5_app_main(const struct solo5_start_info *info)
{
	_nolibc_init(info->heap_start, info->heap_size);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		if (strcmp(info->cmdline, cases[i].name) == 0)
			cases[i].run();
	puts("went on");
	return 1;
}

/* SPDX-License-Identifier: ISC */
/* Threads with known answers, the same here and as a Linux process: each case is run whole before its line is printed.
 * The file is as long as its list of cases, which have no more in common than the few lines at its start. */
#include <errno.h>
#include <fenv.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

static void check(const char *what, int good)
{
	printf("%s: %s\n", what, good ? "yes" : "NO");
}

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static struct timespec in_milliseconds(long n)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec += n * 1000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

static pthread_t start(void *(*function)(void *), void *argument)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, function, argument) != 0)
		abort();
	return thread;
}

static void *join(pthread_t thread)
{
	void *result;

	if (pthread_join(thread, &result) != 0)
		abort();
	return result;
}

/* Own data: thread-local variables, errno, keys with destructors, floating-point modes, the stack. */
static __thread int own = 7;
static __thread char zeros[300];
static pthread_key_t key;
static int destroyed;

static void destroy(void *value)
{
	destroyed += (int)(intptr_t)value;
	if ((intptr_t)value == 100)
		pthread_setspecific(key, (void *)1);
}

static void *has_its_own(void *argument)
{
	int number = (int)(intptr_t)argument, good = own == 7;

	for (size_t i = 0; i < sizeof zeros; i++)
		good &= zeros[i] == 0;
	own = number;
	memset(zeros, number, sizeof zeros);
	good &= pthread_getspecific(key) == NULL;
	pthread_setspecific(key, argument);
	errno = number;
	fesetround(number % 2 ? FE_UPWARD : FE_DOWNWARD);
	for (int i = 0; i < 20; i++) {
		sched_yield();
		good &= own == number && zeros[299] == (char)number && errno == number;
		good &= pthread_getspecific(key) == argument;
		good &= fegetround() == (number % 2 ? FE_UPWARD : FE_DOWNWARD);
	}
	return (void *)(intptr_t)good;
}

static void own_data(void)
{
	pthread_t threads[10];
	int good = 1;

	own = 3;
	errno = 5;
	pthread_key_create(&key, destroy);
	pthread_setspecific(key, &own);
	for (intptr_t i = 0; i < 10; i++)
		threads[i] = start(has_its_own, (void *)(i == 9 ? 100 : i + 1));
	for (int i = 0; i < 10; i++)
		good &= join(threads[i]) != NULL;
	check("each its own", good && own == 3 && errno == 5 && pthread_getspecific(key) == &own);
	check("rounding of the first", fegetround() == FE_TONEAREST);
	check("destructors", destroyed == 45 + 100 + 1);
	pthread_key_delete(key);
	pthread_key_create(&key, NULL);
	check("a new key has no value", pthread_getspecific(key) == NULL);
}

/* A bounded queue: mutex and two conditions, three of each side. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER, emptied = PTHREAD_COND_INITIALIZER;
static int queue[4], length, sum, taken;

static void *produces(void *argument)
{
	(void)argument;
	for (int i = 1; i <= 1000; i++) {
		pthread_mutex_lock(&mutex);
		while (length == 4)
			pthread_cond_wait(&emptied, &mutex);
		queue[length++] = i;
		pthread_cond_signal(&filled);
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

static void *consumes(void *argument)
{
	(void)argument;
	for (int i = 1; i <= 1000; i++) {
		pthread_mutex_lock(&mutex);
		while (length == 0)
			pthread_cond_wait(&filled, &mutex);
		sum += queue[--length];
		taken++;
		pthread_cond_signal(&emptied);
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

static void queues(void)
{
	pthread_t threads[6];

	for (int i = 0; i < 6; i++)
		threads[i] = start(i % 2 ? produces : consumes, NULL);
	for (int i = 0; i < 6; i++)
		join(threads[i]);
	printf("queue: %d taken, sum %d\n", taken, sum);
}

/* Kinds of mutexes, held by another thread. */
static sem_t holds, may_end;
static pthread_mutex_t held[3];

static void *holder(void *argument)
{
	(void)argument;
	for (int i = 0; i < 3; i++)
		pthread_mutex_lock(&held[i]);
	pthread_mutex_lock(&held[1]);
	sem_post(&holds);
	sem_wait(&may_end);
	pthread_mutex_unlock(&held[1]);
	for (int i = 0; i < 3; i++)
		pthread_mutex_unlock(&held[i]);
	return NULL;
}

static void mutexes(void)
{
	static const int kinds[] = { PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ERRORCHECK };
	struct timespec soon;
	pthread_t thread;

	for (int i = 0; i < 3; i++) {
		pthread_mutexattr_t attributes;

		pthread_mutexattr_init(&attributes);
		pthread_mutexattr_settype(&attributes, kinds[i]);
		pthread_mutex_init(&held[i], &attributes);
	}
	sem_init(&holds, 0, 0);
	sem_init(&may_end, 0, 0);
	thread = start(holder, NULL);
	sem_wait(&holds);
	for (int i = 0; i < 3; i++) {
		long long before = now();

		soon = in_milliseconds(20);
		check("a held mutex is busy", pthread_mutex_trylock(&held[i]) == EBUSY);
		check("its time passes", pthread_mutex_timedlock(&held[i], &soon) == ETIMEDOUT && now() - before >= 19000000);
	}
	check("not the owner, recursive", pthread_mutex_unlock(&held[1]) == EPERM);
	check("not the owner, error checking", pthread_mutex_unlock(&held[2]) == EPERM);
	sem_post(&may_end);
	for (int i = 0; i < 3; i++)
		check("locked once it is free", pthread_mutex_lock(&held[i]) == 0 && pthread_mutex_unlock(&held[i]) == 0);
	join(thread);
	soon = in_milliseconds(10);
	check("semaphore's time passes", sem_timedwait(&holds, &soon) == -1 && errno == ETIMEDOUT);
	pthread_mutex_lock(&mutex);
	soon = in_milliseconds(10);
	check("condition's time passes", pthread_cond_timedwait(&filled, &mutex, &soon) == ETIMEDOUT);
	pthread_mutex_unlock(&mutex);
}

/* Barriers, read-write locks, once, spin locks. */
static pthread_barrier_t barrier;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spin;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int serial, passed, at_once, read_together, written, inits;

static void initialise(void)
{
	usleep(2000);
	inits++;
}

static void *meets(void *argument)
{
	(void)argument;
	pthread_once(&once, initialise);
	for (int round = 0; round < 50; round++) {
		int result = pthread_barrier_wait(&barrier);

		pthread_spin_lock(&spin);
		serial += result == PTHREAD_BARRIER_SERIAL_THREAD;
		passed += inits;
		pthread_spin_unlock(&spin);
		pthread_rwlock_rdlock(&rwlock);
		__atomic_add_fetch(&at_once, 1, __ATOMIC_SEQ_CST);
		sched_yield();
		pthread_barrier_wait(&barrier);
		if (at_once == 5)
			read_together = 1;
		pthread_barrier_wait(&barrier);
		__atomic_sub_fetch(&at_once, 1, __ATOMIC_SEQ_CST);
		pthread_rwlock_unlock(&rwlock);
		pthread_rwlock_wrlock(&rwlock);
		int before = written;
		sched_yield();
		written = before + 1;
		pthread_rwlock_unlock(&rwlock);
	}
	return NULL;
}

static void meetings(void)
{
	pthread_t threads[5];

	pthread_barrier_init(&barrier, NULL, 5);
	pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
	for (int i = 0; i < 5; i++)
		threads[i] = start(meets, NULL);
	for (int i = 0; i < 5; i++)
		join(threads[i]);
	printf("barrier: %d rounds, passed %d, together %d, written %d, once %d\n", serial, passed, read_together, written, inits);
}

/* Sleepers wake in the order of their times, which are so far apart that it does not matter when each begins, and the time of all is
 * that of the longest. */
static int order[4], woken;

static void *sleeper(void *argument)
{
	int number = (int)(intptr_t)argument;
	struct timespec t = { 0, 960000000L };
	struct timeval v = { 0, 720000L };

	if (number == 0)
		nanosleep(&t, NULL);
	else if (number == 1)
		select(0, NULL, NULL, NULL, &v);
	else if (number == 2)
		poll(NULL, 0, 480);
	else
		usleep(240000);
	order[__atomic_fetch_add(&woken, 1, __ATOMIC_SEQ_CST)] = number;
	return NULL;
}

static void sleepers(void)
{
	pthread_t threads[4];
	long long before = now();

	for (intptr_t i = 0; i < 4; i++)
		threads[i] = start(sleeper, (void *)i);
	for (int i = 0; i < 4; i++)
		join(threads[i]);
	printf("sleepers: %d %d %d %d\n", order[0], order[1], order[2], order[3]);
	check("together", now() - before >= 960000000);
}

/* Ends: results, exit from deep inside, detached ones, what may be joined. */
static void *returns(void *argument)
{
	return argument;
}

static __attribute__((noinline)) void deep(int n, void *value)
{
	volatile char frame[64];

	frame[0] = (char)n;
	if (n == 0)
		pthread_exit(value);
	deep(n - 1, value);
	frame[1] = frame[0];
}

static void *exits(void *argument)
{
	deep(100, argument);
	return NULL;
}

static void *detaches(void *argument)
{
	pthread_detach(pthread_self());
	sem_post(argument);
	return NULL;
}


static void ends(void)
{
	pthread_attr_t attributes;
	pthread_t thread, self = pthread_self();
	void *start_of_stack;
	size_t size;
	int good = 1, state;

	check("returned", join(start(returns, &good)) == &good);
	check("exited", join(start(exits, &good)) == &good);
	check("not itself", pthread_join(self, NULL) == EDEADLK);
	for (int i = 0; i < 300; i++) {
		start(detaches, &holds);
		sem_wait(&holds);
	}
	for (int i = 0; i < 300; i++)
		good &= join(start(returns, NULL)) == NULL;
	check("one after the other", good);
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	check("a stack too small", pthread_attr_setstacksize(&attributes, 100) == EINVAL);
	pthread_attr_setstacksize(&attributes, 256 << 10);
	check("detached", pthread_create(&thread, &attributes, detaches, &holds) == 0);
	sem_wait(&holds);
	pthread_attr_getdetachstate(&attributes, &state);
	pthread_attr_getstacksize(&attributes, &size);
	check("attributes", state == PTHREAD_CREATE_DETACHED && size == 256 << 10);
	pthread_attr_destroy(&attributes);
	check("own attributes", pthread_getattr_np(self, &attributes) == 0 && pthread_attr_getstack(&attributes, &start_of_stack, &size) == 0
		&& (uintptr_t)&attributes > (uintptr_t)start_of_stack && (uintptr_t)&attributes < (uintptr_t)start_of_stack + size);
	pthread_attr_destroy(&attributes);
}

static void *in_own_stack(void *argument)
{
	char here;

	return (void *)(intptr_t)(&here > (char *)argument && &here < (char *)argument + (64 << 10));
}

static void stacks(void)
{
	static _Alignas(4096) char memory[64 << 10];
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setstack(&attributes, memory, sizeof memory);
	pthread_create(&thread, &attributes, in_own_stack, memory);
	check("the program's own stack", join(thread) != NULL);
	pthread_attr_destroy(&attributes);
}

/* Signals: each thread its mask, and what it is sent. */
static volatile sig_atomic_t seen;
static pthread_t seen_by;

static void handler(int number)
{
	seen = number;
	seen_by = pthread_self();
}

static void *takes(void *argument)
{
	sigset_t set;
	int number = 0;

	(void)argument;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	sem_post(&holds);
	sigwait(&set, &number);
	return (void *)(intptr_t)number;
}

static void *is_sent(void *argument)
{
	(void)argument;
	sem_post(&holds);
	while (sem_wait(&may_end) != 0)
		;
	return (void *)(intptr_t)(seen == SIGUSR1 && pthread_equal(seen_by, pthread_self()));
}

static void signals(void)
{
	pthread_t thread = start(takes, NULL);
	sigset_t mask;

	sem_wait(&holds);
	pthread_kill(thread, SIGUSR2);
	check("waited for", (intptr_t)join(thread) == SIGUSR2);
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	check("a mask of its own", !sigismember(&mask, SIGUSR2));
	signal(SIGUSR1, handler);
	thread = start(is_sent, NULL);
	sem_wait(&holds);
	pthread_kill(thread, SIGUSR1);
	usleep(1000);
	sem_post(&may_end);
	check("handled by the thread", join(thread) != NULL);
}

/* A lock on a stream keeps others' lines apart. */
static void *prints(void *argument)
{
	for (int i = 0; i < 3; i++) {
		flockfile(stdout);
		fputs("one", stdout);
		sched_yield();
		usleep(1000);
		fputs(" line\n", stdout);
		funlockfile(stdout);
	}
	return argument;
}

/* A loop that only looks at the clock lets others run. */
static volatile int done;

static void *sets(void *argument)
{
	done = 1;
	return argument;
}

static void spins(void)
{
	pthread_t thread = start(sets, NULL);
	long long before = now();

	while (!done && now() - before < 10000000000LL)
		;
	check("looking at the clock", done);
	done = 0;
	join(thread);
	thread = start(sets, NULL);
	while (!done) {
		pthread_mutex_lock(&mutex);
		pthread_mutex_unlock(&mutex);
	}
	check("locking and unlocking", done);
	join(thread);
}

static void *names_itself(void *argument)
{
	char name[16];

	prctl(PR_SET_NAME, argument);
	pthread_getname_np(pthread_self(), name, sizeof name);
	puts(name);
	pthread_setname_np(pthread_self(), "another");
	prctl(PR_GET_NAME, name);
	puts(name);
	check("no such option", prctl(-5, name) == -1 && errno == EINVAL);
	return argument;
}

static void *last(void *argument)
{
	usleep(5000);
	puts("the last thread ends the program");
	return argument;
}

int main(void)
{
	pthread_t threads[3];

	own_data();
	queues();
	mutexes();
	meetings();
	sleepers();
	ends();
	stacks();
	signals();
	for (int i = 0; i < 3; i++)
		threads[i] = start(prints, NULL);
	for (int i = 0; i < 3; i++)
		join(threads[i]);
	join(start(names_itself, "a name of more than 15 bytes"));
	spins();
	start(last, NULL);
	pthread_exit(NULL);
}

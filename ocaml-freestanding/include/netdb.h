/* SPDX-License-Identifier: ISC */
/* Names of hosts, services and protocols (POSIX). Nobody can be asked: searches fail for good. */
#ifndef _NETDB_H
#define _NETDB_H

#include <features.h>
#include <bits/types.h>
#include <netinet/in.h>

struct hostent {
	char *h_name;
	char **h_aliases;
	int h_addrtype;
	int h_length;
	char **h_addr_list;
};

struct servent {
	char *s_name;
	char **s_aliases;
	int s_port;
	char *s_proto;
};

struct protoent {
	char *p_name;
	char **p_aliases;
	int p_proto;
};

struct addrinfo {
	int ai_flags;
	int ai_family;
	int ai_socktype;
	int ai_protocol;
	socklen_t ai_addrlen;
	struct sockaddr *ai_addr;
	char *ai_canonname;
	struct addrinfo *ai_next;
};

#define h_addr h_addr_list[0]
#define h_errno (*__h_errno_location())

#define HOST_NOT_FOUND 1
#define TRY_AGAIN 2
#define NO_RECOVERY 3
#define NO_DATA 4

#define AI_PASSIVE 1
#define AI_CANONNAME 2
#define AI_NUMERICHOST 4
#define AI_NUMERICSERV 0x400
#define NI_NUMERICHOST 1
#define NI_NUMERICSERV 2
#define NI_NOFQDN 4
#define NI_NAMEREQD 8
#define NI_DGRAM 16
#define NI_MAXHOST 1025
#define NI_MAXSERV 32

#define EAI_BADFLAGS (-1)
#define EAI_NONAME (-2)
#define EAI_AGAIN (-3)
#define EAI_FAIL (-4)
#define EAI_FAMILY (-6)
#define EAI_SOCKTYPE (-7)
#define EAI_SERVICE (-8)
#define EAI_MEMORY (-10)
#define EAI_SYSTEM (-11)
#define EAI_OVERFLOW (-12)

__BEGIN_DECLS
int *__h_errno_location(void) __NOTHROW;
int getaddrinfo(const char *__restrict, const char *__restrict, const struct addrinfo *__restrict,
  struct addrinfo **__restrict);
void freeaddrinfo(struct addrinfo *) __NOTHROW;
const char *gai_strerror(int) __NOTHROW;
int getnameinfo(const struct sockaddr *__restrict, socklen_t, char *__restrict, socklen_t, char *__restrict, socklen_t, int);
struct hostent *gethostbyname(const char *);
struct hostent *gethostbyaddr(const void *, socklen_t, int);
int gethostbyname_r(const char *__restrict, struct hostent *__restrict, char *__restrict, size_t,
  struct hostent **__restrict, int *__restrict);
int gethostbyaddr_r(const void *__restrict, socklen_t, int, struct hostent *__restrict, char *__restrict, size_t,
  struct hostent **__restrict, int *__restrict);
struct protoent *getprotobyname(const char *);
struct protoent *getprotobynumber(int);
struct servent *getservbyname(const char *, const char *);
struct servent *getservbyport(int, const char *);
__END_DECLS

#endif

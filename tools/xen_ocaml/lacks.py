# SPDX-License-Identifier: ISC
"""What a domain lacks, by kind: the functions of libc that ask for it, and what a program does instead.

A function of libc is refused where src/libc/exports.txt says so: it is there, and fails with the errno that a program
expects. Other names of these lists are not there at all.
"""

import os

_KINDS = {
    "sockets": (
        "there is no socket layer in a domain: use a network library over mirage-xen",
        "accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom recvmsg send sendmsg sendto"
        " setsockopt shutdown socket socketpair sendmmsg recvmmsg select poll epoll_create epoll_create1 epoll_ctl epoll_wait"
        " eventfd __recv_chk __recvfrom_chk sockatmark",
    ),
    "names": (
        "there is no resolver in a domain: use a DNS library",
        "getaddrinfo freeaddrinfo gai_strerror getnameinfo gethostbyname gethostbyaddr gethostbyname_r gethostbyaddr_r getprotobyname"
        " getprotobynumber getservbyname getservbyport if_nametoindex if_indextoname getifaddrs freeifaddrs",
    ),
    "processes": (
        "a domain is one program: there are no others to start, wait for or signal",
        "fork vfork execv execve execvp execvpe execl execlp execle popen pclose system wait waitpid wait3 wait4 waitid pipe pipe2"
        " posix_spawn posix_spawnp setpgid getpgid setsid posix_spawn_file_actions_init posix_spawn_file_actions_destroy"
        " posix_spawn_file_actions_addclose posix_spawn_file_actions_adddup2 chroot nice dup dup2 dup3 ptrace",
    ),
    "loading": (
        "nothing can be loaded into a running domain: link what it needs into the program",
        "dlopen dlsym dlclose dlerror dlvsym",
    ),
    "threads": (
        "threads end by themselves",
        "pthread_cancel",
    ),
    "users": (
        "a domain has no users and groups",
        "getpwnam getpwuid getpwnam_r getpwuid_r getgrnam getgrgid getgrnam_r getgrgid_r getlogin initgroups setgroups getgroups"
        " setuid setgid chown lchown fchown",
    ),
    "files": (
        "a domain has no file system: compile the data into the program (ocaml-crunch), or read a disk or xenstore",
        "open open64 openat openat64 creat fopen fopen64 freopen fdopen opendir fdopendir readdir readdir64 closedir rewinddir dirfd"
        " access faccessat stat stat64 lstat lstat64 fstatat fstatat64 __xstat __xstat64 __lxstat __lxstat64 statfs statvfs fstatvfs"
        " __open_2 __open64_2 mkdir rmdir mkfifo mknod link linkat symlink readlink __readlink_chk realpath __realpath_chk rename"
        " renameat remove unlink unlinkat truncate truncate64 ftruncate ftruncate64 chdir fchdir chmod fchmod utime utimes utimensat"
        " futimens tmpfile tmpnam mkstemp mkdtemp posix_fallocate pread pread64 pwrite pwrite64 flock scandir glob nftw inotify_init",
    ),
    "terminals": (
        "a domain's console is no terminal",
        "tcgetattr tcsetattr tcdrain tcflow tcflush tcsendbreak cfgetispeed cfgetospeed cfsetispeed cfsetospeed openpty forkpty ttyname",
    ),
}

# Refused functions that programs ask for on the way, and do without: no reason to stop a link.
_MINOR = frozenset(
    b"getloadavg pause sigsuspend clock_settime settimeofday dladdr alarm getcwd __getcwd_chk getitimer setitimer ioctl lseek lseek64"
    b" sched_get_priority_max sched_get_priority_min sched_getaffinity setrlimit setrlimit64 fsync fdatasync mprotect tcgetattr"
    b" tcsetattr dlclose flock dup".split()
)

KINDS = {kind: hint for kind, (hint, _) in _KINDS.items()}
_KIND_OF = {name.encode(): kind for kind, (_, names) in _KINDS.items() for name in names.split()}
# What to use in place of a library of which parts can never work.
_ARCHIVES = {
    "liblwt_unix_stubs.a": "Lwt_unix and Lwt_main need Unix: use Xen_os.Main.run and Xen_os.Time.sleep_ns (--package mirage-xen)",
    "lwt_unix.a": "Lwt_unix and Lwt_main need Unix: use Xen_os.Main.run and Xen_os.Time.sleep_ns (--package mirage-xen)",
    "libev.a": "it waits for Unix's descriptors, as Lwt_unix does: leave out lwt.unix",
    "libcore_unix_stubs.a": "core_unix needs Unix: use core alone",
}


def kind(name):
    """The kind of what a function asks for; "other" for what is in no list."""
    return _KIND_OF.get(name, "other")


def weight(name):
    """Sorts names by how well they say what is missing: a process says more than the file that it would run."""
    order = ["processes", "sockets", "names", "threads", "loading", "users", "terminals", "files", "other"]
    return order.index(kind(name)), name


def hint(name, where=""):
    """What to do about a function, given where it is asked for."""
    archive = os.path.basename(where).split("(")[0]
    if archive in _ARCHIVES:
        return _ARCHIVES[archive]
    return KINDS.get(kind(name), "a domain does not have it")


def archive_hint(path):
    return _ARCHIVES.get(os.path.basename(path))


def remedy(name, where):
    """What to do about a name that nothing defines."""
    known = kind(name.encode())
    if known != "other" or archive_hint(where.split("(")[0]):
        return hint(name.encode(), where)
    if name.startswith("caml") and len(name) > 4 and name[4].isupper():
        return f"name the file or --package of module {name[4:].split('__')[0]}"
    if name.startswith("__gmp"):
        return "link GMP (--package zarith, or -lgmp)"
    return "name the object, archive or --package that does"


def all_refused():
    """The functions of every kind, but for those that programs do without."""
    return [name for name in _KIND_OF if name not in _MINOR]


def refused(place):
    """The functions that libc refuses and that stop a link."""
    path = os.path.join(place.checkout, "src/libc/exports.txt") if place.checkout else os.path.join(place.code, "exports.txt")
    found = []
    try:
        with open(path, "rb") as file:
            for line in file:
                if line.endswith(b" refused\n"):
                    found.append(line.split()[0])
    except OSError:
        # An installation without the list still knows the kinds.
        found = list(_KIND_OF)
    return [name for name in found if name not in _MINOR]

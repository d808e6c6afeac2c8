// SPDX-License-Identifier: ISC
//! What `headers.rs` compares with glibc, and what is known to differ, each with its reason.

/// Structures whose members and size must lie where glibc has them.
pub const STRUCTS: &[(&str, &str)] = &[
    ("struct timespec", "tv_sec tv_nsec"),
    ("struct timeval", "tv_sec tv_usec"),
    ("struct itimerval", "it_interval it_value"),
    ("struct itimerspec", "it_interval it_value"),
    (
        "struct tm",
        "tm_sec tm_min tm_hour tm_mday tm_mon tm_year tm_wday tm_yday tm_isdst tm_gmtoff tm_zone",
    ),
    ("struct tms", "tms_utime tms_stime tms_cutime tms_cstime"),
    (
        "struct stat",
        "st_dev st_ino st_nlink st_mode st_uid st_gid st_rdev st_size st_blksize st_blocks st_atim st_mtim st_ctim",
    ),
    ("struct dirent", "d_ino d_off d_reclen d_type d_name"),
    ("struct flock", "l_type l_whence l_start l_len l_pid"),
    ("struct rlimit", "rlim_cur rlim_max"),
    (
        "struct rusage",
        "ru_utime ru_stime ru_maxrss ru_minflt ru_majflt ru_nvcsw ru_nivcsw",
    ),
    ("struct iovec", "iov_base iov_len"),
    (
        "struct utsname",
        "sysname nodename release version machine domainname",
    ),
    ("struct winsize", "ws_row ws_col ws_xpixel ws_ypixel"),
    ("struct sched_param", "sched_priority"),
    (
        "struct sigaction",
        "sa_handler sa_sigaction sa_mask sa_flags sa_restorer",
    ),
    (
        "siginfo_t",
        "si_signo si_errno si_code si_addr si_pid si_uid",
    ),
    ("stack_t", "ss_sp ss_flags ss_size"),
    (
        "ucontext_t",
        "uc_flags uc_link uc_stack uc_mcontext uc_sigmask",
    ),
    ("mcontext_t", "gregs fpregs"),
    (
        "struct __jmp_buf_tag",
        "__jmpbuf __mask_was_saved __saved_mask",
    ),
    (
        "struct lconv",
        "decimal_point thousands_sep grouping int_curr_symbol currency_symbol mon_decimal_point negative_sign \
         int_frac_digits p_cs_precedes n_sign_posn int_n_sign_posn",
    ),
    ("struct mallinfo", "arena hblks uordblks fordblks keepcost"),
    ("struct mallinfo2", "arena hblks uordblks fordblks keepcost"),
    ("div_t", "quot rem"),
    ("ldiv_t", "quot rem"),
    ("lldiv_t", "quot rem"),
    ("imaxdiv_t", "quot rem"),
    (
        "fenv_t",
        "__control_word __status_word __tags __eip __cs_selector __data_offset __mxcsr",
    ),
    ("struct sockaddr", "sa_family sa_data"),
    ("struct sockaddr_storage", "ss_family"),
    (
        "struct sockaddr_in",
        "sin_family sin_port sin_addr sin_zero",
    ),
    (
        "struct sockaddr_in6",
        "sin6_family sin6_port sin6_flowinfo sin6_addr sin6_scope_id",
    ),
    ("struct sockaddr_un", "sun_family sun_path"),
    (
        "struct msghdr",
        "msg_name msg_namelen msg_iov msg_iovlen msg_control msg_controllen msg_flags",
    ),
    (
        "struct statvfs",
        "f_bsize f_blocks f_bavail f_files f_fsid f_flag f_namemax",
    ),
    ("struct utimbuf", "actime modtime"),
    ("struct linger", "l_onoff l_linger"),
    ("struct pollfd", "fd events revents"),
    (
        "struct statfs",
        "f_type f_bsize f_blocks f_bavail f_files f_fsid f_namelen f_flags",
    ),
    (
        "struct termios",
        "c_iflag c_lflag c_line c_cc c_ispeed c_ospeed",
    ),
    (
        "struct passwd",
        "pw_name pw_passwd pw_uid pw_gid pw_gecos pw_dir pw_shell",
    ),
    ("struct group", "gr_name gr_passwd gr_gid gr_mem"),
    (
        "struct hostent",
        "h_name h_aliases h_addrtype h_length h_addr_list",
    ),
    ("struct servent", "s_name s_aliases s_port s_proto"),
    ("struct protoent", "p_name p_aliases p_proto"),
    (
        "struct addrinfo",
        "ai_flags ai_family ai_socktype ai_protocol ai_addrlen ai_addr ai_canonname ai_next",
    ),
    ("struct epoll_event", "events data"),
    ("struct inotify_event", "wd mask cookie len"),
    ("posix_spawnattr_t", ""),
    ("posix_spawn_file_actions_t", ""),
    ("sem_t", ""),
    ("cpu_set_t", ""),
    ("fd_set", ""),
    ("sigset_t", ""),
    ("mbstate_t", ""),
    ("fpos_t", ""),
    ("jmp_buf", ""),
    ("sigjmp_buf", ""),
    ("pthread_mutex_t", ""),
    ("pthread_mutexattr_t", ""),
    ("pthread_cond_t", ""),
    ("pthread_condattr_t", ""),
    ("pthread_rwlock_t", ""),
    ("pthread_rwlockattr_t", ""),
    ("pthread_barrier_t", ""),
    ("pthread_barrierattr_t", ""),
    ("pthread_attr_t", ""),
];

/// Arithmetic types: size and sign.
pub const TYPES: &str = "int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t int_least8_t int_least16_t \
    int_least32_t int_least64_t int_fast8_t int_fast16_t int_fast32_t int_fast64_t uint_fast8_t uint_fast16_t \
    uint_fast32_t uint_fast64_t intptr_t uintptr_t intmax_t uintmax_t size_t ssize_t ptrdiff_t wchar_t wint_t wctype_t \
    off_t off64_t time_t suseconds_t clock_t clockid_t pid_t uid_t gid_t id_t mode_t useconds_t dev_t ino_t ino64_t \
    nlink_t blksize_t blkcnt_t fsblkcnt_t fsfilcnt_t key_t sig_atomic_t rlim_t greg_t fexcept_t nl_item socklen_t sa_family_t in_port_t in_addr_t nfds_t float_t double_t \
    pthread_t pthread_key_t pthread_once_t pthread_spinlock_t u_char u_short u_int u_long u_int8_t u_int64_t";

/// Macros that differ from glibc's on purpose, or have no constant value.
pub const MACRO_EXCEPTIONS: &[(&str, &str)] = &[
    ("SIGSTKSZ", "glibc asks sysconf with _GNU_SOURCE"),
    ("MINSIGSTKSZ", "glibc asks sysconf with _GNU_SOURCE"),
    ("PTHREAD_STACK_MIN", "glibc asks sysconf with _GNU_SOURCE"),
    ("MB_CUR_MAX", "a call"),
    ("SIGRTMIN", "a call"),
    ("SIGRTMAX", "a call"),
    ("h_errno", "a call"),
    ("h_addr", "a member"),
    ("HUGE_VAL", "not an integer"),
    ("HUGE_VALF", "not an integer"),
    ("HUGE_VALL", "not an integer"),
    ("INFINITY", "not an integer"),
    ("NAN", "not an integer"),
    ("MAXFLOAT", "not an integer"),
    ("_POSIX_VERSION", "the edition that the headers follow"),
    ("_POSIX_THREADS", "the edition that the headers follow"),
    ("_POSIX_TIMERS", "the edition that the headers follow"),
];

/// Functions whose prototype reads differently from glibc's and means the same, or that glibc does not have.
pub const PROTOTYPE_EXCEPTIONS: &[(&str, &str)] = &[
    ("__ctype_tolower_loc", "int32_t is int"),
    ("__ctype_toupper_loc", "int32_t is int"),
    ("bsearch", "a type for the comparison"),
    ("qsort", "a type for the comparison"),
    ("qsort_r", "a type for the comparison"),
    ("getitimer", "an enumeration for the first argument"),
    ("setitimer", "an enumeration for the first argument"),
    ("getrlimit", "an enumeration for the first argument"),
    ("setrlimit", "an enumeration for the first argument"),
    ("getrusage", "an enumeration for the first argument"),
    (
        "__xpg_strerror_r",
        "declared by glibc without _GNU_SOURCE only",
    ),
    ("strlcpy", "in glibc since 2.38"),
    ("strlcat", "in glibc since 2.38"),
    ("malloc_footprint", "MirageOS's"),
    ("malloc_memory_usage", "MirageOS's"),
];

/// Functions that libc exports for compiled code, and that no header declares.
pub const EXPORTED_ONLY: &[(&str, &str)] = &[
    ("cfree", "gone from glibc's headers"),
    ("pow10", "gone from glibc's headers"),
    ("pow10f", "gone from glibc's headers"),
    ("finitef", "isfinite knows the type"),
    ("isinff", "isinf knows the type"),
    ("isnanf", "isnan knows the type"),
    (
        "obstack_free",
        "obstack.h is glibc's own, for what is compiled already",
    ),
    (
        "obstack_vprintf",
        "obstack.h is glibc's own, for what is compiled already",
    ),
    (
        "dl_iterate_phdr",
        "link.h is for unwinders, which bring what they need of it",
    ),
];

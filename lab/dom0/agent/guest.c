/* SPDX-License-Identifier: ISC */
/* One guest's life: created paused by xl, unpaused, watched to its end, described, destroyed.
 *
 * The toolstack leaves a domain that shut down alone (xl create -e keeps no watcher), so its reason,
 * processor time and last output can be read before it is destroyed. @releaseDomain, which xenstored
 * fires when a domain shuts down, is the event; nothing polls while the guest runs.
 */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xenctrl.h>
#include <xenstore.h>

static xc_interface *xch;
static struct xs_handle *store;
static uint32_t domid;
static char name[64];
static const char *reason; /* NULL: it runs */
static uint64_t cpu_ns;
static int64_t end_ns;

static const char *const reasons[] = {"poweroff", "reboot", "suspend", "crash", "watchdog", "soft-reset"};

/* Our lines come before the host's in guest.cfg, so that the host's can override them. */
static bool write_config(void)
{
    char directory[4096];
    size_t length = 0, capacity = 1 << 20;
    char *text = malloc(capacity);
    FILE *in = fopen("guest.cfg", "r"), *out = fopen("xl.cfg", "w");
    bool ok = text && in && out && getcwd(directory, sizeof directory);
    if (ok) {
        length = fread(text, 1, capacity - 1, in);
        text[length] = 0;
        fprintf(out, "name = \"%s\"\nkernel = \"%s/kernel\"\n", name, directory);
        char *at = text, *mark;
        while ((mark = strstr(at, "@DIR@"))) {
            fwrite(at, 1, (size_t)(mark - at), out);
            fputs(directory, out);
            at = mark + 5;
        }
        fputs(at, out);
    }
    if (in)
        fclose(in);
    if (out && fclose(out) != 0)
        ok = false;
    free(text);
    return ok;
}

static char *store_read(const char *path)
{
    unsigned int length;
    return xs_read(store, XBT_NULL, path, &length);
}

static bool find_domain(void)
{
    unsigned int count = 0;
    bool found = false;
    char path[80];
    char **entries = xs_directory(store, XBT_NULL, "/local/domain", &count);
    for (unsigned int i = 0; entries && i < count && !found; i++) {
        snprintf(path, sizeof path, "/local/domain/%.20s/name", entries[i]);
        char *value = store_read(path);
        if (value && strcmp(value, name) == 0) {
            domid = (uint32_t)strtoul(entries[i], NULL, 10);
            found = true;
        }
        free(value);
    }
    free(entries);
    return found;
}

/* xenconsoled names the pty in the store some time after the domain was made. */
static bool attach_console(void)
{
    char path[80];
    snprintf(path, sizeof path, "/local/domain/%u/console/tty", domid);
    xs_watch(store, path, "tty");
    bool attached = false;
    for (int64_t deadline = now_ns() + 20 * 1000000000LL; !attached && now_ns() < deadline;) {
        char *tty = store_read(path);
        if (tty && *tty)
            attached = console_open(domid, tty);
        free(tty);
        if (!attached) {
            struct pollfd fd = {.fd = xs_fileno(store), .events = POLLIN};
            poll(&fd, 1, 1000);
            char **event;
            while ((event = xs_check_watch(store)))
                free(event);
        }
    }
    xs_unwatch(store, path, "tty");
    return attached;
}

/* Has it ended? Sets reason and the figures if so. */
static void look(void)
{
    xc_domaininfo_t info;
    if (reason)
        return;
    int count = xc_domain_getinfolist(xch, domid, 1, &info);
    if (count < 0)
        die("asking Xen for the domain");
    if (count == 0 || info.domain != domid || (info.flags & XEN_DOMINF_dying)) {
        end_ns = console_clock();
        reason = "destroyed";
        return;
    }
    cpu_ns = info.cpu_time;
    if (info.flags & XEN_DOMINF_shutdown) {
        unsigned int code = info.flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;
        end_ns = console_clock();
        reason = code < sizeof reasons / sizeof *reasons ? reasons[code] : "unknown";
    }
}

static void handle_frames(bool *give_up)
{
    struct frame frame;
    while (frame_next(&frame))
        switch (frame.type) {
        case 'C': console_input(frame.bytes, frame.length); break;
        case 'K':
            if (!reason) {
                look();
                end_ns = console_clock();
            }
            if (!reason)
                reason = "killed";
            break;
        case 'A': *give_up = true; break;
        default: break;
        }
}

/* Until the guest has ended and its script too, or time is up, or the host gave up. */
static bool watch_guest(struct script *script, int64_t deadline)
{
    bool give_up = false;
    int64_t next_log = now_ns() + 1000000000LL;
    handle_frames(&give_up); /* input may have come along with the job */
    while (!give_up && (!reason || script->pid != 0)) {
        int64_t now = now_ns();
        if (now >= deadline) {
            look();
            if (!reason) {
                end_ns = console_clock();
                reason = "timeout";
            }
            break;
        }
        if (now >= next_log) { /* before the ring runs over */
            hvlog_send(domid);
            next_log = now + 1000000000LL;
        }
        int64_t pause = (deadline < next_log ? deadline : next_log) - now;
        if (script->pid != 0 && script->out < 0 && script->err < 0)
            pause = 10 * 1000000;
        struct pollfd fds[] = {
            {.fd = console_input_full() ? -1 : port_fd(), .events = POLLIN},
            {.fd = console_fd(), .events = (short)(console_input_pending() ? POLLIN | POLLOUT : POLLIN)},
            {.fd = xs_fileno(store), .events = POLLIN},
            {.fd = script->pid != 0 ? script->out : -1, .events = POLLIN},
            {.fd = script->pid != 0 ? script->err : -1, .events = POLLIN},
        };
        if (reason)
            fds[1].fd = -1; /* drained below; a hung-up pty would make this loop spin */
        poll(fds, 5, (int)(pause / 1000000) + 1);
        if (fds[1].revents & POLLIN)
            console_read();
        if (fds[1].revents & POLLOUT)
            console_write_pending();
        if (fds[2].revents & POLLIN) {
            char **event;
            while ((event = xs_check_watch(store)))
                free(event);
            look();
        }
        if (fds[0].revents & POLLIN) {
            port_receive();
            handle_frames(&give_up);
        }
        script_read(script);
    }
    return !give_up;
}

/* One xl at a time: side by side their xenstore transactions conflict, and each starts over and over. */
static int toolstack_lock(void)
{
    int fd = open("/run/lock/lab-toolstack", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || flock(fd, LOCK_EX) != 0)
        die("the toolstack's lock");
    return fd;
}

static int run_to_end(const char *command, char type, int seconds)
{
    char *const argv[] = {"sh", "-c", (char *)command, NULL};
    struct script script = script_start(argv, type, type);
    int status = script_wait(&script, now_ns() + seconds * 1000000000LL);
    script_kill(&script);
    return status;
}

static long option(const char *options, const char *key, long otherwise)
{
    const char *at = strstr(options, key);
    return at ? strtol(at + strlen(key), NULL, 10) : otherwise;
}

static bool life(int64_t limit_ns)
{
    struct script none = {.status = -1}, script = none;
    char command[160];
    char *const during[] = {"sh", "script.sh", NULL};

    snprintf(command, sizeof command, "%u", domid);
    setenv("DOMID", command, 1);
    if (access("before.sh", R_OK) == 0)
        frame_printf('M', "before %d", run_to_end("sh before.sh", 's', (int)(limit_ns / 1000000000)));
    hvlog_skip();
    xs_watch(store, "@releaseDomain", "end");
    frame_printf('M', "created %u %s", domid, name);
    int64_t deadline = now_ns() + limit_ns;
    console_start_clock();
    if (xc_domain_unpause(xch, domid) != 0)
        die("unpausing a domain");
    if (access("script.sh", R_OK) == 0)
        script = script_start(during, 's', 't');
    bool finished = watch_guest(&script, deadline);
    script_kill(&script);
    xs_unwatch(store, "@releaseDomain", "end");
    if (!finished)
        return false;
    if (strcmp(reason, "timeout") == 0)
        xc_domain_pause(xch, domid);
    uint32_t unread = strcmp(reason, "destroyed") == 0 ? 0 : console_drain();
    while (console_read())
        ;
    if (hvlog_send(domid) && strcmp(reason, "reboot") == 0)
        reason = "triple-fault"; /* which Xen turns into a reboot */
    static const char *const bad_ends[] = {"timeout", "crash", "triple-fault", "watchdog"};
    /* A processor that halts for good ends its domain with "poweroff", too. */
    bool bad = strcmp(reason, "poweroff") == 0 && !hvlog_said_status();
    for (size_t i = 0; i < sizeof bad_ends / sizeof *bad_ends; i++)
        bad = bad || strcmp(reason, bad_ends[i]) == 0;
    if (bad) { /* where was it? */
        snprintf(command, sizeof command, "xenctx %u 2>&1", domid);
        run_to_end(command, 'X', 10);
    }
    if (access("after.sh", R_OK) == 0)
        frame_printf('M', "after %d", run_to_end("sh after.sh", 's', (int)(limit_ns / 1000000000)));
    frame_printf('R', "reason=%s\ndomid=%u\ncpu_ns=%llu\nend_ns=%lld\nconsole_unread=%u\nscript_status=%d\n", reason,
                 domid, (unsigned long long)cpu_ns, (long long)end_ns, unread, script.status);
    return true;
}

bool guest_run(const char *options)
{
    static unsigned int count;
    char command[160];
    if (!xch && !(xch = xc_interface_open(NULL, NULL, 0)))
        die("opening Xen's control interface");
    if (!store && !(store = xs_open(0)))
        die("opening xenstore");
    snprintf(name, sizeof name, "%s-%u", getenv("SLOT"), ++count);
    setenv("NAME", name, 1);
    reason = NULL;
    cpu_ns = 0;
    end_ns = 0;

    char *const create[] = {"xl", "create", "-e", "-p", "-q", "xl.cfg", NULL};
    if (!write_config()) {
        frame_printf('X', "cannot write the guest's configuration: %s\n", strerror(errno));
        frame_printf('R', "reason=not-created\n");
        return true;
    }
    int lock = toolstack_lock();
    struct script xl = script_start(create, 'X', 'X');
    /* A minute, or as long as the guest has, up to ten: a domain of many devices takes xl long. */
    int64_t patience = option(options, "timeout=", 60);
    int status = script_wait(&xl, now_ns() + (patience < 60 ? 60 : patience > 600 ? 600 : patience) * 1000000000LL);
    script_kill(&xl);
    close(lock);
    bool created = find_domain(), finished = true;
    if (status != 0 || !created) {
        frame_printf('X', "xl create ended with status %d\n", status);
    } else if (!attach_console()) {
        frame_printf('X', "xenconsoled made no console for domain %u\n", domid);
    } else {
        finished = life(option(options, "timeout=", 60) * 1000000000LL);
    }
    if (status != 0 || !created || console_fd() < 0)
        frame_printf('R', "reason=not-created\n");
    console_close();
    if (created) {
        snprintf(command, sizeof command, "xl destroy %s >/dev/null 2>&1", name);
        lock = toolstack_lock();
        run_to_end(command, 'X', 30);
        close(lock);
    }
    return finished;
}

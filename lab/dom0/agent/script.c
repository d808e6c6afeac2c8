/* SPDX-License-Identifier: ISC */
/* Commands that run in dom0, their output passed on as it comes. */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

struct script script_start(char *const argv[], char out_type, char err_type)
{
    struct script script = {.out_type = out_type, .err_type = err_type, .status = -1};
    int out[2], err[2];
    if (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
        die("pipes for a script");
    script.pid = fork();
    if (script.pid < 0)
        die("fork");
    if (script.pid == 0) {
        setpgid(0, 0);
        dup2(open("/dev/null", O_RDONLY), 0);
        dup2(out[1], 1);
        dup2(err[1], 2);
        execvp(argv[0], argv);
        _exit(127);
    }
    setpgid(script.pid, script.pid);
    close(out[1]);
    close(err[1]);
    script.out = out[0];
    script.err = err[0];
    fcntl(script.out, F_SETFL, O_NONBLOCK);
    fcntl(script.err, F_SETFL, O_NONBLOCK);
    return script;
}

static void pass_on(int *fd, char type)
{
    static char bytes[32768];
    ssize_t count;
    if (*fd < 0)
        return;
    while ((count = read(*fd, bytes, sizeof bytes)) > 0)
        frame_send(type, bytes, (size_t)count);
    if (count == 0 || errno != EAGAIN) {
        close(*fd);
        *fd = -1;
    }
}

/* A script has ended when its process has: what it left in the background may keep its pipes. */
static void finish(struct script *script, int status)
{
    script->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    script->pid = 0;
    pass_on(&script->out, script->out_type);
    pass_on(&script->err, script->err_type);
    if (script->out >= 0)
        close(script->out);
    if (script->err >= 0)
        close(script->err);
}

void script_read(struct script *script)
{
    int status;
    if (script->pid == 0)
        return;
    pass_on(&script->out, script->out_type);
    pass_on(&script->err, script->err_type);
    if (waitpid(script->pid, &status, WNOHANG) == script->pid)
        finish(script, status);
}

void script_kill(struct script *script)
{
    int status;
    if (script->pid == 0)
        return;
    kill(-script->pid, SIGKILL);
    waitpid(script->pid, &status, 0);
    finish(script, status);
}

int script_wait(struct script *script, int64_t deadline)
{
    while (script->pid != 0 && now_ns() < deadline) {
        struct pollfd fds[] = {{.fd = script->out, .events = POLLIN}, {.fd = script->err, .events = POLLIN}};
        poll(fds, 2, 10); /* the end of its output mostly tells of its own */
        script_read(script);
    }
    return script->status;
}

/* SPDX-License-Identifier: ISC */
/* The lab's own test guest: 32-bit, no paging, the few hypercalls it needs; its command line says what to do.
 *
 * It relies on nothing of the project, so that a failing lab and a failing core are told apart.
 * Interfaces: xen/include/public/{xen,sched,event_channel}.h, hvm/{hvm_op,params}.h, io/console.h,
 * arch-x86/hvm/start_info.h.
 */
typedef unsigned int u32;

enum { HVMOP = 34, SCHED = 29, EVENT_CHANNEL = 32 };
enum { YIELD = 0, SHUTDOWN = 2, SEND = 4, GET_PARAM = 1, CONSOLE_FRAME = 17, CONSOLE_PORT = 18 };
enum { POWEROFF, REBOOT, SUSPEND, CRASH };
enum { SELF = 0x7ff0 };

struct ring {
    char in[1024], out[2048];
    u32 in_cons, in_prod, out_cons, out_prod;
};
struct start_info {
    u32 magic, version, flags, modules, modlist_lo, modlist_hi, cmdline;
};

static volatile struct ring *ring;
static u32 port;

/* The lab's processor is AMD's, so vmmcall needs no hypercall page. */
static u32 hypercall(u32 number, u32 first, u32 second)
{
    u32 result;
    __asm__ volatile("vmmcall" : "=a"(result) : "a"(number), "b"(first), "c"(second) : "memory");
    return result;
}

static u32 parameter(u32 index)
{
    struct { unsigned short domid, pad; u32 index; unsigned long long value; } argument = {SELF, 0, index, 0};
    hypercall(HVMOP, GET_PARAM, (u32)&argument);
    return (u32)argument.value;
}

static void notify(void)
{
    u32 argument = port;
    hypercall(EVENT_CHANNEL, SEND, (u32)&argument);
}

static void shut_down(u32 reason)
{
    for (;;)
        hypercall(SCHED, SHUTDOWN, (u32)&reason);
}

static void port_e9(const char *text)
{
    for (; *text; text++)
        __asm__ volatile("outb %0, $0xe9" : : "a"(*text));
}

static void put(const char *text, u32 length)
{
    for (u32 i = 0; i < length; i++) {
        while (ring->out_prod - ring->out_cons >= sizeof ring->out) {
            notify();
            hypercall(SCHED, YIELD, 0);
        }
        ring->out[ring->out_prod % sizeof ring->out] = text[i];
        __asm__ volatile("" : : : "memory");
        ring->out_prod++;
    }
}

static void say(const char *text)
{
    u32 length = 0;
    while (text[length])
        length++;
    put(text, length);
    notify();
}

static char get(void)
{
    while (ring->in_cons == ring->in_prod)
        hypercall(SCHED, YIELD, 0);
    char byte = ring->in[ring->in_cons % sizeof ring->in];
    __asm__ volatile("" : : : "memory");
    ring->in_cons++;
    notify();
    return byte;
}

static int is(const char *command, const char *word)
{
    while (*word && *command == *word)
        command++, word++;
    return !*word && (!*command || *command == ' ');
}

void start(const struct start_info *info)
{
    const char *command = info->cmdline ? (const char *)info->cmdline : ""; /* none: no address */
    ring = (volatile struct ring *)(parameter(CONSOLE_FRAME) << 12);
    port = parameter(CONSOLE_PORT);
    say("probe: ");
    say(command);
    say("\n");
    if (is(command, "echo")) { /* lines, up to an empty one */
        char line[80];
        u32 length = 0;
        do {
            length = 0;
            do
                line[length] = get();
            while (line[length++] != '\n' && length < sizeof line);
            put(line, length);
            notify();
        } while (length > 1);
    }
    if (is(command, "flood")) { /* a MiB of every byte value */
        char block[256];
        for (u32 i = 0; i < 4096; i++) {
            for (u32 k = 0; k < sizeof block; k++)
                block[k] = (char)(k + i * 7);
            put(block, sizeof block);
        }
        notify();
    }
    if (is(command, "mute")) { /* left in the ring, never announced */
        for (int i = 0; i < 2000; i++) /* xenconsoled is done with what was said before */
            hypercall(SCHED, YIELD, 0);
        put("unsaid", 6);
    }
    if (is(command, "spin"))
        for (;;)
            ;
    if (is(command, "trap"))
        __asm__ volatile("ud2");
    if (is(command, "crash")) {
        port_e9("probe: it went wrong\nmirage-xen: exit status 2\n");
        shut_down(CRASH);
    }
    if (is(command, "reboot"))
        shut_down(REBOOT);
    if (is(command, "suspend"))
        shut_down(SUSPEND);
    port_e9(is(command, "three") ? "mirage-xen: exit status 3\n" : "mirage-xen: exit status 0\n");
    shut_down(POWEROFF);
}

// Faults in a program's calls to the system, for tests: to be loaded into it with LD_PRELOAD.
//
// DEC_GPU_FAULT=CLASSES:PIECE:N:ACTION   at the N-th call of these classes (a list with commas, or `any`) on a path with
//                                        PIECE in it; `N+`: at that and all later ones
//   classes  create open read write sync rename mkdir unlink close   (create: opened to be written)
//   actions  none | kill-before | kill-half | kill-after | short (half the bytes) | ENOSPC | EIO | EINTR |
//            quota (ENOSPC once N bytes are written)
// DEC_GPU_FAULT_LOG=FILE                 gets a line `class path` for every such call
//
// A seccomp filter sends the calls to the SIGSYS handler below, so calls that do not go through the C library are seen
// too. The handler's own calls bear a mark in the sixth argument, which none of these has, and pass the filter.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>

#define MARK 0x5ca1ab1e
#define COUNT(a) (sizeof(a) / sizeof *(a))

// `path`: the place of the argument that is a path; -1: the first argument is an open file.
static const struct {
    long number;
    const char *class;
    int path;
} CALLS[] = {
    {SYS_openat, "open", 1},      {SYS_read, "read", -1},       {SYS_pread64, "read", -1},
    {SYS_readv, "read", -1},      {SYS_write, "write", -1},     {SYS_pwrite64, "write", -1},
    {SYS_writev, "write", -1},    {SYS_fsync, "sync", -1},      {SYS_fdatasync, "sync", -1},
    {SYS_renameat2, "rename", 3}, {SYS_renameat, "rename", 3},  {SYS_mkdirat, "mkdir", 1},
    {SYS_unlinkat, "unlink", 1},  {SYS_close, "close", -1},
#ifdef SYS_open
    {SYS_open, "open", 0},        {SYS_rename, "rename", 1},    {SYS_mkdir, "mkdir", 0},
    {SYS_unlink, "unlink", 0},    {SYS_rmdir, "unlink", 0},
#endif
};

static const struct {
    const char *name;
    int number;
} ERRORS[] = {{"ENOSPC", ENOSPC}, {"EIO", EIO}, {"EINTR", EINTR}};

static char classes[64], piece[PATH_MAX], action[32], later;
static long wanted, seen;
static const char *log_file;

static long call(long number, long a, long b, long c, long d, long e) {
    long result = syscall(number, a, b, c, d, e, (long)MARK);
    return result < 0 ? -errno : result;
}

static int is(const char *name) { return !strcmp(action, name); }

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

static void note(const char *class, const char *path) {
    char line[PATH_MAX + 32];
    int length = snprintf(line, sizeof line, "%s %s\n", class, path);
    long file = call(SYS_openat, AT_FDCWD, (long)log_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644, 0);
    call(SYS_write, file, (long)line, length, 0, 0);
    call(SYS_close, file, 0, 0, 0, 0);
}

// The call with at most so many bytes; a vector gives up all but its first part.
static long at_most(long number, const long *a, size_t bytes) {
    if (number == SYS_readv || number == SYS_writev) {
        const struct iovec *first = (const struct iovec *)a[1];
        long one = number == SYS_readv ? SYS_read : SYS_write;
        return call(one, a[0], (long)first->iov_base, bytes < first->iov_len ? bytes : first->iov_len, 0, 0);
    }
    return call(number, a[0], a[1], bytes < (size_t)a[2] ? bytes : (size_t)a[2], a[3], a[4]);
}

static long with_fault(long number, const long *a, int moves_bytes) {
    size_t bytes = !moves_bytes                                     ? 0
                   : number == SYS_readv || number == SYS_writev ? ((const struct iovec *)a[1])->iov_len
                                                                 : (size_t)a[2];
    if (is("kill-before")) die();
    if (is("kill-half")) {
        if (bytes) at_most(number, a, bytes / 2);
        die();
    }
    // One byte cannot be halved, and none means the end.
    if (is("short") && bytes > 1) return at_most(number, a, bytes / 2);
    for (size_t i = 0; i < COUNT(ERRORS); i++)
        if (is(ERRORS[i].name)) return -ERRORS[i].number;
    long result = call(number, a[0], a[1], a[2], a[3], a[4]);
    if (is("kill-after")) die();
    return result;
}

static long within_quota(long number, const long *a) {
    long left = wanted - __atomic_load_n(&seen, __ATOMIC_SEQ_CST);
    if (left <= 0) return -ENOSPC;
    long result = at_most(number, a, (size_t)left);
    if (result > 0) __atomic_add_fetch(&seen, result, __ATOMIC_SEQ_CST);
    return result;
}

static long decide(long number, const long *a) {
    const char *class = "", *path = NULL;
    char of_file[PATH_MAX], link[64];
    for (size_t i = 0; i < COUNT(CALLS); i++) {
        if (CALLS[i].number != number) continue;
        class = CALLS[i].class;
        path = CALLS[i].path < 0 ? NULL : (const char *)a[CALLS[i].path];
        if (!strcmp(class, "open") && a[CALLS[i].path + 1] & (O_WRONLY | O_RDWR | O_CREAT)) class = "create";
    }
    if (!path) {
        snprintf(link, sizeof link, "/proc/self/fd/%ld", a[0]);
        ssize_t length = readlink(link, of_file, sizeof of_file - 1);
        of_file[length < 0 ? 0 : length] = 0;
        path = of_file;
    }
    if (!strstr(path, piece) || (strcmp(classes, "any") && !strstr(classes, class)))
        return call(number, a[0], a[1], a[2], a[3], a[4]);
    if (log_file) note(class, path);
    if (is("quota")) return within_quota(number, a);
    long turn = __atomic_add_fetch(&seen, 1, __ATOMIC_SEQ_CST);
    if (is("none") || turn < wanted || (turn > wanted && !later)) return call(number, a[0], a[1], a[2], a[3], a[4]);
    return with_fault(number, a, !strcmp(class, "read") || !strcmp(class, "write"));
}

static void trapped(int signal, siginfo_t *info, void *context) {
    int before = errno;
    mcontext_t *at = &((ucontext_t *)context)->uc_mcontext;
    (void)signal;
#if defined(__x86_64__)
    long a[] = {at->gregs[REG_RDI], at->gregs[REG_RSI], at->gregs[REG_RDX], at->gregs[REG_R10], at->gregs[REG_R8]};
    at->gregs[REG_RAX] = decide(info->si_syscall, a);
#elif defined(__aarch64__)
    long a[5];
    for (int i = 0; i < 5; i++) a[i] = (long)at->regs[i];
    at->regs[0] = (unsigned long)decide(info->si_syscall, a);
#else
#error "registers of this processor are not known"
#endif
    errno = before;
}

__attribute__((constructor)) static void begin(void) {
    const char *fault = getenv("DEC_GPU_FAULT");
    if (!fault) return;
    log_file = getenv("DEC_GPU_FAULT_LOG");
    char number[32] = "";
    int fields = sscanf(fault, "%63[^:]:%4095[^:]:%31[^:]:%31s", classes, piece, number, action);
    wanted = atol(number);
    later = number[0] && number[strlen(number) - 1] == '+';

    struct sigaction handler = {.sa_sigaction = trapped, .sa_flags = SA_SIGINFO | SA_NODEFER | SA_RESTART};
    struct sock_filter code[COUNT(CALLS) + 6];
    size_t n = 0;
    code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[5]));
    code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MARK, COUNT(CALLS) + 1, 0);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < COUNT(CALLS); i++)
        code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CALLS[i].number, COUNT(CALLS) - i, 0);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP);
    struct sock_fprog program = {(unsigned short)n, code};
    if (fields != 4 || sigaction(SIGSYS, &handler, NULL) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
        dprintf(2, "shim: no faults can be made by %s: %m\n", fault);
        _exit(99);
    }
}

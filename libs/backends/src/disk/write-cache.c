/*
 * Preloaded under a service, this makes its disk one with a volatile write cache: a journal says what a loss of power
 * would take from the files of one folder, and write-cache.ts takes it. What was not synced is gone then, all of it; names
 * (create, rename, unlink) are kept, as by a file system that keeps a log of them.
 *
 * Every fsync and fdatasync adds SYNCED: how long the file was when it began, and how long the journal was; of files elsewhere
 * too, since Redis makes some beside the folder and moves them in. Every write at a place in a file of the folder adds
 * OVERWRITTEN first: the bytes that were there. What is appended needs no entry, since it is beyond the length
 * of the last SYNCED; so a write by stdio, which cannot be seen here, must be an append, as Redis's are.
 *
 * A file is known by inode and time of birth: the number alone is used again.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { SYNCED = 1, OVERWRITTEN = 2 };

struct entry { uint64_t kind, inode, born_ns, offset, length; };
struct file { uint64_t inode, born_ns, size; };

static char folder[PATH_MAX];
static char journal[PATH_MAX];

__attribute__((constructor)) static void begin(void) {
  /* Kept: a service may write its title over its environment. */
  snprintf(folder, sizeof folder, "%s/", getenv("WRITE_CACHE_FOLDER"));
  snprintf(journal, sizeof journal, "%s", getenv("WRITE_CACHE_JOURNAL"));
}

static void give_up(const char *what) {
  perror(what);
  abort();
}

static struct file find(int fd) {
  struct statx found;
  if (statx(fd, "", AT_EMPTY_PATH, STATX_INO | STATX_SIZE | STATX_BTIME, &found) != 0) give_up("write cache: statx");
  uint64_t born_ns = found.stx_btime.tv_sec * 1000000000ull + found.stx_btime.tv_nsec;
  return (struct file){found.stx_ino, born_ns, found.stx_size};
}

/* One call a record, so that those of several processes stand one behind the other. */
static void append(struct entry entry, const void *bytes) {
  struct iovec parts[2] = {{&entry, sizeof entry}, {(void *)bytes, bytes ? entry.length : 0}};
  ssize_t whole = parts[0].iov_len + parts[1].iov_len;
  int fd = open(journal, O_WRONLY | O_APPEND | O_CLOEXEC);
  if (fd < 0 || writev(fd, parts, 2) != whole) give_up("write cache: journal");
  close(fd);
}

static uint64_t journal_size(void) {
  struct stat found;
  if (stat(journal, &found) != 0) give_up("write cache: journal");
  return found.st_size;
}

static int sync_with(long call, int fd) {
  struct file file = find(fd);
  uint64_t from = journal_size();
  int result = syscall(call, fd);
  if (result == 0) append((struct entry){SYNCED, file.inode, file.born_ns, file.size, from}, NULL);
  return result;
}

int fsync(int fd) { return sync_with(SYS_fsync, fd); }
int fdatasync(int fd) { return sync_with(SYS_fdatasync, fd); }

static void keep_old(int fd, size_t length, off_t offset) {
  int before = errno;
  char link[64], path[PATH_MAX] = "";
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  if (readlink(link, path, sizeof path - 1) > 0 && strncmp(path, folder, strlen(folder)) == 0) {
    struct file file = find(fd);
    char *old = malloc(length);
    /* The same file once more: a writer may have opened it for writing alone. */
    int reader = open(link, O_RDONLY | O_CLOEXEC);
    ssize_t had = reader < 0 ? -1 : pread(reader, old, length, offset);
    if (had < 0) give_up("write cache: read");
    close(reader);
    if (had > 0) append((struct entry){OVERWRITTEN, file.inode, file.born_ns, offset, had}, old);
    free(old);
  }
  errno = before;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
  keep_old(fd, length, offset);
  return syscall(SYS_pwrite64, fd, bytes, length, offset);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
  size_t length = 0;
  for (int i = 0; i < count; i++) length += parts[i].iov_len;
  keep_old(fd, length, offset);
  return syscall(SYS_pwritev, fd, parts, count, offset, 0);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t offset) { return pwrite(fd, bytes, length, offset); }
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t offset) { return pwritev(fd, parts, count, offset); }

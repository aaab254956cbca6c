/* Requests to the process that emulates the devices, and its answers. */
#include "libusb.h"

int connect_to_emulator(void) {
    const char *path = getenv("EMULATORS_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (!path || strlen(path) >= sizeof address.sun_path) return -1;
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    while (connect(fd, (struct sockaddr *)&address, sizeof address)) {
        if (errno == EINTR) continue;
        close(fd);
        return -1;
    }
    return fd;
}

static int send_all(int fd, const void *data, size_t size, int flags) {
    const char *from = data;
    while (size) {
        ssize_t sent = send(fd, from, size, MSG_NOSIGNAL | flags);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return -1;
        from += sent;
        size -= (size_t)sent;
    }
    return 0;
}

static int receive_all(int fd, void *data, size_t size) {
    char *to = data;
    while (size) {
        ssize_t got = recv(fd, to, size, MSG_WAITALL);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return -1;
        to += got;
        size -= (size_t)got;
    }
    return 0;
}

static int receive_rest(int fd, size_t size) {
    char scrap[256];
    while (size) {
        size_t part = size < sizeof scrap ? size : sizeof scrap;
        if (receive_all(fd, scrap, part)) return -1;
        size -= part;
    }
    return 0;
}

/* Ask, and get the status; -1 in *broken means that the emulator is gone. `out` is sent, up to `room` bytes come in. */
int ask(int fd, struct request request, const void *out, size_t out_size, void *in, size_t room, struct answer *answer,
        int *broken) {
    *broken = 1;
    if (send_all(fd, &request, sizeof request, out_size ? MSG_MORE : 0)) return ERROR_NO_DEVICE;
    if (out_size && send_all(fd, out, out_size, 0)) return ERROR_NO_DEVICE;
    if (receive_all(fd, answer, sizeof *answer)) return ERROR_NO_DEVICE;
    size_t wanted = answer->size < room ? answer->size : room;
    if (receive_all(fd, in, wanted) || receive_rest(fd, answer->size - wanted)) return ERROR_NO_DEVICE;
    if (answer->status == CRASH) {
        signal(SIGSEGV, SIG_DFL);
        raise(SIGSEGV);
    }
    *broken = 0;
    return answer->status;
}

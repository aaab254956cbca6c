/* A replacement of libusb-1.0 (soname libusb-1.0.so.0) whose devices are emulated by another process.
 *
 * Every call goes over a Unix socket (environment variable EMULATORS_SOCKET) to `python -m emulators.server`; the
 * messages are those of `emulators/wire.py`. One connection stands for an open handle, as the open file of
 * /dev/bus/usb/... does for the kernel: when the process dies the kernel closes it, and its claims end. Transfers have
 * connections of their own, as many as are under way at once, so that none waits for another.
 *
 * There are no asynchronous transfers. If the other process is gone, there are no devices any more.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>
#include <unistd.h>

#define API __attribute__((visibility("default")))

/* ---- the public interface of libusb-1.0, as far as it is needed ---- */

enum {
    SUCCESS = 0, ERROR_IO = -1, ERROR_INVALID_PARAM = -2, ERROR_ACCESS = -3, ERROR_NO_DEVICE = -4,
    ERROR_NOT_FOUND = -5, ERROR_BUSY = -6, ERROR_TIMEOUT = -7, ERROR_OVERFLOW = -8, ERROR_PIPE = -9,
    ERROR_INTERRUPTED = -10, ERROR_NO_MEM = -11, ERROR_NOT_SUPPORTED = -12, ERROR_OTHER = -99,
    CRASH = -1000 /* ours: the process that asks is to die */
};

enum { DT_DEVICE = 1, DT_CONFIG = 2, DT_STRING = 3, DT_INTERFACE = 4, DT_ENDPOINT = 5 };

struct libusb_device_descriptor {
    uint8_t bLength, bDescriptorType;
    uint16_t bcdUSB;
    uint8_t bDeviceClass, bDeviceSubClass, bDeviceProtocol, bMaxPacketSize0;
    uint16_t idVendor, idProduct, bcdDevice;
    uint8_t iManufacturer, iProduct, iSerialNumber, bNumConfigurations;
};

struct libusb_endpoint_descriptor {
    uint8_t bLength, bDescriptorType, bEndpointAddress, bmAttributes;
    uint16_t wMaxPacketSize;
    uint8_t bInterval, bRefresh, bSynchAddress;
    const unsigned char *extra;
    int extra_length;
};

struct libusb_interface_descriptor {
    uint8_t bLength, bDescriptorType, bInterfaceNumber, bAlternateSetting, bNumEndpoints;
    uint8_t bInterfaceClass, bInterfaceSubClass, bInterfaceProtocol, iInterface;
    const struct libusb_endpoint_descriptor *endpoint;
    const unsigned char *extra;
    int extra_length;
};

struct libusb_interface {
    const struct libusb_interface_descriptor *altsetting;
    int num_altsetting;
};

struct libusb_config_descriptor {
    uint8_t bLength, bDescriptorType;
    uint16_t wTotalLength;
    uint8_t bNumInterfaces, bConfigurationValue, iConfiguration, bmAttributes, MaxPower;
    const struct libusb_interface *interface;
    const unsigned char *extra;
    int extra_length;
};

struct libusb_version {
    uint16_t major, minor, micro, nano;
    const char *rc, *describe;
};

typedef struct libusb_context { int unused; } libusb_context;

#define MAX_ENDPOINTS 8
#define MAX_DEVICES 64

struct endpoint { uint8_t address, attributes; uint16_t size; };

typedef struct libusb_device {
    int references, listed;
    uint32_t id;
    uint8_t bus, address, port, endpoints;
    uint16_t vendor, product, release;
    struct endpoint endpoint[MAX_ENDPOINTS];
    struct libusb_device *next;
} libusb_device;

struct connection { int fd; struct connection *next; };

typedef struct libusb_device_handle {
    libusb_device *device;
    pid_t pid; /* a handle is of no use to the child of a fork */
    uint32_t token;
    int fd; /* stands for the handle */
    pthread_mutex_t calls, pool;
    struct connection *spare;
} libusb_device_handle;

/* whoever wants to know whether the devices are real looks for this name */
API const int piccolo3_emulated_usb = 1;

static libusb_context the_context;
static pthread_mutex_t devices_lock = PTHREAD_MUTEX_INITIALIZER;
static libusb_device *devices;
static pthread_once_t prepared = PTHREAD_ONCE_INIT;

static void lock_devices(void) { pthread_mutex_lock(&devices_lock); }
static void unlock_devices(void) { pthread_mutex_unlock(&devices_lock); }
static void prepare(void) { pthread_atfork(lock_devices, unlock_devices, unlock_devices); }

/* ---- the messages ---- */

struct __attribute__((packed)) request {
    uint8_t operation, endpoint;
    uint16_t value;
    uint32_t identity, timeout, length;
};

struct __attribute__((packed)) answer {
    int32_t status;
    uint32_t value, size;
};

static int connect_to_emulator(void) {
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
static int ask(int fd, struct request request, const void *out, size_t out_size, void *in, size_t room,
               struct answer *answer, int *broken) {
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

/* A short call of a handle that is no transfer. */
static int call(libusb_device_handle *handle, char operation, int value, uint32_t *result) {
    struct request request = {.operation = (uint8_t)operation, .value = (uint16_t)value};
    struct answer answer = {0};
    int broken, status;
    if (handle->pid != getpid()) return ERROR_NO_DEVICE;
    pthread_mutex_lock(&handle->calls);
    status = handle->fd < 0 ? ERROR_NO_DEVICE : ask(handle->fd, request, NULL, 0, NULL, 0, &answer, &broken);
    if (handle->fd >= 0 && broken) {
        close(handle->fd);
        handle->fd = -1;
    }
    pthread_mutex_unlock(&handle->calls);
    if (result) *result = answer.value;
    return status;
}

static int join(uint32_t token) {
    struct request request = {.operation = 'J', .identity = token};
    struct answer answer;
    int broken, fd = connect_to_emulator();
    if (fd >= 0 && ask(fd, request, NULL, 0, NULL, 0, &answer, &broken)) {
        close(fd);
        return -1;
    }
    return fd;
}

static struct connection *borrow(libusb_device_handle *handle) {
    pthread_mutex_lock(&handle->pool);
    struct connection *connection = handle->spare;
    if (connection) handle->spare = connection->next;
    pthread_mutex_unlock(&handle->pool);
    if (connection) return connection;
    int fd = join(handle->token);
    if (fd < 0) return NULL;
    connection = malloc(sizeof *connection);
    if (connection) connection->fd = fd;
    else close(fd);
    return connection;
}

static void give_back(libusb_device_handle *handle, struct connection *connection, int broken) {
    if (broken) {
        close(connection->fd);
        free(connection);
        return;
    }
    pthread_mutex_lock(&handle->pool);
    connection->next = handle->spare;
    handle->spare = connection;
    pthread_mutex_unlock(&handle->pool);
}

static int transfer(libusb_device_handle *handle, struct request request, const void *out, size_t out_size, void *in,
                    size_t room, uint32_t *transferred) {
    struct answer answer = {0};
    int broken, status;
    *transferred = 0;
    if (handle->pid != getpid()) return ERROR_NO_DEVICE;
    struct connection *connection = borrow(handle);
    if (!connection) return ERROR_NO_DEVICE;
    status = ask(connection->fd, request, out, out_size, in, room, &answer, &broken);
    give_back(handle, connection, broken);
    if (!broken) *transferred = answer.value;
    return status;
}

/* ---- devices ---- */

static void forget_unused(void) { /* with the lock */
    for (libusb_device **link = &devices; *link;) {
        libusb_device *device = *link;
        if (device->references || device->listed) {
            link = &device->next;
        } else {
            *link = device->next;
            free(device);
        }
    }
}

struct __attribute__((packed)) listed_device {
    uint32_t id;
    uint8_t bus, address, port, endpoints;
    uint16_t vendor, product, release;
    struct __attribute__((packed)) { uint8_t address, attributes; uint16_t size; } endpoint[MAX_ENDPOINTS];
};

static libusb_device *known_device(const struct listed_device *listed) { /* with the lock */
    libusb_device *device = devices;
    while (device && device->id != listed->id) device = device->next;
    if (!device) {
        device = calloc(1, sizeof *device);
        if (!device) return NULL;
        device->id = listed->id;
        device->bus = listed->bus;
        device->address = listed->address;
        device->port = listed->port;
        device->vendor = listed->vendor;
        device->product = listed->product;
        device->release = listed->release;
        device->endpoints = listed->endpoints < MAX_ENDPOINTS ? listed->endpoints : MAX_ENDPOINTS;
        for (int i = 0; i < device->endpoints; i++) {
            device->endpoint[i].address = listed->endpoint[i].address;
            device->endpoint[i].attributes = listed->endpoint[i].attributes;
            device->endpoint[i].size = listed->endpoint[i].size;
        }
        device->next = devices;
        devices = device;
    }
    device->listed = 1;
    device->references++;
    return device;
}

API ssize_t libusb_get_device_list(libusb_context *context, libusb_device ***list) {
    static const struct request request = {.operation = 'L'};
    struct listed_device listed[MAX_DEVICES];
    struct answer answer = {0};
    int broken = 1, fd = connect_to_emulator();
    ssize_t count = 0;
    (void)context;
    if (fd >= 0) {
        ask(fd, request, NULL, 0, listed, sizeof listed, &answer, &broken);
        close(fd);
    }
    size_t size = broken ? 0 : answer.size < sizeof listed ? answer.size : sizeof listed;
    libusb_device **result = calloc(MAX_DEVICES + 1, sizeof *result);
    if (!result) return ERROR_NO_MEM;
    pthread_once(&prepared, prepare);
    lock_devices();
    for (libusb_device *device = devices; device; device = device->next) device->listed = 0;
    for (size_t i = 0; i < size / sizeof listed[0]; i++)
        if ((result[count] = known_device(&listed[i]))) count++;
    forget_unused();
    unlock_devices();
    *list = result;
    return count;
}

API libusb_device *libusb_ref_device(libusb_device *device) {
    lock_devices();
    device->references++;
    unlock_devices();
    return device;
}

API void libusb_unref_device(libusb_device *device) {
    if (!device) return;
    lock_devices();
    device->references--;
    forget_unused();
    unlock_devices();
}

API void libusb_free_device_list(libusb_device **list, int unreference) {
    if (!list) return;
    for (libusb_device **device = list; unreference && *device; device++) libusb_unref_device(*device);
    free(list);
}

API uint8_t libusb_get_bus_number(libusb_device *device) { return device->bus; }
API uint8_t libusb_get_device_address(libusb_device *device) { return device->address; }
API uint8_t libusb_get_port_number(libusb_device *device) { return device->port; }
API int libusb_get_device_speed(libusb_device *device) { (void)device; return 3; /* high */ }
API libusb_device *libusb_get_parent(libusb_device *device) { (void)device; return NULL; }

API int libusb_get_port_numbers(libusb_device *device, uint8_t *numbers, int room) {
    if (room < 1) return ERROR_OVERFLOW;
    numbers[0] = device->port;
    return 1;
}

API int libusb_get_max_packet_size(libusb_device *device, unsigned char address) {
    for (int i = 0; i < device->endpoints; i++)
        if (device->endpoint[i].address == address) return device->endpoint[i].size;
    return ERROR_NOT_FOUND;
}

API int libusb_get_max_iso_packet_size(libusb_device *device, unsigned char address) {
    return libusb_get_max_packet_size(device, address);
}

API int libusb_get_device_descriptor(libusb_device *device, struct libusb_device_descriptor *descriptor) {
    *descriptor = (struct libusb_device_descriptor){
        .bLength = 18, .bDescriptorType = DT_DEVICE, .bcdUSB = 0x0200, .bDeviceClass = 0xFF, .bMaxPacketSize0 = 64,
        .idVendor = device->vendor, .idProduct = device->product, .bcdDevice = device->release, .iManufacturer = 1,
        .iProduct = 2, .iSerialNumber = 3, .bNumConfigurations = 1};
    return SUCCESS;
}

struct configuration { /* what a configuration descriptor points to, in one piece of memory */
    struct libusb_config_descriptor config;
    struct libusb_interface interface;
    struct libusb_interface_descriptor setting;
    struct libusb_endpoint_descriptor endpoint[MAX_ENDPOINTS];
};

API int libusb_get_config_descriptor(libusb_device *device, uint8_t index, struct libusb_config_descriptor **config) {
    struct configuration *all;
    if (index) return ERROR_NOT_FOUND;
    if (!(all = calloc(1, sizeof *all))) return ERROR_NO_MEM;
    for (int i = 0; i < device->endpoints; i++)
        all->endpoint[i] = (struct libusb_endpoint_descriptor){
            .bLength = 7, .bDescriptorType = DT_ENDPOINT, .bEndpointAddress = device->endpoint[i].address,
            .bmAttributes = device->endpoint[i].attributes, .wMaxPacketSize = device->endpoint[i].size};
    all->setting = (struct libusb_interface_descriptor){
        .bLength = 9, .bDescriptorType = DT_INTERFACE, .bNumEndpoints = device->endpoints, .bInterfaceClass = 0xFF,
        .endpoint = all->endpoint};
    all->interface = (struct libusb_interface){.altsetting = &all->setting, .num_altsetting = 1};
    all->config = (struct libusb_config_descriptor){
        .bLength = 9, .bDescriptorType = DT_CONFIG, .wTotalLength = (uint16_t)(18 + 7 * device->endpoints),
        .bNumInterfaces = 1, .bConfigurationValue = 1, .bmAttributes = 0x80, .MaxPower = 250,
        .interface = &all->interface};
    *config = &all->config;
    return SUCCESS;
}

API int libusb_get_active_config_descriptor(libusb_device *device, struct libusb_config_descriptor **config) {
    return libusb_get_config_descriptor(device, 0, config);
}

API int libusb_get_config_descriptor_by_value(libusb_device *device, uint8_t value,
                                              struct libusb_config_descriptor **config) {
    return value == 1 ? libusb_get_config_descriptor(device, 0, config) : ERROR_NOT_FOUND;
}

API void libusb_free_config_descriptor(struct libusb_config_descriptor *config) { free(config); }

/* ---- handles ---- */

API int libusb_open(libusb_device *device, libusb_device_handle **result) {
    struct request request = {.operation = 'O', .identity = device->id};
    struct answer answer = {0};
    int broken = 1, status = ERROR_NO_DEVICE, fd = connect_to_emulator();
    if (fd < 0) return ERROR_NO_DEVICE;
    status = ask(fd, request, NULL, 0, NULL, 0, &answer, &broken);
    libusb_device_handle *handle = status ? NULL : calloc(1, sizeof *handle);
    if (!handle) {
        close(fd);
        return status ? status : ERROR_NO_MEM;
    }
    handle->device = libusb_ref_device(device);
    handle->pid = getpid();
    handle->token = answer.value;
    handle->fd = fd;
    pthread_mutex_init(&handle->calls, NULL);
    pthread_mutex_init(&handle->pool, NULL);
    *result = handle;
    return SUCCESS;
}

API void libusb_close(libusb_device_handle *handle) {
    if (!handle) return;
    call(handle, 'Z', 0, NULL);
    if (handle->fd >= 0) close(handle->fd);
    while (handle->spare) {
        struct connection *connection = handle->spare;
        handle->spare = connection->next;
        close(connection->fd);
        free(connection);
    }
    libusb_unref_device(handle->device);
    pthread_mutex_destroy(&handle->calls);
    pthread_mutex_destroy(&handle->pool);
    free(handle);
}

API libusb_device *libusb_get_device(libusb_device_handle *handle) { return handle->device; }

API libusb_device_handle *libusb_open_device_with_vid_pid(libusb_context *context, uint16_t vendor, uint16_t product) {
    libusb_device **list;
    libusb_device_handle *handle = NULL;
    ssize_t count = libusb_get_device_list(context, &list);
    for (ssize_t i = 0; i < count && !handle; i++)
        if (list[i]->vendor == vendor && list[i]->product == product && libusb_open(list[i], &handle)) handle = NULL;
    if (count >= 0) libusb_free_device_list(list, 1);
    return handle;
}

API int libusb_claim_interface(libusb_device_handle *handle, int number) { return call(handle, 'C', number, NULL); }
API int libusb_release_interface(libusb_device_handle *handle, int number) { return call(handle, 'R', number, NULL); }
API int libusb_set_configuration(libusb_device_handle *handle, int value) { return call(handle, 'S', value, NULL); }
API int libusb_reset_device(libusb_device_handle *handle) { return call(handle, 'X', 0, NULL); }

API int libusb_get_configuration(libusb_device_handle *handle, int *value) {
    uint32_t result = 0;
    int status = call(handle, 'G', 0, &result);
    *value = (int)result;
    return status;
}

API int libusb_set_interface_alt_setting(libusb_device_handle *handle, int number, int setting) {
    return number || setting ? ERROR_NOT_FOUND : call(handle, 'A', 0, NULL);
}

API int libusb_clear_halt(libusb_device_handle *handle, unsigned char endpoint) {
    return call(handle, 'H', endpoint, NULL);
}

API int libusb_kernel_driver_active(libusb_device_handle *handle, int number) {
    (void)handle, (void)number;
    return 0;
}

API int libusb_detach_kernel_driver(libusb_device_handle *handle, int number) {
    (void)handle, (void)number;
    return ERROR_NOT_FOUND;
}

API int libusb_attach_kernel_driver(libusb_device_handle *handle, int number) {
    (void)handle, (void)number;
    return ERROR_NOT_FOUND;
}

API int libusb_set_auto_detach_kernel_driver(libusb_device_handle *handle, int enable) {
    (void)handle, (void)enable;
    return SUCCESS;
}

/* ---- transfers ---- */

API int libusb_bulk_transfer(libusb_device_handle *handle, unsigned char endpoint, unsigned char *data, int length,
                             int *transferred, unsigned int timeout) {
    struct request request = {
        .operation = 'B', .endpoint = endpoint, .timeout = timeout, .length = (uint32_t)length};
    int in = endpoint & 0x80;
    uint32_t done;
    if (length < 0) return ERROR_INVALID_PARAM;
    int status = transfer(handle, request, data, in ? 0 : (size_t)length, data, in ? (size_t)length : 0, &done);
    if (transferred) *transferred = (int)done;
    return status;
}

API int libusb_interrupt_transfer(libusb_device_handle *handle, unsigned char endpoint, unsigned char *data,
                                  int length, int *transferred, unsigned int timeout) {
    return libusb_bulk_transfer(handle, endpoint, data, length, transferred, timeout);
}

API int libusb_control_transfer(libusb_device_handle *handle, uint8_t type, uint8_t number, uint16_t value,
                                uint16_t index, unsigned char *data, uint16_t length, unsigned int timeout) {
    unsigned char out[8 + 65535] = {
        type, number, (unsigned char)value, (unsigned char)(value >> 8), (unsigned char)index,
        (unsigned char)(index >> 8), (unsigned char)length, (unsigned char)(length >> 8)};
    int in = type & 0x80;
    size_t size = 8;
    if (!in && length) memcpy(out + size, data, length), size += length;
    struct request request = {.operation = 'T', .timeout = timeout, .length = (uint32_t)size};
    uint32_t done;
    int status = transfer(handle, request, out, size, data, in ? length : 0, &done);
    return status ? status : (int)done;
}

API int libusb_get_descriptor(libusb_device_handle *handle, uint8_t type, uint8_t index, unsigned char *data,
                              int length) {
    return libusb_control_transfer(handle, 0x80, 6, (uint16_t)(type << 8 | index), 0, data, (uint16_t)length, 1000);
}

API int libusb_get_string_descriptor(libusb_device_handle *handle, uint8_t index, uint16_t language,
                                     unsigned char *data, int length) {
    return libusb_control_transfer(handle, 0x80, 6, (uint16_t)(DT_STRING << 8 | index), language, data,
                                   (uint16_t)length, 1000);
}

API int libusb_get_string_descriptor_ascii(libusb_device_handle *handle, uint8_t index, unsigned char *data,
                                           int length) {
    unsigned char text[255];
    int count = 0, size = index ? libusb_get_string_descriptor(handle, index, 0x0409, text, sizeof text) : 0;
    if (!index || length < 1) return ERROR_INVALID_PARAM;
    if (size < 0) return size;
    for (int i = 2; i + 1 < size && count < length - 1; i += 2) data[count++] = text[i + 1] ? '?' : text[i];
    data[count] = 0;
    return count;
}

/* ---- the library itself ---- */

API int libusb_init(libusb_context **context) {
    pthread_once(&prepared, prepare);
    if (context) *context = &the_context;
    return SUCCESS;
}

API void libusb_exit(libusb_context *context) { (void)context; }
API void libusb_set_debug(libusb_context *context, int level) { (void)context, (void)level; }
API int libusb_set_option(libusb_context *context, int option, ...) { (void)context, (void)option; return SUCCESS; }
API int libusb_has_capability(uint32_t capability) { return capability == 0; }

API const struct libusb_version *libusb_get_version(void) {
    static const struct libusb_version version = {1, 0, 26, 0, "", "emulated"};
    return &version;
}

static const struct { int code; const char *name, *text; } errors[] = {
    {SUCCESS, "LIBUSB_SUCCESS", "Success"},
    {ERROR_IO, "LIBUSB_ERROR_IO", "Input/Output Error"},
    {ERROR_INVALID_PARAM, "LIBUSB_ERROR_INVALID_PARAM", "Invalid parameter"},
    {ERROR_ACCESS, "LIBUSB_ERROR_ACCESS", "Access denied (insufficient permissions)"},
    {ERROR_NO_DEVICE, "LIBUSB_ERROR_NO_DEVICE", "No such device (it may have been disconnected)"},
    {ERROR_NOT_FOUND, "LIBUSB_ERROR_NOT_FOUND", "Entity not found"},
    {ERROR_BUSY, "LIBUSB_ERROR_BUSY", "Resource busy"},
    {ERROR_TIMEOUT, "LIBUSB_ERROR_TIMEOUT", "Operation timed out"},
    {ERROR_OVERFLOW, "LIBUSB_ERROR_OVERFLOW", "Overflow"},
    {ERROR_PIPE, "LIBUSB_ERROR_PIPE", "Pipe error"},
    {ERROR_INTERRUPTED, "LIBUSB_ERROR_INTERRUPTED", "System call interrupted (perhaps due to signal)"},
    {ERROR_NO_MEM, "LIBUSB_ERROR_NO_MEM", "Insufficient memory"},
    {ERROR_NOT_SUPPORTED, "LIBUSB_ERROR_NOT_SUPPORTED",
     "Operation not supported or unimplemented on this platform"},
};

API const char *libusb_error_name(int code) {
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        if (errors[i].code == code) return errors[i].name;
    return "LIBUSB_ERROR_OTHER";
}

API const char *libusb_strerror(int code) {
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        if (errors[i].code == code) return errors[i].text;
    return "Other error";
}

/* ---- asynchronous transfers: there are none, but those who load the library want the names ---- */

API void *libusb_alloc_transfer(int packets) { (void)packets; return NULL; }
API void libusb_free_transfer(void *transfer) { (void)transfer; }
API int libusb_submit_transfer(void *transfer) { (void)transfer; return ERROR_NOT_SUPPORTED; }
API int libusb_cancel_transfer(void *transfer) { (void)transfer; return ERROR_NOT_SUPPORTED; }
API int libusb_handle_events(libusb_context *context) { (void)context; return ERROR_NOT_SUPPORTED; }

API int libusb_handle_events_timeout(libusb_context *context, void *time) {
    (void)context, (void)time;
    return ERROR_NOT_SUPPORTED;
}

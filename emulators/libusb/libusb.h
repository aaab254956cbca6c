/* A replacement of libusb-1.0 (soname libusb-1.0.so.0) whose devices are emulated by another process.
 *
 * Every call goes over a Unix socket (environment variable EMULATORS_SOCKET) to `python -m emulators.server`; the
 * messages are those of `emulators/wire.py`. One connection stands for an open handle, as the open file of
 * /dev/bus/usb/... does for the kernel: when the process dies the kernel closes it, and its claims end. Transfers have
 * connections of their own, as many as are under way at once, so that none waits for another.
 *
 * There are no asynchronous transfers. If the other process is gone, there are no devices any more.
 */
#ifndef EMULATORS_LIBUSB_H
#define EMULATORS_LIBUSB_H

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

/* ---- the messages, see messages.c ---- */

struct __attribute__((packed)) request {
    uint8_t operation, endpoint;
    uint16_t value;
    uint32_t identity, timeout, length;
};

struct __attribute__((packed)) answer {
    int32_t status;
    uint32_t value, size;
};

int connect_to_emulator(void);
int ask(int fd, struct request request, const void *out, size_t out_size, void *in, size_t room, struct answer *answer,
        int *broken);
void prepare_for_forks(void);

/* ---- what the files need of each other ---- */

API libusb_device *libusb_ref_device(libusb_device *device);
API void libusb_unref_device(libusb_device *device);
API ssize_t libusb_get_device_list(libusb_context *context, libusb_device ***list);
API void libusb_free_device_list(libusb_device **list, int unreference);

#endif

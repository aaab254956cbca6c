/* The devices on the bus, and their descriptors. */
#include "libusb.h"

static pthread_mutex_t devices_lock = PTHREAD_MUTEX_INITIALIZER;
static libusb_device *devices;
static pthread_once_t prepared = PTHREAD_ONCE_INIT;

static void lock_devices(void) { pthread_mutex_lock(&devices_lock); }
static void unlock_devices(void) { pthread_mutex_unlock(&devices_lock); }
static void prepare(void) { pthread_atfork(lock_devices, unlock_devices, unlock_devices); }

/* The lock is nobody's in the child of a fork. */
void prepare_for_forks(void) { pthread_once(&prepared, prepare); }

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
    prepare_for_forks();
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

/* Devices that are open: claims and transfers. */
#include "libusb.h"

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

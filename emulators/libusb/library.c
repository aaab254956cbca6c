/* The library itself, its errors, and the names of what it can't do. */
#include "libusb.h"

/* whoever wants to know whether the devices are real looks for this name */
API extern const int piccolo3_emulated_usb;
const int piccolo3_emulated_usb = 1;

static libusb_context the_context;

API int libusb_init(libusb_context **context) {
    prepare_for_forks();
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

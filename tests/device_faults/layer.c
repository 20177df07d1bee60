// A Vulkan layer that makes the n-th call of a function fail, as a driver does that runs out of memory or loses its device.
//
// DEC_GPU_FAULT=vkQueueSubmit:17:-4   the 17th call in the process returns VK_ERROR_DEVICE_LOST, and from then on every
//                                     submit to and wait for that device does
// DEC_GPU_FAULT=vkCreateBuffer:3:-2   the 3rd returns VK_ERROR_OUT_OF_DEVICE_MEMORY; the 4th succeeds again
// DEC_GPU_FAULT=vkQueueSubmit:17:0    the 17th never ends: neither it nor those after it are executed
// DEC_GPU_FAULT=vkCreateBuffer:3+:-2  the 3rd and all after it
// DEC_GPU_CALLS=FILE                  at exit, `function count` of every function that can fail, a line each
//
// cc -shared -fPIC -O1 -Wl,-z,nodelete -o libfaults.so layer.c. The few types of the layer interface that it needs are written out here
// (Vulkan Loader, "Layer interface"), so that it builds without Vulkan's headers.
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
enum { SUCCESS = 0, DEVICE_LOST = -4, LAYER_LINK = 0, INSTANCE_INFO = 47, DEVICE_INFO = 48, MOST_DEVICES = 64 };

typedef int32_t Result;
typedef void (*Function)(void);
typedef Function (*GetProc)(void *, const char *);
typedef struct Header { int32_t type; const struct Header *next; } Header;
typedef struct Link { struct Link *next; GetProc instance_proc; GetProc second_proc; } Link;
typedef struct Chain { Header header; int32_t function; Link *link; } Chain;
typedef struct Negotiate { int32_t type; void *next; uint32_t version; GetProc instance, device, physical; } Negotiate;

// Handles of a device and its queues begin with a pointer to the loader's table of that device.
typedef struct Device { void *key; void *handle; GetProc next; int lost, hung; } Device;

static Device devices[MOST_DEVICES];
static int device_count;
static GetProc next_instance_proc;
static void *the_instance;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static const char *const names[] = {
    "vkCreateBuffer", "vkAllocateMemory", "vkBindBufferMemory", "vkMapMemory", "vkQueueSubmit", "vkWaitSemaphores",
    "vkWaitForFences", "vkCreateComputePipelines", "vkCreateShaderModule", "vkCreateDescriptorPool",
    "vkAllocateDescriptorSets", "vkCreateCommandPool", "vkAllocateCommandBuffers", "vkCreateDevice"};
enum { NAMES = sizeof names / sizeof *names };
static long calls[NAMES];

static Device *of(const void *handle) {
    void *key = *(void *const *)handle;
    for (int i = device_count; i-- > 0;)
        if (devices[i].key == key) return &devices[i];
    abort();
}

// Counts a call; whether it is the one to fail, and how.
static int fails(const char *name, Result *result) {
    static char wanted[64];
    static long first, last;
    static int code;
    int is = 0;
    pthread_mutex_lock(&lock);
    const char *text = getenv("DEC_GPU_FAULT");
    if (text && !wanted[0]) {
        char sign = 0;
        if (sscanf(text, "%63[^:]:%ld%c", wanted, &first, &sign) != 3) abort();
        last = sign == '+' ? INT64_MAX : first;
        code = atoi(strrchr(text, ':') + 1);
    }
    for (int i = 0; i < NAMES; i++)
        if (!strcmp(names[i], name)) {
            calls[i]++;
            is = !strcmp(wanted, name) && calls[i] >= first && calls[i] <= last;
        }
    pthread_mutex_unlock(&lock);
    *result = code;
    return is;
}

__attribute__((destructor)) static void tell(void) {
    const char *path = getenv("DEC_GPU_CALLS");
    FILE *out = path ? fopen(path, "w") : NULL;
    if (!out) return;
    for (int i = 0; i < NAMES; i++) fprintf(out, "%s %ld\n", names[i], calls[i]);
    fclose(out);
}

// A function whose failure leaves the device as it is.
#define CAN_FAIL(name, parameters, arguments)                                      \
    static Result name parameters {                                                \
        Result result;                                                             \
        Device *device = of(handle);                                               \
        if (device->lost) return DEVICE_LOST;                                      \
        if (fails(#name, &result)) {                                               \
            if (result == DEVICE_LOST) device->lost = 1;                           \
            return result;                                                         \
        }                                                                          \
        return ((Result(*) parameters)device->next(device->handle, #name)) arguments; \
    }

CAN_FAIL(vkCreateBuffer, (void *handle, const void *a, const void *b, void *c), (handle, a, b, c))
CAN_FAIL(vkAllocateMemory, (void *handle, const void *a, const void *b, void *c), (handle, a, b, c))
CAN_FAIL(vkBindBufferMemory, (void *handle, void *a, void *b, uint64_t c), (handle, a, b, c))
CAN_FAIL(vkMapMemory, (void *handle, void *a, uint64_t b, uint64_t c, uint32_t d, void **e), (handle, a, b, c, d, e))
CAN_FAIL(vkWaitForFences, (void *handle, uint32_t a, const void *b, uint32_t c, uint64_t d), (handle, a, b, c, d))
CAN_FAIL(vkWaitSemaphores, (void *handle, const void *a, uint64_t b), (handle, a, b))
CAN_FAIL(vkCreateComputePipelines, (void *handle, void *a, uint32_t b, const void *c, const void *d, void *e),
         (handle, a, b, c, d, e))
CAN_FAIL(vkCreateShaderModule, (void *handle, const void *a, const void *b, void *c), (handle, a, b, c))
CAN_FAIL(vkCreateDescriptorPool, (void *handle, const void *a, const void *b, void *c), (handle, a, b, c))
CAN_FAIL(vkAllocateDescriptorSets, (void *handle, const void *a, void *b), (handle, a, b))
CAN_FAIL(vkCreateCommandPool, (void *handle, const void *a, const void *b, void *c), (handle, a, b, c))
CAN_FAIL(vkAllocateCommandBuffers, (void *handle, const void *a, void *b), (handle, a, b))

// One that hangs is not handed on, so what waits for it waits for ever.
static Result vkQueueSubmit(void *queue, uint32_t count, const void *submits, void *fence) {
    Result result;
    Device *device = of(queue);
    if (device->lost) return DEVICE_LOST;
    if (fails("vkQueueSubmit", &result)) {
        if (result == SUCCESS) device->hung = 1;
        else device->lost = 1;
        if (!device->hung) return result;
    }
    if (device->hung) return SUCCESS;
    typedef Result (*Submit)(void *, uint32_t, const void *, void *);
    return ((Submit)device->next(device->handle, "vkQueueSubmit"))(queue, count, submits, fence);
}

// A device that hangs is never idle.
static Result idle(void *handle, const char *name) {
    Device *device = of(handle);
    if (device->lost) return DEVICE_LOST;
    while (device->hung) pause();
    return ((Result(*)(void *))device->next(device->handle, name))(handle);
}
static Result vkQueueWaitIdle(void *queue) { return idle(queue, "vkQueueWaitIdle"); }
static Result vkDeviceWaitIdle(void *device) { return idle(device, "vkDeviceWaitIdle"); }

static Chain *link_of(const Header *info, int32_t type) {
    for (Header *at = (Header *)info->next; at; at = (Header *)at->next)
        if (at->type == type && ((Chain *)at)->function == LAYER_LINK) return (Chain *)at;
    abort();
}

static Result vkCreateInstance(const Header *info, const void *allocator, void **instance) {
    Chain *chain = link_of(info, INSTANCE_INFO);
    next_instance_proc = chain->link->instance_proc;
    chain->link = chain->link->next;
    typedef Result (*Create)(const Header *, const void *, void **);
    Result result = ((Create)next_instance_proc(NULL, "vkCreateInstance"))(info, allocator, instance);
    the_instance = *instance;
    return result;
}

static Result vkCreateDevice(void *physical, const Header *info, const void *allocator, void **device) {
    Result result;
    if (fails("vkCreateDevice", &result)) return result;
    Chain *chain = link_of(info, DEVICE_INFO);
    GetProc next = chain->link->second_proc;
    GetProc next_instance = chain->link->instance_proc;
    chain->link = chain->link->next;
    typedef Result (*Create)(void *, const Header *, const void *, void **);
    result = ((Create)next_instance(the_instance, "vkCreateDevice"))(physical, info, allocator, device);
    pthread_mutex_lock(&lock);
    if (device_count == MOST_DEVICES) abort();
    if (result == SUCCESS) devices[device_count++] = (Device){*(void **)*device, *device, next, 0, 0};
    pthread_mutex_unlock(&lock);
    return result;
}

#define OURS(name) \
    if (!strcmp(wanted, #name)) return (Function)name
static Function ours(const char *wanted) {
    OURS(vkCreateBuffer);
    OURS(vkAllocateMemory);
    OURS(vkBindBufferMemory);
    OURS(vkMapMemory);
    OURS(vkQueueSubmit);
    OURS(vkWaitForFences);
    OURS(vkWaitSemaphores);
    OURS(vkCreateComputePipelines);
    OURS(vkCreateShaderModule);
    OURS(vkCreateDescriptorPool);
    OURS(vkAllocateDescriptorSets);
    OURS(vkCreateCommandPool);
    OURS(vkAllocateCommandBuffers);
    OURS(vkQueueWaitIdle);
    OURS(vkDeviceWaitIdle);
    return NULL;
}

static Function device_proc(void *handle, const char *name) {
    Function function = ours(name);
    if (!strcmp(name, "vkGetDeviceProcAddr")) return (Function)device_proc;
    return function ? function : of(handle)->next(handle, name);
}

static Function instance_proc(void *instance, const char *name) {
    if (!strcmp(name, "vkGetInstanceProcAddr")) return (Function)instance_proc;
    if (!strcmp(name, "vkGetDeviceProcAddr")) return (Function)device_proc;
    if (!strcmp(name, "vkCreateInstance")) return (Function)vkCreateInstance;
    if (!strcmp(name, "vkCreateDevice")) return (Function)vkCreateDevice;
    Function function = ours(name);
    return function || !next_instance_proc ? function : next_instance_proc(instance, name);
}

EXPORT Result vkNegotiateLoaderLayerInterfaceVersion(Negotiate *with) {
    with->version = 2;
    with->instance = instance_proc;
    with->device = device_proc;
    with->physical = NULL;
    return SUCCESS;
}

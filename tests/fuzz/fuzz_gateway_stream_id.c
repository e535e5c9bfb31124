// Any text is refused, or taken for places that are what places are and whose text it is: nothing else reads the same.
#include <assert.h>
#include <string.h>

#include "services/gateway/stream_id.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    stream_place_t places[STREAM_SERVICES_MAX];
    char text[STREAM_ID_SIZE];
    size_t count;
    if (!stream_id_read((const char *)data, size, places, &count))
        return 0;
    assert(count > 0 && count <= STREAM_SERVICES_MAX);
    for (size_t i = 0; i < count; i++) {
        assert(places[i].sequence >= 0);
        assert(strspn(places[i].service, "abcdefghijklmnopqrstuvwxyz") == strlen(places[i].service));
        assert(places[i].service[0] != '\0');
    }
    assert(stream_id_write(places, count, text) == size);
    assert(memcmp(text, data, size) == 0);
    return 0;
}

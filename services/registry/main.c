#include "services/registry/service.h"

int main(int argc, char **argv)
{
    return service_run(&registry_service, argc, argv);
}

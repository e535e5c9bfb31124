#include "services/noticeboard/service.h"

int main(int argc, char **argv)
{
    return service_run(&noticeboard_service, argc, argv);
}

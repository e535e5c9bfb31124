#include "tests/integration/follower/copy.h"

int main(int argc, char **argv)
{
    return service_run(&copy_service, argc, argv);
}

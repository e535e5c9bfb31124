#include "services/referral/service.h"

int main(int argc, char **argv)
{
    return service_run(&referral_service, argc, argv);
}

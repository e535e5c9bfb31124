// Short names for the messages that the registry's rules and handlers work on.
#ifndef PCN_REGISTRY_MESSAGES_H
#define PCN_REGISTRY_MESSAGES_H

#include "pcn/registry/store/v1/exports.meta.h"
#include "pcn/registry/store/v1/reads.meta.h"
#include "pcn/registry/store/v1/store.meta.h"
#include "pcn/registry/v1/registry.meta.h"

typedef Pcn__Registry__V1__Organisation organisation_t;
typedef Pcn__Registry__V1__OrganisationKind organisation_kind_t;
typedef Pcn__Registry__V1__Network network_t;
typedef Pcn__Registry__V1__Member member_t;
typedef Pcn__Registry__V1__Director director_t;
typedef Pcn__Registry__V1__ListSize list_size_t;
typedef Pcn__Registry__V1__SubGroup sub_group_t;
typedef Pcn__Registry__V1__Finding finding_t;
// An organisation or network as it was loaded, with what a decision needs.
typedef Pcn__Registry__Store__V1__Aggregate aggregate_t;
typedef Pcn__Registry__Store__V1__References references_t;

#define ORGANISATION_TYPE (&pcn__registry__v1__organisation__type)
#define NETWORK_TYPE (&pcn__registry__v1__network__type)
#define MEMBER_TYPE (&pcn__registry__v1__member__type)
#define DIRECTOR_TYPE (&pcn__registry__v1__director__type)
#define LIST_SIZE_TYPE (&pcn__registry__v1__list_size__type)
#define SUB_GROUP_TYPE (&pcn__registry__v1__sub_group__type)
#define FINDING_TYPE (&pcn__registry__v1__finding__type)
#define AGGREGATE_TYPE (&pcn__registry__store__v1__aggregate__type)

#define KIND(name) PCN__REGISTRY__V1__ORGANISATION_KIND__ORGANISATION_KIND_##name
#define LEVEL(name) PCN__REGISTRY__V1__ORGANISATION_LEVEL__ORGANISATION_LEVEL_##name
#define STATUS_OF(name) PCN__REGISTRY__V1__ORGANISATION_STATUS__ORGANISATION_STATUS_##name
#define SIZE_KIND(name) PCN__REGISTRY__V1__LIST_SIZE_KIND__LIST_SIZE_KIND_##name
#define SEVERITY(name) PCN__REGISTRY__V1__FINDING_SEVERITY__FINDING_SEVERITY_##name

#endif

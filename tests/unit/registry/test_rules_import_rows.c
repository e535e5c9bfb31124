// Rows of every file: what each becomes, what the data set calls things, and what is said of those that are wrong.
#include "tests/unit/registry/import_support.h"

#define ROWS(file, text, expected) assert_import(*state, file ".csv", text, expected)

static void every_file_of_ours_is_read_whole(void **state)
{
    ROWS("organisations",
         "code,name,kind,level,parent,place,status,opened_on,closed_on,former_names,identifiers,stated_population,stated_practice_count,"
         "payee,"
         "mapped_area,agreement_on,source,notes,facts_from,recorded_at\n"
         "pcn-a,Network A,network,neighbourhood,ccg-a,la-a,closed,2019-07-01,2020-04-01,\"[\"\"Old\"\",\"\"Older\"\"]\","
         "\"[{\"\"system\"\":\"\"ods\"\",\"\"value\"\":\"\"U1\"\"}]\",30000,5,gp-a,North,2019-06-01,letter,\"a\nb\",2019-07-02,"
         "2019-07-03T10:00:00Z\n",
         "1,2,\"organisations\",{\"code\":\"pcn-a\",\"name\":\"Network "
         "A\",\"kind\":\"network\",\"level\":\"neighbourhood\",\"parent\":\"ccg-a\","
         "\"place\":\"la-a\",\"status\":\"closed\",\"openedOn\":\"2019-07-01\",\"closedOn\":\"2020-04-01\",\"formerNames\":[\"Old\","
         "\"Older\"],"
         "\"identifiers\":[{\"system\":\"ods\",\"value\":\"U1\"}],\"statedPopulation\":30000,\"statedPracticeCount\":5,\"payee\":\"gp-a\","
         "\"mappedArea\":\"North\",\"agreementOn\":\"2019-06-01\",\"source\":\"letter\",\"notes\":\"a\\nb\",\"factsFrom\":\"2019-07-02\","
         "\"recordedAt\":\"2019-07-03T10:00:00Z\"}\norganisations.csv 1\n");
    ROWS("past",
         "code,from,to,recorded_at,superseded_at,name,level,parent,place,status,opened_on,closed_on,former_names,identifiers,"
         "stated_population,stated_practice_count,payee,mapped_area,agreement_on,source,notes\n"
         "gp-a,,2019-06-30,2019-07-03T10:00:00Z,2019-07-04T10:00:00Z,A,practice,ccg-a,la-a,active,,,,,7,,,,,,\n",
         "1,2,\"past\",{\"code\":\"gp-a\",\"to\":\"2019-06-30\",\"recordedAt\":\"2019-07-03T10:00:00Z\","
         "\"supersededAt\":\"2019-07-04T10:00:00Z\",\"name\":\"A\",\"level\":\"practice\",\"parent\":\"ccg-a\",\"place\":\"la-a\","
         "\"status\":\"active\",\"statedPopulation\":7}\npast.csv 1\n");
    ROWS("coming", "code,from,changes,recorded_at\ngp-a,2030-01-01,\"{\"\"name\"\":\"\"B\"\",\"\"notes\"\":null}\",2019-07-03T10:00:00Z\n",
         "1,2,\"coming\",{\"code\":\"gp-a\",\"from\":\"2030-01-01\",\"changes\":{\"name\":\"B\",\"notes\":null},"
         "\"recordedAt\":\"2019-07-03T10:00:00Z\"}\ncoming.csv 1\n");
    ROWS("successions", "predecessor,successor,on,manner,source,recorded_at\nccg-a,ccg-b,2020-04-01,merge,x,2019-07-03T10:00:00Z\n",
         "1,2,\"successions\",{\"predecessor\":\"ccg-a\",\"successor\":\"ccg-b\",\"on\":\"2020-04-01\",\"manner\":\"merge\",\"source\":"
         "\"x\","
         "\"recordedAt\":\"2019-07-03T10:00:00Z\"}\nsuccessions.csv 1\n");
    ROWS("sub_groups", "network,code,source\npcn-a,g1,x\n",
         "1,2,\"sub_groups\",{\"network\":\"pcn-a\",\"code\":\"g1\",\"source\":\"x\"}\nsub_groups.csv 1\n");
    ROWS("memberships",
         "network,practice,sub_group,from,to,from_assumed,source,recorded_at,end_recorded_at\n"
         "pcn-a,gp-a,g1,2019-07-02,2020-01-01,false,x,2019-07-03T10:00:00Z,2020-01-01T10:00:00Z\npcn-a,gp-b,,,,,,,\n",
         "1,2,\"memberships\",{\"network\":\"pcn-a\",\"practice\":\"gp-a\",\"subGroup\":\"g1\",\"from\":\"2019-07-02\",\"to\":\"2020-01-"
         "01\","
         "\"fromAssumed\":false,\"source\":\"x\",\"recordedAt\":\"2019-07-03T10:00:00Z\",\"endRecordedAt\":\"2020-01-01T10:00:00Z\"}\n"
         "1,3,\"memberships\",{\"network\":\"pcn-a\",\"practice\":\"gp-b\",\"from\":\"2019-07-01\",\"fromAssumed\":true}\n"
         "memberships.csv 2\n");
    ROWS("directors",
         "network,name,from,to,share,from_assumed,source,recorded_at,end_recorded_at\npcn-a,Dr A,2019-07-02,,0.5,true,x,,\npcn-a,Dr "
         "B,,,,,,,\n",
         "1,2,\"directors\",{\"network\":\"pcn-a\",\"name\":\"Dr A\",\"from\":\"2019-07-02\",\"share\":\"0.5\",\"fromAssumed\":true,"
         "\"source\":\"x\"}\n"
         "1,3,\"directors\",{\"network\":\"pcn-a\",\"name\":\"Dr B\",\"from\":\"2019-07-01\",\"fromAssumed\":true}\ndirectors.csv 2\n");
    ROWS(
        "waivers", "network,from,to,reason,granted_by,source,recorded_at\npcn-a,2019-07-02,2020-07-01,rural,ccg-a,x,2019-07-03T10:00:00Z\n",
        "1,2,\"waivers\",{\"network\":\"pcn-a\",\"from\":\"2019-07-02\",\"to\":\"2020-07-01\",\"reason\":\"rural\",\"grantedBy\":\"ccg-a\","
        "\"source\":\"x\",\"recordedAt\":\"2019-07-03T10:00:00Z\"}\nwaivers.csv 1\n");
    ROWS("list_sizes",
         "organisation,kind,sub_group,as_of,synthetic,count,source,recorded_at\ngp-a,weighted,,2019-07-01,true,0,x,\npcn-a,registered,g1,"
         "2019-07-01,,100000000,x,2019-07-03T10:00:00+01:00\n",
         "1,2,\"list_sizes\",{\"organisation\":\"gp-a\",\"kind\":\"weighted\",\"asOf\":\"2019-07-01\",\"synthetic\":true,\"count\":0,"
         "\"source\":\"x\"}\n"
         "1,3,\"list_sizes\",{\"organisation\":\"pcn-a\",\"kind\":\"registered\",\"subGroup\":\"g1\",\"asOf\":\"2019-07-01\","
         "\"count\":100000000,\"source\":\"x\",\"recordedAt\":\"2019-07-03T10:00:00+01:00\"}\nlist_sizes.csv 2\n");
    ROWS("facts", "organisation,fact,qualifier,value,unit,period,notes,source\nics-a,pcns,ge,47,networks,2019,n,x\n",
         "1,2,\"facts\",{\"organisation\":\"ics-a\",\"fact\":\"pcns\",\"qualifier\":\"ge\",\"value\":\"47\",\"unit\":\"networks\","
         "\"period\":\"2019\",\"notes\":\"n\",\"source\":\"x\"}\nfacts.csv 1\n");
    ROWS("systems", "practice,system,from,to,source\ngp-a,SystmOne,2019-07-01,2019-07-01,x\n",
         "1,2,\"systems\",{\"practice\":\"gp-a\",\"system\":\"SystmOne\",\"from\":\"2019-07-01\",\"to\":\"2019-07-01\",\"source\":\"x\"}\n"
         "systems.csv 1\n");
    ROWS("alignments", "service,organisation,name,kind,provider,from,to,source\nilt-a,pcn-a,Team,locality-team,tr-a,2019-07-01,,x\n",
         "1,2,\"alignments\",{\"service\":\"ilt-a\",\"organisation\":\"pcn-a\",\"name\":\"Team\",\"kind\":\"locality-team\","
         "\"provider\":\"tr-a\",\"from\":\"2019-07-01\",\"source\":\"x\"}\nalignments.csv 1\n");
    ROWS("sites",
         "code,organisation,name,kind,address,tenure,floor_area,from,to,source,notes\nst-a,gp-a,S,branch,1 "
         "Road,owned,12.50,,2020-01-01,x,n\n",
         "1,2,\"sites\",{\"code\":\"st-a\",\"organisation\":\"gp-a\",\"name\":\"S\",\"kind\":\"branch\",\"address\":\"1 Road\","
         "\"tenure\":\"owned\",\"floorArea\":\"12.50\",\"to\":\"2020-01-01\",\"source\":\"x\",\"notes\":\"n\"}\nsites.csv 1\n");
    ROWS("superseded",
         "code,kind,fact,superseded_at,superseded_by\npcn-a,director,\"{\"\"name\"\":\"\"X\"\"}\",2019-07-03T10:00:00Z,change\n",
         "1,2,\"superseded\",{\"code\":\"pcn-a\",\"kind\":\"director\",\"fact\":{\"name\":\"X\"},\"supersededAt\":\"2019-07-03T10:00:00Z\","
         "\"supersededBy\":\"change\"}\nsuperseded.csv 1\n");
    ROWS("superseded", "code,kind,fact,recorded_at,superseded_at\npcn-a,director,\"{\"\"name\"\":\"\"X\"\"}\",,2019-07-03T10:00:00Z\n",
         "1,2,\"superseded\",{\"code\":\"pcn-a\",\"kind\":\"director\",\"fact\":{\"name\":\"X\"},\"supersededAt\":\"2019-07-03T10:00:00Z\"}"
         "\n"
         "superseded.csv 1\n");
}

static void organisations_of_the_data_set_are_read(void **state)
{
    ROWS(
        "organisations",
        "code,name,kind,parent_code,level,stated_population,stated_practice_count,source,notes\n"
        "ics-a,System A,ics,,system,1114316,136,\"002.txt sections 3.2, 3.3\",developing\n"
        "la-a,Council A,local_authority,ics-a,,,,x,\n"
        "pcn-a,SLAM,pcn,ccg-a,neighbourhood,,,x,\n",
        "1,2,\"organisations\",{\"code\":\"ics-a\",\"name\":\"System "
        "A\",\"kind\":\"ics\",\"level\":\"system\",\"statedPopulation\":1114316,"
        "\"statedPracticeCount\":136,\"source\":\"002.txt sections 3.2, 3.3\",\"notes\":\"developing\"}\n"
        "1,3,\"organisations\",{\"code\":\"la-a\",\"name\":\"Council "
        "A\",\"kind\":\"local-authority\",\"parent\":\"ics-a\",\"source\":\"x\"}\n"
        "1,4,\"organisations\",{\"code\":\"pcn-a\",\"name\":\"SLAM\",\"kind\":\"network\",\"level\":\"neighbourhood\",\"parent\":\"ccg-a\","
        "\"source\":\"x\"}\norganisations.csv 3\n");
}

static void a_network_of_the_data_set_is_several_rows(void **state)
{
    ROWS(
        "pcns",
        "pcn_code,ccg,name,list_size,list_size_as_written,practice_count,clinical_directors,as_of,place_code,notes,source\n"
        "pcn-a,ccg-a,SLAM,69519,69 519,5,Dr A ;  Dr B; ,2019-06-20,la-a,n,x\npcn-b,,,7,,,,2019-06-20,,,y\n",
        "1,2,\"organisation_parts\",{\"code\":\"pcn-a\",\"place\":\"la-a\",\"statedPracticeCount\":5}\n"
        "1,2,\"list_sizes\",{\"organisation\":\"pcn-a\",\"kind\":\"registered\",\"asOf\":\"2019-06-20\",\"count\":69519,\"source\":\"x\"}\n"
        "1,2,\"directors\",{\"network\":\"pcn-a\",\"name\":\"Dr A\",\"from\":\"2019-07-01\",\"fromAssumed\":true,\"source\":\"x\"}\n"
        "1,2,\"directors\",{\"network\":\"pcn-a\",\"name\":\"Dr B\",\"from\":\"2019-07-01\",\"fromAssumed\":true,\"source\":\"x\"}\n"
        "1,3,\"list_sizes\",{\"organisation\":\"pcn-b\",\"kind\":\"registered\",\"asOf\":\"2019-06-20\",\"count\":7,\"source\":\"y\"}\n"
        "pcns.csv 2\n");
}

static void other_files_of_the_data_set_are_read(void **state)
{
    ROWS("pcn_sub_groups", "sub_group,pcn_code,row_order,list_size,director_on_row,source\nnwl-1,pcn-a,1,42823,,x\n",
         "1,2,\"list_sizes\",{\"organisation\":\"pcn-a\",\"kind\":\"registered\",\"subGroup\":\"nwl-1\",\"count\":42823,\"source\":\"x\"}\n"
         "pcn_sub_groups.csv 1\n");
    ROWS("practices", "practice_code,name,pcn_code,ccg,sub_group,notes,source\ngp-a,A,pcn-a,ccg-a,nwl-1,,x\n",
         "1,2,\"memberships\",{\"network\":\"pcn-a\",\"practice\":\"gp-a\",\"subGroup\":\"nwl-1\",\"from\":\"2019-07-01\",\"fromAssumed\":"
         "true,"
         "\"source\":\"x\"}\npractices.csv 1\n");
    ROWS("system_facts", "area_code,fact,qualifier,value,unit,period,notes,source\nics-a,staff,eq,22000,people,,,x\nengland,y,eq,1,,,,x\n",
         "1,2,\"facts\",{\"organisation\":\"ics-a\",\"fact\":\"staff\",\"qualifier\":\"eq\",\"value\":\"22000\",\"unit\":\"people\","
         "\"source\":\"x\"}\nsystem_facts.csv 2\n");
    ROWS("demographics", "area_code,indicator,qualifier,value,unit,period,notes,source\nccg-a,population,approx,1,,,,x\n",
         "1,2,\"facts\",{\"organisation\":\"ccg-a\",\"fact\":\"population\",\"qualifier\":\"approx\",\"value\":\"1\",\"source\":\"x\"}\n"
         "demographics.csv 1\n");
    ROWS("pcn_funding_implied",
         "stream_code,year,amount_gbp,population_implied_by_core_rate_1_50\nparticipation,2019/20,9,1146677\n"
         "core-pcn,2019/20,1720015,1146677\ncore-pcn,2020/21,1748662,1165775\n",
         "1,3,\"facts\",{\"organisation\":\"ics-llr\",\"fact\":\"population_implied_by_core_funding\",\"qualifier\":\"eq\",\"value\":"
         "\"1146677\",\"unit\":\"people\",\"period\":\"2019/20\",\"notes\":\"amount / 1.50, rounded\",\"source\":"
         "\"002_14b2ec4da8d9c2f3.txt section 16.3 (Table 5)\"}\npcn_funding_implied.csv 3\n");
    ROWS("facts", "area_code,indicator,qualifier,value,source\nengland,a,eq,1,x\nics-a,a,eq,1,x\n",
         "1,3,\"facts\",{\"organisation\":\"ics-a\",\"fact\":\"a\",\"qualifier\":\"eq\",\"value\":\"1\",\"source\":\"x\"}\nfacts.csv 2\n");
}

// ---- broken rows ----

typedef struct broken {
    const char *file, *header, *row, *field, *reason;
} broken_t;

#define ORGANISATION "organisations.csv", "code,name,kind,parent_code,status,opened_on,closed_on,identifiers,stated_population,payee"
#define SIZE "list_sizes.csv", "organisation,kind,as_of,synthetic,count,source"
#define MEMBER "memberships.csv", "network,practice,from,to,recorded_at"
#define DIRECTOR "directors.csv", "network,name,from,to,share"
#define PCN "pcns.csv", "pcn_code,list_size,practice_count,clinical_directors,as_of,place_code,source"
#define PAST "past.csv", "code,from,to,recorded_at,superseded_at,name,status,closed_on,opened_on"
#define COMING "coming.csv", "code,from,changes,recorded_at"

static const broken_t broken[] = {
    {ORGANISATION, ",A,ccg,,,,,,,", "code", "Is empty"},
    {ORGANISATION, "A B,A,ccg,,,,,,,", "code", "\"A B\" is not a code: 2 to 64 lower-case letters, digits and hyphens, or an ODS code"},
    {ORGANISATION, "ccg-a,,ccg,,,,,,,", "name", "Is empty"},
    {ORGANISATION, "ccg-a, ,ccg,,,,,,,", "name", "Must not be blank"},
    {ORGANISATION, "ccg-a,A\tB,ccg,,,,,,,", "name", "Holds a control character"},
    {ORGANISATION, "ccg-a,A\u202eB,ccg,,,,,,,", "name", "Must be one line without control characters"},
    {ORGANISATION, "ccg-a,\"A\nB\",ccg,,,,,,,", "name", "Holds a control character"},
    {ORGANISATION, "ccg-a,A,,,,,,,,", "kind", "Is empty"},
    {ORGANISATION, "ccg-a,A,clinic,,,,,,,", "kind", "\"clinic\" is not one of "},
    {ORGANISATION, "ccg-a,A,CCG,,,,,,,", "kind", "\"CCG\" is not one of "},
    {ORGANISATION, "ccg-a,A,ccg,ics a,,,,,,", "parent_code", "\"ics a\" is not a code"},
    {ORGANISATION, "ccg-a,A,ccg,,shut,,,,,", "status", "\"shut\" is not one of "},
    {ORGANISATION, "ccg-a,A,ccg,,,2019-02-29,,,,", "opened_on", "\"2019-02-29\" is not a date as in 2019-07-01"},
    {ORGANISATION, "ccg-a,A,ccg,,,01/07/2019,,,,", "opened_on", "\"01/07/2019\" is not a date as in 2019-07-01"},
    {ORGANISATION, "ccg-a,A,ccg,,closed,,,,,", "closed_on", "A closed organisation has the day on which it closed"},
    {ORGANISATION, "ccg-a,A,ccg,,,2019-07-01,2019-06-30,,,", "closed_on", "It cannot close before it opened, on 2019-07-01"},
    {ORGANISATION, "ccg-a,A,ccg,,,,,x,,", "identifiers", "This is not JSON"},
    {ORGANISATION, "ccg-a,A,ccg,,,,,{},,", "identifiers", "Must be a JSON array"},
    {ORGANISATION, "ccg-a,A,ccg,,,,,\"[],\"\"code\"\":\"\"ccg-b\"\"\",,", "identifiers", "Something follows the end of the JSON"},
    {ORGANISATION, "ccg-a,A,ccg,,,,,\"[{\"\"syst\"\":\"\"x\"\"}]\",,", "identifiers[0].syst", "There is no such field"},
    {ORGANISATION, "ccg-a,A,ccg,,,,,\"[{\"\"system\"\":\"\"x\"\"}]\",,", "identifiers[0].value", "Is required"},
    {ORGANISATION,
     "ccg-a,A,ccg,,,,,\"[{\"\"system\"\":\"\"ods\"\",\"\"value\"\":\"\"X\"\",\"\"from\"\":\"\"2020-01-01\"\",\"\"to\"\":\"\"2019-01-01\"\"}"
     "]\""
     ",,",
     "identifiers[0].to", "It cannot end before it begins"},
    {ORGANISATION, "ccg-a,A,ccg,,,,,,\"1,114\",", "stated_population", "\"1,114\" is not a whole number"},
    {ORGANISATION, "ccg-a,A,ccg,,,,,,-1,", "stated_population", "-1 is not between 0 and 100000000"},
    {ORGANISATION, "ccg-a,A,ccg,,,,,,1.5,", "stated_population", "\"1.5\" is not a whole number"},
    {ORGANISATION, "ccg-a,A,ccg,,,,,,99999999999999999999,", "stated_population", "\"99999999999999999999\" is not a whole number"},
    {ORGANISATION, "ccg-a,A,ccg,,,,,,,gp-a", "payee", "Only a network has a nominated payee"},
    {SIZE, "gp-a,registerd,2019-07-01,,1,x", "kind", "\"registerd\" is not one of "},
    {SIZE, "gp-a,registered,,,1,x", "as_of", "Is empty"},
    {SIZE, "gp-a,registered,2026-11-26,,1,x", "as_of", "Is in the future"},
    {SIZE, "gp-a,registered,2019-07-01,yes,1,x", "synthetic", "\"yes\" is neither true nor false"},
    {SIZE, "gp-a,registered,2019-07-01,,,x", "count", "Is empty"},
    {SIZE, "gp-a,registered,2019-07-01,,69 519,x", "count", "\"69 519\" is not a whole number"},
    {SIZE, "gp-a,registered,2019-07-01,,100000001,x", "count", "100000001 is not between 0 and 100000000"},
    {SIZE, "gp-a,registered,2019-07-01,,1,", "source", "Is empty"},
    {MEMBER, "pcn-a,gp-a,2019-07-01,2019-06-30,", "to", "Is before the first day, 2019-07-01"},
    {MEMBER, "pcn-a,gp-a,,2019-06-30,", "to", "Is before the first day, 2019-07-01"},
    {MEMBER, "pcn-a,pcn-a,,,", "practice", "Is the network"},
    {MEMBER, "pcn-a,gp-a,,,2019-07-01", "recorded_at", "\"2019-07-01\" is not an instant as in 2019-07-01T09:00:00Z"},
    {DIRECTOR, "pcn-a,Dr A,,,2", "share", "\"2\" does not match "},
    {DIRECTOR, "pcn-a,Dr A,,,0.0", "share", "A share is more than nothing"},
    {DIRECTOR, "pcn-a,Dr A,,2019-06-30,", "to", "Is before the first day, 2019-07-01"},
    {"waivers.csv", "network,from,to,reason", "pcn-a,2019-07-01,2019-06-30,rural", "to", "Is before the first day, 2019-07-01"},
    {"waivers.csv", "network,from,to,reason", "pcn-a,2019-07-01,,", "reason", "Is empty"},
    {"successions.csv", "predecessor,successor,on,manner", "ccg-a,ccg-a,2019-07-01,merge", "successor", "Is the predecessor"},
    {"successions.csv", "predecessor,successor,on,manner", "ccg-a,ccg-b,2019-07-01,eaten", "manner", "\"eaten\" does not match "},
    {"facts.csv", "area_code,fact,qualifier,value,source", "ics-a,Staff,eq,1,x", "fact", "\"Staff\" does not match "},
    {"facts.csv", "area_code,fact,qualifier,value,source", "ics a,staff,eq,1,x", "area_code", "\"ics a\" is not a code"},
    {"demographics.csv", "area_code,indicator,qualifier,value,source", "ics-a,,eq,1,x", "indicator", "Is empty"},
    {"systems.csv", "practice,system,from,to", "gp-a,S,2019-07-01,2019-06-30", "to", "Is before the first day, 2019-07-01"},
    {"alignments.csv", "service,organisation,name,kind,from,to", "s-a,gp-a,S,federation,2019-07-01,2019-06-30", "to",
     "Is before the first day, 2019-07-01"},
    {"sites.csv", "code,organisation,name,kind,floor_area,from,to", "s-a,gp-a,S,hub,,2019-07-01,2019-06-30", "to",
     "Is before the first day, 2019-07-01"},
    {"sites.csv", "code,organisation,name,kind,floor_area,from,to", "s-a,gp-a,S,hub,large,,", "floor_area", "\"large\" does not match "},
    {"superseded.csv", "code,kind,fact,superseded_at", "pcn-a,quark,{},2019-07-01T09:00:00Z", "kind",
     "Is not one of membership, director, list-size, fact, system, alignment, waiver: quark"},
    {"superseded.csv", "code,kind,fact,superseded_at", "pcn-a,director,{},2099-07-01T09:00:00Z", "superseded_at", "Is in the future"},
    {"systems.csv", "practice,system,from,end_recorded_at", "gp-a,One,2019-07-01,2099-07-01T09:00:00Z", "end_recorded_at",
     "Is in the future"},
    {"superseded.csv", "code,kind,fact,superseded_at", "pcn-a,director,5,2019-07-01T09:00:00Z", "fact", "Is no JSON object"},
    {"superseded.csv", "code,kind,fact,superseded_at", "pcn-a,director,{x},2019-07-01T09:00:00Z", "fact", "\"{x}\" is not JSON"},
    {"superseded.csv", "code,kind,fact,recorded_at,superseded_at", "pcn-a,director,{},2019-07-01T09:00:01Z,2019-07-01T09:00:00Z",
     "superseded_at", "Is before it was recorded, 2019-07-01T09:00:01Z"},
    {PAST, "gp-a,2019-07-02,2019-07-01,2019-07-01T09:00:00Z,,A,active,,", "to", "Is before the first day, 2019-07-02"},
    {PAST, "gp-a,,,2019-07-01T09:00:00Z,2019-07-01T08:00:00Z,A,active,,", "superseded_at", "Is before it was recorded, "},
    {PAST, "gp-a,,,2019-07-01T09:00:00Z,,A,closed,,", "closed_on", "A closed organisation has the day on which it closed"},
    {PAST, "gp-a,,,,,A,active,,", "recorded_at", "Is empty"},
    {COMING, "gp-a,2030-01-01,\"{\"\"nam\"\":1}\",2019-07-01T09:00:00Z", "changes.nam", "There is no such field"},
    {COMING, "gp-a,2030-01-01,\"{\"\"name\"\":null}\",2019-07-01T09:00:00Z", "changes.name", ""},
    {COMING, "gp-a,2030-01-01,{},2019-07-01T09:00:00Z", "changes", "Changes nothing"},
    {COMING, "gp-a,2030-01-01,[],2019-07-01T09:00:00Z", "changes", "Must be a JSON object"},
    {PCN, "pcn-a,,,,2019-06-20,,x", "list_size", "Is empty"},
    {PCN, "pcn-a,69 519,,,2019-06-20,,x", "list_size", "\"69 519\" is not a whole number"},
    {PCN, "pcn-a,1,,,2026-11-26,,x", "as_of", "Is in the future"},
    {PCN, "pcn-a,1,,Dr A; Dr A,2019-06-20,,x", "clinical_directors", "Names twice: Dr A"},
    {PCN, "pcn-a,1,,Dr A,2019-06-20,la a,x", "place_code", "\"la a\" is not a code"},
    {PCN, "pcn-a,1,,a1;a2;a3;a4;a5;a6;a7;a8;a9;b0;b1;b2;b3;b4;b5;b6;b7,2019-06-20,,x", "clinical_directors",
     "Names more than 16 directors"},
    {"practices.csv", "practice_code,pcn_code", "gp-a,gp-a", "practice_code", "Is the network"},
    {"practices.csv", "practice_code,pcn_code", "gp-a,", "pcn_code", "Is empty"},
    {"pcn_sub_groups.csv", "sub_group,pcn_code,list_size,source", "n 1,pcn-a,1,x", "sub_group", "\"n 1\" is not a code"},
};

static void broken_rows_are_named_with_field_and_reason(void **state)
{
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        const broken_t *row = &broken[i];
        char text[1024], expected[256];
        (void)snprintf(text, sizeof text, "%s\n\n%s\n", row->header, row->row);
        (void)snprintf(expected, sizeof expected, "1:3 %s: %s", row->field, row->reason);
        const char *made = import_bytes(*state, row->file, text, strlen(text), 0);
        if (strncmp(made, expected, strlen(expected)) != 0)
            fail_msg("%s: %s instead of %s", row->row, made, expected);
        assert_string_equal(import_bytes(*state, row->file, text, strlen(text), 1), made);
    }
}

static void every_bad_cell_of_a_row_is_told(void **state)
{
    ROWS("organisations", "code,name,kind,opened_on,stated_population\nA B,,clinic,x,many\n",
         "1:2 kind: \"clinic\" is not one of ics, ccg, sub-icb, local-authority, trust, provider, ambulance, federation, governance-group, "
         "partnership, representative-body, local-system, network, practice, voluntary, supplier\n"
         "1:2 stated_population: \"many\" is not a whole number\n"
         "1:2 name: Is empty\n"
         "1:2 code: \"A B\" is not a code: 2 to 64 lower-case letters, digits and hyphens, or an ODS code\n"
         "1:2 opened_on: \"x\" is not a date as in 2019-07-01\n"
         "organisations.csv 1\n");
}

static void long_texts_are_shown_in_short(void **state)
{
    char text[2048] = "code,name,kind\nx";
    for (int i = 0; i < 100; i++)
        strcat(text, "\xC3\xA9");
    strcat(text, ",A,ccg\nccg-a,");
    for (int i = 0; i < 201; i++)
        strcat(text, "\xC3\xA9");
    strcat(text, ",ccg\n");
    char *made = import_bytes(*state, "organisations.csv", text, strlen(text), 0);
    assert_non_null(strstr(made, "1:2 code: \"x\xC3\xA9"));
    assert_non_null(strstr(made, "…\" is not a code"));
    assert_non_null(strstr(made, "1:3 name: Has 201 characters; 200 at most\n"));
}

static void facts_do_not_hold_from_a_day_to_come(void **state)
{
    ROWS("organisations", "code,name,kind,facts_from\nccg-a,A,ccg,2026-11-25\nccg-b,B,ccg,2026-11-26\n",
         "1,2,\"organisations\",{\"code\":\"ccg-a\",\"name\":\"A\",\"kind\":\"ccg\",\"factsFrom\":\"2026-11-25\"}\n"
         "1:3 facts_from: Is after today: what comes then belongs in the file coming\norganisations.csv 2\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_file_of_ours_is_read_whole),
        TEST(organisations_of_the_data_set_are_read),
        TEST(a_network_of_the_data_set_is_several_rows),
        TEST(other_files_of_the_data_set_are_read),
        TEST(broken_rows_are_named_with_field_and_reason),
        TEST(every_bad_cell_of_a_row_is_told),
        TEST(long_texts_are_shown_in_short),
        TEST(facts_do_not_hold_from_a_day_to_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

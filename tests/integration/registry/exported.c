#include "tests/integration/registry/exported.h"

#include "common/pb/bytes.h"
#include "tests/integration/registry/verbs.h"

// ---- everything that there is a verb for ----

static void change(world_t *world, const char *code, const char *fields, const char *rest)
{
    char json[2048];
    (void)snprintf(json, sizeof json, "{'code':'%s','organisation':%s%s}", code, fields, rest);
    done(world, "UpdateOrganisation", json);
}

static void change_facts(world_t *world)
{
    change(world, "pcn-fosseway", "{'name':'Fosse Way'}", ",'effectiveFrom':'2023-04-01'");
    change(world, "pcn-fosseway",
           "{'notes':'first, \\\"second\\\"\\nthird','mappedArea':'https://maps.example/\\u00e9','agreementOn':'2019-06-28',"
           "'payee':'provider-dhu','formerNames':['Foss, \\\"Way\\\"','F\\u00f6sseway'],"
           "'identifiers':[{'system':'https://ids.example/a','value':'U, 1','from':'2019-07-01','to':'2020-01-01'},"
           "{'value':'2','system':'https://ids.example/b'}]}",
           "");
    change(world, "pcn-rutland", "{'name':'Rutland Health'}", ",'effectiveFrom':'2021-01-01'");
    change(world, "pcn-rutland", "{'name':'Rutland (wrong)'}", ",'effectiveFrom':'2022-01-01'");
    change(world, "pcn-rutland", "{'name':'Rutland Care'}", ",'effectiveFrom':'2022-01-01','correction':true");
    change(world, "trust-lpt", "{'name':'Partnership, renamed','formerNames':['Leicestershire Partnership']}",
           ",'effectiveFrom':'2027-01-01'");
    change(world, "trust-lpt", "{'identifiers':[{'system':'urn:x','value':'RT5'}],'statedPopulation':7}", ",'effectiveFrom':'2028-01-01'");
    done(world, "CloseOrganisation", "{'code':'team-workforce-delivery','on':'2026-12-31'}");
    done(world, "CloseOrganisation", "{'code':'group-gp-workforce','on':'2024-03-01','successors':['board-local-workforce-action']}");
}

static void change_networks(world_t *world)
{
    done(world, "MergeOrganisation", "{'code':'pcn-ch3-carillon','into':'pcn-ch4-beacon','on':'2025-04-01','source':'Board paper, 3'}");
    done(world, "SplitOrganisation",
         "{'code':'pcn-salutem','on':'2026-04-01','into':[{'code':'pcn-salutem-east','name':'Salutem East',"
         "'members':['gp-city-johnson-mp','gp-city-downing-drive']},{'code':'pcn-salutem-west','name':'Salutem West',"
         "'members':['gp-city-humberstone-mp','gp-city-st-elizabeths']}]}");
    done(world, "MoveMember",
         "{'code':'pcn-slam','practice':'gp-elr-county','network':'pcn-rutland','on':'2026-12-01','source':'A letter'}");
    done(world, "LeaveMember", "{'code':'pcn-slam','practice':'gp-elr-jubilee','on':'2024-01-01'}");
    // Below it once more, a year later, and no member.
    done(world, "UpdateOrganisation", "{'code':'gp-elr-jubilee','organisation':{'parent':'pcn-slam'},'effectiveFrom':'2025-01-01'}");
    done(world, "CorrectMember", "{'code':'pcn-slam','practice':'gp-elr-latham-house','from':'2019-07-01','newFrom':'2019-10-01'}");
    done(world, "AddDirector", "{'code':'pcn-salutem-east','director':{'name':'Dr \\\"Q\\\", A','from':'2026-04-01','share':'0.5'}}");
    done(world, "AddDirector",
         "{'code':'pcn-salutem-east','director':{'name':'Dr B','from':'2026-04-01','to':'2026-06-01','share':'0.5'}}");
    done(world, "CorrectDirector", "{'code':'pcn-salutem-east','name':'Dr B','from':'2026-04-01','newShare':'0.25'}");
    done(world, "AddListSize", "{'code':'pcn-slam','listSize':{'kind':'registered','count':28000,'asOf':'2026-01-01','source':'NHS'}}");
    done(world, "AddListSize",
         "{'code':'pcn-slam','correction':true,'listSize':{'kind':'registered','count':28500,'asOf':'2026-01-01','source':'Erratum'}}");
    done(world, "AddListSize", "{'code':'pcn-slam','listSize':{'kind':'weighted','count':29000,'asOf':'2026-01-01','source':'NHS'}}");
    done(world, "AddWaiver", "{'code':'pcn-harborough','waiver':{'from':'2020-01-01','reason':'Rural'}}");
    done(world, "EndWaiver", "{'code':'pcn-harborough','on':'2021-01-01'}");
    done(world, "AddWaiver", "{'code':'pcn-harborough','waiver':{'from':'2022-01-01','reason':'Still rural'}}");
    done(world, "CorrectWaiver",
         "{'code':'pcn-harborough','from':'2022-01-01','newTo':'2023-12-31','newReason':'Rural, still','newGrantedBy':'ics-llr'}");
}

static void change_beside(world_t *world)
{
    done(world, "AddFact", "{'code':'ccg-elr','fact':{'fact':'new_homes','qualifier':'eq','value':'7','period':'2020','source':'a plan'}}");
    done(world, "CorrectFact",
         "{'code':'ccg-elr','fact':'new_homes','qualifier':'eq','period':'2020','source':'a plan','newValue':'9','newUnit':'homes'}");
    done(world, "AddSystem", "{'code':'gp-elr-county','system':{'system':'EMIS Web','from':'2020-01-01','source':'s'}}");
    done(world, "EndSystem", "{'code':'gp-elr-county','on':'2021-04-01'}");
    done(world, "AddSystem", "{'code':'gp-elr-county','system':{'system':'Vision','from':'2022-01-01'}}");
    done(world, "CorrectSystem", "{'code':'gp-elr-county','from':'2022-01-01','newFrom':'2021-04-01','newSystem':'SystmOne'}");
    done(world, "AddAlignment",
         "{'code':'pcn-slam','alignment':{'service':'team-a','name':'Team A','kind':'locality-team','from':'2019-07-01'}}");
    done(world, "EndAlignment", "{'code':'pcn-slam','service':'team-a','on':'2020-04-01'}");
    done(world, "AddAlignment",
         "{'code':'pcn-slam','alignment':{'service':'team-b','name':'Team B','kind':'locality-team','from':'2021-01-01'}}");
    done(world, "CorrectAlignment",
         "{'code':'pcn-slam','service':'team-b','from':'2021-01-01','newProvider':'provider-dhu','newKind':'community-service'}");
    done(world, "CreateSite",
         "{'site':{'code':'site-county','organisation':'gp-elr-county','name':'County surgery','kind':'surgery','tenure':'owned',"
         "'address':'1, High Street','floorArea':'412.50','from':'2019-07-01','notes':'two\\nlines'}}");
    done(world, "CreateSite", "{'site':{'code':'site-branch','organisation':'gp-elr-county','name':'Branch','kind':'branch'}}");
}

int eventful_setup(void **state)
{
    if (llr_setup(state) != 0)
        return 1;
    change_facts(*state);
    change_networks(*state);
    change_beside(*state);
    return 0;
}

// ---- an export ----

// The text of a member of the last reply, which is one object of texts without escapes.
static const char *text_of(const world_t *world, const char *name, size_t *size)
{
    char key[64];
    (void)snprintf(key, sizeof key, "\"%s\":\"", name);
    const char *at = strstr(world->reply, key);
    if (at == NULL) {
        *size = 0;
        return "";
    }
    at += strlen(key);
    *size = strcspn(at, "\"");
    return at;
}

static void copy_text(const world_t *world, const char *name, char *out, size_t room)
{
    size_t size;
    const char *text = text_of(world, name, &size);
    assert_true(size < room);
    (void)snprintf(out, room, "%.*s", (int)size, text);
}

void exported_next(const world_t *world, char *token, size_t size)
{
    copy_text(world, "nextPageToken", token, size);
}

static void take(const world_t *world, exported_t *exported)
{
    size_t size, added = 0;
    const char *text = text_of(world, "data", &size);
    exported->data = realloc(exported->data, exported->size + size + 1);
    assert_non_null(exported->data);
    assert_true(pb_base64_read(text, size, (uint8_t *)exported->data + exported->size, &added));
    exported->size += added;
    exported->data[exported->size] = '\0';
    exported->pieces++;
}

void exported_get(world_t *world, const char *format, const char *between, exported_t *exported)
{
    char token[256] = "";
    *exported = (exported_t){0};
    assert_call(world, "Export", "{\"format\":\"%s\"}", format);
    copy_text(world, "contentType", exported->content_type, sizeof exported->content_type);
    copy_text(world, "fileName", exported->file_name, sizeof exported->file_name);
    if (between != NULL)
        free(test_database_query(world->database, between));
    for (;;) {
        take(world, exported);
        exported_next(world, token, sizeof token);
        if (token[0] == '\0')
            return;
        assert_call(world, "Export", "{\"format\":\"%s\",\"pageToken\":\"%s\"}", format, token);
        assert_reply_lacks(world, "contentType");
    }
}

void exported_free(exported_t *exported)
{
    free(exported->data);
    *exported = (exported_t){0};
}

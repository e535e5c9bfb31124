#include "tests/support/mix_booking_internal.h"

#include <stdio.h>
#include <string.h>

// ---- patients ----

bool mix_make_register_patient(mix_booking_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    size_t *next = &mix->world.next_person[deed->practice_number];
    (void)random;
    if (*next >= PEOPLE_STRIDE || (deed->practice->number + 1) * PEOPLE_STRIDE > PEOPLE_MAX)
        return false;
    patient_row_t *patient = row_add(&mix->world.patients, sizeof *patient);
    patient->practice = deed->practice;
    patient->person = deed->practice->number * PEOPLE_STRIDE + (*next)++;
    deed->patient = patient;
    const person_t person = mix_person(mix, patient->person);
    phase_change(request, "/v1/patients", "patients/");
    request->token = deed->practice->token;
    return phase_body(request, person_registration(&person, deed->practice->code, NULL));
}

bool mix_on_register_patient(mix_booking_t *mix, deed_t *deed, const load_answer_t *answer)
{
    if (answer->status == 201)
        phase_take_id(answer, deed->patient->id);
    else if (answer->status == 409)
        mix->world.unknown = deed->patient;
    return true;
}

bool mix_make_find_patient(mix_booking_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    deed->patient = mix->world.unknown != NULL ? mix->world.unknown : booking_world_patient(&mix->world, random, NULL);
    if (deed->patient == NULL)
        return false;
    mix->world.unknown = NULL;
    request->method = "POST";
    request->token = deed->patient->practice->token;
    snprintf(request->path, sizeof request->path, "/v1/patients:find");
    return phase_body(request, json_pack("{s:s}", "nhsNumber", mix_person(mix, deed->patient->person).nhs_number));
}

bool mix_on_find_patient(mix_booking_t *mix, deed_t *deed, const load_answer_t *answer)
{
    if (answer->status == 0)
        return true;
    json_t *body = json_loadb(answer->body, answer->size, 0, NULL);
    const char *id = json_string_value(json_object_get(json_array_get(json_object_get(body, "patients"), 0), "id"));
    if (id != NULL && deed->patient->id[0] == '\0')
        snprintf(deed->patient->id, sizeof deed->patient->id, "%s", id);
    const bool good = answer->status == 200 && id != NULL && strcmp(id, deed->patient->id) == 0;
    json_decref(body);
    return good || mix_wrong(mix, "patient %s was registered and is not found: %ld", deed->patient->id, answer->status);
}

bool mix_make_open_case(mix_booking_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    deed->patient = mix->world.urgent_care != NULL ? booking_world_patient(&mix->world, random, NULL) : NULL;
    if (deed->patient == NULL || deed->patient->has_case)
        return false;
    const person_t person = mix_person(mix, deed->patient->person);
    phase_change(request, "/v1/urgent-cases", "urgent-cases/");
    request->token = mix->world.urgent_care->token;
    return phase_body(request,
                      json_pack("{s:s, s:s, s:s}", "nhsNumber", person.nhs_number, "birthDate", person.birth_date, "need", "chest-pain"));
}

bool mix_on_open_case(mix_booking_t *mix, deed_t *deed, const load_answer_t *answer)
{
    (void)mix;
    deed->patient->has_case = deed->patient->has_case || answer->status == 201;
    return true;
}

// ---- online consultations ----

bool mix_make_consult(mix_booking_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    deed->patient = booking_world_patient(&mix->world, random, NULL);
    if (deed->patient == NULL)
        return false;
    deed->consultation = row_add(&mix->world.consultations, sizeof *deed->consultation);
    deed->consultation->patient = deed->patient;
    deed->consultation->busy = true;
    phase_change(request, "/v1/online-consultations", "online-consultations/");
    request->token = deed->patient->practice->token;
    return phase_body(request, json_pack("{s:s, s:s, s:[{s:s, s:s}]}", "patient", deed->patient->id, "service",
                                         deed->patient->practice->services[0].id, "answers", "question", "symptom", "answer", "A cough"));
}

bool mix_make_go_on_consulting(mix_booking_t *mix, load_random_t *random, load_request_t *request, deed_t *deed)
{
    static const char *const verbs[] = {"triage", "answer", "close"};
    consultation_row_t *consultation = row_draw(&mix->world.consultations, random);
    if (consultation == NULL || consultation->busy || consultation->step >= sizeof verbs / sizeof *verbs)
        return false;
    deed->consultation = consultation;
    consultation->busy = true;
    json_t *const bodies[] = {json_pack("{s:s}", "urgency", "soon"), json_pack("{s:s}", "text", "Rest and drink a lot"),
                              json_pack("{s:s}", "reason", "Better")};
    json_t *body = json_incref(bodies[consultation->step]);
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        json_decref(bodies[i]);
    return mix_set_verb(request, "online-consultations", consultation->id, verbs[consultation->step],
                        consultation->patient->practice->token, body);
}

// One that nobody is sure of stays busy, and is left alone.
bool mix_on_consultation(mix_booking_t *mix, deed_t *deed, const load_answer_t *answer)
{
    consultation_row_t *consultation = deed->consultation;
    (void)mix;
    if (!journal_is_success(answer->status))
        return true;
    if (consultation->id[0] == '\0')
        phase_take_id(answer, consultation->id);
    else
        consultation->step++;
    consultation->busy = false;
    return true;
}

#include "common/db/pool_internal.h"

void queue_push(db_queue_t *queue, db_query_t *query)
{
    query->next = NULL;
    if (queue->tail != NULL)
        queue->tail->next = query;
    else
        queue->head = query;
    queue->tail = query;
    queue->count++;
}

db_query_t *queue_pop(db_queue_t *queue)
{
    db_query_t *query = queue->head;
    if (query == NULL)
        return NULL;
    queue->head = query->next;
    if (queue->head == NULL)
        queue->tail = NULL;
    queue->count--;
    query->next = NULL;
    return query;
}

void queue_prepend(db_queue_t *queue, db_queue_t *front)
{
    if (front->head == NULL)
        return;
    front->tail->next = queue->head;
    if (queue->tail == NULL)
        queue->tail = front->tail;
    queue->head = front->head;
    queue->count += front->count;
    *front = (db_queue_t){0};
}

void queue_append_list(db_queue_t *queue, db_query_t *first)
{
    while (first != NULL) {
        db_query_t *next = first->next;
        queue_push(queue, first);
        first = next;
    }
}

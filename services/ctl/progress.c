#include "services/ctl/progress.h"

#include <string.h>

enum { BAR_WIDTH = 24 };

void progress_amount(int64_t bytes, char out[PROGRESS_AMOUNT_SIZE])
{
    static const char *const units[] = {"KiB", "MiB", "GiB"};
    double amount = (double)bytes / 1024;
    size_t unit = 0;
    for (; amount >= 1024 && unit < 2; unit++)
        amount /= 1024;
    if (bytes < 1024)
        snprintf(out, PROGRESS_AMOUNT_SIZE, "%lld B", (long long)bytes);
    else
        snprintf(out, PROGRESS_AMOUNT_SIZE, "%.1f %s", amount, units[unit]);
}

static void draw(progress_t *progress, const char *line)
{
    if (progress->drawn && strcmp(line, progress->line) == 0)
        return;
    snprintf(progress->line, sizeof progress->line, "%s", line);
    fprintf(progress->out, "\r\033[K%s", line);
    fflush(progress->out);
    progress->drawn = true;
}

void progress_show(progress_t *progress, const char *step, int64_t done, int64_t total, bool bytes)
{
    if (progress->out == NULL)
        return;
    const bool fresh = strcmp(step, progress->step) != 0;
    snprintf(progress->step, sizeof progress->step, "%s", step);
    if (!progress->terminal) {
        if (fresh)
            fprintf(progress->out, "%s\n", step);
        return;
    }
    char line[256], amount[PROGRESS_AMOUNT_SIZE], all[PROGRESS_AMOUNT_SIZE], bar[BAR_WIDTH + 1];
    if (total <= 0) {
        progress_amount(done, amount);
        snprintf(line, sizeof line, "%s  %s", step, bytes ? amount : "");
    } else {
        const int64_t known = done < 0 ? 0 : done > total ? total : done;
        const size_t filled = (size_t)(known * BAR_WIDTH / total);
        memset(bar, '.', BAR_WIDTH);
        memset(bar, '#', filled);
        bar[BAR_WIDTH] = '\0';
        progress_amount(known, amount);
        progress_amount(total, all);
        int size = snprintf(line, sizeof line, "%s  [%s] %3d%%", step, bar, (int)(known * 100 / total));
        if (bytes && size > 0 && (size_t)size < sizeof line)
            snprintf(line + size, sizeof line - (size_t)size, "  %s of %s", amount, all);
    }
    draw(progress, line);
}

void progress_clear(progress_t *progress)
{
    if (progress->drawn)
        fputs("\r\033[K", progress->out);
    progress->drawn = false;
}

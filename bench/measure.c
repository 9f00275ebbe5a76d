// SPDX-License-Identifier: Apache-2.0
// measure: whole-process times of several commands, taken in turns within one run, and their
// ratios.
//
//   measure [-n RUNS] [-w WARMUPS] [--json FILE] [--stdin FILE] [--exit CODE]
//           [--limit NAME=RATIO]... NAME=CMDLINE NAME=CMDLINE...
//
// Each round runs every command once, starting with another one each time, so that a busy moment of
// the machine hits them alike. Times are milliseconds from before posix_spawn to after wait4.
// Ratios are to the first command. A command line is split at blanks; '...', "..." and \ quote as
// in a shell, and nothing is expanded. The children's output goes to /dev/null.
//
// It fails (1) if a child ends otherwise than with CODE (0), or if the ratio of the minima of NAME
// to the first command is above its --limit; (2) if it is called wrongly.
//
// Peak memory is the kernel's ru_maxrss, which counts from the parent on: nothing below the size of
// this small program can be seen.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char** environ;

enum { kMaxCommands = 32, kMaxWords = 256 };

struct command {
  char* name;
  char* line;  // as given, for the record
  char* words[kMaxWords + 1];
  double limit;  // of the ratio to the first command; 0: none
  double* wall;  // milliseconds, one for each run
  double* cpu;
  long max_rss;  // KiB
};

static struct command commands[kMaxCommands];
static int command_count;

__attribute__((noreturn, format(printf, 2, 3))) static void stop(int code, const char* format,
                                                                 ...) {
  va_list args;
  va_start(args, format);
  fputs("measure: ", stderr);
  vfprintf(stderr, format, args);
  fputc('\n', stderr);
  va_end(args);
  exit(code);
}

static void* memory(size_t size) {
  void* block = calloc(1, size);
  if (!block) stop(1, "out of memory");
  return block;
}

static void split(struct command* c) {
  char* out = memory(strlen(c->line) + 1);
  int count = 0;
  for (const char* in = c->line; *in;) {
    if (*in == ' ' || *in == '\t' || *in == '\n') {
      ++in;
      continue;
    }
    if (count == kMaxWords) stop(2, "%s: more than %d words", c->name, kMaxWords);
    c->words[count++] = out;
    char quote = 0;
    for (; *in && (quote || (*in != ' ' && *in != '\t' && *in != '\n')); ++in) {
      if (quote && *in == quote) {
        quote = 0;
      } else if (!quote && (*in == '\'' || *in == '"')) {
        quote = *in;
      } else if (*in == '\\' && quote != '\'' && in[1]) {
        *out++ = *++in;
      } else {
        *out++ = *in;
      }
    }
    if (quote) stop(2, "%s: a quote is not closed", c->name);
    *out++ = 0;
  }
  if (count == 0) stop(2, "%s: no command", c->name);
}

static struct command* find(const char* name, size_t length) {
  for (int i = 0; i < command_count; ++i)
    if (strlen(commands[i].name) == length && !strncmp(commands[i].name, name, length))
      return &commands[i];
  return NULL;
}

static double milliseconds(const struct timespec* from, const struct timespec* to) {
  return (double)(to->tv_sec - from->tv_sec) * 1e3 + (double)(to->tv_nsec - from->tv_nsec) / 1e6;
}

static double of_timeval(struct timeval t) {
  return (double)t.tv_sec * 1e3 + (double)t.tv_usec / 1e3;
}

// Runs the command once; index < 0 is a warm-up that is not recorded.
static void run(struct command* c, int index, const char* input, int expected) {
  posix_spawn_file_actions_t actions;
  if (posix_spawn_file_actions_init(&actions) ||
      posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0) ||
      posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0) ||
      posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0))
    stop(1, "out of memory");
  struct timespec before, after;
  pid_t child;
  clock_gettime(CLOCK_MONOTONIC, &before);
  int error = posix_spawnp(&child, c->words[0], &actions, NULL, c->words, environ);
  if (error) stop(1, "%s: cannot run %s: %s", c->name, c->words[0], strerror(error));
  int status;
  struct rusage usage;
  while (wait4(child, &status, 0, &usage) < 0)
    if (errno != EINTR) stop(1, "wait4: %s", strerror(errno));
  clock_gettime(CLOCK_MONOTONIC, &after);
  posix_spawn_file_actions_destroy(&actions);

  if (WIFSIGNALED(status))
    stop(1, "%s: killed by signal %d: %s", c->name, WTERMSIG(status), c->line);
  if (WEXITSTATUS(status) != expected)
    stop(1, "%s: exit code %d, not %d: %s", c->name, WEXITSTATUS(status), expected, c->line);
  if (index < 0) return;
  c->wall[index] = milliseconds(&before, &after);
  c->cpu[index] = of_timeval(usage.ru_utime) + of_timeval(usage.ru_stime);
  if (usage.ru_maxrss > c->max_rss) c->max_rss = usage.ru_maxrss;
}

static int ascending(const void* a, const void* b) {
  double x = *(const double*)a, y = *(const double*)b;
  return (x > y) - (x < y);
}

// Of a sorted list, with interpolation between neighbours.
static double quantile(const double* sorted, int count, double q) {
  double at = q * (count - 1);
  int below = (int)floor(at);
  int above = below + 1 < count ? below + 1 : below;
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

static void json_string(FILE* out, const char* text) {
  fputc('"', out);
  for (const unsigned char* p = (const unsigned char*)text; *p; ++p) {
    if (*p == '"' || *p == '\\')
      fprintf(out, "\\%c", *p);
    else if (*p < 0x20)
      fprintf(out, "\\u%04x", *p);
    else
      fputc(*p, out);
  }
  fputc('"', out);
}

struct summary {
  double min, p10, median, p90, mean, cpu_median, cpu_min;
};

static struct summary summarise(struct command* c, int runs) {
  struct summary s = {0};
  for (int i = 0; i < runs; ++i) s.mean += c->wall[i] / runs;
  qsort(c->wall, (size_t)runs, sizeof *c->wall, ascending);
  qsort(c->cpu, (size_t)runs, sizeof *c->cpu, ascending);
  s.min = c->wall[0];
  s.p10 = quantile(c->wall, runs, 0.1);
  s.median = quantile(c->wall, runs, 0.5);
  s.p90 = quantile(c->wall, runs, 0.9);
  s.cpu_min = c->cpu[0];
  s.cpu_median = quantile(c->cpu, runs, 0.5);
  return s;
}

static void write_json(const char* path, const struct summary* all, int runs, int warmups) {
  FILE* out = strcmp(path, "-") ? fopen(path, "w") : stdout;
  if (!out) stop(1, "%s: %s", path, strerror(errno));
  fprintf(out, "{\"kind\": \"sluice.bench/1\", \"n\": %d, \"warmups\": %d, \"commands\": [", runs,
          warmups);
  for (int i = 0; i < command_count; ++i) {
    const struct summary* s = &all[i];
    fputs(i ? ",\n  {\"name\": " : "\n  {\"name\": ", out);
    json_string(out, commands[i].name);
    fputs(", \"command\": ", out);
    json_string(out, commands[i].line);
    fprintf(out,
            ", \"n\": %d,\n   \"min_ms\": %.4f, \"p10_ms\": %.4f, \"median_ms\": %.4f, \"p90_ms\": "
            "%.4f, "
            "\"mean_ms\": %.4f,\n   \"cpu_median_ms\": %.4f, \"cpu_min_ms\": %.4f, "
            "\"max_rss_kib\": %ld,\n   "
            "\"ratio_min\": %.4f, \"ratio_median\": %.4f",
            runs, s->min, s->p10, s->median, s->p90, s->mean, s->cpu_median, s->cpu_min,
            commands[i].max_rss, s->min / all[0].min, s->median / all[0].median);
    if (commands[i].limit > 0) fprintf(out, ", \"limit\": %.4f", commands[i].limit);
    fputc('}', out);
  }
  fputs("\n]}\n", out);
  if (ferror(out) || (out == stdout ? fflush(out) : fclose(out))) stop(1, "%s: cannot write", path);
}

static void print_table(FILE* out, const struct summary* all) {
  int width = 7;
  for (int i = 0; i < command_count; ++i)
    if ((int)strlen(commands[i].name) > width) width = (int)strlen(commands[i].name);
  fprintf(out, "%-*s %9s %9s %9s %9s %9s %8s %8s\n", width, "command", "min ms", "p10", "median",
          "CPU ms", "RSS KiB", "x min", "x median");
  for (int i = 0; i < command_count; ++i) {
    const struct summary* s = &all[i];
    fprintf(out, "%-*s %9.3f %9.3f %9.3f %9.3f %9ld %8.2f %8.2f\n", width, commands[i].name, s->min,
            s->p10, s->median, s->cpu_median, commands[i].max_rss, s->min / all[0].min,
            s->median / all[0].median);
  }
}

static int number(const char* option, const char* text, int least) {
  char* end;
  errno = 0;
  long value = strtol(text, &end, 10);
  if (errno || end == text || *end || value < least || value > 10000000)
    stop(2, "%s wants a number from %d on, not `%s`", option, least, text);
  return (int)value;
}

int main(int argc, char** argv) {
  int runs = 100, warmups = 5, expected = 0, limit_count = 0;
  const char *json = NULL, *input = "/dev/null";
  char* limits[kMaxCommands];

  for (int i = 1; i < argc; ++i) {
    char* equals = strchr(argv[i], '=');
    if (argv[i][0] != '-') {
      if (command_count == kMaxCommands) stop(2, "more than %d commands", kMaxCommands);
      struct command* c = &commands[command_count];
      if (!equals || equals == argv[i]) stop(2, "`%s` is not NAME=COMMAND", argv[i]);
      if (find(argv[i], (size_t)(equals - argv[i])))
        stop(2, "two commands have one name: %s", argv[i]);
      c->line = equals + 1;
      c->name = strndup(argv[i], (size_t)(equals - argv[i]));
      if (!c->name) stop(1, "out of memory");
      split(c);
      ++command_count;
      continue;
    }
    const char* option = argv[i];
    if (++i == argc)
      stop(2, "%s wants a value, or is unknown; the head of measure.c has the usage", option);
    if (!strcmp(option, "-n")) {
      runs = number(option, argv[i], 1);
    } else if (!strcmp(option, "-w")) {
      warmups = number(option, argv[i], 0);
    } else if (!strcmp(option, "--exit")) {
      expected = number(option, argv[i], 0);
    } else if (!strcmp(option, "--json")) {
      json = argv[i];
    } else if (!strcmp(option, "--stdin")) {
      input = argv[i];
    } else if (!strcmp(option, "--limit")) {
      if (limit_count == kMaxCommands) stop(2, "more than %d limits", kMaxCommands);
      limits[limit_count++] = argv[i];
    } else {
      stop(2, "unknown option %s; the head of measure.c has the usage", option);
    }
  }
  if (command_count == 0) stop(2, "no command to measure");
  for (int k = 0; k < command_count; ++k) {
    commands[k].wall = memory((size_t)runs * sizeof(double));
    commands[k].cpu = memory((size_t)runs * sizeof(double));
  }
  for (int l = 0; l < limit_count; ++l) {
    char* equals = strchr(limits[l], '=');
    struct command* c = equals ? find(limits[l], (size_t)(equals - limits[l])) : NULL;
    char* end = NULL;
    if (!c || (c->limit = strtod(equals + 1, &end)) <= 0 || *end)
      stop(2, "--limit wants NAME=RATIO with the name of a command, not `%s`", limits[l]);
  }

  for (int round = -warmups; round < runs; ++round)
    for (int k = 0; k < command_count; ++k)
      run(&commands[(k + round + warmups) % command_count], round, input, expected);

  struct summary all[kMaxCommands];
  for (int k = 0; k < command_count; ++k) all[k] = summarise(&commands[k], runs);
  if (json) write_json(json, all, runs, warmups);
  print_table(json && !strcmp(json, "-") ? stderr : stdout, all);

  int above = 0;
  for (int k = 0; k < command_count; ++k) {
    double ratio = all[k].min / all[0].min;
    if (commands[k].limit > 0 && ratio > commands[k].limit) {
      fprintf(stderr, "measure: %s takes %.2f times as long as %s; the limit is %.2f\n",
              commands[k].name, ratio, commands[0].name, commands[k].limit);
      above = 1;
    }
  }
  return above;
}

#ifndef MAINSPRING_CHILD_H
#define MAINSPRING_CHILD_H

/* What a host does for each start, and what its child does until the program begins: in C, since
 * most of what Python code costs here is the kernel's copying of the pages that its objects are on.
 */
#include "request.h"
#include "warm.h"

/* Functions that can fail return -1, with errno set, or where it is said, with an exception set. */

/* adopt.c */
void ignore_signals(uint64_t signals); /* past the C library: glibc lets nobody set two of them */
/* Give the *descriptors* those *numbers*, and close all others but the one behind them, whose new
 * number is left in its place. */
int place_descriptors(int *descriptors, const int *numbers, size_t count);

/* strings.c: let C code find the environment, *coerced* as well, and `ps` the arguments, too */
int set_strings(const start_request *start, span coerced);

/* takeover.c: take over all that *start* says; the connection is behind the descriptors.  Returns
 * 0; or -1 with an exception, or without one and the word for the caller in *reason*. */
int take_over(const start_request *start, int *descriptors, size_t count, const char **reason);
void rehearse_takeover(void);
void tell_of_refusal(void); /* takes the exception that is set */

/* takeover_streams.c: in a host, before it forks */
void expect_streams(void);

/* message.c: the types of frames, and the descriptors that come with one, are in protocol.py */
enum { START = 'Q', REFUSED = 'R', STARTED = 'S', STOPPED = 'T', CONTINUED = 'C', ENDED = 'X' };
enum { MOST_DESCRIPTORS = 253 /* SCM_MAX_FD */ };

typedef struct {
    unsigned char *bytes; /* behind the length */
    size_t size;
    unsigned char
        most[8192]; /* what most frames have room in: no page has to be copied for those */
} whole_frame;

int receive_frame(int connection, whole_frame *to, int *descriptors, size_t *count);
void drop_frame(whole_frame *from);
int send_frame(int connection, char type, const void *payload, size_t size, int descriptor);
int send_number(int connection, char type, int32_t number, int descriptor);
int send_refusal(int connection, const char *reason);
int hand_on(int way, int connection);
int take_handed_on(int way);

/* start.c: in a child, become the start that somebody asks for by *way*; ends the process where
 * that is impossible */
void become_start(int way, int is_busy, uint64_t *mask, long long *began_ns);

/* children.c */
enum { MOST_CHILDREN = 512 };
int fork_spare(uint64_t *mask, long long *began_ns); /* 1 in the child, once it is a start */
int has_spare(void);
int lacks_spare(void);
int hand_over(int connection, int caller);
void dismiss_spare(void);
int has_room(void);
size_t count_running(void);
void reap_children(void);
void end_abandoned(int connection);
size_t list_connections(int *connections); /* there is room for MOST_CHILDREN */

/* pages.c */
void prepare_pages(int is_idle);
void keep_shared(void);

/* mirror.c */
void allow_rounds(void);
void begin_round(void);
void end_round(void);
int is_surveying(void);

/* uses.c, peer.c */
long long now_ns(void); /* of CLOCK_MONOTONIC */
void count_use(void);
void note_kinds(uint32_t kinds); /* of the standard streams of a caller: a byte for each */
uint32_t read_kinds(void);       /* of the last one; 0 before there was any */
int is_like_us(int connection);

/* finish.c */
void rehearse_end(void);

#endif

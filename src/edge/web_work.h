/* web_work.h -- what takes long (hashing, waiting for the disk, packing) off the web thread.
 *
 * One thread, one job after the other, WEB_JOBS waiting at most; more are refused
 * with 503.  A job owns its ctx while it runs; the web thread has it before and after.
 * When the web thread stops, jobs that have not run are not run: their done is
 * called without an exchange, so that ctx is let go of. */
#ifndef CORDON_EDGE_WEB_WORK_H
#define CORDON_EDGE_WEB_WORK_H

#include "edge/web_http.h"

enum { WEB_JOBS = 64, WEB_WORK_MS = 120000 /* how long a request waits for it */ };

struct web;
struct exchange;
struct web_worker;

/* In the worker's thread: touches ctx and what is its own, never the web thread's things. */
typedef void web_job(void *ctx);
/* In the web thread: makes the reply of exchange x, or asks for more (web_ask_then, web_work); x is NULL when
 * nobody waits for it any more. Lets go of ctx, or hands it on. */
typedef void web_done(struct web *w, struct exchange *x, void *ctx);

/* Starts the thread; wake(ctx) is called in it when a job is done. */
bool web_worker_new(struct web_worker **out, void (*wake)(void *), void *ctx, struct err *e) MUST_USE;
/* Ends the thread, after the job that runs. What was not done is told to w, without an exchange. */
void web_worker_free(struct web *w, struct web_worker *k);
/* What is done, since the last call. */
void web_worker_turn(struct web *w);

/* Has job(ctx) done for the request; then done(w, x, ctx). False: too much waits, r says so and done is not called. */
bool web_work(struct web *w, struct request *q, struct reply *r, web_job *job, web_done *done, void *ctx) MUST_USE;

#endif

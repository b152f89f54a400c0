/* join_page.h -- what somebody sees who opens his invite's link on his phone: three steps, in English and Urdu.
 *
 * Plain HTML with a style sheet beside it and no script: it works in whatever browser a borrowed phone has, and
 * before anything of this server is trusted.  Which way works depends on the client (packages.h): the package with
 * a key works in all three without typing; enrolling needs name and token to be typed; a tap on a tak:// link or a
 * scanned line only where the phone trusts this server's certificate by itself.  All that is shown was said
 * by operators or made here; it is escaped all the same.  Pure. */
#ifndef CORDON_EDGE_JOIN_PAGE_H
#define CORDON_EDGE_JOIN_PAGE_H

#include "edge/packages.h"

enum { JOIN_PAGE_MAX = 48 * 1024 };

struct join_page {
    const struct package *package; /* server, host, ports, user; which client does not matter */
    struct str token, words;       /* words: three of the authority's fingerprint */
    int64_t left_ms;               /* how long the invite is good */
    int64_t uses_left;
    bool waits;               /* whoever joins by it waits for admission */
    enum package_for likely;  /* by the browser: shown first */
    bool enrols;              /* this server has its port for enrolment open */
};

/* By the User-Agent: Windows has WinTAK, iPhones and iPads have iTAK, the rest ATAK. */
enum package_for join_page_likely(struct str user_agent) MUST_USE;
void join_page(const struct join_page *p, struct buf *b);
/* The same for a token that is wrong, used, expired or ended: it does not tell which. */
void join_page_refusal(struct buf *b);
/* A refusal in the page's form; sentence: what to do, in English. */
void join_page_problem(struct str sentence, struct buf *b);
/* text/css; lives as long as the program. */
struct str join_page_style(void);

#endif

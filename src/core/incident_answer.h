/* incident_answer.h -- what a line of chat says when it answers the command post.
 *
 *   a count   "PAR 8", "par: 7 of 8, all well", "8 of 8", "8/8", "8"; digits of ASCII, Arabic, Urdu
 *   an ack    "ack", "roger", "copy that" and their like, with nothing else in it
 *
 * What is not exactly one of these is no answer: "copy, but we cannot" acknowledges nothing, "10-4" and
 * "PAR 8, 2 hurt" are no counts; the alarm goes on until somebody reads the words.  Pure. */
#ifndef CORDON_CORE_INCIDENT_ANSWER_H
#define CORDON_CORE_INCIDENT_ANSWER_H

#include "base/str.h"

struct answer {
    enum { ANSWER_NONE, ANSWER_COUNT, ANSWER_ACK } is;
    unsigned count;
    bool named; /* it says PAR */
};

struct answer answer_read(struct str text) MUST_USE;

#endif

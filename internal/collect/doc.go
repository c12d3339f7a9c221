// Package collect reads one window of one source until it is provably read.
//
// The audit trail of Oracle Integration is a list that is paged by offset while it grows, has no
// record identifiers, and can only be asked for "the last hour" and the like, by the service's
// clock. Three rules make reading it exact:
//
// What a page holds is staged before the next page is asked for, so a crash loses nothing. One
// page is one atomic answer: the largest count of an identity in any page is a lower bound for how
// often the event exists (genuine twins), and rises at most to the truth, however often and in
// whatever order pages are read again.
//
// A reading is proven when the lower bounds of what is listed add up to the length of the list:
// then nothing is missing. In a steady pass (total and first record the same from first page to
// last) the length is where the list ended. When the list drifts, a sorted list is settled without
// reading it all again: the head is read until nothing is new, then the last page; what is newer than that page's
// oldest record must add up to the total less the rows that are not. Records older than it
// may have expired meanwhile and do not count on either side. Should the service delete records from
// the midst, the ones seen and deleted could make up for as many that took their places between two
// pages. So each page of a sorted list begins with a row of the one before, the last that is newer than
// that one's oldest: rows of one moment, which may change places, are then on one page. Where that row
// is not met, the pass proves nothing. Where twins lie on different pages,
// the sum stays short: the next pass cuts the pages elsewhere. In an unsorted list twins may lie far
// apart: there three steady passes in a row that saw the same rows, cut differently, prove them.
//
// What is not proven is said so: the window is entered as a gap and the watermark stays. The
// watermark is the start of a proven pass less an overlap, so that records that appear late are
// met by the next reading.
package collect

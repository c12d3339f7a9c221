// Package stage makes records durable and countable before anything else
// happens to them.
//
// What is collected goes through Add (a transaction: identities counted, new
// bytes kept pending) and Seal (pending bytes become a file that never changes
// again). What our own API receives goes through Receive, a framed journal that
// many callers share one sync of. Both end as sealed files in one order, linked
// by a hash chain; cursors say which sink has read how far. Erase takes the bodies
// of received uploads away; what they were called, their hashes and who asked stay.
//
// On disk, below the directory given to Open:
//
//	ledger.db                                   identities, files, cursors, windows, runs
//	stage/<integration>/<day>/<sequence>.open   being written
//	stage/<integration>/<day>/<sequence>.sealed complete, and listed in the ledger
//	stage/received/<day>/<sequence>.torn        bytes cut off a damaged journal, kept for inspection
//	stage/received/rewritten/                   sealed files without the bodies of erased uploads
//
// The ledger decides: a collected file it does not list is removed at start,
// because its records are still pending; an unlisted journal is repaired and
// listed, because its uploads were acknowledged.
//
// One process owns the directory; the lock is the caller's.
package stage

// Package api serves HTTP: Oracle's calls as the official clients make them, and our
// own under /ledgerline/v1.
//
// # The course of a request
//
// wire.go takes it in and leads it through: the operation is found by the raw target
// (router.go; operations.go is the table of all) and the caller by its signature or
// session (access.go, session*.go). Callers are held to their share (limits.go) and
// their rights (accessneeds.go); the stage and the engine of the handlers do so once
// more (audit.go, accessguard.go). The handler is given a call (call.go) and returns
// a response, or an error, which errors.go turns into what clients are told; it
// writes nothing itself. A long answer is made while it is sent (stream.go). Changes
// and refusals are noted (audit.go). What was accepted to be done later, background.go
// does.
//
// # Handlers
//
// Files that begin with the same word are about the same:
//
//	upload*, putlogs, eventsfile, otlp      records that come in, each way by its operation
//	query*, searchlogs                      queries: run, exported, as jobs, and their text
//	content*, lookup*, sourcewarnings       log sources, parsers, fields, labels, lookups
//	entit*, associations, catalogitems      entities, and what calls on items of the catalogue share
//	loggroups, namespace*, neighbours       where records are kept, and Oracle's services beside
//	purge*, storagework, task*              what is deleted, and what is done on schedule
//	dashboard*                              dashboards, their saved searches, files of them
//	access*, session*                       users, keys, policies; sessions of browsers
//	own*, ui*                               our own calls; ui: the web application and what it alone asks
//
// What can be said without HTTP is said elsewhere: dashboards in boards, asynchronous
// queries in jobs, logins in login, shares in quota, the log of changes in audit, the
// language of searchlogs.go in logsearch, what an example of a log holds in content.
package api

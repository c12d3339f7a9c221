package api

import (
	"errors"
	"net/http"
	"strings"

	"ledgerline/internal/catalog"
)

// need is what an operation asks of its caller, before its handler runs.
type need struct {
	kind needKind
	verb catalog.Verb
}

type needKind uint8

const (
	needAdministrator needKind = iota // the zero value is the strictest
	needLogin                         // any user; what is answered is the caller's own, or public
	needFeatures
	needDashboards
	needData      // features, and all log groups: what is answered tells of all records
	needLogGroup  // the log group in the path; all of them without one
	needSomeGroup // any log group: the handler answers what belongs to readable ones
	needTarget    // the log group that an upload names
	needUpload    // those log groups of the upload in the path that one may read, if any
)

// needRule gives the need of operations by the start of their pattern. The first
// rule that fits counts. Read is for GET and for calls that only look.
type needRule struct {
	pattern     string
	kind        needKind
	read, write catalog.Verb
}

// needRules is ordered from the special to the general. An operation of ours that
// no rule speaks of is for those who may see everything.
func needRules() []needRule {
	const ns = "/20200601/namespaces/{namespaceName}"
	type v = catalog.Verb
	var read, use, manage v = catalog.Read, catalog.Use, catalog.Manage
	return []needRule{
		{ownBase + "/users", needLogin, read, read}, // the handlers let users at themselves, administrators at all
		{ownBase + "/policies", needAdministrator, manage, manage},
		{ownBase + "/session", needLogin, read, read},
		{ownBase + "/status", needLogin, read, read},
		{ownBase + "/query", needFeatures, read, read},
		{ownBase + "/export", needFeatures, read, read},
		{ownBase + "/explain", needFeatures, read, read},
		{ownBase + "/check", needFeatures, read, read},
		{ownBase + "/fields", needFeatures, read, read},
		{ownBase + "/lookups", needFeatures, read, manage},
		{ownBase + "/scheduled-tasks", needFeatures, read, manage}, // of log groups that the caller may read
		{ownBase + "/searches", needFeatures, read, use},
		{ownBase + "/content/actions/export", needFeatures, read, read},
		{ownBase + "/content", needFeatures, read, manage},
		{ownBase + "/dashboards", needDashboards, read, manage},
		{ownBase + "/log-groups", needLogGroup, catalog.Inspect, manage},
		{ownBase + "/uploads/{uploadReference}", needUpload, read, manage},
		{ownBase + "/uploads", needSomeGroup, read, manage},
		{ownBase, needData, read, manage},

		{"/20200901", needDashboards, read, manage},
		{ingestionBase, needSomeGroup, use, use}, // the handler asks for the one it is
		{searchBase, needFeatures, read, read},

		{ns + "/logAnalyticsLogGroups", needLogGroup, catalog.Inspect, manage},
		{ns + "/actions/upload", needTarget, use, use},
		{ns + "/actions/otlp", needTarget, use, use},
		{ns + "/uploads/{uploadReference}", needUpload, read, manage},
		{ns + "/uploads", needSomeGroup, read, manage},
		{ns + "/search/actions", needFeatures, read, read},
		{ns + "/queryWorkRequests", needFeatures, read, read},
		{ns + "/contents/actions/exportCustomContent", needFeatures, read, read},
		{ns + "/storage/actions/estimatePurgeDataSize", needFeatures, manage, manage}, // the handler asks for the log groups
		{ns + "/storage/actions/purgeData", needFeatures, manage, manage},
		{ns + "/storageWorkRequests", needFeatures, read, manage}, // of log groups that the caller may read
		{ns + "/storage", needData, read, manage},
		{ns + "/scheduledTasks", needFeatures, read, manage}, // they run with the rights of who describes them
		{ns + "/parsers/actions/test", needFeatures, read, read},
		{ns + "/parsers/actions/extract", needFeatures, read, read},
		{ns + "/sources/actions/validate", needFeatures, read, read},
		{ns + "/labels/actions/basicInfo", needFeatures, read, read},
		{ns + "/", needFeatures, read, manage},
		{"/20200601/namespaces", needLogin, read, manage},
	}
}

// needOf finds the rule of an operation. Operations of other services, which stand
// in for what clients call when they start, need no more than a user.
func needOf(op *operation) need {
	for _, rule := range needRules() {
		if !strings.HasPrefix(op.Pattern, rule.pattern) {
			continue
		}
		if op.Method == http.MethodGet || op.Method == http.MethodHead {
			return need{rule.kind, rule.read}
		}
		return need{rule.kind, rule.write}
	}
	if op.Method == http.MethodGet || op.Method == http.MethodHead {
		return need{needLogin, catalog.Read}
	}
	return need{kind: needAdministrator}
}

// authorize lets the caller at an operation, or answers as if there were none.
func (s *Server) authorize(c *call) error {
	if err := s.protectAudit(c); err != nil {
		return err
	}
	r := c.who.rights
	if r.Administrator() {
		return nil
	}
	n := c.op.need
	var ok bool
	var err error
	switch n.kind {
	case needLogin:
		ok = true
	case needFeatures:
		ok = r.Everywhere(catalog.Features, n.verb)
	case needDashboards:
		ok = r.Everywhere(catalog.Dashboards, n.verb)
	case needData:
		ok = r.Everywhere(catalog.Features, n.verb) && r.Everywhere(catalog.LogGroups, catalog.Read)
	case needLogGroup:
		id, named := c.path["logAnalyticsLogGroupId"]
		ok = named && r.LogGroup(id, n.verb) || !named && (r.Everywhere(catalog.LogGroups, n.verb) || c.r.Method == http.MethodGet && r.SomeLogGroup(n.verb))
	case needSomeGroup:
		ok = r.SomeLogGroup(n.verb)
	case needTarget:
		ok = r.SomeLogGroup(n.verb)
		if group, groupErr := c.head("opc-meta-loggrpid"); groupErr == nil && group != "" {
			ok = r.LogGroup(group, n.verb)
		}
	case needUpload:
		ok, err = s.mayUpload(c, n.verb)
	}
	if err != nil {
		return err
	}
	if !ok {
		return refusedTo(c)
	}
	return nil
}

// errRefused tells, to the audit alone, what may not be done from what does not exist.
var errRefused = errors.New("not authorized")

// refusedTo answers whoever may not do something as if it did not exist.
func refusedTo(c *call) *Error {
	e := absent("%s: authorization failed, or what it is about is not found", c.op.Name)
	e.Cause = errRefused
	return e
}

// orRefused answers what there is not in the words of refusedTo, where one may be kept
// from some of what there is: the answers are not to be told apart.
func orRefused(c *call, err error) error {
	if !errors.Is(err, catalog.ErrNotFound) {
		return err
	}
	e := refusedTo(c)
	e.Cause = err
	return e
}

// mayUpload reports whether a verb is allowed for every log group into which an
// upload has put something that the caller may read. Of others it is told nothing, not
// even that somebody has used the same name.
func (s *Server) mayUpload(c *call, verb catalog.Verb) (bool, error) {
	groups, err := s.Catalog.UploadGroups(c.r.Context(), c.path["uploadReference"])
	if errors.Is(err, catalog.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	visible := false
	for _, g := range groups {
		if !c.who.rights.LogGroup(g, catalog.Read) {
			continue
		}
		if visible = true; !c.who.rights.LogGroup(g, verb) {
			return false, nil
		}
	}
	return visible, nil
}

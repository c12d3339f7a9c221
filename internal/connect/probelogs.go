package connect

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ProbeSearch tests whether OCI Logging takes a search: the records of the last hour.
func (o *OCI) ProbeSearch(ctx context.Context, query string) []Probe {
	ctx = withAttempts(ctx, probeAttempts)
	now := o.opts.Clock()
	page, err := o.SearchLogs(ctx, LogSearch{From: now.Add(-time.Hour), To: now, Query: query, Limit: 1})
	switch {
	case err != nil:
		return []Probe{failed("search", err)}
	case len(page.Rows) == 0:
		return []Probe{passed("search", "accepted; no records of the last hour")}
	}
	return []Probe{passed("search", "accepted; there are records of the last hour")}
}

// WantedLog is a service log that somebody has to switch on.
type WantedLog struct {
	LogSource string // built in, and made of this log
	Service   string
	Category  string // empty: whichever the service offers
	What      string // as the console calls it
}

// KnownServiceLogs are those of Oracle Analytics Cloud and Oracle Integration.
func KnownServiceLogs() []WantedLog {
	return []WantedLog{
		{"OCI Analytics Cloud Audit Logs", "oacnativeproduction", "audit", "Audit log of the Analytics instance"},
		{"OCI Analytics Cloud Diagnostic Logs", "oacnativeproduction", "diagnostic", "Diagnostic log of the Analytics instance"},
		{"OCI Integration Activity Stream Logs", "integration", "", "Activity Stream of the Integration instance"},
	}
}

// ServiceLogTarget says where service logs are looked for, and which must be there.
type ServiceLogTarget struct {
	Compartment   string // OCID; empty: the tenancy
	LogGroup, Log string // OCIDs; given both, that log alone is looked up
	Wanted        []WantedLog
}

// ProbeServiceLogs says which of the known service logs are enabled. One that is
// wanted and not enabled fails, with what to switch on; without any that is
// wanted, it fails when none is enabled at all.
func (o *OCI) ProbeServiceLogs(ctx context.Context, t ServiceLogTarget) []Probe {
	const name = "service log"
	ctx = withAttempts(ctx, probeAttempts)
	if strings.HasPrefix(t.LogGroup, "ocid1.") && strings.HasPrefix(t.Log, "ocid1.") {
		l, err := o.ServiceLog(ctx, t.LogGroup, t.Log)
		switch {
		case err != nil:
			return []Probe{failed(name, err)}
		case !l.Enabled:
			return []Probe{failed(name, disabled(fmt.Sprintf("the log %s is not enabled", l.Name), "enable it: Logging → Logs → "+l.Name+" → Enable log"))}
		}
		return []Probe{passed(name, "%s", l.describe())}
	}
	logs, err := o.ServiceLogs(ctx, t.Compartment)
	if err != nil {
		return []Probe{failed(name, err)}
	}
	var out []Probe
	anything := false
	for _, w := range KnownServiceLogs() {
		i := slices.IndexFunc(logs, func(l ServiceLog) bool {
			return l.Enabled && l.Service == w.Service && (w.Category == "" || l.Category == w.Category)
		})
		if i >= 0 {
			anything = true
			out = append(out, passed(name, "%s", logs[i].describe()))
			continue
		}
		if slices.Contains(t.Wanted, w) {
			out = append(out, failed(name, w.missing(t.Compartment)))
		}
	}
	if len(t.Wanted) == 0 && !anything {
		for _, w := range KnownServiceLogs() {
			out = append(out, failed(name, w.missing(t.Compartment)))
		}
	}
	return out
}

func (l ServiceLog) describe() string {
	text := l.Name
	if l.Service != "" {
		text += fmt.Sprintf(" (%s %s)", l.Service, l.Category)
	}
	text += " is enabled"
	if l.RetentionDays > 0 {
		text += fmt.Sprintf(", kept %d days", l.RetentionDays)
	}
	return text
}

func (w WantedLog) missing(compartment string) error {
	category, where := w.Category, "compartment "+compartment
	if category == "" {
		category = "all"
	}
	if compartment == "" {
		where = "the tenancy"
	}
	return disabled(fmt.Sprintf("%s is not enabled in %s", w.What, where),
		fmt.Sprintf("switch it on: Logging → Logs → Enable service log → service %s, category %s, the instance as resource, and a log group in the compartment that is read; "+
			"if it is on elsewhere, correct compartment", w.Service, category))
}

func disabled(message, hint string) error {
	return &Error{Op: "look for service logs", Kind: NotFound, Message: message, Hint: hint}
}

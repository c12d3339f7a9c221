package simulate

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

const logGroupName = "company-logs"

// manageLogs is what Logging management (OCI APIs, section 3.3) says about log
// groups, logs and services. Lists are bare arrays.
func (s *Simulator) manageLogs(c *call, path []string) {
	v := c.r.URL.Query()
	switch {
	case len(path) == 1 && path[0] == "logGroups":
		groups := []map[string]any{}
		if v.Get("compartmentId") == s.opts.Compartment {
			groups = append(groups, s.logGroup())
		}
		c.answer(encode(groups))
	case path[0] == "logGroups" && len(path) > 1 && path[1] != s.opts.LogGroup:
		c.refuse(http.StatusNotFound, "NotAuthorizedOrNotFound", "Authorization failed or requested resource not found.")
	case len(path) == 2 && path[0] == "logGroups":
		c.answer(encode(s.logGroup()))
	case len(path) == 3 && path[2] == "logs":
		logs := []map[string]any{}
		for _, l := range s.company.all() {
			if s.matches(l, v.Get) {
				logs = append(logs, s.describeLog(l))
			}
		}
		c.answer(encode(logs))
	case len(path) == 4 && path[2] == "logs":
		l := s.company.log(path[3])
		if l == nil || !s.exists(l) {
			c.refuse(http.StatusNotFound, "NotAuthorizedOrNotFound", "Authorization failed or requested resource not found.")
			return
		}
		c.answer(encode(s.describeLog(l)))
	case slices.Equal(path, []string{"v2", "registry", "services"}):
		c.answer(encode(s.registry()))
	default:
		c.refuse(http.StatusNotImplemented, "MethodNotImplemented", "the simulator does not offer this operation")
	}
}

// exists reports whether a log object was made: a service log that is off was not.
func (s *Simulator) exists(l *serviceLog) bool { return !slices.Contains(s.opts.LogsOff, l.name) }

func (s *Simulator) matches(l *serviceLog, want func(string) string) bool {
	d := s.describeLog(l)
	for key, have := range map[string]string{"logType": d["logType"].(string), "sourceService": l.service, "sourceResource": l.resource,
		"displayName": l.name, "lifecycleState": "ACTIVE"} {
		if w := want(key); w != "" && !strings.EqualFold(w, have) {
			return false
		}
	}
	return s.exists(l)
}

func (s *Simulator) made() string {
	return s.opts.Clock().Add(-400 * 24 * time.Hour).UTC().Truncate(24 * time.Hour).Format(time.RFC3339)
}

func (s *Simulator) logGroup() map[string]any {
	return map[string]any{"id": s.opts.LogGroup, "compartmentId": s.opts.Compartment, "displayName": logGroupName, "description": "logs of the company",
		"lifecycleState": "ACTIVE", "timeCreated": s.made(), "timeLastModified": s.made()}
}

func (s *Simulator) describeLog(l *serviceLog) map[string]any {
	d := map[string]any{"id": l.id, "logGroupId": s.opts.LogGroup, "displayName": l.name, "lifecycleState": "ACTIVE", "logType": "SERVICE", "isEnabled": true,
		"tenancyId": s.opts.Tenancy, "compartmentId": s.opts.Compartment, "retentionDuration": 30, "timeCreated": s.made(), "timeLastModified": s.made()}
	if l.custom {
		d["logType"] = "CUSTOM"
		return d
	}
	d["configuration"] = map[string]any{"compartmentId": s.opts.Compartment, "archiving": map[string]bool{"isEnabled": false},
		"source": map[string]any{"sourceType": "OCISERVICE", "service": l.service, "resource": l.resource, "category": l.category, "parameters": map[string]string{}}}
	return d
}

func (s *Simulator) registry() []map[string]any {
	service := func(name, resource string, categories ...string) map[string]any {
		var list []map[string]string
		for _, category := range categories {
			list = append(list, map[string]string{"name": category, "displayName": category})
		}
		return map[string]any{"id": name, "name": name, "tenantId": s.opts.Tenancy, "servicePrincipalName": name, "endpoint": "https://" + name + ".example.com",
			"resourceTypes": []map[string]any{{"name": resource, "categories": list}}}
	}
	return []map[string]any{service("integration", "integrationinstance", "all"), service("oacnativeproduction", "analyticsinstance", "audit", "diagnostic")}
}

// pushed is an entry that a client wrote with PutLogs.
type pushed struct {
	id, source, typ, subject string
	data                     any
}

func (p *pushed) message(int) any { return p.data }

const mostPushed = 200_000 // entries of one log

// putLogs is the ingestion of custom logs (OCI APIs, section 3.1). A log is made
// by its first push; entries of one id are kept as often as they come.
func (s *Simulator) putLogs(c *call, logID string) {
	var details struct {
		SpecVersion     string
		LogEntryBatches []struct {
			Source, Type, Subject string
			DefaultLogEntryTime   time.Time
			Entries               []struct {
				ID, Data string
				Time     time.Time
			}
		}
	}
	if err := json.Unmarshal(c.body, &details); err != nil || details.SpecVersion != "1.0" || len(details.LogEntryBatches) == 0 {
		c.bad("specversion 1.0 and logEntryBatches are required")
		return
	}
	now := s.Now().UnixMilli()
	var list []entry
	for _, b := range details.LogEntryBatches {
		for _, e := range b.Entries {
			if e.ID == "" || b.Source == "" || b.Type == "" || e.Time.IsZero() && b.DefaultLogEntryTime.IsZero() {
				c.bad("source, type and defaultlogentrytime of a batch, and id and data of an entry are required")
				return
			}
			at := e.Time
			if at.IsZero() {
				at = b.DefaultLogEntryTime
			}
			var data any = map[string]string{"message": e.Data}
			if json.Valid([]byte(e.Data)) {
				data = json.RawMessage(e.Data)
			}
			list = append(list, entry{at: at.UnixMilli(), seen: now, what: &pushed{e.ID, b.Source, b.Type, b.Subject, data}})
		}
	}
	l := s.company.custom(s.opts, logID)
	if l == nil || !l.push(list) {
		c.refuse(http.StatusTooManyRequests, "TooManyRequests", "the simulator keeps no more of this log, or it is a service's")
		return
	}
	c.w.WriteHeader(http.StatusOK)
}

// push takes entries in the order in which they come.
func (l *serviceLog) push(entries []entry) bool {
	l.mu.Lock()
	if len(l.list)+len(entries) > mostPushed {
		l.mu.Unlock()
		return false
	}
	for i := range entries {
		l.pushed++
		entries[i].log, entries[i].seq = l, l.pushed
	}
	l.mu.Unlock()
	l.add(entries...)
	return true
}

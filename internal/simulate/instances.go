package simulate

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
)

const instancesPath = "/ic/api/integration/v1/monitoring/instances"

// serveInstances is the monitoring API of runs and their activity streams (log
// sources, section 1.8), made of the same runs as the service log.
func (s *Simulator) serveInstances(w http.ResponseWriter, r *http.Request, path string) {
	key := r.URL.RequestURI()
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if f, failed := s.chance.fails(key, Reset, NotFound, Unauthorized, Throttled, ThrottledAfter, ServerError, HTML503, HTML200, Empty); failed && s.refuse(w, r, f, token) {
		return
	}
	s.chance.passed(key)
	if r.Method != http.MethodGet {
		s.sendProblem(w, r, http.StatusMethodNotAllowed, "this resource is read")
		return
	}
	if status, detail := s.admit(r, token); status != 0 {
		s.unwelcome(w, r, status, detail)
		return
	}
	rest := strings.Split(strings.Trim(strings.TrimPrefix(path, instancesPath), "/"), "/")
	switch {
	case rest[0] == "":
		s.listInstances(w, r)
	case len(rest) == 1:
		s.oneInstance(w, r, rest[0], s.describeRun)
	case len(rest) == 2 && (rest[1] == "activityStream" || rest[1] == "activityStreamDetails"):
		s.oneInstance(w, r, rest[0], s.activities)
	default:
		s.sendProblem(w, r, http.StatusNotFound, "no such resource")
	}
}

// instanceQuery is q of the list: {timewindow:'1h', status:'FAILED', startdate:'…'}.
var instanceKey = regexp.MustCompile(`([A-Za-z-]+)\s*:\s*'([^']*)'`)

func (s *Simulator) listInstances(w http.ResponseWriter, r *http.Request) {
	v := r.URL.Query()
	q := map[string]string{"timewindow": "1h"}
	if len(v.Get("q")) > longestFilter {
		s.sendProblem(w, r, http.StatusBadRequest, "q is too long")
		return
	}
	for _, m := range instanceKey.FindAllStringSubmatch(v.Get("q"), -1) {
		q[m[1]] = m[2]
	}
	now := s.Now()
	from, to, err := instanceTimes(q, now, s.opts)
	offset, err1 := number(v.Get("offset"), 0, 0)
	limit, err2 := number(v.Get("limit"), 50, 1)
	if err != nil || err1 != nil || err2 != nil || s.opts.MaxOffset > 0 && offset > s.opts.MaxOffset {
		s.sendProblem(w, r, http.StatusBadRequest, "q, offset or limit cannot be used")
		return
	}
	limit = min(limit, s.opts.MaxLimit)
	ended := s.company.plant.endedBy(now.UnixMilli())
	var list []*run
	for _, run := range s.company.plant.runsBetween(from.Add(-longestRun).UnixMilli(), now.UnixMilli()) {
		last := run.end()
		if last < from.UnixMilli() || last >= to.UnixMilli() || last > ended {
			continue // the window is one of last-tracked-time
		}
		if (q["status"] == "" || q["status"] == run.outcome.String()) && (q["code"] == "" || q["code"] == run.flow.code) &&
			(q["version"] == "" || q["version"] == run.version) && (q["id"] == "" || q["id"] == run.instance()) {
			list = append(list, run)
		}
	}
	slices.SortStableFunc(list, func(a, b *run) int { return int(b.end() - a.end()) }) // lastupdateddate, newest first
	items := []map[string]any{}
	for _, run := range list[min(offset, len(list)):min(offset+limit, len(list))] {
		items = append(items, s.describeRun(run))
	}
	s.sendJSON(w, r, http.StatusOK, map[string]any{"items": items, "totalResults": len(list), "totalRecordsCount": len(list),
		"hasMore": offset+limit < len(list), "limit": limit, "offset": offset})
}

// instanceTimes reads the window of a list: startdate and enddate in UTC, else timewindow.
func instanceTimes(q map[string]string, now time.Time, o Options) (from, to time.Time, err error) {
	to = now.Add(time.Millisecond)
	if q["startdate"] == "" {
		f := filter{window: q["timewindow"]}
		if _, ok := windows[f.window]; !ok && f.window != retention {
			return from, to, errOffset
		}
		return time.UnixMilli(f.since(now, o.Retention)), to, nil
	}
	for key, into := range map[string]*time.Time{"startdate": &from, "enddate": &to} {
		if q[key] == "" {
			continue
		}
		t, err := instanceDate(q[key])
		if err != nil {
			return from, to, err
		}
		*into = t
	}
	return from, to, nil
}

func instanceDate(text string) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	return time.Parse("2006-01-02 15:04:05", text)
}

func (s *Simulator) oneInstance(w http.ResponseWriter, r *http.Request, id string, describe func(*run) map[string]any) {
	ended := s.company.plant.endedBy(s.Now().UnixMilli())
	for _, run := range s.company.plant.runsBetween(0, ended) {
		if run.instance() == id && run.end() <= ended {
			s.sendJSON(w, r, http.StatusOK, describe(run))
			return
		}
	}
	s.sendProblem(w, r, http.StatusNotFound, "the instance was not found")
}

const instanceTime = "2006-01-02T15:04:05.000-0700"

func (s *Simulator) describeRun(r *run) map[string]any {
	at := func(ms int64) string { return time.UnixMilli(ms).UTC().Format(instanceTime) }
	d := map[string]any{"id": r.instance(), "instance-id": r.instance(), "integration": r.flow.code, "integration-id": r.flow.code + "|" + r.version,
		"integration-name": r.flow.name, "integrationName": r.flow.name, "integration-version": r.version, "status": r.outcome.String(),
		"creation-date": at(r.at), "date": at(r.end()), "received-date": at(r.at), "last-tracked-time": at(r.end()), "processing-end-date": at(r.end()),
		"duration": r.took, "has-recoverable-faults": r.outcome == failed, "invoked-by": r.flow.user, "is-data-accurate": true, "isPurged": false,
		"instance-reporting-level": "Production", "primaryName": r.flow.key, "primaryValue": r.business(), "projectFound": r.flow.project != ""}
	if r.flow.project != "" {
		d["projectCode"] = r.flow.project
	}
	return d
}

// activities is the step list of a run.
func (s *Simulator) activities(r *run) map[string]any {
	items := []map[string]any{}
	for i, a := range r.actions() {
		d := r.message(i).(activity)
		items = append(items, map[string]any{"milestone": d.ActionName, "actionType": d.ActionType, "message": d.Message, "operationName": d.OperationName,
			"endpointName": first(d.EndpointName, d.EndPointName), "date": time.UnixMilli(r.when(a)).UTC().Format(instanceTime),
			"executionTimeInMillis": d.ExecutionTime, "id": i + 1, "level": "info"})
	}
	return map[string]any{"instanceId": r.instance(), "integration": r.flow.code, "activityStream": items}
}
